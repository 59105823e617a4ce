//! What the shop does about payments by itself: asks what became of those it heard nothing of, and calls off what nobody paid.
//!
//! Invariant: a provider is asked outside of every transaction, and an order is called off only when its provider was heard; each order
//! is a transaction of its own, so nobody waits for many. It does not know when it runs.

use super::providers::Providers;
use super::settle::{Settled, settle};
use super::state::State;
use crate::audit::Actor;
use crate::clock::Moment;
use crate::db::schema::{orders, payments};
use crate::db::{Conn, Db, lock_order};
use crate::error::{Error, Result};
use crate::ids::{OrderKey, PaymentId, PaymentKey};
use crate::mail::outbox::Postbox;
use crate::shop::order::{Number, Status, Take, take};
use diesel::prelude::*;
use std::time::Duration;

/// Most payments of one kind in a round.
const MOST: i64 = 100;
/// For how long after an order was called off its provider is asked for money that may be there all the same.
const WATCH: Duration = Duration::from_hours(7 * 24);
/// How long a provider that did not answer is left alone.
const REST: Duration = Duration::from_mins(5);

/// What a round did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Round {
    /// Payments that a provider was asked about.
    pub asked: usize,
    /// Those that moved by its answer.
    pub settled: usize,
    /// Orders that nobody paid in time.
    pub called_off: usize,
}

/// A payment to be asked for.
#[derive(Debug, Clone, Queryable)]
struct Open {
    key: PaymentKey,
    id: PaymentId,
    order: OrderKey,
    provider: String,
    state: State,
    since: Moment,
}

/// One round. Run it on a blocking thread.
///
/// # Errors
/// What the database says; what was done until then stays done.
pub fn round(db: &Db, now: Moment, post: &Postbox, providers: &Providers) -> Result<Round> {
    let mut done = Round::default();
    for open in db.read_here(|conn| to_ask(conn, now))? {
        let Some(settled) = ask(db, now, post, providers, &open)? else { continue };
        done.asked += 1;
        done.settled += usize::from(settled != Settled::Nothing);
    }
    for open in db.read_here(|conn| overdue(conn, now))? {
        // Whoever is at the provider's page just now may have paid already.
        if open.state == State::Pending && ask(db, now, post, providers, &open)?.is_none() {
            db.write_here(|conn| put_off(conn, open.key, now + REST))?;
            continue;
        }
        done.called_off += usize::from(db.write_here(|conn| call_off(conn, now, post, open.order))?);
    }
    Ok(done)
}

const OPEN: (payments::id, payments::public_id, payments::order_id, payments::provider, payments::state, payments::updated_at) =
    (payments::id, payments::public_id, payments::order_id, payments::provider, payments::state, payments::updated_at);

fn to_ask(conn: &mut Conn, now: Moment) -> Result<Vec<Open>> {
    let due = payments::table.filter(payments::ask_at.le(now)).order((payments::ask_at, payments::id));
    Ok(due.limit(MOST).select(OPEN).load(conn)?)
}

fn overdue(conn: &mut Conn, now: Moment) -> Result<Vec<Open>> {
    let due = payments::table.filter(payments::due_at.le(now)).order((payments::due_at, payments::id));
    Ok(due.limit(MOST).select(OPEN).load(conn)?)
}

/// Asks the provider and takes in what it says; none when it did not answer.
fn ask(db: &Db, now: Moment, post: &Postbox, providers: &Providers, open: &Open) -> Result<Option<Settled>> {
    let asked = providers
        .get(&open.provider)
        .ok_or_else(|| Error::Unavailable(format!("there is no provider `{}` in the settings", open.provider)))
        .and_then(|provider| provider.ask(open.id))
        .and_then(|answer| match answer {
            Some(tidings) => db.write_here(|conn| settle(conn, now, post, &open.provider, &tidings)),
            None => Ok(Settled::Nothing),
        });
    let settled = match asked {
        Ok(settled) => settled,
        // One that goes wrong does not keep the others waiting.
        Err(cause) => {
            tracing::warn!(%cause, provider = open.provider, "it is not known what became of a payment");
            db.write_here(|conn| ask_again(conn, open.key, Some(now + REST)))?;
            return Ok(None);
        }
    };
    db.write_here(|conn| ask_again(conn, open.key, next(open, now)))?;
    Ok(Some(settled))
}

/// When to ask the next time: after half as long again as it has stood there, at most an hour.
fn next(open: &Open, now: Moment) -> Option<Moment> {
    let stood = Duration::try_from(now - open.since).unwrap_or_default();
    let over = open.state == State::Cancelled && stood > WATCH;
    (!over).then(|| now + (stood / 2).clamp(super::row::PATIENCE, Duration::from_hours(1)))
}

/// What has moved since is no longer asked for, or at a time of its own.
fn ask_again(conn: &mut Conn, key: PaymentKey, at: Option<Moment>) -> Result<()> {
    let waiting = payments::table
        .filter(payments::id.eq(key))
        .filter(payments::ask_at.is_not_null())
        .filter(payments::state.eq_any([State::Pending, State::Cancelled]));
    diesel::update(waiting).set(payments::ask_at.eq(at)).execute(conn)?;
    Ok(())
}

fn put_off(conn: &mut Conn, key: PaymentKey, until: Moment) -> Result<()> {
    let waiting = payments::table.filter(payments::id.eq(key)).filter(payments::due_at.is_not_null());
    diesel::update(waiting).set(payments::due_at.eq(until)).execute(conn)?;
    Ok(())
}

/// Calls off an order that is still only placed; `false` if it is not. Either way its time is over.
fn call_off(conn: &mut Conn, now: Moment, post: &Postbox, order: OrderKey) -> Result<bool> {
    lock_order(conn, order)?;
    let number: Number = orders::table.find(order).select(orders::number).first(conn)?;
    let step = Take {
        order,
        number: &number,
        from: &[Status::Placed],
        to: Status::Cancelled,
        note: "Nobody paid in time.",
        leaving: false,
    };
    let taken = take(conn, now, &Actor::default(), post, &step)?;
    diesel::update(payments::table.filter(payments::order_id.eq(order)))
        .set(payments::due_at.eq(None::<Moment>))
        .execute(conn)?;
    Ok(taken)
}
