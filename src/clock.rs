//! The one clock.
//!
//! Invariant: every time the program writes, compares or prints comes from here, in UTC, so that a test moves time for all of it
//! at once and the two databases never answer with a clock of their own; only how far the clocks are apart is measured by theirs.
//! It does not know what is timed.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, PrimitiveDateTime};

/// A point in time, in UTC: the one time type that Diesel writes to both databases.
pub type Moment = PrimitiveDateTime;

/// Tells the time; a clone tells the same.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    stands_at: Option<OffsetDateTime>,
    ahead_millis: Arc<AtomicI64>,
}

impl Clock {
    /// A clock that stands until it is moved: for tests that count to the second, however slow the machine.
    #[must_use]
    pub fn standing(at: Moment) -> Self {
        Self { stands_at: Some(at.assume_utc()), ..Self::default() }
    }

    /// The time now, cut to microseconds, which is what Postgres keeps.
    #[must_use]
    pub fn now(&self) -> Moment {
        cut(self.stands_at.unwrap_or_else(OffsetDateTime::now_utc))
            + time::Duration::milliseconds(self.ahead_millis.load(Ordering::Relaxed))
    }

    /// Moves the clock forward, for everyone who holds a clone.
    pub fn advance(&self, by: Duration) {
        self.ahead_millis.fetch_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX / 4), Ordering::Relaxed);
    }

    /// Moves the clock back, as a correction of the machine's time does.
    pub fn go_back(&self, by: Duration) {
        self.ahead_millis.fetch_sub(i64::try_from(by.as_millis()).unwrap_or(i64::MAX / 4), Ordering::Relaxed);
    }
}

/// What the clock of this machine says, which no test moves: for comparing it with the database's, and for nothing else.
#[must_use]
pub fn machine() -> Moment {
    cut(OffsetDateTime::now_utc())
}

fn cut(now: OffsetDateTime) -> Moment {
    let cut = now.replace_microsecond(now.microsecond()).unwrap_or(now);
    PrimitiveDateTime::new(cut.date(), cut.time())
}

/// Seconds since 1970, as JWT counts them.
#[must_use]
pub fn unix(at: Moment) -> i64 {
    at.assume_utc().unix_timestamp()
}

/// Whole seconds from one moment to a later one, a begun one counted: the life of a cookie. Zero when it is past.
#[must_use]
pub fn seconds_until(now: Moment, end: Moment) -> i64 {
    let left = end - now;
    (left.whole_seconds() + i64::from(left.subsec_nanoseconds() > 0)).max(0)
}

/// The moment of a count of seconds since 1970; the epoch itself for a count no calendar has.
#[must_use]
pub fn from_unix(seconds: i64) -> Moment {
    let at = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    PrimitiveDateTime::new(at.date(), at.time())
}

/// RFC 3339 in whole seconds, as pages and the API show it.
#[must_use]
pub fn rfc3339(at: Moment) -> String {
    let whole = at.assume_utc().replace_nanosecond(0).unwrap_or(at.assume_utc());
    whole.format(&Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_stands_moves_only_by_hand() {
        let start = Clock::default().now();
        let clock = Clock::standing(start);
        let same = clock.clone();
        clock.advance(Duration::from_secs(9));
        same.go_back(Duration::from_secs(10));
        assert_eq!(clock.now() + Duration::from_secs(1), start);
    }

    #[test]
    fn a_begun_second_counts_and_a_past_one_does_not() {
        let now = Clock::default().now();
        assert_eq!(seconds_until(now, now + Duration::from_secs(30)), 30);
        assert_eq!(seconds_until(now + Duration::from_millis(900), now + Duration::from_secs(30)), 30);
        assert_eq!(seconds_until(now + Duration::from_secs(31), now + Duration::from_secs(30)), 0);
    }
}
