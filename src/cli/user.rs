//! `latchkey user`: people with accounts.

use super::{Failure, say};
use crate::auth::email::Email;
use crate::auth::password::Password;
use crate::auth::registration::{self, Applicant};
use crate::auth::revocation::Revocation;
use crate::auth::stewardship;
use crate::auth::user::{self, Role};
use crate::config::Config;
use crate::ids::UserKey;
use clap::Subcommand;
use std::io::Read as _;
use std::process::ExitCode;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make an account; the password is read from standard input
    Add {
        /// Their e-mail address
        #[arg(long)]
        email: String,
        /// What we call them
        #[arg(long)]
        name: String,
        /// They run the shop
        #[arg(long)]
        admin: bool,
        /// Read the password from standard input (the only way: a password on a command line is seen by everyone on the machine)
        #[arg(long, required = true)]
        password_stdin: bool,
    },
    /// Give somebody a role: it holds from their next request on, with its shorter or longer stay
    Role {
        /// Their e-mail address
        email: String,
        /// What they may do from now on
        #[arg(value_parser = ["shopper", "admin"])]
        role: String,
    },
    /// List everyone
    List,
    /// Lock somebody out: their sessions end
    Lock {
        /// Their e-mail address
        email: String,
    },
    /// Let somebody in again
    Unlock {
        /// Their e-mail address
        email: String,
    },
}

pub(super) fn run(config: &Config, command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Add { email, name, admin, .. } => add(config, &email, &name, if admin { Role::Admin } else { Role::Shopper }),
        Command::Role { email, role } => set_role(config, &email, role.parse()?),
        Command::List => list(config),
        Command::Lock { email } => set_locked(config, &email, true),
        Command::Unlock { email } => set_locked(config, &email, false),
    }
}

pub(super) fn address(text: &str) -> Result<Email, Failure> {
    text.parse().map_err(|why| Failure::Told(format!("{text}: {why}")))
}

fn add(config: &Config, email: &str, name: &str, role: Role) -> Result<ExitCode, Failure> {
    let address = address(email)?;
    let name = user::name(name).map_err(|why| Failure::Told(format!("--name: {why}")))?;
    let mut typed = String::new();
    std::io::stdin()
        .read_to_string(&mut typed)
        .map_err(|cause| Failure::Told(format!("the password cannot be read: {cause}")))?;
    let password = Password::typed(typed.trim_end_matches(['\n', '\r']));
    let context = [config.shop.name.as_str(), address.as_str(), &name];
    password.check(config.password_min, &context).map_err(|why| Failure::Told(format!("password: {why}")))?;
    let (db, secrets, clock) = super::open(config)?;
    let now = clock.now();
    let applicant = Applicant { name, email: address, password };
    match registration::add(&db, &secrets, config.bcrypt_cost, now, &applicant, role)? {
        Some(_) => {
            say(format!("{email} can sign in, as {}", role.word()));
            Ok(ExitCode::SUCCESS)
        }
        None => Err(Failure::Told(format!("{email}: there is already an account for this address"))),
    }
}

fn list(config: &Config) -> Result<ExitCode, Failure> {
    super::there(config)?;
    let (db, ..) = super::open(config)?;
    let mut after = UserKey(0);
    loop {
        let page = db.read_here(|conn| user::list(conn, after, 500))?;
        let Some(last) = page.last() else { return Ok(ExitCode::SUCCESS) };
        after = last.key;
        for person in page {
            let locked = if person.locked_at.is_some() { "  locked" } else { "" };
            say(format!(
                "{}  {:8}  {}  {}{locked}",
                crate::clock::rfc3339(person.created_at),
                person.role.word(),
                person.email,
                person.name
            ));
        }
    }
}

pub(super) fn nobody(text: &str) -> Failure {
    Failure::Told(format!("{text}: there is no such account"))
}

fn set_role(config: &Config, text: &str, role: Role) -> Result<ExitCode, Failure> {
    let email = address(text)?;
    super::there(config)?;
    let (db, _, clock) = super::open(config)?;
    let now = clock.now();
    match db.write_here(|conn| stewardship::set_role(conn, now, &email, role, "")) {
        Ok(_) => say(format!("{text} is {} now", role.word())),
        Err(crate::error::Error::NotFound) => return Err(nobody(text)),
        Err(cause) => return Err(cause.into()),
    }
    Ok(ExitCode::SUCCESS)
}

fn set_locked(config: &Config, text: &str, lock: bool) -> Result<ExitCode, Failure> {
    let email = address(text)?;
    super::there(config)?;
    let (db, _, clock) = super::open(config)?;
    let now = clock.now();
    match db.write_here(|conn| stewardship::set_locked(conn, now, &email, lock, "")) {
        Ok(revoked) if lock => {
            let ended = revoked.iter().flatten().filter(|revocation| matches!(revocation, Revocation::Session(_))).count();
            say(format!("{text} is locked out; {ended} sessions ended"));
        }
        Ok(_) => say(format!("{text} can sign in again")),
        Err(crate::error::Error::NotFound) => return Err(nobody(text)),
        Err(cause) => return Err(cause.into()),
    }
    Ok(ExitCode::SUCCESS)
}
