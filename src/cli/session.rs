//! `latchkey session`: who is signed in where, and ending it.

use super::{Failure, say};
use crate::audit::{self, Actor, Kind};
use crate::auth::alive::Alive;
use crate::auth::email::Email;
use crate::auth::session::{self, Because};
use crate::auth::user::{self, User};
use crate::auth::{device, sign_out};
use crate::clock::{Moment, rfc3339};
use crate::config::Config;
use crate::db::{Conn, Db};
use crate::ids::SessionId;
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use std::process::ExitCode;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List where somebody is signed in
    List {
        /// Their e-mail address
        email: String,
    },
    /// Sign out one session, somebody everywhere, or everyone
    End(Whose),
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct Whose {
    /// The session, as `session list` names it
    #[arg(allow_hyphen_values = true)]
    id: Option<String>,
    /// Everywhere this person is signed in
    #[arg(long, value_name = "EMAIL")]
    user: Option<String>,
    /// Everyone, everywhere: in steps, while the shop goes on
    #[arg(long)]
    everyone: bool,
}

pub(super) fn run(config: &Config, command: Command) -> Result<ExitCode, Failure> {
    super::there(config)?;
    let (db, _, clock) = super::open(config)?;
    let now = clock.now();
    match command {
        Command::List { email } => list(config, &db, now, &email)?,
        Command::End(Whose { id: Some(id), .. }) => end(&db, now, &id)?,
        Command::End(Whose { user: Some(email), .. }) => end_all(&db, now, &email)?,
        Command::End(Whose { .. }) => end_everyone(&db, now)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn person(conn: &mut Conn, email: &Email) -> crate::error::Result<Option<User>> {
    Ok(user::by_email(conn, email)?.map(|(user, _)| user))
}

fn list(config: &Config, db: &Db, now: Moment, text: &str) -> Result<(), Failure> {
    let email = super::user::address(text)?;
    let found = db.read_here(|conn| {
        let Some(user) = person(conn, &email)? else { return Ok(None) };
        device::list(conn, user.key, Alive::at(now, &config.sessions, user.role)).map(Some)
    })?;
    for device in found.ok_or_else(|| super::user::nobody(text))? {
        say(format!(
            "{}  {:3}  signed in {}  last seen {}  from {}  {}",
            device.id,
            device.door.word(),
            rfc3339(device.created_at),
            rfc3339(device.last_seen_at),
            device.address,
            device.client.words(device.door)
        ));
    }
    Ok(())
}

/// How the audit tells what an operator ended from what a person did.
const BY: &str = "sign_out, by an operator";

fn end(db: &Db, now: Moment, text: &str) -> Result<(), Failure> {
    let id: SessionId = text.parse().map_err(|_| Failure::Told(format!("{text}: this is no session: see `session list`")))?;
    let ended = db.write_here(|conn| {
        let Some(key) = session::key_of(conn, id)? else { return Ok(None) };
        let ended = session::end(conn, now, key, Because::SignOut)?;
        let owner = session::owner_of(conn, key)?;
        sign_out::write_down(conn, now, owner, ended.as_slice(), BY)?;
        Ok(ended)
    })?;
    let told = || Failure::Told(format!("{id}: there is no such session, or it has ended"));
    ended.map(|_| say(format!("{id} is signed out"))).ok_or_else(told)
}

fn end_all(db: &Db, now: Moment, text: &str) -> Result<(), Failure> {
    let email = super::user::address(text)?;
    let ended = db.write_here(|conn| {
        let Some(user) = person(conn, &email)? else { return Ok(None) };
        let ended = session::end_all(conn, now, user.key, None, Because::SignOut)?;
        sign_out::write_down(conn, now, Some(user.key), &ended, BY)?;
        Ok(Some(ended.len()))
    })?;
    let ended = ended.ok_or_else(|| super::user::nobody(text))?;
    say(format!("{text} is signed out everywhere; sessions ended: {ended}"));
    Ok(())
}

fn end_everyone(db: &Db, now: Moment) -> Result<(), Failure> {
    let bar = ProgressBar::no_length();
    bar.set_style(
        ProgressStyle::with_template("{spinner} sessions ended: {pos}").unwrap_or_else(|_| ProgressStyle::default_spinner()),
    );
    let record = |conn: &mut Conn, ended| {
        if ended == 0 {
            return Ok(());
        }
        let detail = format!("sign_out of everyone, by an operator: {ended} sessions");
        audit::record(conn, now, Kind::SessionEnded, &Actor::default(), &detail)
    };
    let ended = sign_out::end_everyone(db, now, Because::SignOut, &record, &mut |done| bar.set_position(done as u64))?;
    bar.finish_and_clear();
    say(format!("everyone is signed out; sessions ended: {ended}"));
    Ok(())
}
