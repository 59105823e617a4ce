//! Calling an order off.
//!
//! Invariant: one conditional UPDATE decides, so the pieces go back to the shelf exactly once, however often it is asked.

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
use crate::shop::stock::{self, Pieces};
use diesel::prelude::*;

/// Calls the person's order off and puts its pieces back; on a cancelled order nothing happens, and the answer is the same.
///
/// # Errors
/// `NotFound` if it is not theirs; `Refused` as `not_cancellable` once it is packed.
pub fn cancel(conn: &mut Conn, now: Moment, actor: &Actor, post: &Postbox, user: UserKey, number: &Number) -> Result<()> {
    let cancellable = Status::ALL.into_iter().filter(|status| status.is_cancellable());
    let order = orders::table.filter(orders::number.eq(number)).filter(orders::user_id.eq(user));
    let called_off: Option<(OrderKey, Moment, Money)> = diesel::update(order.filter(orders::status.eq_any(cancellable)))
        .set(orders::status.eq(Status::Cancelled))
        .returning((orders::id, orders::placed_at, orders::total))
        .get_result(conn)
        .optional()?;
    let Some((key, placed_at, total)) = called_off else {
        return match order.select(orders::status).first(conn).optional()? {
            None => Err(Error::NotFound),
            Some(Status::Cancelled) => Ok(()),
            Some(_) => {
                Err(Error::refused("not_cancellable", format!("Order {number} is on its way and can no longer be cancelled.")))
            }
        };
    };
    let pieces = order_lines::table
        .inner_join(products::table)
        .filter(order_lines::order_id.eq(key))
        .select((order_lines::product_id, products::category_id, order_lines::quantity, order_lines::unit_price))
        .load::<Pieces>(conn)?;
    diesel::insert_into(order_events::table)
        .values((order_events::order_id.eq(key), order_events::status.eq(Status::Cancelled), order_events::at.eq(now)))
        .execute(conn)?;
    audit::record(conn, now, Kind::OrderCancelled, actor, number.as_str())?;
    // Before the products, as an order takes them.
    discount::give_back(conn, key)?;
    post.put(conn, now, user, letters::cancelled(number, placed_at, now, total))?;
    stock::give_back(conn, pieces)
}
