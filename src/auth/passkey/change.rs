//! New passkeys, and taking one away.
//!
//! Invariant: as with every second factor, each change raises the epoch and ends every other session, in one transaction with its audit
//! and its letter; the changing browser gets a new session. Who may change anything has just proved who they are (`step_up`).

use super::challenge::{self, Act, Challenge};
use super::row;
use crate::auth::latch::{Inner, Latch, Person};
use crate::auth::second_factor::change::{self, Changed};
use crate::auth::second_factor::{self, recovery};
use crate::auth::sign_in::Wish;
use crate::auth::user::Role;
use crate::error::{Error, Result};
use crate::ids::PasskeyId;
use crate::mail::letter::FactorAct;
use std::fmt;
use webauthn_rs::prelude::{PasskeyRegistration, RegisterPublicKeyCredential};

/// Most passkeys of a person.
pub const MOST: usize = 20;

/// What a browser made, as far as it can be read; never printed.
pub struct Made {
    challenge: Challenge<PasskeyRegistration>,
    credential: RegisterPublicKeyCredential,
}

impl Made {
    /// Reads what a browser sent; `None` for a challenge that is not good (any longer), or no `RegistrationResponseJSON`.
    #[must_use]
    pub fn read(latch: &Inner, binding: &str, challenge: &str, credential: &str) -> Option<Self> {
        let challenge = challenge::read(&latch.secrets, latch.clock.now(), Act::Make, binding, challenge)?;
        let credential = serde_json::from_str(credential).ok()?;
        Some(Self { challenge, credential })
    }
}

impl fmt::Debug for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Made(…)")
    }
}

/// What came of it.
#[derive(Debug)]
pub enum Outcome {
    /// Done; with recovery codes, if it is the first second factor.
    Done(Box<Changed>),
    /// They have as many as there can be.
    TooMany,
    /// It is somebody's already.
    Known,
    /// It was not made here, for this, just now, by somebody who unlocked it.
    Wrong,
    /// It is the last second factor of who needs one.
    Needed,
}

/// Reads what somebody calls a passkey: 1 to 60 characters that can be seen, without the blanks around them.
///
/// # Errors
/// A sentence.
pub fn name(text: &str) -> Result<String, String> {
    let text = text.trim();
    match text.chars().count() {
        0 => Err("Say where the passkey is kept, so that you know it again.".to_owned()),
        61.. => Err("Use at most 60 characters for the name.".to_owned()),
        _ if text.chars().any(char::is_control) => Err("Use only characters that can be seen in a name.".to_owned()),
        _ => Ok(text.to_owned()),
    }
}

/// Keeps a new passkey.
///
/// # Errors
/// `SignedOut` when the person was locked or changed meanwhile; `Unavailable` from the database.
pub async fn add(latch: &Latch, person: Person, made: Made, name: String, wish: Wish) -> Result<Outcome> {
    let done = change::change(latch, person, move |conn, latch, now, user| {
        let passkey = match (&latch.party, made.challenge.spend(conn, now)?) {
            (Some(party), true) => party.made(&made.credential, &made.challenge.state),
            _ => None,
        };
        let Some(passkey) = passkey else { return Ok(Err(Outcome::Wrong)) };
        if row::list(conn, user.key)?.len() >= MOST {
            return Ok(Err(Outcome::TooMany));
        }
        let first = !second_factor::is_on(conn, user.key)?;
        if !row::insert(conn, now, user.key, &name, &passkey)? {
            return Ok(Err(Outcome::Known));
        }
        let codes = if first { recovery::renew(conn, user.key)? } else { Vec::new() };
        change::settle(conn, latch, now, user, &wish, FactorAct::PasskeyAdded, codes).map(Ok)
    });
    Ok(done.await?.map_or_else(|refused| refused, |changed| Outcome::Done(Box::new(changed))))
}

/// Takes one away. `admins_need_one`: nobody runs the shop without a second factor.
///
/// # Errors
/// `NotFound` for one that is gone or another's; else as `add`.
pub async fn remove(latch: &Latch, person: Person, id: PasskeyId, admins_need_one: bool, wish: Wish) -> Result<Outcome> {
    let done = change::change(latch, person, move |conn, latch, now, user| {
        let all = row::list(conn, user.key)?;
        if all.iter().all(|passkey| passkey.id != id) {
            return Err(Error::NotFound);
        }
        let last = all.len() == 1 && !second_factor::has_app(conn, user.key)?;
        if last && admins_need_one && user.role == Role::Admin {
            return Ok(Err(Outcome::Needed));
        }
        row::delete(conn, user.key, id)?;
        if last {
            second_factor::forget_codes(conn, user.key)?;
        }
        change::settle(conn, latch, now, user, &wish, FactorAct::PasskeyRemoved, Vec::new()).map(Ok)
    });
    Ok(done.await?.map_or_else(|refused| refused, |changed| Outcome::Done(Box::new(changed))))
}
