//! A product.
//!
//! Invariant: only active products are found here; a draft or archived one is as if it did not exist, but to those who run the shop
//! (`edit`, `inventory`). What `words` and `sort_title` hold is made by one place (`search`) at every insert. It does not know carts or
//! orders.

mod edit;
mod hang;
mod inventory;
mod make;
mod reach;
mod shown;

pub use edit::{Change, Edited, Record, edit, record};
pub use hang::{Hang, hang};
pub use inventory::{Inventory, Item, ON_A_PAGE, Shelf, by_sku, inventory};
pub use make::{Draft, Made, make};
pub(super) use reach::{STOCK_OF_ALL, StockOfAll};
pub(super) use shown::{KIN, KinColumns, KinRow, kin};
pub use shown::{by_id, by_slug, related};

use crate::audit::Actor;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::products;
use crate::error::{Error, Result};
use crate::ids::{CategoryKey, FamilyKey, PictureId, ProductId, ProductKey};
use crate::on_either;
use crate::shop::money::Money;
use crate::shop::{search, stock};
use diesel::prelude::*;

/// Is it for sale?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Shown and sold.
    Active,
    /// Not shown yet.
    Draft,
    /// Not shown any longer.
    Archived,
}

impl Status {
    /// The word in the table.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Draft => "draft",
            Self::Archived => "archived",
        }
    }

    /// Reads the word in the table.
    #[must_use]
    pub fn read(word: &str) -> Option<Self> {
        [Self::Active, Self::Draft, Self::Archived].into_iter().find(|status| status.word() == word)
    }
}

/// A product as it is shown.
#[derive(Debug, Clone)]
pub struct Product {
    /// Its row.
    pub key: ProductKey,
    /// Its name in forms and the API.
    pub id: ProductId,
    /// The stock-keeping code.
    pub sku: String,
    /// Its name in URLs.
    pub slug: String,
    /// Its name.
    pub title: String,
    /// What it is, in plain text.
    pub description: String,
    /// The row of its category.
    pub category_key: CategoryKey,
    /// The name of its category.
    pub category: String,
    /// The category's name in URLs.
    pub category_slug: String,
    /// The price now.
    pub price: Money,
    /// Pieces in stock now.
    pub stock: i64,
    /// Its picture.
    pub picture: Option<PictureId>,
    /// The family that it is an option of.
    pub kin: Option<Kin>,
}

/// The family of a product, as lists know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kin {
    /// Its row.
    pub key: FamilyKey,
    /// What it is called, without the words of an option.
    pub title: String,
    /// How many options are for sale.
    pub shown: i64,
    /// What the dearest of them costs.
    pub dearest: Money,
    /// Is any of them in stock?
    pub in_stock: bool,
}

/// What a product's picture shows, in words; empty when nobody said.
///
/// # Errors
/// `NotFound` if there is no such product.
pub fn picture_alt(conn: &mut Conn, product: ProductKey) -> Result<String> {
    Ok(products::table.filter(products::id.eq(product)).select(products::picture_alt).first(conn)?)
}

/// A product to be.
#[derive(Debug, Clone)]
pub struct NewProduct<'a> {
    /// The stock-keeping code.
    pub sku: &'a str,
    /// Its name in URLs.
    pub slug: &'a str,
    /// Its name.
    pub title: &'a str,
    /// What it is.
    pub description: &'a str,
    /// The row of its category and that category's name.
    pub category: (CategoryKey, &'a str),
    /// The price.
    pub price: Money,
    /// Pieces in stock.
    pub stock: i64,
    /// Is it for sale?
    pub status: Status,
    /// Its picture.
    pub picture: Option<PictureId>,
}

/// What a product is called, also when it is not sold any longer.
///
/// # Errors
/// `NotFound` if there never was one.
pub fn title(conn: &mut Conn, id: ProductId) -> Result<String> {
    let title = products::table.filter(products::public_id.eq(id)).select(products::title).first(conn).optional()?;
    title.ok_or(Error::NotFound)
}

/// Puts a product into the catalogue, unless one with its sku or slug is there already; was it put in?
///
/// # Errors
/// What the database says.
pub fn insert(conn: &mut Conn, now: Moment, new: &NewProduct) -> Result<bool> {
    insert_by(conn, now, &Actor::default(), new)
}

/// The same, by somebody who runs the shop.
pub(super) fn insert_by(conn: &mut Conn, now: Moment, actor: &Actor, new: &NewProduct) -> Result<bool> {
    let words = search::words_of(new.title, new.description, new.category.1, new.sku);
    let sort_title = search::fold(new.title);
    let key: Option<ProductKey> = on_either!(conn, conn => diesel::insert_into(products::table)
        .values((
            products::public_id.eq(ProductId::random()),
            products::sku.eq(new.sku),
            products::slug.eq(new.slug),
            products::title.eq(new.title),
            products::words.eq(&words),
            products::sort_title.eq(&sort_title),
            products::description.eq(new.description),
            products::category_id.eq(new.category.0),
            products::price.eq(new.price),
            products::stock.eq(new.stock),
            products::status.eq(new.status.word()),
            products::picture.eq(new.picture),
            products::created_at.eq(now),
        ))
        .on_conflict_do_nothing()
        .returning(products::id)
        .get_result(conn)
        .optional())?;
    if let Some(key) = key {
        stock::open(conn, now, actor, key, new.stock)?;
    }
    Ok(key.is_some())
}
