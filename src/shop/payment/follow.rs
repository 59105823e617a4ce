//! What a step of an order means for its money.
//!
//! Invariant: an order that is paid has a payment that is; one that was called off has none that is, and what had come is owed back.
//! It runs in the step's own transaction, which holds the order's row. It does not know who took the step.

use super::invoice;
use super::row::{self, New, Row};
use super::state::State;
use crate::audit::Actor;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::orders;
use crate::error::Result;
use crate::ids::OrderKey;
use crate::shop::money::Money;
use crate::shop::order::{Status, was_paid};
use diesel::prelude::*;

/// Brings the payments of an order to where it stands now; how much is owed back by it.
pub(in crate::shop) fn follow(conn: &mut Conn, now: Moment, actor: &Actor, order: OrderKey, to: Status) -> Result<Money> {
    if !matches!(to, Status::Paid | Status::Cancelled | Status::Refunded) {
        return Ok(Money::ZERO);
    }
    let rows = row::all(conn, order)?;
    match to {
        Status::Paid => by_hand(conn, now, order, &rows)?,
        Status::Cancelled => return call_off(conn, now, actor, order, rows),
        _ => pay_back(conn, now, &rows)?,
    }
    Ok(Money::ZERO)
}

/// Somebody who runs the shop has the money. If that was not the way it was to come, it came by another, and what may still come
/// this way is not ours.
fn by_hand(conn: &mut Conn, now: Moment, order: OrderKey, rows: &[Row]) -> Result<()> {
    if rows.iter().any(|row| row.state == State::Paid) {
        return Ok(());
    }
    if let Some(bill) = rows.iter().find(|row| row.state == State::Due && row.provider == invoice::NAME) {
        return row::advance(conn, now, bill, State::Paid);
    }
    for row in rows.iter().filter(|row| row.state.may_become(State::Cancelled)) {
        row::advance(conn, now, row, State::Cancelled)?;
    }
    add(conn, now, order, rows, State::Paid)
}

fn call_off(conn: &mut Conn, now: Moment, actor: &Actor, order: OrderKey, mut rows: Vec<Row>) -> Result<Money> {
    // An order from before there were payments: what was paid for it is owed all the same.
    if rows.is_empty() && was_paid(conn, order)? {
        add(conn, now, order, &rows, State::Paid)?;
        rows = row::all(conn, order)?;
    }
    let mut owed = Money::ZERO;
    for row in &rows {
        if row.state == State::Paid && row.amount > Money::ZERO {
            row::advance(conn, now, row, State::RefundDue)?;
            row::tell(conn, now, actor, order, Status::Cancelled, State::RefundDue, "")?;
            owed = owed.plus(row.amount)?;
        } else if row.state.may_become(State::Cancelled) {
            row::advance(conn, now, row, State::Cancelled)?;
        }
    }
    Ok(owed)
}

fn pay_back(conn: &mut Conn, now: Moment, rows: &[Row]) -> Result<()> {
    for row in rows {
        if row.state.may_become(State::Refunded) {
            row::advance(conn, now, row, State::Refunded)?;
        } else if row.state.may_become(State::Cancelled) {
            row::advance(conn, now, row, State::Cancelled)?;
        }
    }
    Ok(())
}

/// A payment that did not come through any gateway.
fn add(conn: &mut Conn, now: Moment, order: OrderKey, rows: &[Row], state: State) -> Result<()> {
    let (amount, currency): (Money, String) = orders::table.find(order).select((orders::total, orders::currency)).first(conn)?;
    let attempt = rows.last().map_or(1, |last| last.attempt + 1);
    let new = New { order, attempt, provider: invoice::NAME, amount, currency: &currency };
    row::insert(conn, now, &new, state, None)
}
