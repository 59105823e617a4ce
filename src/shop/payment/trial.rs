//! The trial provider: for tests and demos, a gateway of our own that takes no money.
//!
//! Invariant: to the shop it is a stranger with a page, books of its own and signed messages; it answers once, as the person at its page
//! says, and goes on saying the same. It does not know orders.

mod bill;

pub use bill::TrialBill;

use super::provider::{Bill, Counter, Heard, PaymentProvider, Tidings, Verdict};
use super::signature;
use crate::clock::{Clock, Moment};
use crate::db::Db;
use crate::error::{Error, Result};
use crate::ids::{BillId, PaymentId};
use crate::shop::money::Money;
use aws_lc_rs::hmac;
use serde::{Deserialize, Serialize};

/// Its name in addresses and rows.
pub const NAME: &str = "trial";
/// The header of its messages.
pub const SIGNATURE: &str = "latchkey-signature";

/// See the module.
pub struct Trial {
    db: Db,
    clock: Clock,
    keys: Vec<hmac::Key>,
}

/// A message to the shop.
#[derive(Debug, Clone)]
pub struct Message {
    /// What stands in the header.
    pub signature: String,
    /// JSON.
    pub body: String,
}

/// How a message reads.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    id: String,
    payment: PaymentId,
    verdict: String,
    amount: i64,
    currency: String,
}

impl Trial {
    /// A provider with its books in this database. The first key signs, any is believed.
    #[must_use]
    pub fn new(db: Db, clock: Clock, keys: Vec<hmac::Key>) -> Self {
        Self { db, clock, keys }
    }

    /// A bill, as its page shows it. Run it on a blocking thread.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn bill(&self, reference: BillId) -> Result<TrialBill> {
        self.db.read_here(|conn| bill::find(conn, reference))
    }

    /// The person at the page decides, once; what was decided. Run it on a blocking thread.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn decide(&self, reference: BillId, verdict: Verdict) -> Result<TrialBill> {
        self.db.write_here(|conn| bill::decide(conn, reference, verdict))
    }

    /// What it tells the shop.
    ///
    /// # Errors
    /// `Internal`, should it have no key.
    pub fn message(&self, tidings: &Tidings) -> Result<Message> {
        let wire = Wire {
            id: tidings.event.clone(),
            payment: tidings.payment,
            verdict: tidings.verdict.code().to_owned(),
            amount: tidings.amount.minor(),
            currency: tidings.currency.clone(),
        };
        let body = serde_json::to_string(&wire).map_err(Error::internal)?;
        let key = self.keys.first().ok_or_else(|| Error::internal("the trial provider has no key"))?;
        Ok(Message { signature: signature::sign(key, self.clock.now(), body.as_bytes()), body })
    }
}

impl PaymentProvider for Trial {
    fn name(&self) -> &'static str {
        NAME
    }

    fn word(&self) -> &'static str {
        "Trial payment"
    }

    fn is_online(&self) -> bool {
        true
    }

    fn begin(&self, bill: &Bill) -> Result<Counter> {
        let now = self.clock.now();
        let reference = self.db.write_here(|conn| bill::open(conn, now, bill))?;
        Ok(Counter { reference: reference.to_string(), address: format!("/pay/{NAME}/{reference}") })
    }

    fn signature_header(&self) -> &'static str {
        SIGNATURE
    }

    fn hear(&self, now: Moment, signature: Option<&str>, body: &[u8]) -> Heard {
        if !signature.is_some_and(|header| signature::is_good(&self.keys, now, header, body)) {
            return Heard::Forged;
        }
        let Ok(wire) = serde_json::from_slice::<Wire>(body) else { return Heard::Unclear };
        let named = (1..=64).contains(&wire.id.len()) && wire.id.bytes().all(|byte| byte.is_ascii_graphic());
        match (Verdict::read(&wire.verdict), Money::new(wire.amount)) {
            (Some(verdict), Some(amount)) if named && wire.currency.len() == 3 => {
                Heard::Tidings(Tidings { event: wire.id, payment: wire.payment, verdict, amount, currency: wire.currency })
            }
            _ => Heard::Unclear,
        }
    }

    fn ask(&self, payment: PaymentId) -> Result<Option<Tidings>> {
        self.db.read_here(|conn| Ok(bill::of(conn, payment)?.and_then(|bill| bill.tidings())))
    }
}
