//! A product.
//!
//! Invariant: only active products are found here; a draft or archived one is as if it did not exist, but to those who run the shop
//! (`edit`, `inventory`). It does not know carts or orders.

mod edit;
mod hang;
mod insert;
mod inventory;
mod make;
mod reach;
mod rewrite;
mod shown;

pub use edit::{Change, Edited, Record, edit, record};
pub use hang::{Hang, hang};
pub(super) use insert::insert_all;
pub use insert::{NewProduct, insert};
pub use inventory::{Inventory, Item, ON_A_PAGE, Shelf, by_sku, inventory};
pub use make::{Draft, Made, make};
pub(super) use reach::{STOCK_OF_ALL, StockOfAll};
pub(super) use rewrite::{Standing, Written, rewrite, rewrite_options};
pub(super) use shown::{KIN, KinColumns, KinRow, kin};
pub use shown::{by_id, by_slug, related};

use crate::db::Conn;
use crate::db::schema::products;
use crate::error::{Error, Result};
use crate::ids::{CategoryKey, FamilyKey, PictureId, ProductId, ProductKey};
use crate::shop::money::Money;
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

/// What a product is called, also when it is not sold any longer.
///
/// # Errors
/// `NotFound` if there never was one.
pub fn title(conn: &mut Conn, id: ProductId) -> Result<String> {
    let title = products::table.filter(products::public_id.eq(id)).select(products::title).first(conn).optional()?;
    title.ok_or(Error::NotFound)
}
