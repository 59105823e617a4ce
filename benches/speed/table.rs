//! The figures, in words and columns.
//!
//! Invariant: a ratio is the median of the rounds' own ratios, so that a slow minute of the machine counts on both sides.

use crate::load::Run;
use std::time::Duration;

/// One figure with its name.
pub fn show(name: &str, figure: &str) {
    println!("  {name:<42} {figure}");
}

/// The first side compared with each of the others.
pub fn compare(names: &[&str], runs: &[Vec<Run>]) {
    println!("  {:<42} {:>12} {:>12} {:>12} {:>12} {:>12}", "", "answers/s", "p99", "cpu/answer", "shop: rate", "shop: cpu");
    for (name, side) in names.iter().zip(runs) {
        let rate = median(side.iter().map(|run| run.rate));
        let p99 = median(side.iter().map(|run| run.p99.as_secs_f64()));
        let work = median(side.iter().map(|run| run.work.as_secs_f64()));
        let pairs = || runs[0].iter().zip(side);
        println!(
            "  {name:<42} {rate:>12.0} {:>12} {:>12} {:>12} {:>12}",
            millis(Duration::from_secs_f64(p99)),
            millis(Duration::from_secs_f64(work)),
            percent(median(pairs().map(|(ours, theirs)| ours.rate / theirs.rate))),
            percent(median(pairs().map(|(ours, theirs)| theirs.work.as_secs_f64() / ours.work.as_secs_f64()))),
        );
    }
}

/// The percentile of two sides and how many times the one is the other.
pub fn percentiles(quiet: &[Run], busy: &[Run]) {
    let p99 = |runs: &[Run]| millis(Duration::from_secs_f64(median(runs.iter().map(|run| run.p99.as_secs_f64()))));
    show("p99 quiet", &p99(quiet));
    show("p99 under sign-ins", &p99(busy));
    let times = median(quiet.iter().zip(busy).map(|(quiet, busy)| busy.p99.as_secs_f64() / quiet.p99.as_secs_f64()));
    show("times", &format!("{times:.1}"));
}

/// The middle of the numbers.
pub fn median(numbers: impl Iterator<Item = f64>) -> f64 {
    let mut numbers: Vec<f64> = numbers.collect();
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Milliseconds.
pub fn millis(time: Duration) -> String {
    format!("{:.3} ms", time.as_secs_f64() * 1e3)
}

/// Per cent.
pub fn percent(part: f64) -> String {
    format!("{:.0} %", part * 100.0)
}
