//! The command line: one file a command group.
//!
//! Invariant: every command works while the shop runs; a bad setting exits 2 with the setting and the fix, anything else that fails
//! exits 1 with a sentence. It does not know how anything is done.

mod config;
mod demo;
mod discount;
mod doctor;
mod keys;
mod listing;
mod logging;
mod serve;
mod session;
mod shop;
mod user;

use crate::auth::keys::stored;
use crate::auth::secrets::Secrets;
use crate::clock::Clock;
use crate::config::{BadSetting, Config, Sources};
use crate::db::{self, Db};
use crate::error::Error;
use clap::{Args, Parser, Subcommand};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// A self-hosted shop whose sign-in is the best of its kind.
#[derive(Debug, Parser)]
#[command(name = "latchkey", version, arg_required_else_help = true, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Command,
}

/// Settings that are often given by hand. `latchkey config` lists all, with their names in the environment.
#[derive(Debug, Args)]
struct Settings {
    /// Read settings from this file instead of latchkey.toml
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where the data is: `sqlite:PATH` or `postgres://user:password@host/name` [`DATABASE_URL`]
    #[arg(long, global = true, value_name = "URL")]
    database_url: Option<String>,
    /// Address and port of the site; port 0 picks one [`LATCHKEY_LISTEN`]
    #[arg(long, global = true, value_name = "ADDRESS")]
    listen: Option<String>,
    /// The one origin people type [`LATCHKEY_PUBLIC_URL`]
    #[arg(long, global = true, value_name = "URL")]
    public_url: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the shop
    Serve,
    /// Bring the database up to this version
    Migrate,
    /// Show every setting, its value and where it came from
    Config,
    /// Check everything and say what to do
    Doctor {
        #[command(subcommand)]
        command: Option<doctor::Command>,
    },
    /// The keys that sign access tokens, and the secret they are sealed with
    #[command(subcommand)]
    Keys(keys::Command),
    /// People with accounts
    #[command(subcommand)]
    User(user::Command),
    /// Who is signed in where
    #[command(subcommand)]
    Session(session::Command),
    /// Print the description of the API for programs (`/openapi.json`)
    Openapi,
    /// The goods
    #[command(subcommand)]
    Shop(shop::Command),
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Setting(#[from] BadSetting),
    #[error(transparent)]
    Error(#[from] Error),
    #[error("{0}")]
    Told(String),
}

/// Says a line on standard output. Whoever closed it has heard enough.
fn say(line: impl Display) {
    if let Err(cause) = writeln!(std::io::stdout().lock(), "{line}") {
        let enough = cause.kind() == std::io::ErrorKind::BrokenPipe;
        std::process::exit(i32::from(!enough));
    }
}

/// Runs the command that the command line asks for.
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    match dispatch(cli) {
        Ok(code) => code,
        Err(Failure::Setting(bad)) => {
            eprintln!("latchkey: {bad}");
            ExitCode::from(2)
        }
        Err(Failure::Error(Error::Refused { code: "another_secret", text })) => {
            let fix = "set it to that secret, or list that one in LATCHKEY_SECRET_PREVIOUS".to_owned();
            eprintln!("latchkey: {}", BadSetting { name: "LATCHKEY_SECRET".to_owned(), why: text, fix });
            ExitCode::from(2)
        }
        Err(Failure::Error(Error::Refused { text, .. })) => {
            eprintln!("latchkey: {text}");
            ExitCode::FAILURE
        }
        Err(failure) => {
            eprintln!("latchkey: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(cli: Cli) -> Result<ExitCode, Failure> {
    let settings = cli.settings;
    let flags = [
        ("DATABASE_URL", settings.database_url),
        ("LATCHKEY_LISTEN", settings.listen),
        ("LATCHKEY_PUBLIC_URL", settings.public_url),
    ];
    let flags: BTreeMap<String, String> = flags.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    let config = crate::config::load(&Sources::of_this_process(settings.config, flags))?;
    match cli.command {
        Command::Serve => serve::run(config),
        Command::Migrate => migrate(&config),
        Command::Config => Ok(config::print(&config)),
        Command::Doctor { command } => doctor::run(&config, command),
        Command::Keys(command) => keys::run(&config, &command),
        Command::User(command) => user::run(&config, command),
        Command::Session(command) => session::run(&config, command),
        Command::Openapi => {
            say(crate::web::api::openapi::text().trim_end());
            Ok(ExitCode::SUCCESS)
        }
        Command::Shop(command) => shop::run(&config, command),
    }
}

fn migrate(config: &Config) -> Result<ExitCode, Failure> {
    let done = migrated(config)?;
    match done.applied.as_slice() {
        [] => say(format!("{} is up to date", config.database)),
        applied => say(format!("{}: applied {}", config.database, applied.join(", "))),
    }
    Ok(ExitCode::SUCCESS)
}

/// Migrates; a database that cannot be opened is a matter of its setting.
fn migrated(config: &Config) -> Result<db::Migrated, Failure> {
    db::migrate(&config.database).map_err(no_database)
}

/// A database that is not there is a matter of its setting.
fn no_database(cause: Error) -> Failure {
    match cause {
        Error::Unavailable(why) => Failure::Setting(BadSetting {
            name: "DATABASE_URL".to_owned(),
            why,
            fix: "start the database, or name another: sqlite:PATH or postgres://user:password@host/name".to_owned(),
        }),
        other => Failure::Error(other),
    }
}

/// Is there a database to look at? A typing error must not become a new, empty one.
fn there(config: &Config) -> Result<(), Failure> {
    db::pending(&config.database).map(drop).map_err(no_database)
}

/// The database and the keys, for commands that work beside a running shop.
fn open(config: &Config) -> Result<(Db, Secrets, Clock), Failure> {
    migrated(config)?;
    let (db, secrets) = (Db::open(&config.database, 2)?, secrets(config)?);
    // With another secret than the shop's, what is made here could be read by nobody there.
    db.read_here(|conn| stored::all_open(conn, &secrets))?;
    Ok((db, secrets, Clock::default()))
}

/// The secret; one that cannot be had is a matter of its setting.
fn secrets(config: &Config) -> Result<Secrets, BadSetting> {
    Secrets::load(config.secret.as_ref(), &config.previous_secrets, &config.var).map_err(|cause| BadSetting {
        name: "LATCHKEY_VAR".to_owned(),
        why: cause.to_string(),
        fix: "make the folder writable for this user, or name another; or set LATCHKEY_SECRET".to_owned(),
    })
}
