//! A plot of the last days: bars that the template draws, and the same in a table for those who do not see them.
//!
//! Invariant: a day is one of the shop's time zone, also where clocks change; every number that is drawn can be read. It does not know
//! what is counted.

use crate::clock::{self, Moment};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde::Serialize;

/// Height of the tallest bar.
const TALLEST: i128 = 100;

/// Seconds in a quarter of an hour.
const QUARTER: i64 = 900;

/// The last days, today included.
#[derive(Debug, Clone)]
pub(super) struct Calendar {
    days: Vec<Date>,
    zone: TimeZone,
}

impl Calendar {
    /// So many days that end today.
    pub(super) fn until(now: Moment, zone: &TimeZone, days: usize) -> Self {
        let today = date(clock::unix(now), zone);
        let back = |days: usize| today.saturating_sub(i64::try_from(days).unwrap_or_default().days());
        Self { days: (0..days).rev().map(back).collect(), zone: zone.clone() }
    }

    /// When the first of them began.
    pub(super) fn since(&self) -> Moment {
        let first = self.days.first().copied().unwrap_or_default();
        clock::from_unix(first.to_zoned(self.zone.clone()).map_or(0, |start| start.timestamp().as_second()))
    }

    /// Adds up counts of quarters of an hour; what is of no day here is left out.
    pub(super) fn by_day(&self, counts: impl IntoIterator<Item = (i64, i64)>) -> Vec<i64> {
        let mut days = vec![0_i64; self.days.len()];
        for (quarter, count) in counts {
            let of = date(quarter.saturating_mul(QUARTER), &self.zone);
            if let Ok(place) = self.days.binary_search(&of) {
                days[place] = days[place].saturating_add(count);
            }
        }
        days
    }
}

fn date(unix: i64, zone: &TimeZone) -> Date {
    Timestamp::from_second(unix).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(zone.clone()).date()
}

/// A plot as the template draws it: thirty bars on a ground of 300 by 100.
#[derive(Debug, Serialize)]
pub(super) struct Plot {
    id: &'static str,
    title: &'static str,
    hint: &'static str,
    /// All days together.
    sum: String,
    /// The highest bar.
    most: String,
    width: usize,
    bars: Vec<Bar>,
}

#[derive(Debug, Serialize)]
struct Bar {
    day: String,
    value: String,
    x: usize,
    y: i64,
    height: i64,
}

impl Plot {
    /// A bar for each day; `say` turns a number into words.
    pub(super) fn new(
        id: &'static str,
        title: &'static str,
        hint: &'static str,
        calendar: &Calendar,
        counts: &[i64],
        say: impl Fn(i64) -> String,
    ) -> Self {
        let most = counts.iter().copied().max().unwrap_or_default();
        let bar = |(at, (day, count)): (usize, (&Date, &i64))| {
            // Something is never drawn as nothing.
            let height = (i128::from(*count) * TALLEST).div_euclid(i128::from(most.max(1))).max(i128::from(*count > 0) * 2);
            let height = i64::try_from(height).unwrap_or_default();
            Bar { day: day.strftime("%-d %B").to_string(), value: say(*count), x: at * 10 + 1, y: 100 - height, height }
        };
        let bars: Vec<Bar> = calendar.days.iter().zip(counts).enumerate().map(bar).collect();
        let sum = counts.iter().fold(0_i64, |sum, count| sum.saturating_add(*count));
        Self { id, title, hint, sum: say(sum), most: say(most), width: bars.len() * 10, bars }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_shop_also_when_the_clocks_change() {
        let zone = TimeZone::get("Europe/Berlin").expect("a zone");
        // 26 October 2026, 00:30 in Berlin: the day before had 25 hours.
        let now = clock::from_unix(1_792_971_000);
        let calendar = Calendar::until(now, &zone, 3);
        assert_eq!(calendar.days.iter().map(ToString::to_string).collect::<Vec<_>>(), ["2026-10-24", "2026-10-25", "2026-10-26"]);
        assert_eq!(clock::unix(calendar.since()), 1_792_971_000 - 1_800 - 25 * 3_600 - 24 * 3_600);
        let first_of_today = (1_792_971_000 - 1_800) / QUARTER;
        let counts =
            [(first_of_today, 1), (first_of_today - 1, 20), (first_of_today - 100, 300), (first_of_today - 101, 4_000), (0, 9)];
        assert_eq!(calendar.by_day(counts), [4_000, 320, 1]);
    }

    #[test]
    fn bars_fill_the_ground_and_nothing_is_drawn_as_nothing() {
        let calendar = Calendar::until(clock::from_unix(1_792_971_000), &TimeZone::UTC, 4);
        let plot = Plot::new("orders", "Orders", "", &calendar, &[0, 1, 500, 1_000], |count| format!("{count}"));
        assert_eq!(
            plot.bars.iter().map(|bar| (bar.x, bar.y, bar.height)).collect::<Vec<_>>(),
            [(1, 100, 0), (11, 98, 2), (21, 50, 50), (31, 0, 100)]
        );
        assert_eq!((plot.sum.as_str(), plot.most.as_str()), ("1501", "1000"));
        let empty = Plot::new("orders", "Orders", "", &calendar, &[0; 4], |count| format!("{count}"));
        assert!(empty.bars.iter().all(|bar| bar.height == 0));
    }
}
