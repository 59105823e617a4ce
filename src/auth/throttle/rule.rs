//! The rule of waits: so many failures, then 2, 4, 8 seconds and on to a quarter of an hour.
//!
//! Invariant: in the long run nobody gets more tries than the setting's N in each period; and the wait has an end, always: at most a
//! quarter of an hour, after a couple of hours of quiet none. It knows no rows and no clock.

use crate::clock::Moment;
use crate::config::Tries;
use std::time::Duration;

/// The longest wait.
const LONGEST: Duration = Duration::from_mins(15);
/// Waits double so often until none is longer than the longest.
const DOUBLINGS: i64 = 10;

/// A count as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Count {
    /// Tries that were counted.
    pub failures: i64,
    /// When the next may be made; before there is a wait, when the last one was.
    pub open_at: Moment,
}

/// The setting, where it is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rule {
    most: i64,
    within: Duration,
}

impl Rule {
    /// None where nobody ever waits.
    pub const fn of(tries: Tries) -> Option<Self> {
        match tries {
            Tries::Off => None,
            Tries::On { most, within } => Some(Self { most: most as i64, within }),
        }
    }

    /// How long this count still keeps one waiting. Below the limit `open_at` may be a little ahead: another node's clock wrote it.
    pub fn left(self, count: Count, now: Moment) -> Option<Duration> {
        (count.failures >= self.most && now < count.open_at).then(|| (count.open_at - now).unsigned_abs())
    }

    /// The wait that begins with that many failures.
    pub fn wait(self, failures: i64) -> Option<Duration> {
        let doublings = (failures - self.most + 1).min(DOUBLINGS);
        (doublings > 0).then(|| Duration::from_secs(1 << doublings).min(LONGEST))
    }

    /// One more try now: the count after it.
    pub fn next(self, count: Count, now: Moment) -> Count {
        let most = self.most + DOUBLINGS - 1;
        let failures = (self.remembered(count, now) + 1).min(most);
        Count { failures, open_at: now + self.wait(failures).unwrap_or_default() }
    }

    /// What is left of a count after some quiet: once there was a wait, each period takes one failure off; below the limit, one
    /// period takes all. Without the first, five tries a period and then nine more at once would be had again and again.
    fn remembered(self, count: Count, now: Moment) -> i64 {
        let quiet = (now - count.open_at).whole_seconds().max(0);
        let periods = quiet / i64::try_from(self.within.as_secs()).unwrap_or(i64::MAX).max(1);
        let left = (count.failures - periods).max(0);
        if periods > 0 && left < self.most { 0 } else { left }
    }

    /// From when on the count is as good as none.
    pub fn forget_at(self, count: Count) -> Moment {
        let periods = (count.failures - self.most + 1).max(1);
        count.open_at + self.within * u32::try_from(periods).unwrap_or(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    const RULE: Rule = Rule { most: 5, within: Duration::from_mins(15) };

    fn start() -> Count {
        Count { failures: 0, open_at: Clock::default().now() }
    }

    #[test]
    fn five_are_free_and_then_each_wait_is_twice_the_last_up_to_a_quarter_of_an_hour() {
        let mut count = start();
        let mut waits = Vec::new();
        for _ in 0..18 {
            let now = count.open_at;
            assert_eq!(RULE.left(count, now), None);
            count = RULE.next(count, now);
            let wait = RULE.left(count, now).map_or(0, |wait| wait.as_secs());
            assert_eq!(wait, (count.open_at - now).unsigned_abs().as_secs());
            waits.push(wait);
        }
        assert_eq!(waits, [0, 0, 0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900, 900]);
    }

    #[test]
    fn a_quiet_period_forgets_what_brought_no_wait_and_a_few_of_them_everything() {
        let (mut count, minute) = (start(), Duration::from_mins(1));
        for _ in 0..4 {
            count = RULE.next(count, count.open_at);
        }
        assert_eq!(RULE.next(count, count.open_at + 14 * minute).failures, 5);
        assert_eq!(RULE.next(count, count.open_at + 15 * minute).failures, 1);
        for _ in 0..96 {
            count = RULE.next(count, count.open_at);
        }
        assert_eq!(count.failures, 14, "it grows no further, so that quiet can take it off");
        assert_eq!(RULE.next(count, count.open_at + 15 * minute).failures, 14);
        assert_eq!(RULE.next(count, count.open_at + 135 * minute).failures, 6);
        assert_eq!(RULE.next(count, count.open_at + 150 * minute).failures, 1);
        assert_eq!(RULE.forget_at(count), count.open_at + 150 * minute);
    }

    #[test]
    fn in_the_long_run_nobody_gets_more_than_the_setting_says() {
        // Whatever a guesser waits between tries, or between bursts, they pay for with time.
        let day = Duration::from_hours(24);
        for pause in [0, 1, 60, 180, 450, 900, 901, 1_800, 7_200] {
            for burst in 1..=15 {
                let (mut count, begin) = (start(), start().open_at);
                let (mut now, mut tries) = (begin, 0);
                while now < begin + 10 * day {
                    for _ in 0..burst {
                        now = now.max(if count.failures >= RULE.most { count.open_at } else { now });
                        count = RULE.next(count, now);
                        tries += 1;
                    }
                    now += Duration::from_secs(pause);
                }
                assert!(tries <= 10 * 480 + 15, "{tries} in ten days: {burst} at a time, {pause} s apart");
            }
        }
    }
}
