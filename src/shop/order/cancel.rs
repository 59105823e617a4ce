//! Calling one's order off.
//!
//! Invariant: only its own person reaches it, and asking again is answered as the first time. What follows from it is `step`'s.

use super::step::{Take, take};
use super::{Number, Status};
use crate::audit::Actor;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::orders;
use crate::error::{Error, Result};
use crate::ids::{OrderKey, UserKey};
use crate::mail::outbox::Postbox;
use diesel::prelude::*;

/// Calls the person's order off and puts its pieces back; on a cancelled order nothing happens, and the answer is the same.
///
/// # Errors
/// `NotFound` if it is not theirs; `Refused` as `not_cancellable` once it is packed.
pub fn cancel(conn: &mut Conn, now: Moment, actor: &Actor, post: &Postbox, user: UserKey, number: &Number) -> Result<()> {
    call_off(conn, now, actor, post, user, number, false)
}

/// The same for a person who leaves the shop in this transaction: their letter does not lead to what they can open no more.
///
/// # Errors
/// As `cancel`.
pub(in crate::shop) fn cancel_leaving(
    conn: &mut Conn,
    now: Moment,
    actor: &Actor,
    post: &Postbox,
    user: UserKey,
    number: &Number,
) -> Result<()> {
    call_off(conn, now, actor, post, user, number, true)
}

fn call_off(
    conn: &mut Conn,
    now: Moment,
    actor: &Actor,
    post: &Postbox,
    user: UserKey,
    number: &Number,
    leaving: bool,
) -> Result<()> {
    let cancellable: Vec<Status> = Status::ALL.into_iter().filter(|status| status.is_cancellable()).collect();
    let order = orders::table.filter(orders::number.eq(number)).filter(orders::user_id.eq(user));
    let key: OrderKey = order.select(orders::id).first(conn).optional()?.ok_or(Error::NotFound)?;
    let step = Take { order: key, number, from: &cancellable, to: Status::Cancelled, note: "", leaving };
    if take(conn, now, actor, post, &step)? {
        return Ok(());
    }
    match order.select(orders::status).first(conn)? {
        Status::Cancelled => Ok(()),
        _ => Err(Error::refused("not_cancellable", format!("Order {number} is on its way and can no longer be cancelled."))),
    }
}
