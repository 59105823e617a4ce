//! A rest while nothing goes out.
//!
//! Invariant: a server that is down is asked by one letter at a time, ever more seldom, at most a minute apart; the log says once that
//! it is down and once that it is back. It does not know which letters wait.

use std::time::{Duration, Instant};

const LONGEST: Duration = Duration::from_mins(1);

/// How it goes.
#[derive(Debug, Default)]
pub(super) struct Pause {
    /// How long the last rest was, and when it ends; none while all goes well.
    rest: Option<(Duration, Instant)>,
}

impl Pause {
    /// How many letters may be under way now.
    pub(super) fn at_once(&self, most: usize) -> usize {
        match self.rest {
            None => most,
            Some((_, until)) => usize::from(Instant::now() >= until),
        }
    }

    /// An attempt ended: why nothing goes out, if that is what it showed.
    pub(super) fn note(&mut self, closed: Option<&str>) {
        match (closed, self.rest) {
            (None, None) => {}
            (None, Some(_)) => {
                tracing::info!("mail goes out again");
                self.rest = None;
            }
            (Some(why), None) => {
                tracing::warn!(why, "mail does not go out; it waits in the outbox and is tried again");
                self.begin(Duration::from_millis(500));
            }
            // One of several that were under way together: they tell of one trouble.
            (Some(_), Some((_, until))) if Instant::now() < until => {}
            (Some(_), Some((last, _))) => self.begin((last * 2).min(LONGEST)),
        }
    }

    fn begin(&mut self, rest: Duration) {
        self.rest = Some((rest, Instant::now() + rest));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_lets_one_through_at_a_time_and_ever_more_seldom() {
        let mut pause = Pause::default();
        assert_eq!(pause.at_once(4), 4);
        for _ in 0..4 {
            pause.note(Some("gone"));
        }
        assert_eq!(pause.at_once(4), 0);
        assert!(pause.rest.is_some_and(|(rest, _)| rest == Duration::from_millis(500)), "four of one time are one trouble");
        for _ in 0..20 {
            let (rest, _) = pause.rest.expect("a rest");
            pause.rest = Some((rest, Instant::now()));
            assert_eq!(pause.at_once(4), 1);
            pause.note(Some("gone"));
        }
        assert!(pause.rest.is_some_and(|(rest, _)| rest == LONGEST));
        pause.note(None);
        assert_eq!(pause.at_once(4), 4);
    }
}
