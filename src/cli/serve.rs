//! `latchkey serve`: runs the shop.

use super::{Failure, demo, logging, say};
use crate::auth::hasher::Hasher;
use crate::auth::keys::stored;
use crate::clock::Clock;
use crate::config::{BadSetting, Config, Word};
use crate::db::Db;
use crate::error::Error;
use crate::shop;
use crate::web::{server, timeouts};
use std::process::ExitCode;
use std::time::Duration;

pub(super) fn run(config: Config) -> Result<ExitCode, Failure> {
    logging::start(&config);
    timeouts::log_panics();
    // Before anything is made or printed: a demo password that nobody can use would be lost.
    server::can_listen(&config)?;
    let clock = Clock::default();
    seed_if_wanted(&config, &clock)?;
    let (database, mail) = (config.database.clone(), config.mail.clone());
    actix_web::rt::System::new().block_on(async move {
        let running = server::start(config, clock).await.map_err(told)?;
        let asked_to_stop = server::asked_to_stop().map_err(|cause| Failure::Told(cause.to_string()))?;
        let origin = running.origin.as_str().trim_end_matches('/').to_owned();
        say(format!("listening on {origin}"));
        eprintln!("the shop is open at {origin}, its data is in {database}, its mail goes to {mail}; Ctrl-C closes it");
        actix_web::rt::spawn(warn_of_slow_hashes(running.app.latch.hasher.clone()));
        running.until(asked_to_stop).await.map_err(told)?;
        Ok(ExitCode::SUCCESS)
    })
}

/// The demo shop goes into an empty database of a loopback shop, or when asked.
fn seed_if_wanted(config: &Config, clock: &Clock) -> Result<(), Failure> {
    let wanted = match config.demo {
        Word::On => true,
        Word::Off => false,
        Word::Auto => config.is_loopback(),
    };
    super::migrated(config)?;
    if !wanted {
        return Ok(());
    }
    let db = Db::open(&config.database, 2)?;
    if config.demo == Word::Auto && !db.read_here(shop::demo::is_empty)? {
        return Ok(());
    }
    let secrets = super::secrets(config)?;
    db.read_here(|conn| stored::all_open(conn, &secrets))?;
    demo::seed(config, &db, &secrets, clock, false)
}

/// Above this a sign-in feels broken, and a few of them fill the machine.
const SLOW: Duration = Duration::from_millis(500);

/// Times one hash, now that the shop is open.
async fn warn_of_slow_hashes(hasher: Hasher) {
    match hasher.time_one().await {
        Ok(took) if took > SLOW => {
            let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
            tracing::warn!(ms, cost = hasher.cost(), "a password takes long to hash here; consider a lower LATCHKEY_BCRYPT_COST");
        }
        Ok(_) => {}
        Err(cause) => tracing::warn!(%cause, "a hash could not be timed"),
    }
}

fn told(cause: anyhow::Error) -> Failure {
    match cause.downcast::<BadSetting>() {
        Ok(bad) => Failure::Setting(bad),
        Err(cause) => match cause.downcast::<Error>() {
            Ok(error) => Failure::Error(error),
            Err(cause) => Failure::Told(format!("{cause:#}")),
        },
    }
}
