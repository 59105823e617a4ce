//! What a person put aside for later.
//!
//! Invariant: a thing goes from the cart to the saved ones or back in one transaction that first takes the cart's own row, so that
//! however often it is asked, it is never in both by that, and never in neither. It does not know how it is shown.

use super::change::{Changed, Ware, find, open, put, take_out};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{products, saved_items};
use crate::error::{Error, Result};
use crate::ids::{PictureId, ProductId, ProductKey, UserKey};
use crate::on_either;
use crate::shop::money::Money;
use crate::shop::product::Status;
use diesel::prelude::*;

/// The most different things put aside.
pub const MOST_SAVED: usize = 50;

/// One thing put aside, at today's price.
#[derive(Debug, Clone)]
pub struct Saved {
    /// The product.
    pub product: ProductId,
    /// Its name in URLs.
    pub slug: String,
    /// Its name.
    pub title: String,
    /// Its picture.
    pub picture: Option<PictureId>,
    /// The price now.
    pub unit_price: Money,
    /// Pieces that were wanted.
    pub quantity: i64,
    /// Pieces that can be bought now: nothing, when it is no longer sold.
    pub stock: i64,
}

/// What the person put aside, in the order they did, in one statement.
///
/// # Errors
/// What the database says.
pub fn saved(conn: &mut Conn, user: UserKey) -> Result<Vec<Saved>> {
    type Row = (ProductId, String, String, Option<PictureId>, Money, i64, String, i64);
    let query =
        saved_items::table.inner_join(products::table).filter(saved_items::user_id.eq(user)).order(saved_items::id).select((
            products::public_id,
            products::slug,
            products::title,
            products::picture,
            products::price,
            products::stock,
            products::status,
            saved_items::quantity,
        ));
    let rows: Vec<Row> = on_either!(conn, conn => query.load(conn))?;
    let saved = |(product, slug, title, picture, unit_price, stock, status, quantity): Row| {
        let stock = if status == Status::Active.word() { stock } else { 0 };
        Saved { product, slug, title, picture, unit_price, quantity, stock }
    };
    Ok(rows.into_iter().map(saved).collect())
}

/// Puts a line of the cart aside. One that is aside already stays there.
///
/// # Errors
/// `NotFound` for what is neither in the cart nor aside; `Invalid` when too much is aside.
pub fn save(conn: &mut Conn, user: UserKey, product: ProductId) -> Result<Changed> {
    let ware = find(conn, product)?;
    let Some((_, quantity)) = take_out(conn, user, ware.key)? else {
        return if aside(conn, user, ware.key)? { Ok(gone(ware)) } else { Err(Error::NotFound) };
    };
    let others = saved_items::table.filter(saved_items::user_id.eq(user)).filter(saved_items::product_id.ne(ware.key));
    let others: i64 = others.count().get_result(conn)?;
    if usize::try_from(others).is_ok_and(|others| others >= MOST_SAVED) {
        let text = format!("You have put {MOST_SAVED} things aside, which is all there is room for. Remove one of them first.");
        return Err(Error::field("product_id", text));
    }
    on_either!(conn, conn => diesel::insert_into(saved_items::table)
        .values((
            saved_items::user_id.eq(user),
            saved_items::product_id.eq(ware.key),
            saved_items::quantity.eq(quantity),
        ))
        .on_conflict((saved_items::user_id, saved_items::product_id))
        .do_update()
        .set(saved_items::quantity.eq(quantity))
        .execute(conn))?;
    Ok(gone(ware))
}

/// Puts what is aside back into the cart, as far as it is to be had; a second time nothing happens.
///
/// # Errors
/// As adding it; `NotFound` also for what is not aside, unless it is in the cart.
pub fn restore(conn: &mut Conn, now: Moment, user: UserKey, product: ProductId) -> Result<Changed> {
    let ware = find(conn, product)?;
    let cart = open(conn, now, user)?;
    let wanted: Option<i64> = diesel::delete(of(user, ware.key)).returning(saved_items::quantity).get_result(conn).optional()?;
    if wanted.is_none() && !super::change::has(conn, cart, ware.key)? {
        return Err(Error::NotFound);
    }
    put(conn, cart, ware, |there| there + wanted.unwrap_or(0))
}

/// Forgets what is aside. What is not aside is forgotten already.
///
/// # Errors
/// `NotFound` for a product that never was.
pub fn forget(conn: &mut Conn, user: UserKey, product: ProductId) -> Result<Changed> {
    let ware = find(conn, product)?;
    diesel::delete(of(user, ware.key)).execute(conn)?;
    Ok(gone(ware))
}

#[diesel::dsl::auto_type(no_type_alias)]
fn of(user: UserKey, product: ProductKey) -> _ {
    saved_items::table.filter(saved_items::user_id.eq(user)).filter(saved_items::product_id.eq(product))
}

fn aside(conn: &mut Conn, user: UserKey, product: ProductKey) -> Result<bool> {
    let row: Option<i64> = of(user, product).select(saved_items::id).first(conn).optional()?;
    Ok(row.is_some())
}

fn gone(ware: Ware) -> Changed {
    Changed { product: ware.id, title: ware.title, quantity: 0, notices: Vec::new() }
}
