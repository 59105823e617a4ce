//! What a node counts of signing in.
//!
//! Invariant: counting takes no lock that a request could wait for and says nothing of anybody. It does not know who reads it.

use crate::auth::rotation::Exchange;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;

/// Seconds, from what a call takes to what a partition takes.
const LAGS: [f64; 15] = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 1.5, 2.5, 5.0, 10.0, 30.0, 60.0];

/// What came of something, in a word.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Outcome {
    outcome: &'static str,
}

/// The counts; a clone counts into the same.
#[derive(Debug, Clone)]
pub struct Tally {
    /// Sign-ins with a password.
    pub sign_ins: Family<Outcome, Counter>,
    /// Refresh tokens that were shown.
    pub exchanges: Family<Outcome, Counter>,
    /// From the write of a revocation elsewhere until this node had it.
    pub lag: Histogram,
}

impl Default for Tally {
    fn default() -> Self {
        let of = |words: &[&'static str]| {
            let family = Family::default();
            // What has not happened yet is there, as zero.
            for word in words {
                drop(family.get_or_create(&Outcome { outcome: word }));
            }
            family
        };
        Self {
            sign_ins: of(&["success", "failure", "throttled"]),
            exchanges: of(&["renewed", "straggler", "reuse", "refused"]),
            lag: Histogram::new(LAGS),
        }
    }
}

impl Tally {
    /// Counts a sign-in.
    pub fn signed_in(&self, is_in: bool) {
        let outcome = if is_in { "success" } else { "failure" };
        self.sign_ins.get_or_create(&Outcome { outcome }).inc();
    }

    /// Counts a sign-in that was told to wait.
    pub fn throttled(&self) {
        self.sign_ins.get_or_create(&Outcome { outcome: "throttled" }).inc();
    }

    /// Counts an exchange.
    pub fn exchanged(&self, exchange: &Exchange) {
        let outcome = match exchange {
            Exchange::Renewed(_) => "renewed",
            Exchange::Straggler { .. } => "straggler",
            Exchange::Reuse => "reuse",
            Exchange::Refused(_) => "refused",
            // A prefetch: the exchange is still to come.
            Exchange::Kept => return,
        };
        self.exchanges.get_or_create(&Outcome { outcome }).inc();
    }
}
