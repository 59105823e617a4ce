//! `latchkey doctor`: checks everything and says what to do.

mod browser;
mod families;
mod mail;
mod secrets;
mod sessions;

use super::{Failure, say};
use crate::auth::keys::stored::{self, State};
use crate::auth::{secrets::Secrets, upkeep};
use crate::clock::Clock;
use crate::config::{Config, DatabaseUrl};
use crate::db::{self, Db};
use crate::error::Result;
use crate::ids::ProductKey;
use crate::shop::stock;
use clap::Subcommand;
use std::fmt::Display;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::ExitCode;

/// More overdue rows than a shop that runs has at any moment.
const BEHIND: i64 = 100_000;

/// What a check of its own is about.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Sign in to a running shop and let many requests refresh one session at once
    Sessions(sessions::Race),
    /// Send one real mail and say what the server answered
    Mail {
        /// To whom
        #[arg(long, value_name = "E-MAIL")]
        to: String,
    },
}

pub(super) fn run(config: &Config, command: Option<Command>) -> std::result::Result<ExitCode, Failure> {
    match command {
        None => Ok(check(config)),
        Some(Command::Sessions(race)) => sessions::run(&race),
        Some(Command::Mail { to }) => mail::send(config, &to),
    }
}

fn check(config: &Config) -> ExitCode {
    let mut report = Report::default();
    good("settings", "all are valid");
    let own = config.var.join("secret");
    if config.secret.is_none() && !own.exists() {
        let fix = "start the shop once, it makes the file; or set LATCHKEY_SECRET";
        report.bad("secret", format!("there is no {}", own.display()), fix);
    } else if let Some(secrets) = report.check(
        "secret",
        Secrets::load(config.secret.as_ref(), &config.previous_secrets, &config.var),
        "see LATCHKEY_SECRET",
    ) {
        good("secret", format!("id {}", secrets.current().id()));
        if config.secret.is_none() {
            private(&mut report, &own);
        }
        database(&mut report, config, &secrets);
    }
    writable(&mut report, &config.var);
    mail::check(&mut report, config);
    if config.public_url.is_none() {
        good("public URL", "none is set: the shop is for this machine only");
    }
    report.done()
}

fn database(report: &mut Report, config: &Config, secrets: &Secrets) {
    let fix = match config.database {
        DatabaseUrl::Sqlite(_) => "check the path in DATABASE_URL, or start the shop once: it makes the file",
        DatabaseUrl::Postgres(_) => "check that the server runs, and the name and password in DATABASE_URL",
    };
    // It looks and makes nothing: a typing error in DATABASE_URL must not become a new, empty shop.
    match report.check("database", db::pending(&config.database), fix) {
        None => return,
        Some(0) => {}
        Some(missing) => return report.bad("database", format!("{missing} migrations are missing"), "latchkey migrate"),
    }
    let Some(db) = report.check("database", Db::open(&config.database, 1), fix) else { return };
    good("database", format!("{} is there and up to date", config.database));
    let now = Clock::default().now();
    let keys = db.read_here(|conn| {
        stored::all_open(conn, secrets)?;
        stored::list(conn)
    });
    if let Some(keys) = report.check("signing keys", keys, "list the shop's other secret in LATCHKEY_SECRET_PREVIOUS") {
        match keys.iter().find(|key| key.state(now) == State::Signs) {
            Some(key) => good("signing keys", format!("{} signs ({}), {} in all", key.kid, key.algorithm, keys.len())),
            None => good("signing keys", "none yet: the first start makes one"),
        }
    }
    secrets::check(report, config, &db, secrets, now);
    shelves(report, &db, fix);
    families::check(report, &db, fix);
    match report.check("housekeeping", db.read_here(|conn| upkeep::overdue(conn, now)), fix) {
        None => {}
        Some(overdue) if overdue > BEHIND => {
            report.bad(
                "housekeeping",
                format!("{overdue} rows are overdue"),
                "run the shop: each node deletes some every minute",
            );
        }
        Some(overdue) => good("housekeeping", format!("{overdue} rows are overdue")),
    }
}

/// A product's movements add up to its stock, or somebody changed one without the other.
fn shelves(report: &mut Report, db: &Db, fix: &str) {
    let (mut after, mut looked, mut off) = (ProductKey(0), true, 0);
    while looked {
        let Some((some, last)) = report.check("stock", db.read_here(|conn| stock::drift(conn, after, 500)), fix) else { return };
        off += some.len();
        for drift in some.iter().take(10) {
            let text = format!("{} has {} in stock, and its movements say {}", drift.slug, drift.stock, drift.moved);
            report.bad("stock", text, "count the shelf, and enter it on the product's page below /admin/products");
        }
        looked = last.is_some();
        after = last.unwrap_or(after);
    }
    if off == 0 {
        good("stock", "the movements of each product add up to it");
    }
}

/// A secret that others on the machine can read is none.
fn private(report: &mut Report, path: &Path) {
    match std::fs::metadata(path) {
        Ok(file) if file.permissions().mode() & 0o077 == 0 => good("secret file", "only its owner can read it"),
        Ok(_) => {
            report.bad("secret file", format!("others can read {}", path.display()), &format!("chmod 600 {}", path.display()));
        }
        Err(cause) => report.bad("secret file", cause, "start the shop once, it makes the file"),
    }
}

fn writable(report: &mut Report, var: &Path) {
    let probe = var.join("doctor.probe");
    match std::fs::write(&probe, b"").and_then(|()| std::fs::remove_file(&probe)) {
        Ok(()) => good("folder", format!("{} can be written to", var.display())),
        Err(cause) => report.bad("folder", format!("{}: {cause}", var.display()), "make it writable, or set LATCHKEY_VAR"),
    }
}

fn good(what: &str, text: impl Display) {
    say(format!("ok       {what}: {text}"));
}

#[derive(Default)]
struct Report {
    problems: usize,
}

impl Report {
    fn bad(&mut self, what: &str, text: impl Display, fix: &str) {
        self.problems += 1;
        say(format!("problem  {what}: {text}\n         fix: {fix}"));
    }

    fn check<T>(&mut self, what: &str, result: Result<T>, fix: &str) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(cause) => {
                self.bad(what, cause, fix);
                None
            }
        }
    }

    fn done(&self) -> ExitCode {
        match self.problems {
            0 => {
                say("everything is in order");
                ExitCode::SUCCESS
            }
            1 => {
                say("one problem");
                ExitCode::FAILURE
            }
            many => {
                say(format!("{many} problems"));
                ExitCode::FAILURE
            }
        }
    }
}
