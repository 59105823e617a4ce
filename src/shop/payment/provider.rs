//! Who takes the money: what the shop asks of a provider, whoever it is.
//!
//! Invariant: a provider is asked outside of every transaction, and named by our own id of the payment, which was committed before: so
//! asking twice begins one payment, and what a crash cut off can be asked for. It does not know what follows from an answer.

use crate::clock::Moment;
use crate::error::Result;
use crate::ids::PaymentId;
use crate::shop::money::Money;
use crate::shop::order::Number;

/// What is to be paid.
#[derive(Debug, Clone)]
pub struct Bill {
    /// The payment, as the provider shall name it to us.
    pub payment: PaymentId,
    /// Its order.
    pub number: Number,
    /// How much.
    pub amount: Money,
    /// In which currency.
    pub currency: String,
}

/// Where a person pays.
#[derive(Debug, Clone)]
pub struct Counter {
    /// What the provider calls this payment.
    pub reference: String,
    /// The address of its page.
    pub address: String,
}

/// What became of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The money is there.
    Paid,
    /// It will not come.
    Declined,
}

impl Verdict {
    /// The word in the table and in messages.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Paid => "paid",
            Self::Declined => "declined",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn read(code: &str) -> Option<Self> {
        [Self::Paid, Self::Declined].into_iter().find(|verdict| verdict.code() == code)
    }
}

/// What a provider says of a payment.
#[derive(Debug, Clone)]
pub struct Tidings {
    /// The provider's name for this saying: said again, it counts once.
    pub event: String,
    /// The payment, as we named it.
    pub payment: PaymentId,
    /// What became of it.
    pub verdict: Verdict,
    /// How much was paid, or would have been.
    pub amount: Money,
    /// In which currency.
    pub currency: String,
}

/// What a message is worth.
#[derive(Debug, Clone)]
pub enum Heard {
    /// The provider says this.
    Tidings(Tidings),
    /// Nobody we know said it, or too long ago.
    Forged,
    /// The provider said it, and it means nothing to us.
    Unclear,
}

/// A provider. To add one: a file beside `trial.rs`, and a line in `Providers::open` (docs/ARCHITECTURE.md, "Taking money").
pub trait PaymentProvider: Send + Sync {
    /// Its name in addresses and rows; never changed once it was used.
    fn name(&self) -> &'static str;

    /// Its name for people.
    fn word(&self) -> &'static str;

    /// Has it a page where people pay at once?
    fn is_online(&self) -> bool;

    /// Opens its page for a bill, or finds the one that it opened for it before. Runs on a blocking thread.
    ///
    /// # Errors
    /// `Unavailable` when the provider is; then nothing was begun, or the next try finds it.
    fn begin(&self, bill: &Bill) -> Result<Counter>;

    /// The header that carries the signature of its messages.
    fn signature_header(&self) -> &'static str;

    /// Checks and reads a message.
    fn hear(&self, now: Moment, signature: Option<&str>, body: &[u8]) -> Heard;

    /// What became of a payment, for when no message came; none while it is open, and for one it never heard of. Runs on a blocking
    /// thread.
    ///
    /// # Errors
    /// `Unavailable` when the provider is: then it is asked again later.
    fn ask(&self, payment: PaymentId) -> Result<Option<Tidings>>;
}
