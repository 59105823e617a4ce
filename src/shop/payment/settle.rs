//! What follows when a provider says what became of a payment.
//!
//! Invariant: each saying counts once, in whatever order they come; money that came makes an order paid, or is owed back, never lost.
//! It does not know whether the provider spoke by itself or was asked.

use super::provider::{Tidings, Verdict};
use super::row::{self, Row};
use super::state::State;
use crate::audit::Actor;
use crate::clock::Moment;
use crate::db::schema::{orders, payment_events, payments};
use crate::db::{Conn, lock_order};
use crate::error::{Error, Result};
use crate::ids::{OrderKey, PaymentKey};
use crate::mail::outbox::Postbox;
use crate::on_either;
use crate::shop::order::{Number, Status, Take, take};
use diesel::prelude::*;

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// The payment stands there now.
    Moved(State),
    /// It was known, or too late to matter: nothing changed.
    Nothing,
}

/// Takes in what a provider says.
///
/// # Errors
/// `NotFound` when it has no such payment with us.
pub fn settle(conn: &mut Conn, now: Moment, post: &Postbox, provider: &str, tidings: &Tidings) -> Result<Settled> {
    let found: Option<(PaymentKey, OrderKey)> = payments::table
        .filter(payments::public_id.eq(tidings.payment))
        .filter(payments::provider.eq(provider))
        .select((payments::id, payments::order_id))
        .first(conn)
        .optional()?;
    let (payment, order) = found.ok_or(Error::NotFound)?;
    lock_order(conn, order)?;
    if !is_news(conn, now, provider, payment, tidings)? {
        return Ok(Settled::Nothing);
    }
    let (number, status): (Number, Status) = orders::table.find(order).select((orders::number, orders::status)).first(conn)?;
    let rows = row::all(conn, order)?;
    let (mine, others): (Vec<Row>, Vec<Row>) = rows.into_iter().partition(|row| row.key == payment);
    let row = mine.first().ok_or(Error::NotFound)?;
    let actor = Actor::default();
    match tidings.verdict {
        Verdict::Declined if row.state == State::Pending => {
            row::advance(conn, now, row, State::Declined)?;
            row::tell(conn, now, &actor, order, status, State::Declined, "")?;
            Ok(Settled::Moved(State::Declined))
        }
        Verdict::Paid if !row.state.has_come() => {
            let exact = tidings.amount == row.amount && tidings.currency == row.currency;
            let wanted = !matches!(status, Status::Cancelled | Status::Refunded)
                && row.state != State::Cancelled
                && others.iter().all(|other| other.state != State::Paid);
            if !(exact && wanted) {
                owe(conn, now, &actor, order, status, row, tidings)?;
                return Ok(Settled::Moved(State::RefundDue));
            }
            for open in others.iter().filter(|other| other.state.is_open()) {
                row::advance(conn, now, open, State::Cancelled)?;
            }
            row::advance(conn, now, row, State::Paid)?;
            let step = Take { order, number: &number, from: &[Status::Placed], to: Status::Paid, note: "", leaving: false };
            if !take(conn, now, &actor, post, &step)? {
                row::tell(conn, now, &actor, order, status, State::Paid, "")?;
            }
            Ok(Settled::Moved(State::Paid))
        }
        Verdict::Paid | Verdict::Declined => Ok(Settled::Nothing),
    }
}

/// Money that we may not keep: for an order that was called off or paid already, or of another amount.
fn owe(conn: &mut Conn, now: Moment, actor: &Actor, order: OrderKey, status: Status, row: &Row, tidings: &Tidings) -> Result<()> {
    row::advance(conn, now, row, State::RefundDue)?;
    let exact = tidings.amount == row.amount && tidings.currency == row.currency;
    let note = if exact { String::new() } else { "What came is not what was asked.".to_owned() };
    if !exact {
        let came = (payments::received.eq(tidings.amount), payments::received_currency.eq(&tidings.currency));
        diesel::update(payments::table.find(row.key)).set(came).execute(conn)?;
    }
    row::tell(conn, now, actor, order, status, State::RefundDue, &note)
}

/// Writes down what was said; `false` if it was said before.
fn is_news(conn: &mut Conn, now: Moment, provider: &str, payment: PaymentKey, tidings: &Tidings) -> Result<bool> {
    let new = on_either!(conn, conn => diesel::insert_into(payment_events::table)
        .values((
            (payment_events::payment_id.eq(payment), payment_events::provider.eq(provider)),
            (payment_events::event.eq(&tidings.event), payment_events::verdict.eq(tidings.verdict.code())),
            (payment_events::amount.eq(tidings.amount), payment_events::currency.eq(&tidings.currency)),
            payment_events::at.eq(now),
        ))
        .on_conflict((payment_events::provider, payment_events::event))
        .do_nothing()
        .execute(conn))?;
    Ok(new == 1)
}
