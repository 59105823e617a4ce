//! What a node counts of signing in.
//!
//! Invariant: counting takes no lock that a request could wait for and says nothing of anybody. It does not know who reads it.

use crate::auth::rotation::Exchange;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::Histogram;

/// Seconds, from what a call takes to what a partition takes.
const LAGS: [f64; 15] = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 1.5, 2.5, 5.0, 10.0, 30.0, 60.0];

/// The counts; a clone counts into the same.
#[derive(Debug, Clone)]
pub struct Tally {
    /// Sign-ins that succeeded.
    pub signed_in: Counter,
    /// Sign-ins that were refused.
    pub not_signed_in: Counter,
    /// Exchanges that gave a successor.
    pub renewed: Counter,
    /// Exchanges that came after the successor was seen, a moment ago.
    pub stragglers: Counter,
    /// Exchanges of an old token, which ended a session.
    pub reuse: Counter,
    /// Exchanges of a token that is worth nothing.
    pub refused: Counter,
    /// From the write of a revocation elsewhere until this node had it.
    pub lag: Histogram,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            signed_in: Counter::default(),
            not_signed_in: Counter::default(),
            renewed: Counter::default(),
            stragglers: Counter::default(),
            reuse: Counter::default(),
            refused: Counter::default(),
            lag: Histogram::new(LAGS),
        }
    }
}

impl Tally {
    /// Counts an exchange.
    pub fn exchanged(&self, exchange: &Exchange) {
        match exchange {
            Exchange::Renewed(_) => self.renewed.inc(),
            Exchange::Straggler { .. } => self.stragglers.inc(),
            Exchange::Reuse => self.reuse.inc(),
            Exchange::Refused(_) => self.refused.inc(),
            // A prefetch: the exchange is still to come.
            Exchange::Kept => 0,
        };
    }
}
