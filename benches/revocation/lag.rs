//! From the commit at one node until the other node has it, on Postgres.
//!
//! Invariant: both nodes are whole, with feeds of their own; the clock is this machine's monotonic one. It does not know requests.

use crate::postgres::Database;
use crate::{millis, node, show};
use anyhow::{Result, ensure};
use diesel::connection::SimpleConnection as _;
use latchkey::auth::latch::Latch;
use latchkey::auth::revocation::{self, Revocation};
use latchkey::ids::{SessionId, UserId};
use std::thread::sleep;
use std::time::{Duration, Instant};

pub(crate) fn run() -> Result<()> {
    let (database, folder) = (Database::migrated(), tempfile::tempdir()?);
    let (here, there) = (node(&database.url(), folder.path())?, node(&database.url(), folder.path())?);
    println!("revocation lag between two nodes on Postgres");
    let called = measure(&there, 400, Duration::from_millis(37), |id| {
        let (now, entry) = (here.clock.now(), [Revocation::Session(id)]);
        Ok(here.db.write_here(|conn| revocation::record(conn, now, &entry))?)
    })?;
    tell("with calls (LISTEN/NOTIFY)", called);
    // As from behind a pooler that carries no calls: the row alone.
    let alone = measure(&there, 240, Duration::from_millis(173), |id| {
        let row = format!("INSERT INTO revocations (session, at) VALUES ('{id}', now() AT TIME ZONE 'UTC')");
        Ok(here.db.write_here(|conn| Ok(conn.batch_execute(&row)?))?)
    })?;
    tell("by poll alone", alone);
    Ok(())
}

/// The times of so many, one begun each `every`.
fn measure(there: &Latch, many: usize, every: Duration, write: impl Fn(SessionId) -> Result<()>) -> Result<Vec<Duration>> {
    let (mut lags, mut under_way) = (Vec::new(), Vec::<(SessionId, Instant)>::new());
    let (mut begun, mut next) = (0, Instant::now());
    while lags.len() < many {
        if begun < many && Instant::now() >= next {
            let id = SessionId::random();
            write(id)?;
            under_way.push((id, Instant::now()));
            begun += 1;
            next += every;
        }
        under_way.retain(|(id, since)| {
            let known = there.feed.memory().covers(*id, UserId::random(), 0);
            if known {
                lags.push(since.elapsed());
            }
            !known
        });
        ensure!(under_way.iter().all(|(_, since)| since.elapsed() < Duration::from_secs(30)), "a revocation never came");
        sleep(Duration::from_micros(300));
    }
    Ok(lags)
}

fn tell(name: &str, mut lags: Vec<Duration>) {
    lags.sort_unstable();
    let at = |percent: usize| millis(lags[(lags.len() * percent / 100).min(lags.len() - 1)]);
    show(name, &format!("median {}, 99th percentile {}, longest {} of {}", at(50), at(99), at(100), lags.len()));
}
