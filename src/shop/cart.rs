//! A person's cart.
//!
//! Invariant: a person has at most one open cart, and every change to it raises its version, so that a form knows whether the cart
//! is still the one it was drawn from. Prices and stock in it are always those of now. It does not know how an order is made.

mod change;
mod notice;
mod saved;
mod undo;
mod version;

pub use change::{Changed, add, apply, remove, set, without_discount};
pub(super) use change::{find, open, put};
pub use notice::Notice;
pub use saved::{MOST_SAVED, Saved, forget, restore, save, saved};
pub use undo::undo;
pub use version::Version;

use crate::clock::Moment;
use crate::config::Terms;
use crate::db::Conn;
use crate::db::schema::{cart_items, carts, discount_uses, discounts, products};
use crate::error::Result;
use crate::ids::{CartId, CategoryKey, PictureId, ProductId, ProductKey, UserKey};
use crate::on_either;
use crate::shop::discount::{self, Applied};
use crate::shop::money::Money;
use crate::shop::product::Status;
use crate::shop::quantity::Quantity;
use crate::shop::sums::Sums;
use diesel::prelude::*;

/// The most different things in a cart.
pub const MOST_LINES: usize = 50;

/// The word in the table for a cart that can be changed.
pub(super) const OPEN: &str = "open";
/// The word for one that became an order.
pub(super) const ORDERED: &str = "ordered";

/// A cart as it stands now.
#[derive(Debug, Clone, Default)]
pub struct Cart {
    /// Which cart, in which state; none before the first thing is put in.
    pub version: Option<Version>,
    /// What is in it, in the order it was put in.
    pub lines: Vec<Line>,
    /// The code on it, also one that may not be used any more.
    pub discount: Option<Applied>,
    /// What it comes to.
    pub sums: Sums,
}

/// One product in a cart.
#[derive(Debug, Clone)]
pub struct Line {
    /// The product's row.
    pub key: ProductKey,
    /// The product.
    pub product: ProductId,
    /// Its name in URLs.
    pub slug: String,
    /// Its name.
    pub title: String,
    /// Its stock-keeping code.
    pub sku: String,
    /// Its picture.
    pub picture: Option<PictureId>,
    /// The row of its category.
    pub category_key: CategoryKey,
    /// The price now.
    pub unit_price: Money,
    /// Pieces wanted.
    pub quantity: Quantity,
    /// Price by quantity.
    pub line_total: Money,
    /// Pieces that can be bought now: nothing, when it is no longer sold.
    pub stock: i64,
    /// What the person should know about this line.
    pub notices: Vec<Notice>,
}

impl Cart {
    /// The version as text: `cart_version` in forms and the API.
    #[must_use]
    pub fn version_text(&self) -> String {
        self.version.map_or_else(|| "new".to_owned(), |version| version.to_string())
    }

    /// Pieces in it, for the header.
    #[must_use]
    pub fn count(&self) -> i64 {
        self.lines.iter().map(|line| line.quantity.get()).sum()
    }

    /// Is there a line that cannot be ordered as it stands?
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        self.lines.iter().any(Line::is_short)
    }

    /// Says in the product's line what a change made of the wish (docs/API.md, "General").
    #[must_use]
    pub fn said(mut self, changed: Changed) -> Self {
        if let Some(line) = self.lines.iter_mut().find(|line| line.product == changed.product) {
            line.notices.splice(0..0, changed.notices);
        }
        self
    }
}

impl Line {
    /// Is there less in stock than is wanted?
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.stock < self.quantity.get()
    }
}

type Item =
    ((ProductKey, ProductId, String, String, String, Option<PictureId>), (CategoryKey, Money, i64, String), (Quantity, Money));

type Row = (CartId, i64, Option<Item>, Option<discount::Row>, Option<i64>);

/// The person's open cart, at the shop's terms, in one statement.
///
/// # Errors
/// What the database says.
pub fn show(conn: &mut Conn, now: Moment, terms: &Terms, user: UserKey) -> Result<Cart> {
    // Plain left joins: SQLite would first build the whole of a join in brackets.
    let query = carts::table
        .left_join(cart_items::table)
        .left_join(products::table.on(cart_items::product_id.eq(products::id)))
        .left_join(discounts::table.on(carts::discount_id.eq(discounts::id.nullable())))
        .left_join(
            discount_uses::table
                .on(discount_uses::discount_id.nullable().eq(carts::discount_id).and(discount_uses::user_id.eq(carts::user_id))),
        )
        .filter(carts::user_id.eq(user))
        .filter(carts::status.eq(OPEN))
        .order(cart_items::id)
        .select((
            carts::public_id,
            carts::version,
            (
                (products::id, products::public_id, products::slug, products::title, products::sku, products::picture),
                (products::category_id, products::price, products::stock, products::status),
                (cart_items::quantity, cart_items::seen_price),
            )
                .nullable(),
            discount::COLUMNS.nullable(),
            discount_uses::id.nullable(),
        ));
    let rows: Vec<Row> = on_either!(conn, conn => query.load(conn))?;
    let version = rows.first().map(|(cart, counter, ..)| Version { cart: *cart, counter: *counter });
    let on_it = rows.first().and_then(|(.., row, used)| Some((row.clone()?, used.is_some())));
    let discount = on_it.map(|(row, used_before)| row.applied(now, used_before)).transpose()?;
    let lines = rows.into_iter().filter_map(|(_, _, item, ..)| item).map(line).collect::<Result<Vec<_>>>()?;
    let off = discount.as_ref().and_then(Applied::valid);
    let sums = Sums::of(lines.iter().map(|line| line.line_total), off, terms)?;
    Ok(Cart { version, lines, discount, sums })
}

/// Pieces in the person's open cart. Added up here, not in SQL: the databases disagree about the type of a sum.
///
/// # Errors
/// What the database says.
pub fn count(conn: &mut Conn, user: UserKey) -> Result<i64> {
    let query = carts::table
        .inner_join(cart_items::table)
        .filter(carts::user_id.eq(user))
        .filter(carts::status.eq(OPEN))
        .select(cart_items::quantity);
    let quantities: Vec<i64> = on_either!(conn, conn => query.load(conn))?;
    Ok(quantities.into_iter().sum())
}

/// What is in the person's open cart and how much of it, where its prices do not matter.
///
/// # Errors
/// What the database says.
pub fn wanted(conn: &mut Conn, user: UserKey) -> Result<Vec<(String, i64)>> {
    let query = carts::table
        .inner_join(cart_items::table.inner_join(products::table))
        .filter(carts::user_id.eq(user))
        .filter(carts::status.eq(OPEN))
        .order(cart_items::id)
        .select((products::title, cart_items::quantity));
    Ok(on_either!(conn, conn => query.load(conn))?)
}

fn line(item: Item) -> Result<Line> {
    let ((key, product, slug, title, sku, picture), (category_key, unit_price, stock, status), (quantity, seen_price)) = item;
    let sold = status == Status::Active.word();
    let stock = if sold { stock } else { 0 };
    let line_total = unit_price.times(quantity.get())?;
    let notices = notice::of_line(sold, stock, quantity, seen_price, unit_price);
    Ok(Line { key, product, slug, title, sku, picture, category_key, unit_price, quantity, line_total, stock, notices })
}

#[cfg(test)]
mod tests;
