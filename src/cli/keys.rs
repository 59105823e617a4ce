//! `latchkey keys`: the keys that sign access tokens.
//!
//! Invariant: nobody is signed out by any of these, and each works while the shop runs. No key is ever shown.

use super::{Failure, say};
use crate::auth::keys::life::{self, Rotation};
use crate::auth::keys::stored::{self, StoredKey};
use crate::auth::second_factor;
use crate::clock::rfc3339;
use crate::config::Config;
use crate::error::Error;
use crate::mail::outbox::Postbox;
use clap::Subcommand;
use std::process::ExitCode;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List the keys: name, algorithm, state, when it was made, from when and until when it signs, when it is deleted, secret
    List,
    /// Make a new key: published at once, it signs three minutes later; the present one verifies for twenty minutes more.
    /// Happens by itself every 90 days. To change the algorithm, set `LATCHKEY_JWT_ALGORITHM` and restart the nodes
    Rotate,
    /// Encrypt everything at rest anew with the present secret, so that an earlier one is no longer needed for it
    Reencrypt,
}

pub(super) fn run(config: &Config, command: &Command) -> Result<ExitCode, Failure> {
    super::there(config)?;
    let (db, secrets, clock) = super::open(config)?;
    let now = clock.now();
    match command {
        Command::List => {
            let keys = db.read_here(stored::list)?;
            if keys.is_empty() {
                say("there are no keys yet: the first start of the shop makes one");
            }
            for key in keys {
                let gone = key.gone_at().map_or_else(String::new, |gone| format!("  deleted {}", rfc3339(gone)));
                let state = key.state(now).word();
                say(format!("{}  {:5}  {state:9}  {}{gone}  secret {}", key.kid, key.algorithm, dates(&key), key.secret_id));
            }
        }
        Command::Rotate => match life::rotate(&db, &secrets, now) {
            Ok(Rotation::Begun(key)) => say(format!("{} ({}) is published and {}", key.kid, key.algorithm, dates(&key))),
            Ok(Rotation::UnderWay(key)) => {
                say(format!("{} ({}) waits for its turn already; nothing was done. It {}", key.kid, key.algorithm, dates(&key)));
            }
            Err(Error::NotFound) => return Err(Failure::Told("there is no key yet: start the shop first".to_owned())),
            Err(cause) => return Err(cause.into()),
        },
        Command::Reencrypt => {
            let keys = life::reseal(&db, &secrets, now)?;
            let (post, mut letters) = (Postbox::new(secrets.clone()), 0);
            // A few at a time: shoppers go on ordering.
            loop {
                let done = db.write_here(|conn| post.reseal(conn, 100))?;
                letters += done;
                if done == 0 {
                    break;
                }
            }
            let mut factors = 0;
            loop {
                let done = db.write_here(|conn| second_factor::reseal(conn, &secrets, 100))?;
                factors += done;
                if done == 0 {
                    break;
                }
            }
            say(format!(
                "{keys} signing keys, {letters} letters and {factors} second factors are sealed anew with the secret {}; a parked form \
                 lets go of an earlier one within a quarter of an hour",
                secrets.current().id()
            ));
            say("passwords are made anew when their people sign in: `latchkey doctor` counts what still needs an earlier secret");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn dates(key: &StoredKey) -> String {
    let until = key.signs_until.map_or_else(String::new, |until| format!(" until {}", rfc3339(until)));
    format!("made {}  signs from {}{until}", rfc3339(key.created_at), rfc3339(key.signs_from))
}
