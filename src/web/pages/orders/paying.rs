//! What an order's page says of its money.
//!
//! Invariant: it says what the payments' rows say, and offers to pay only where paying is possible. It does not know gateways.

use crate::clock::rfc3339;
use crate::config::Currency;
use crate::shop::order::{Order, Status};
use crate::shop::payment::{Payment, Providers, State};
use serde::Serialize;

/// The money for one order.
#[derive(Serialize)]
pub struct Paying {
    /// Where the payment that counts stands.
    state: &'static str,
    /// How much it is.
    amount: i64,
    /// Until when.
    due_at: Option<String>,
    /// Can the person pay now?
    payable: bool,
    /// Sums that go back, as people read them.
    owed: Vec<String>,
}

impl Paying {
    /// None for an order from before there were payments.
    #[must_use]
    pub fn of(order: &Order, payments: &[Payment], providers: &Providers) -> Option<Self> {
        let last = payments.last()?;
        let paid = payments.iter().find(|payment| payment.state == State::Paid);
        let online = providers.get(&last.provider).is_some_and(|provider| provider.is_online());
        // Money that came and cannot be kept leaves the order unpaid.
        let payable = order.status == Status::Placed && paid.is_none() && online;
        let came_once = || payments.iter().rfind(|payment| payment.state.has_come() && !payable);
        let counts = paid.or_else(came_once).unwrap_or(last);
        let owed = payments.iter().filter(|payment| payment.state == State::RefundDue);
        Some(Self {
            state: counts.state.code(),
            amount: counts.amount.minor(),
            due_at: payments.iter().find_map(|payment| payment.due_at).map(rfc3339),
            payable,
            owed: owed.map(came).collect(),
        })
    }
}

/// What came, as people read it.
#[must_use]
pub fn came(payment: &Payment) -> String {
    let code = payment.received_currency.as_deref().unwrap_or(&payment.currency);
    let amount = payment.received.unwrap_or(payment.amount);
    match code.parse::<Currency>() {
        Ok(currency) => amount.show(&currency),
        Err(_) => format!("{} of {code}", amount.minor()),
    }
}
