//! `latchkey serve`: runs the shop.

use super::{Failure, demo, logging};
use crate::clock::Clock;
use crate::config::{BadSetting, Config, Word};
use crate::db::Db;
use crate::error::Error;
use crate::shop;
use crate::web::server;
use std::process::ExitCode;

pub(super) fn run(config: Config) -> Result<ExitCode, Failure> {
    logging::start(&config);
    let clock = Clock::default();
    seed_if_wanted(&config, &clock)?;
    let database = config.database.clone();
    actix_web::rt::System::new().block_on(async move {
        let running = server::start(config, clock).await.map_err(told)?;
        let asked_to_stop = server::asked_to_stop().map_err(|cause| Failure::Told(cause.to_string()))?;
        let origin = running.origin.as_str().trim_end_matches('/').to_owned();
        println!("listening on {origin}");
        eprintln!("the shop is open at {origin}, its data is in {database}; Ctrl-C closes it");
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
    demo::seed(config, &db, &secrets, clock, false)
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
