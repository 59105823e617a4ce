//! An import of products into an open shop: how long it takes, how much memory it wants, and how long a shopper waits meanwhile.
//!
//! Invariant: the import is the program itself, beside the server, as an operator would run it; the shopper writes into the cart over
//! HTTP the whole time, and for as long once more while nothing is imported. It does not know how products are read.

use crate::Open;
use crate::client::Client;
use crate::load::Aim;
use crate::table::{millis, show};
use anyhow::{Context as _, Result, ensure};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Lines of the two files.
const LINES: [usize; 2] = [10_000, 100_000];
/// What a shopper does between two writes; without it, one who waits long would write seldom and be counted as often.
const PAUSE: Duration = Duration::from_millis(5);

/// Imports a short and a long file of new products.
///
/// # Errors
/// When a line is refused, or the shopper is.
pub fn compare(open: &Open) -> Result<()> {
    println!("\nimports into an open shop, while a shopper writes");
    println!("  {:<24} {:>12} {:>14} {:>14} {:>14}", "", "took", "peak memory", "longest wait", "without it");
    for lines in LINES {
        let file = open.shop.folder().join("products.csv");
        fs::write(&file, products(lines)?)?;
        let (beside, (took, memory)) = while_writing(open, || import(open, &file))?;
        let (alone, ()) = while_writing(open, || {
            thread::sleep(took);
            Ok(())
        })?;
        println!(
            "  {:<24} {:>12} {:>14} {:>14} {:>14}",
            format!("{lines} lines"),
            format!("{:.1} s", took.as_secs_f64()),
            format!("{memory:.1} MiB"),
            millis(beside.longest),
            millis(alone.longest)
        );
        show("  the shopper's writes, with and without", &format!("{} and {}", beside.writes, alone.writes));
    }
    Ok(())
}

/// What a shopper met.
#[derive(Default)]
struct Waits {
    writes: u32,
    longest: Duration,
}

/// A shopper sets quantities for as long as something else lasts.
fn while_writing<T>(open: &Open, work: impl FnOnce() -> Result<T>) -> Result<(Waits, T)> {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let shopper = scope.spawn(|| writes(open, &over));
        let done = work();
        over.store(true, Ordering::Relaxed);
        let waits = shopper.join().map_err(|_| anyhow::anyhow!("the shopper panicked"))?;
        Ok((waits?, done?))
    })
}

fn writes(open: &Open, over: &AtomicBool) -> Result<Waits> {
    let Aim { path, host, headers, bodies } = open.set();
    let headers = headers.iter().fold(String::new(), |text, (name, value)| text + name + ": " + value + "\r\n");
    let request =
        |body: &String| format!("POST {path} HTTP/1.1\r\nHost: {host}\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len());
    let requests: Vec<String> = bodies.iter().map(request).collect();
    let (mut client, mut waits) = (Client::connect(open.server.port)?, Waits::default());
    for request in requests.iter().cycle() {
        let asked = Instant::now();
        let reply = client.ask(request)?;
        ensure!(reply.status == 303, "the shopper is told {} {:?}", reply.status, reply.headers);
        waits.longest = waits.longest.max(asked.elapsed());
        waits.writes += 1;
        if over.load(Ordering::Relaxed) {
            break;
        }
        thread::sleep(PAUSE);
    }
    Ok(waits)
}

/// Runs the import; how long it took, and the most memory that it had, in MiB.
fn import(open: &Open, file: &Path) -> Result<(Duration, f64)> {
    let started = Instant::now();
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
    Ok((started.elapsed(), peak))
}

/// New products, as many as a file has lines.
fn products(lines: usize) -> Result<String> {
    let mut text = "sku,title,description,category,price,stock\n".to_owned();
    for nth in 0..lines {
        writeln!(text, "B{lines}-{nth},Mug {nth} of {lines},\"Thrown by hand, glazed twice.\",Mugs,12.50,{}", nth % 90)?;
    }
    Ok(text)
}
