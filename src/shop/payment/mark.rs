//! What those who run the shop write down about money.
//!
//! Invariant: of two who write the same at once one does, and the other is told. It does not know who may.

use super::invoice;
use super::row;
use super::state::State;
use crate::audit::{self, Actor, Kind};
use crate::clock::Moment;
use crate::db::schema::orders;
use crate::db::{Conn, lock_order};
use crate::error::{Error, Result};
use crate::ids::{OrderKey, PaymentId};
use crate::shop::order::{Number, Status};
use diesel::prelude::*;

/// What they say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// An invoice was paid after its parcel was packed.
    Paid,
    /// What was owed went back.
    Refunded,
}

impl Act {
    /// The word in the form.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Paid => "paid",
            Self::Refunded => "refunded",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn read(word: &str) -> Option<Self> {
        [Self::Paid, Self::Refunded].into_iter().find(|act| act.word() == word)
    }

    /// May that be said of such a payment of an order that stands there? What is a step of the order is taken as one.
    #[must_use]
    pub fn fits(self, state: State, provider: &str, status: Status) -> bool {
        match self {
            Self::Paid => {
                let sent = matches!(status, Status::Packed | Status::Shipped | Status::Delivered);
                state == State::Due && provider == invoice::NAME && sent
            }
            Self::Refunded => state == State::RefundDue,
        }
    }
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marked {
    /// It is written down.
    Done,
    /// The payment stands here, where that cannot be said. Nothing was done.
    Elsewhere(State),
}

/// Writes it down.
///
/// # Errors
/// `NotFound` when the order has no such payment.
pub fn mark(conn: &mut Conn, now: Moment, actor: &Actor, number: &Number, payment: PaymentId, act: Act) -> Result<Marked> {
    let order = orders::table.filter(orders::number.eq(number));
    let key: OrderKey = order.select(orders::id).first(conn).optional()?.ok_or(Error::NotFound)?;
    lock_order(conn, key)?;
    let status: Status = order.select(orders::status).first(conn)?;
    let rows = row::all(conn, key)?;
    let row = rows.iter().find(|row| row.id == payment).ok_or(Error::NotFound)?;
    if !act.fits(row.state, &row.provider, status) {
        return Ok(Marked::Elsewhere(row.state));
    }
    let to = match act {
        Act::Paid => State::Paid,
        Act::Refunded => State::Refunded,
    };
    row::advance(conn, now, row, to)?;
    row::tell(conn, now, actor, key, status, to, "")?;
    audit::record(conn, now, Kind::PaymentMoved, actor, &format!("{number} {} {}", row.attempt, to.code()))?;
    Ok(Marked::Done)
}
