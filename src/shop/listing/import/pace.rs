//! How much a batch takes on.
//!
//! Invariant: a batch takes no more lines when its time is over, and that time is shorter after a batch that held its locks for too long
//! all the same: on a slow disk the commit may take longer than the lines. It does not know lines.

use super::MOST;
use std::time::Duration;

/// The time of a batch at best and at worst, and how long one may last with its commit.
const BEST: Duration = Duration::from_millis(50);
const WORST: Duration = Duration::from_millis(5);
const BOUND: Duration = Duration::from_millis(100);

/// Fewest lines that a batch begins with.
const LEAST: usize = 10;

/// What the next batch may.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// After so long it takes no more lines.
    pub time: Duration,
    /// So many lines it looks up and locks.
    pub lines: usize,
}

impl Default for Pace {
    fn default() -> Self {
        Self { time: BEST, lines: MOST }
    }
}

impl Pace {
    /// A batch lasted so long, and took so many of the lines that it began with.
    pub fn learn(&mut self, took: Duration, taken: usize, of: usize) {
        self.time = if took > BOUND { self.time / 2 } else { self.time + self.time / 8 }.clamp(WORST, BEST);
        // More than can be taken in the time would be looked up and locked in vain.
        self.lines = if taken == of { self.lines * 2 } else { taken + taken / 2 }.clamp(LEAST, MOST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_batch_that_lasted_too_long_the_next_is_shorter_and_it_recovers() {
        let mut pace = Pace::default();
        for _ in 0..3 {
            pace.learn(BOUND * 2, 20, 500);
        }
        assert_eq!((pace.time, pace.lines), (BEST / 8, 30));
        for _ in 0..20 {
            pace.learn(BOUND * 2, 1, 30);
        }
        assert_eq!((pace.time, pace.lines), (WORST, LEAST));
        for _ in 0..40 {
            pace.learn(BOUND / 2, pace.lines, pace.lines);
        }
        assert_eq!((pace.time, pace.lines), (BEST, MOST));
    }
}
