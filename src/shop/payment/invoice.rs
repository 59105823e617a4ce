//! Paying on invoice: the money comes by itself, and an operator writes down that it did.
//!
//! Invariant: it never says anything; only people do. It does not know banks.

use super::provider::{Bill, Counter, Heard, PaymentProvider, Tidings};
use crate::clock::Moment;
use crate::error::{Error, Result};
use crate::ids::PaymentId;

/// Its name in rows.
pub const NAME: &str = "invoice";

/// See the module.
#[derive(Debug, Clone, Copy)]
pub struct Invoice;

impl PaymentProvider for Invoice {
    fn name(&self) -> &'static str {
        NAME
    }

    fn word(&self) -> &'static str {
        "On invoice"
    }

    fn is_online(&self) -> bool {
        false
    }

    fn begin(&self, bill: &Bill) -> Result<Counter> {
        Err(Error::refused("not_payable", format!("Order {} is paid on invoice: there is nothing to do here.", bill.number)))
    }

    fn signature_header(&self) -> &'static str {
        "signature"
    }

    fn hear(&self, _: Moment, _: Option<&str>, _: &[u8]) -> Heard {
        Heard::Forged
    }

    fn ask(&self, _: PaymentId) -> Result<Option<Tidings>> {
        Ok(None)
    }
}
