//! The money for an order: an attempt to pay is a row, and its state moves only forward.
//!
//! Invariant: of an order at most one payment is open and at most one is paid; whatever else comes in is owed back. Each move is made
//! while the order's row is held, in the transaction of what follows from it. It knows no gateway: those are `PaymentProvider`s, and
//! are asked outside of every transaction.

mod begin;
mod follow;
pub mod invoice;
mod mark;
pub mod provider;
mod providers;
mod row;
mod settle;
pub mod signature;
mod state;
pub mod trial;
pub mod upkeep;

pub use begin::{begin, remember};
pub use mark::{Act, Marked, mark};
pub use provider::PaymentProvider;
pub use providers::Providers;
pub use settle::{Settled, settle};
pub use state::State;

pub(super) use follow::follow;

use crate::clock::Moment;
use crate::config::{PaidBy, Payment as Terms};
use crate::db::Conn;
use crate::db::schema::{orders, payments};
use crate::error::Result;
use crate::ids::{OrderKey, PaymentId};
use crate::shop::money::Money;
use crate::shop::order::Number;
use diesel::prelude::*;

/// An attempt to pay.
#[derive(Debug, Clone, Queryable)]
pub struct Payment {
    /// Its public name.
    pub id: PaymentId,
    /// The first, the second ...
    pub attempt: i64,
    /// The provider's name.
    pub provider: String,
    /// What the provider calls it, once that is known.
    pub reference: Option<String>,
    /// Where it stands.
    pub state: State,
    /// How much was asked.
    pub amount: Money,
    /// In which currency.
    pub currency: String,
    /// How much came, where that is something else.
    pub received: Option<Money>,
    /// In which currency that was.
    pub received_currency: Option<String>,
    /// When its order is called off unless it is paid.
    pub due_at: Option<Moment>,
    /// When it came to stand there.
    pub updated_at: Moment,
}

/// An order whose money must go back.
#[derive(Debug, Clone, Queryable)]
pub struct Owed {
    /// The order.
    pub number: Number,
    /// Whom it went to.
    pub name: String,
    /// How much was asked.
    pub amount: Money,
    /// Since when.
    pub since: Moment,
}

/// Most orders in a list of what is owed.
pub const OWED: i64 = 50;

/// The payments of an order, the first attempt first; an order from before there were payments has none.
///
/// # Errors
/// What the database says.
pub fn of(conn: &mut Conn, number: &Number) -> Result<Vec<Payment>> {
    Ok(payments::table
        .inner_join(orders::table)
        .filter(orders::number.eq(number))
        .order(payments::attempt)
        .select((
            payments::public_id,
            payments::attempt,
            payments::provider,
            payments::reference,
            payments::state,
            payments::amount,
            payments::currency,
            payments::received,
            payments::received_currency,
            payments::due_at,
            payments::updated_at,
        ))
        .load(conn)?)
}

/// What must be paid back, the longest waiting first, at most `OWED`.
///
/// # Errors
/// What the database says.
pub fn owed(conn: &mut Conn) -> Result<Vec<Owed>> {
    // The word is written out, as it stands in the index: a bound one would not lead there.
    let is_owed = diesel::dsl::sql::<diesel::sql_types::Bool>("payments.state = 'refund_due'");
    Ok(payments::table
        .inner_join(orders::table)
        .filter(is_owed)
        .order((payments::updated_at, payments::id))
        .limit(OWED)
        .select((orders::number, orders::name, payments::amount, payments::updated_at))
        .load(conn)?)
}

/// How many orders wait to be paid back, counted up to so many payments.
///
/// # Errors
/// What the database says.
pub fn owing(conn: &mut Conn, most: i64) -> Result<usize> {
    let is_owed = diesel::dsl::sql::<diesel::sql_types::Bool>("payments.state = 'refund_due'");
    let mut orders: Vec<OrderKey> = payments::table.filter(is_owed).limit(most).select(payments::order_id).load(conn)?;
    // Of an order that was paid twice both payments may be owed.
    orders.sort_unstable();
    orders.dedup();
    Ok(orders.len())
}

/// The first payment of a new order. What costs nothing is paid.
pub(super) fn open(conn: &mut Conn, now: Moment, terms: &Terms, order: OrderKey, total: Money, currency: &str) -> Result<()> {
    let (provider, due_at) = match terms.by {
        PaidBy::Invoice => (invoice::NAME, None),
        PaidBy::Trial => (trial::NAME, Some(now + terms.within)),
    };
    let new = row::New { order, attempt: 1, provider, amount: total, currency };
    match total {
        Money::ZERO => row::insert(conn, now, &new, State::Paid, None),
        _ => row::insert(conn, now, &new, State::Due, due_at),
    }
}
