//! Going to pay.
//!
//! Invariant: the payment is committed as begun before a provider hears of it, so whatever breaks off afterwards is known and asked for;
//! who goes twice goes to the same payment. It does not ask the provider itself.

use super::provider::Bill;
use super::providers::Providers;
use super::row::{self, New};
use super::state::State;
use crate::audit::Actor;
use crate::clock::Moment;
use crate::db::schema::{orders, payments};
use crate::db::{Conn, lock_order};
use crate::error::{Error, Result};
use crate::ids::{OrderKey, PaymentId, UserKey};
use crate::shop::order::{Number, Status};
use diesel::prelude::*;

/// Begins to pay for the person's order, or goes on with what was begun: the provider's name and the bill for it.
///
/// # Errors
/// `NotFound` if it is not theirs; `Refused` as `not_payable` when there is nothing to pay, or not here.
pub fn begin(
    conn: &mut Conn,
    now: Moment,
    actor: &Actor,
    providers: &Providers,
    user: UserKey,
    number: &Number,
) -> Result<(String, Bill)> {
    let order = orders::table.filter(orders::number.eq(number)).filter(orders::user_id.eq(user));
    let key: OrderKey = order.select(orders::id).first(conn).optional()?.ok_or(Error::NotFound)?;
    lock_order(conn, key)?;
    let status: Status = order.select(orders::status).first(conn)?;
    let rows = row::all(conn, key)?;
    let refused = |why: &str| Err(Error::refused("not_payable", format!("Order {number} {why}")));
    if rows.iter().any(|row| row.state == State::Paid) {
        return refused("is paid. There is nothing left to pay.");
    }
    if status != Status::Placed {
        return refused(&format!("is {}. There is nothing to pay for it here.", status.word().to_lowercase()));
    }
    let online = |name: &str| providers.get(name).is_some_and(|provider| provider.is_online());
    let Some(last) = rows.last().filter(|last| online(&last.provider)) else {
        return refused("is paid on invoice. There is nothing to do here.");
    };
    match last.state {
        State::Pending => {}
        State::Due => row::advance(conn, now, last, State::Pending)?,
        _ => {
            // The earlier attempt no longer decides when the order is called off.
            diesel::update(payments::table.find(last.key)).set(payments::due_at.eq(None::<Moment>)).execute(conn)?;
            let new = New {
                order: key,
                attempt: last.attempt + 1,
                provider: &last.provider,
                amount: last.amount,
                currency: &last.currency,
            };
            row::insert(conn, now, &new, State::Pending, last.due_at)?;
        }
    }
    if last.state != State::Pending {
        row::tell(conn, now, actor, key, status, State::Pending, "")?;
    }
    let begun = row::all(conn, key)?.pop().ok_or_else(|| Error::internal("a payment that was just begun is gone"))?;
    let bill = Bill { payment: begun.id, number: number.clone(), amount: begun.amount, currency: begun.currency };
    Ok((begun.provider, bill))
}

/// Remembers what the provider calls a payment.
///
/// # Errors
/// What the database says.
pub fn remember(conn: &mut Conn, payment: PaymentId, reference: &str) -> Result<()> {
    let unnamed = payments::table.filter(payments::public_id.eq(payment)).filter(payments::reference.is_null());
    diesel::update(unnamed).set(payments::reference.eq(reference)).execute(conn)?;
    Ok(())
}
