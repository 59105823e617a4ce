//! Pieces leaving the shelf, and coming back.
//!
//! Invariant: stock goes down only by a conditional UPDATE, never below nothing, and only at the price that was agreed; every change
//! is a movement in the same transaction, so that a product's movements add up to its stock. It does not know who buys.

mod balance;
mod booking;
mod movement;

pub use balance::{Drift, drift};
pub use booking::{Booked, Booking, MOST, Why, book};
pub use movement::{Movement, Reason, latest};

use crate::audit::Actor;
use crate::clock::Moment;
use crate::db::schema::products;
use crate::db::{Conn, lock_products, update};
use crate::error::Result;
use crate::ids::{CategoryKey, OrderKey, ProductKey};
use crate::on_either;
use crate::shop::money::Money;
use crate::shop::product::Status;
pub(super) use booking::counted;
use diesel::prelude::*;
pub(super) use movement::open;

/// Pieces of one product.
#[derive(Debug, Clone, Copy, Queryable)]
pub(super) struct Pieces {
    pub key: ProductKey,
    pub category: CategoryKey,
    pub count: i64,
    pub price: Money,
}

/// Takes all of it from the shelf for an order; `false` if any is not there, not sold or not at this price, and then the caller rolls
/// back what was taken.
pub(super) fn take(conn: &mut Conn, now: Moment, actor: &Actor, order: OrderKey, mut pieces: Vec<Pieces>) -> Result<bool> {
    // Before the rows that everybody wants are held: it is rolled back with the rest.
    movement::of_order(conn, now, actor, order, Reason::Sold, &pieces)?;
    in_order(conn, &mut pieces)?;
    for piece in pieces {
        let there = products::id.eq(piece.key).and(products::stock.ge(piece.count));
        let sold = there.and(products::status.eq(Status::Active.word())).and(products::price.eq(piece.price));
        let take = update(products::table, sold, products::stock.eq(products::stock - piece.count));
        if on_either!(conn, conn => take.execute(conn))? == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Puts all of an order back.
pub(super) fn give_back(conn: &mut Conn, now: Moment, actor: &Actor, order: OrderKey, mut pieces: Vec<Pieces>) -> Result<()> {
    movement::of_order(conn, now, actor, order, Reason::Cancelled, &pieces)?;
    in_order(conn, &mut pieces)?;
    for piece in pieces {
        let back = products::stock.eq(products::stock + piece.count);
        let give = update(products::table, products::id.eq(piece.key), back);
        on_either!(conn, conn => give.execute(conn))?;
    }
    Ok(())
}

/// Locks the products by id, then leaves them to be changed by category: a product that sells out changes its category's count in
/// a trigger. So every transaction takes products before categories, each in one order, and none waits for another in a circle.
/// One product alone needs no lock before its own UPDATE.
fn in_order(conn: &mut Conn, pieces: &mut [Pieces]) -> Result<()> {
    if pieces.len() > 1 {
        let keys: Vec<ProductKey> = pieces.iter().map(|piece| piece.key).collect();
        lock_products(conn, &keys)?;
    }
    pieces.sort_unstable_by_key(|piece| (piece.category, piece.key));
    Ok(())
}

#[cfg(test)]
mod tests;
