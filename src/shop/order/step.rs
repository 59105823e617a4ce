//! A step in an order's life.
//!
//! Invariant: one conditional UPDATE decides, so of all who would move an order at once one does, and what follows from the step
//! (its event, the pieces and the discount that come back, what becomes of the money, the letter, the audit) happens exactly once, in the same transaction. It does not know who may ask.

use super::{Number, Status, letters};
use crate::audit::{self, Actor, Kind};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{order_events, order_lines, orders, products};
use crate::error::{Error, Result};
use crate::ids::{OrderKey, UserKey};
use crate::mail::outbox::Postbox;
use crate::shop::discount;
use crate::shop::money::Money;
use crate::shop::payment;
use crate::shop::stock::{self, Pieces};
use diesel::prelude::*;

/// What somebody who runs the shop wants to become of an order.
#[derive(Debug, Clone)]
pub struct Step {
    /// Where they saw it; none takes it as it stands.
    pub from: Option<Status>,
    /// Where it shall stand.
    pub to: Status,
    /// What they want to remember of it.
    pub note: String,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stepped {
    /// It stands there now.
    Done,
    /// Somebody was faster: it is no longer where it was seen, but here. Nothing was done.
    Overtaken(Status),
    /// No move leads there from here. Nothing was done.
    Illegal(Status),
}

/// Moves an order one step on, if it still stands where it was seen and the step is legal.
///
/// # Errors
/// `NotFound` if there is no such order.
pub fn step(conn: &mut Conn, now: Moment, actor: &Actor, post: &Postbox, number: &Number, wish: &Step) -> Result<Stepped> {
    let order = orders::table.filter(orders::number.eq(number));
    let found: Option<(OrderKey, Status)> = order.select((orders::id, orders::status)).first(conn).optional()?;
    let (key, status) = found.ok_or(Error::NotFound)?;
    if wish.from.is_some_and(|from| from != status) {
        return Ok(Stepped::Overtaken(status));
    }
    if !status.moves(was_paid(conn, key)?).any(|next| next == wish.to) {
        return Ok(Stepped::Illegal(status));
    }
    let step = Take { order: key, number, from: &[status], to: wish.to, note: &wish.note, leaving: false };
    if take(conn, now, actor, post, &step)? {
        return Ok(Stepped::Done);
    }
    Ok(Stepped::Overtaken(order.select(orders::status).first(conn)?))
}

/// Was this order ever paid for?
pub(in crate::shop) fn was_paid(conn: &mut Conn, key: OrderKey) -> Result<bool> {
    let paid = order_events::table.filter(order_events::order_id.eq(key)).filter(order_events::status.eq(Status::Paid));
    Ok(paid.select(order_events::id).first::<i64>(conn).optional()?.is_some())
}

/// A step that is to be taken.
pub(in crate::shop) struct Take<'a> {
    /// The order's row.
    pub order: OrderKey,
    /// Its number.
    pub number: &'a Number,
    /// Where it must stand.
    pub from: &'a [Status],
    /// Where it shall stand.
    pub to: Status,
    /// What is to be remembered of it.
    pub note: &'a str,
    /// Does the customer leave the shop with this step? Then their letter leads nowhere that is gone.
    pub leaving: bool,
}

/// Takes the step; `false` if the order stands elsewhere.
pub(in crate::shop) fn take(conn: &mut Conn, now: Moment, actor: &Actor, post: &Postbox, step: &Take<'_>) -> Result<bool> {
    let (key, number) = (step.order, step.number);
    let there = orders::table.filter(orders::id.eq(key)).filter(orders::status.eq_any(step.from));
    let moved: Option<(UserKey, Moment, Money)> = diesel::update(there)
        .set(orders::status.eq(step.to))
        .returning((orders::user_id, orders::placed_at, orders::total))
        .get_result(conn)
        .optional()?;
    let Some((customer, placed_at, total)) = moved else { return Ok(false) };
    diesel::insert_into(order_events::table)
        .values((
            order_events::order_id.eq(key),
            order_events::status.eq(step.to),
            order_events::at.eq(now),
            order_events::user_id.eq(actor.user),
            order_events::note.eq(step.note),
        ))
        .execute(conn)?;
    let owed = payment::follow(conn, now, actor, key, step.to)?;
    let letter = match step.to {
        Status::Paid => Some(letters::paid(number, placed_at, now, total)),
        Status::Shipped => Some(letters::shipped(number, placed_at, now)),
        Status::Cancelled => Some(letters::cancelled(number, placed_at, now, total, owed, step.leaving)),
        _ => None,
    };
    if step.to != Status::Cancelled {
        audit::record(conn, now, Kind::OrderMoved, actor, &format!("{number} {}", step.to.code()))?;
        if let Some(letter) = letter {
            post.put(conn, now, customer, letter)?;
        }
        return Ok(true);
    }
    audit::record(conn, now, Kind::OrderCancelled, actor, number.as_str())?;
    let pieces = order_lines::table
        .inner_join(products::table)
        .filter(order_lines::order_id.eq(key))
        .select((order_lines::product_id, products::category_id, order_lines::quantity, order_lines::unit_price))
        .load::<Pieces>(conn)?;
    // Before the products, as an order takes them.
    discount::give_back(conn, key)?;
    if let Some(letter) = letter {
        post.put(conn, now, customer, letter)?;
    }
    stock::give_back(conn, now, actor, key, pieces)?;
    Ok(true)
}

#[cfg(test)]
mod tests;
