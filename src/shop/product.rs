//! A product.
//!
//! Invariant: only active products are found here; a draft or archived one is as if it did not exist, but to those who run the shop
//! (`edit`, `inventory`). What `words` and
//! `sort_title` hold is made by one place (`search`) at every insert. It does not know carts or orders.

mod edit;
mod hang;
mod inventory;
mod make;

pub use edit::{Change, Edited, Record, edit, record};
pub use hang::{Hang, hang};
pub use inventory::{Inventory, Item, ON_A_PAGE, Shelf, by_sku, inventory};
pub use make::{Draft, Made, make};

use crate::audit::Actor;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{categories, products};
use crate::error::{Error, Result};
use crate::ids::{CategoryKey, PictureId, ProductId, ProductKey};
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
#[derive(Debug, Clone, Queryable)]
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

type Shown = (
    (products::id, products::public_id, products::sku, products::slug, products::title, products::description),
    (categories::id, categories::name, categories::slug),
    (products::price, products::stock, products::picture),
);

type Row =
    ((ProductKey, ProductId, String, String, String, String), (CategoryKey, String, String), (Money, i64, Option<PictureId>));

const SHOWN: Shown = (
    (products::id, products::public_id, products::sku, products::slug, products::title, products::description),
    (categories::id, categories::name, categories::slug),
    (products::price, products::stock, products::picture),
);

fn shown(row: Row) -> Product {
    let ((key, id, sku, slug, title, description), (category_key, category, category_slug), (price, stock, picture)) = row;
    Product { key, id, sku, slug, title, description, category_key, category, category_slug, price, stock, picture }
}

/// The active product with this slug.
///
/// # Errors
/// `NotFound` if there is none.
pub fn by_slug(conn: &mut Conn, slug: &str) -> Result<Product> {
    // Postgres would call it a fault (docs/TRAPS.md, "Trap 5"), and it is only a page that does not exist.
    if slug.contains('\0') {
        return Err(Error::NotFound);
    }
    let row = products::table
        .inner_join(categories::table)
        .filter(products::slug.eq(slug))
        .filter(products::status.eq(Status::Active.word()))
        .select(SHOWN)
        .first(conn)
        .optional()?;
    row.map(shown).ok_or(Error::NotFound)
}

/// The active product with this id.
///
/// # Errors
/// `NotFound` if there is none.
pub fn by_id(conn: &mut Conn, id: ProductId) -> Result<Product> {
    let row = products::table
        .inner_join(categories::table)
        .filter(products::public_id.eq(id))
        .filter(products::status.eq(Status::Active.word()))
        .select(SHOWN)
        .first(conn)
        .optional()?;
    row.map(shown).ok_or(Error::NotFound)
}

/// What a product is called, also when it is not sold any longer.
///
/// # Errors
/// `NotFound` if there never was one.
pub fn title(conn: &mut Conn, id: ProductId) -> Result<String> {
    let title = products::table.filter(products::public_id.eq(id)).select(products::title).first(conn).optional()?;
    title.ok_or(Error::NotFound)
}

/// At most four others of the same category, the newest first.
///
/// # Errors
/// What the database says.
pub fn related(conn: &mut Conn, to: &Product) -> Result<Vec<Product>> {
    let rows = products::table
        .inner_join(categories::table)
        .filter(products::category_id.eq(to.category_key))
        .filter(products::status.eq(Status::Active.word()))
        .filter(products::id.ne(to.key))
        .order((products::created_at.desc(), products::id.desc()))
        .limit(4)
        .select(SHOWN)
        .load(conn)?;
    Ok(rows.into_iter().map(shown).collect())
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
