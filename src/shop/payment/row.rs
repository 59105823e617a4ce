//! The rows of payments.
//!
//! Invariant: a row moves by a conditional UPDATE along a legal move, or not at all. It does not know why it moves.

use super::state::State;
use crate::audit::Actor;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{order_events, payments};
use crate::error::{Error, Result};
use crate::ids::{OrderKey, PaymentId, PaymentKey};
use crate::shop::money::Money;
use crate::shop::order::Status;
use diesel::prelude::*;
use std::time::Duration;

/// How long a provider has to say something by itself before it is asked.
pub(super) const PATIENCE: Duration = Duration::from_mins(2);

/// A row.
#[derive(Debug, Clone, Queryable)]
pub(super) struct Row {
    pub key: PaymentKey,
    pub id: PaymentId,
    pub attempt: i64,
    pub provider: String,
    pub state: State,
    pub amount: Money,
    pub currency: String,
    pub due_at: Option<Moment>,
}

/// A row to be.
pub(super) struct New<'a> {
    pub order: OrderKey,
    pub attempt: i64,
    pub provider: &'a str,
    pub amount: Money,
    pub currency: &'a str,
}

/// All of an order, the first attempt first. Hold the order's row.
pub(super) fn all(conn: &mut Conn, order: OrderKey) -> Result<Vec<Row>> {
    Ok(payments::table
        .filter(payments::order_id.eq(order))
        .order(payments::attempt)
        .select((
            payments::id,
            payments::public_id,
            payments::attempt,
            payments::provider,
            payments::state,
            payments::amount,
            payments::currency,
            payments::due_at,
        ))
        .load(conn)?)
}

pub(super) fn insert(conn: &mut Conn, now: Moment, new: &New<'_>, state: State, due_at: Option<Moment>) -> Result<()> {
    let ask_at = (state == State::Pending).then(|| now + PATIENCE);
    diesel::insert_into(payments::table)
        .values((
            (payments::public_id.eq(PaymentId::random()), payments::order_id.eq(new.order), payments::attempt.eq(new.attempt)),
            (payments::provider.eq(new.provider), payments::amount.eq(new.amount), payments::currency.eq(new.currency)),
            (payments::state.eq(state), payments::due_at.eq(due_at), payments::ask_at.eq(ask_at)),
            (payments::created_at.eq(now), payments::updated_at.eq(now)),
        ))
        .execute(conn)?;
    Ok(())
}

/// Moves a row on. Of one that was called off while somebody paid, the provider is still asked: the money may be there.
///
/// # Errors
/// `Internal` for a move that is not legal, or a row that stands elsewhere: whoever holds the order's row knows better.
pub(super) fn advance(conn: &mut Conn, now: Moment, row: &Row, to: State) -> Result<()> {
    if !row.state.may_become(to) {
        return Err(Error::internal(format!("a payment that is {} cannot become {}", row.state.code(), to.code())));
    }
    let asked = to == State::Pending || (row.state == State::Pending && to == State::Cancelled);
    let ask_at = asked.then(|| now + PATIENCE);
    let done = matches!(to, State::Paid | State::Cancelled | State::Refunded);
    let due_at = row.due_at.filter(|_| !done);
    let there = payments::table.filter(payments::id.eq(row.key)).filter(payments::state.eq(row.state));
    let moved = diesel::update(there)
        .set((payments::state.eq(to), payments::due_at.eq(due_at), payments::ask_at.eq(ask_at), payments::updated_at.eq(now)))
        .execute(conn)?;
    if moved == 1 { Ok(()) } else { Err(Error::internal("a payment moved while its order was held")) }
}

/// Writes into the order's life what became of its money, where the order itself takes no step.
pub(super) fn tell(
    conn: &mut Conn,
    now: Moment,
    actor: &Actor,
    order: OrderKey,
    status: Status,
    state: State,
    note: &str,
) -> Result<()> {
    diesel::insert_into(order_events::table)
        .values((
            (order_events::order_id.eq(order), order_events::status.eq(status), order_events::at.eq(now)),
            (order_events::user_id.eq(actor.user), order_events::note.eq(note), order_events::payment.eq(state)),
        ))
        .execute(conn)?;
    Ok(())
}
