//! The products in a list, for those who run the shop.
//!
//! Invariant: a page at a time, each found by walking one index from where the page before it ended. It does not know who may look.

use crate::db::Conn;
use crate::db::schema::{low_stock, products};
use crate::error::{Error, Result};
use crate::ids::{PictureId, ProductKey};
use crate::on_either;
use crate::shop::money::Money;
use crate::shop::product::Status;
use diesel::prelude::*;

/// Products on a page.
pub const ON_A_PAGE: i64 = 25;

/// Which products.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Shelf {
    /// For sale, by name.
    #[default]
    Active,
    /// Not shown yet, by name.
    Draft,
    /// Not shown any longer, by name.
    Archived,
    /// For sale, and few or none are left; those with the fewest first.
    Low,
    /// For sale, and none is left.
    Out,
}

impl Shelf {
    /// Every one.
    pub const ALL: [Self; 5] = [Self::Active, Self::Low, Self::Out, Self::Draft, Self::Archived];

    /// The word in a query.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Draft => "draft",
            Self::Archived => "archived",
            Self::Low => "low",
            Self::Out => "out",
        }
    }

    /// Reads the word of a query.
    #[must_use]
    pub fn read(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|shelf| shelf.code() == code)
    }
}

/// A product in the list.
#[derive(Debug, Clone, Queryable)]
pub struct Item {
    /// The stock-keeping code.
    pub sku: String,
    /// Its name in URLs.
    pub slug: String,
    /// Its name.
    pub title: String,
    /// The price.
    pub price: Money,
    /// Pieces in stock.
    pub stock: i64,
    /// Its picture.
    pub picture: Option<PictureId>,
}

/// A page of the list.
#[derive(Debug, Clone)]
pub struct Inventory {
    /// The products.
    pub items: Vec<Item>,
    /// Are there others behind them?
    pub more: bool,
}

type Columns = (products::sku, products::slug, products::title, products::price, products::stock, products::picture);
const COLUMNS: Columns = (products::sku, products::slug, products::title, products::price, products::stock, products::picture);

/// The products of a shelf that stand behind the one with the slug `after`, or the first; at most so many.
///
/// # Errors
/// `NotFound` when there is no product `after`.
pub fn inventory(conn: &mut Conn, shelf: Shelf, after: Option<&str>, most: i64) -> Result<Inventory> {
    let from: Option<(ProductKey, String, i64)> = match after {
        None => None,
        Some(slug) => {
            let place =
                products::table.filter(products::slug.eq(slug)).select((products::id, products::sort_title, products::stock));
            Some(place.first(conn).optional()?.ok_or(Error::NotFound)?)
        }
    };
    let mut items = match shelf {
        Shelf::Active => by_name(conn, Status::Active, from, most + 1)?,
        Shelf::Draft => by_name(conn, Status::Draft, from, most + 1)?,
        Shelf::Archived => by_name(conn, Status::Archived, from, most + 1)?,
        Shelf::Low => by_stock(conn, i64::MAX, from, most + 1)?,
        Shelf::Out => by_stock(conn, 0, from, most + 1)?,
    };
    let page = usize::try_from(most).unwrap_or(usize::MAX);
    let more = items.len() > page;
    items.truncate(page);
    Ok(Inventory { items, more })
}

/// The one with this stock-keeping code, as it stands on its label.
///
/// # Errors
/// What the database says.
pub fn by_sku(conn: &mut Conn, sku: &str) -> Result<Option<String>> {
    if sku.contains('\0') {
        return Ok(None);
    }
    Ok(products::table.filter(products::sku.eq(sku)).select(products::slug).first(conn).optional()?)
}

fn by_name(conn: &mut Conn, status: Status, from: Option<(ProductKey, String, i64)>, most: i64) -> Result<Vec<Item>> {
    Ok(on_either!(conn, conn => {
        let mut list = products::table
            .filter(products::status.eq(status.word()))
            .order((products::sort_title, products::id))
            .limit(most)
            .select(COLUMNS)
            .into_boxed();
        if let Some((key, title, _)) = &from {
            // The first condition is where the index is entered; the second leaves out what was shown of the same name.
            list = list.filter(products::sort_title.ge(title)).filter(products::sort_title.gt(title).or(products::id.gt(key)));
        }
        list.load(conn)
    })?)
}

fn by_stock(conn: &mut Conn, highest: i64, from: Option<(ProductKey, String, i64)>, most: i64) -> Result<Vec<Item>> {
    Ok(on_either!(conn, conn => {
        let mut list = low_stock::table
            .inner_join(products::table.on(products::id.eq(low_stock::id)))
            .filter(low_stock::stock.le(highest))
            .order((low_stock::stock, low_stock::id))
            .limit(most)
            .select(COLUMNS)
            .into_boxed();
        if let Some((key, _, stock)) = from {
            list = list.filter(low_stock::stock.ge(stock)).filter(low_stock::stock.gt(stock).or(low_stock::id.gt(key.0)));
        }
        list.load(conn)
    })?)
}
