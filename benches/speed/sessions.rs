//! What a refresh inside a request costs, beside the same request without one.
//!
//! Invariant: both sides ask the same page of the same server through the same little client, in turns; on the one side every request
//! shows a refresh token that was not shown before (rule 1 of docs/SESSIONS.md, "The four rules").

use crate::client::Client;
use crate::server::Server;
use crate::shop::Shop;
use crate::table::{median, millis, show};
use anyhow::{Context as _, Result, ensure};
use latchkey::auth::latch::Latch;
use std::thread;
use std::time::{Duration, Instant};

/// What a browser shows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shows {
    Access,
    Refresh,
}

/// One browser on one connection.
struct Browser {
    client: Client,
    host: String,
    access: String,
    refresh: String,
}

/// What came of a run.
struct Run {
    rate: f64,
    middle: f64,
    work: f64,
}

/// Compares, with one browser and with several at once.
///
/// # Errors
/// When an answer is not the page.
pub fn compare(server: &Server, shop: &Shop, latch: &Latch, seconds: u64, rounds: u64) -> Result<()> {
    println!("\na refresh inside a request, as many times the same request without (dashboard)");
    for browsers in [1, 8] {
        let (mut times, mut rates, mut works, mut alone) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for _ in 0..rounds {
            let without = run(server, shop, latch, Shows::Access, browsers, seconds)?;
            let with = run(server, shop, latch, Shows::Refresh, browsers, seconds)?;
            times.push(with.middle / without.middle);
            rates.push(without.rate / with.rate);
            works.push(with.work / without.work);
            alone.push(with.middle);
        }
        let text = |numbers: Vec<f64>| format!("{:.2}", median(numbers.into_iter()));
        show(&format!("{browsers} at once: median time"), &text(times));
        show(&format!("{browsers} at once: answers a second"), &text(rates));
        show(&format!("{browsers} at once: processor time"), &text(works));
        show(
            &format!("{browsers} at once: median of a refreshed request"),
            &millis(Duration::from_secs_f64(median(alone.into_iter()))),
        );
    }
    Ok(())
}

fn run(server: &Server, shop: &Shop, latch: &Latch, shows: Shows, browsers: usize, seconds: u64) -> Result<Run> {
    let open = || -> Result<Browser> {
        let pass = shop.sign_in(latch)?;
        let client = Client::connect(server.port)?;
        let host = format!("localhost:{}", server.port);
        Ok(Browser { client, host, access: pass.token, refresh: pass.refresh })
    };
    let browsers = (0..browsers).map(|_| open()).collect::<Result<Vec<_>>>()?;
    let (worked, started) = (server.worked()?, Instant::now());
    let end = started + Duration::from_secs(seconds);
    let asked = browsers.into_iter().map(|browser| thread::spawn(move || browser.asks_until(end, shows))).collect::<Vec<_>>();
    let mut times = Vec::new();
    for browser in asked {
        times.extend(browser.join().map_err(|_| anyhow::anyhow!("a browser panicked"))??);
    }
    let (elapsed, answers) = (started.elapsed().as_secs_f64(), f64::from(u32::try_from(times.len())?));
    let work = server.worked()?.saturating_sub(worked).as_secs_f64() / answers;
    Ok(Run { rate: answers / elapsed, middle: median(times.into_iter()), work })
}

impl Browser {
    /// The times of its answers, in seconds.
    fn asks_until(mut self, end: Instant, shows: Shows) -> Result<Vec<f64>> {
        let mut times = Vec::new();
        while Instant::now() < end {
            let asked = Instant::now();
            self.asks(shows)?;
            times.push(asked.elapsed().as_secs_f64());
        }
        Ok(times)
    }

    fn asks(&mut self, shows: Shows) -> Result<()> {
        let cookie = match shows {
            Shows::Access => format!("__Host-at={}", self.access),
            Shows::Refresh => format!("__Host-rt={}", self.refresh),
        };
        let reply = self.client.ask(&format!("GET /dashboard HTTP/1.1\r\nHost: {}\r\nCookie: {cookie}\r\n\r\n", self.host))?;
        ensure!(reply.status == 200 && reply.length > 0, "the dashboard is answered with {}", reply.status);
        if shows == Shows::Refresh {
            let next = reply.headers.iter().find_map(|line| {
                let (name, value) = line.split_once(": ")?;
                let cookie = value.strip_prefix("__Host-rt=").filter(|_| name.eq_ignore_ascii_case("set-cookie"))?;
                cookie.split(';').next().map(str::to_owned)
            });
            self.refresh = next.context("every exchange gives a successor")?;
        }
        Ok(())
    }
}
