//! How many requests one API token may make in a time, beside the count of its address.
//!
//! Invariant: only tokens that are good are counted, so that no stranger fills the place there is. It does not know what they ask for.

use crate::config::Limit;
use crate::error::{Error, Result};
use crate::ids::ApiTokenId;
use actix_governor::governor::clock::{Clock as _, DefaultClock};
use actix_governor::governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::num::NonZeroU32;
use std::time::Duration;

/// The counts of all tokens; none when the limit is off.
pub struct ByToken(Option<DefaultKeyedRateLimiter<ApiTokenId>>);

impl ByToken {
    pub(super) fn new(limit: Limit) -> Self {
        let quota = match limit {
            Limit::On { every, burst } => Quota::with_period(every.max(Duration::from_nanos(1)))
                .map(|quota| quota.allow_burst(NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN))),
            Limit::Off => None,
        };
        Self(quota.map(RateLimiter::keyed))
    }

    /// Counts one request.
    ///
    /// # Errors
    /// `TooMany`.
    pub fn admit(&self, token: ApiTokenId) -> Result<()> {
        let Some(counts) = &self.0 else { return Ok(()) };
        counts.check_key(&token).map_err(|refused| Error::TooMany { wait: refused.wait_time_from(DefaultClock::default().now()) })
    }

    pub(super) fn forget_old(&self) {
        if let Some(counts) = &self.0 {
            counts.retain_recent();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_token_has_its_own_count() {
        let (counts, one, other) = (ByToken::new("2/1h".parse().expect("a limit")), ApiTokenId::random(), ApiTokenId::random());
        let admitted = [one, one, one, other].map(|token| counts.admit(token).is_ok());
        assert_eq!(admitted, [true, true, false, true]);
        let off = ByToken::new(Limit::Off);
        assert!((0..1000).all(|_| off.admit(one).is_ok()));
    }
}
