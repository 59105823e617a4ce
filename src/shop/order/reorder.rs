//! Buying the same again.
//!
//! Invariant: what can be had goes into the cart at today's price, and what cannot is said, not dropped.

use super::Number;
use crate::clock::Moment;
use crate::config::Currency;
use crate::db::Conn;
use crate::db::schema::{order_lines, orders, products};
use crate::error::{Error, Result};
use crate::ids::{OrderKey, ProductId, UserKey};
use crate::shop::cart;
use diesel::prelude::*;

/// What came of buying again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reordered {
    /// How many different things went into the cart.
    pub added: usize,
    /// A sentence for each that did not, or not in full.
    pub words: Vec<String>,
}

/// Puts what an order of the person's has into their cart again.
///
/// # Errors
/// `NotFound` if the order is not theirs.
pub fn reorder(conn: &mut Conn, now: Moment, currency: &Currency, user: UserKey, number: &Number) -> Result<Reordered> {
    let order: Option<OrderKey> = orders::table
        .filter(orders::number.eq(number))
        .filter(orders::user_id.eq(user))
        .select(orders::id)
        .first(conn)
        .optional()?;
    let lines: Vec<(ProductId, String, i64)> = order_lines::table
        .inner_join(products::table)
        .filter(order_lines::order_id.eq(order.ok_or(Error::NotFound)?))
        .order(order_lines::id)
        .select((products::public_id, order_lines::title, order_lines::quantity))
        .load(conn)?;
    let cart = cart::open(conn, now, user)?;
    let mut done = Reordered::default();
    for (product, title, quantity) in lines {
        let ware = cart::find(conn, product)?;
        // `put` refuses before it writes, so a refusal of one line leaves the others as they are.
        match cart::put(conn, cart, ware, |there| there + quantity) {
            Ok(changed) => {
                done.added += 1;
                done.words.extend(changed.notices.iter().map(|notice| format!("{title}: {}", notice.message(currency))));
            }
            Err(Error::NotFound) => done.words.push(format!("{title} is no longer sold.")),
            Err(Error::Refused { text, .. }) => done.words.push(text),
            Err(Error::Invalid(fields)) => done.words.extend(fields.into_iter().map(|it| format!("{title}: {}", it.message))),
            Err(other) => return Err(other),
        }
    }
    Ok(done)
}
