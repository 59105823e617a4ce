//! An import of products into an open shop: how long it takes and how much memory it wants, how long it closes the door to writers, and
//! what people who order meanwhile notice of it.
//!
//! Invariant: people order over HTTP the whole time, and for a while without an import; beside both stands a probe that asks for the
//! same lock. What an import is compared with are as many rows, put in by plain INSERTs with nobody there, in the same run. It does not know how
//! products are read.

mod file;
mod meanwhile;
mod page;
mod probe;

use crate::Open;
use crate::checkout::Crowd;
use crate::shop::{Home, Shop, Size};
use crate::table::{millis, percent, show};
use anyhow::{Context as _, Result, ensure};
use meanwhile::{Met, meanwhile};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Lines of the large file, of the short one, and of one whose products are all called alike.
const MANY: usize = 100_000;
const FEW: usize = 10_000;
const ALIKE: usize = 20_000;
/// People who order, one after the other; when all have, they order once more.
const PEOPLE: usize = 500;
/// How long they order without an import.
const QUIET: Duration = Duration::from_secs(5);

/// Imports short and long files of new, known and changed products.
///
/// # Errors
/// When a line is refused, or an order is.
pub fn compare(home: Home) -> Result<()> {
    let open = Open::new(Shop::fill(home, Size::Small)?, 4)?;
    let mut crowd = Crowd::comes(&open.shop, home, open.server.port, PEOPLE)?;
    let operator = page::Operator::enters(&open)?;
    println!("\nimports into an open shop, while people order");
    println!("  {:<34} {:>9} {:>12} {:>12} {:>13} {:>9}", "", "took", "peak memory", "longest lock", "longest order", "orders/s");
    let path = open.shop.folder().join("products.csv");
    let mut took = Vec::new();
    for (name, text) in [
        ("10,000 new", file::products("F", FEW, 0)?),
        ("100,000 new", file::products("M", MANY, 0)?),
        ("the same again", file::products("M", MANY, 0)?),
        ("all with another price", file::products("M", MANY, 1)?),
        ("20,000 new of one name", file::alike(ALIKE)?),
        ("5,000 new with long texts", file::wordy(FEW / 2)?),
        ("10,000 new options", file::options(FEW)?),
    ] {
        fs::write(&path, text)?;
        let (met, memory) = meanwhile(&open, home, &mut crowd, || import(&open, &path))?;
        row(name, &met, Some(memory));
        took.push(met.took);
    }
    let text = file::products("M", MANY, 2)?;
    let before = open.server.resident()?;
    let (met, after) = meanwhile(&open, home, &mut crowd, || operator.imports(&open, text.as_bytes()))?;
    row("another price, by the page", &met, None);
    show("the server's memory before and after", &format!("{before:.1} and {after:.1} MiB"));
    let started = Instant::now();
    // Nobody orders beside it: statements that leave no gap between them turn people away.
    file::insert(&open, home, MANY)?;
    let plain = started.elapsed().as_secs_f64();
    show("100,000 by plain INSERTs, with nobody there", &format!("{plain:.1} s"));
    show("an import of new ones takes, beside that", &percent(took[1].as_secs_f64() / plain));
    let (met, ()) = meanwhile(&open, home, &mut crowd, || {
        thread::sleep(QUIET);
        Ok(())
    })?;
    row("nothing", &met, None);
    Ok(())
}

fn row(name: &str, met: &Met, memory: Option<f64>) {
    println!(
        "  {name:<34} {:>9} {:>12} {:>12} {:>13} {:>9.0}",
        format!("{:.1} s", met.took.as_secs_f64()),
        memory.map_or(String::new(), |memory| format!("{memory:.1} MiB")),
        millis(met.held),
        millis(met.waited),
        f64::from(met.orders) / met.took.as_secs_f64(),
    );
}

/// Runs the import as an operator would; the most memory that it had, in MiB.
fn import(open: &Open, file: &Path) -> Result<f64> {
    let mut import = Command::new(env!("CARGO_BIN_EXE_latchkey"));
    import.args(["shop", "import"]).arg(file).env_clear().envs(open.shop.settings(4));
    let mut child = import.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
    let mut peak = 0.0;
    let ended = loop {
        if let Some(ended) = child.try_wait()? {
            break ended;
        }
        // One that has just ended has no memory any more: what was read before stands.
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).context("the system counts memory")?;
        if let Some(line) = status.lines().find_map(|line| line.strip_prefix("VmHWM:")) {
            peak = line.trim().trim_end_matches(" kB").parse::<f64>()? / 1024.0;
        }
        thread::sleep(Duration::from_millis(10));
    };
    ensure!(ended.success(), "the import ended with {ended}");
    Ok(peak)
}

/// Waits for something of the database, for two minutes at most.
fn until(mut is_so: impl FnMut() -> Result<bool>) -> Result<()> {
    let started = Instant::now();
    while !is_so()? {
        ensure!(started.elapsed() < Duration::from_mins(2), "it does not come about");
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}
