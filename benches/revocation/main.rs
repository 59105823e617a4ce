//! What revocation promises, in figures: the lag between two nodes, and a mass sign-out beside a million live sessions.
//!
//! Invariant: nothing here passes or fails by a time. Wants Postgres, as the tests do: the same private cluster is started.
//! `cargo bench --bench revocation`, or `... -- lag` and `... -- mass` alone.

mod lag;
mod mass;
#[path = "../../tests/it/support/postgres.rs"]
#[allow(dead_code)] // the tests use the rest
mod postgres;

use anyhow::Result;
use latchkey::auth::latch::Latch;
use latchkey::auth::secrets::Secrets;
use latchkey::clock::Clock;
use latchkey::config::{self, Sources};
use latchkey::db::{self, Db};
use std::path::Path;
use std::time::Duration;

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let wanted = |name: &str| words.iter().any(|word| word == name) || !words.iter().any(|word| word == "lag" || word == "mass");
    if wanted("lag") {
        lag::run()?;
    }
    if wanted("mass") {
        mass::run()?;
    }
    Ok(())
}

/// A node of the shop at that database.
fn node(database: &str, var: &Path) -> Result<Latch> {
    let environment = [
        ("DATABASE_URL", database.to_owned()),
        ("LATCHKEY_VAR", var.display().to_string()),
        ("LATCHKEY_SECRET", "q8Vn2LxT0sRb5YwZ7mKc3JdH9fGpA1eU".to_owned()),
        ("LATCHKEY_METRICS_LISTEN", "off".to_owned()),
    ];
    let environment = environment.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let config = config::load(&Sources { environment, ..Sources::default() })?;
    db::migrate(&config.database)?;
    let secrets = Secrets::load(config.secret.as_ref(), &[], &config.var)?;
    let db = Db::open(&config.database, 4)?;
    Ok(Latch::open(&config, db, Clock::default(), secrets, "http://localhost:8080")?)
}

/// One figure with its name.
fn show(name: &str, figure: &str) {
    println!("  {name:<52} {figure}");
}

fn millis(time: Duration) -> String {
    format!("{:.3} ms", time.as_secs_f64() * 1e3)
}
