//! Step-up: proving once more who one is, before acts that a desk left for a moment must not allow.
//!
//! Invariant: a proof holds for five minutes and for its session alone: signing in is one, and so is a password, a code or a passkey
//! given here, which makes a new session in place of the one there was. It does not know which acts ask for it.

use crate::audit::{self, Actor, Kind};
use crate::auth::latch::{Latch, Person};
use crate::auth::letters;
use crate::auth::own_password::{self, Answer};
use crate::auth::passkey::{self, Claim};
use crate::auth::password::Password;
use crate::auth::second_factor::{self, Given, Verdict};
use crate::auth::session::{self, Owner, Tokens};
use crate::auth::sign_in::Wish;
use crate::auth::throttle;
use crate::auth::user;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::sessions;
use crate::error::{Error, Result};
use crate::ids::SessionId;
use diesel::prelude::*;
use std::time::Duration;

/// How long a proof holds.
pub const LIFE: Duration = Duration::from_mins(5);

/// What somebody gives as a proof.
#[derive(Debug)]
pub enum Proof {
    /// Their password.
    Password(Password),
    /// A code of their second factor.
    Code(Given),
    /// A passkey; none where what the browser sent cannot be read or is too old.
    Passkey(Option<Claim>),
}

/// What came of it.
#[derive(Debug)]
pub enum Outcome {
    /// It is them: the session that takes the place of theirs.
    Confirmed(Box<Tokens>),
    /// It was not their password (counted as a failed sign-in).
    WrongPassword,
    /// It was not the code.
    WrongCode,
    /// It was not one of their passkeys.
    WrongPasskey,
    /// Too many were wrong: this one was not looked at.
    Wait(Duration),
}

/// Did the person of that session prove lately who they are? A session that has ended proves nothing.
///
/// # Errors
/// What the database says.
pub fn is_fresh(conn: &mut Conn, session: SessionId, now: Moment) -> Result<bool> {
    let fresh = sessions::table
        .filter(sessions::public_id.eq(session))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::confirmed_at.gt(now - LIFE))
        .select(sessions::id);
    Ok(fresh.first::<i64>(conn).optional()?.is_some())
}

/// Confirms who it is.
///
/// # Errors
/// `SignedOut` when the person was locked or changed meanwhile; `Unavailable` when the database or the hasher is.
pub async fn confirm(latch: &Latch, person: Person, proof: Proof, wish: Wish) -> Result<Outcome> {
    let key = person.key;
    let epoch = || latch.db.read(move |conn| user::find(conn, key));
    let (given, counter, epoch) = match proof {
        Proof::Code(given) => (Some(second_factor::Proof::Code(given)), None, epoch().await?.epoch),
        Proof::Passkey(claim) => (Some(second_factor::Proof::Passkey(claim)), None, epoch().await?.epoch),
        Proof::Password(typed) => match own_password::ask(latch, person, typed, &wish, "step-up").await? {
            Answer::Right(counter, epoch) => (None, Some(counter), epoch),
            Answer::Wrong => return Ok(Outcome::WrongPassword),
            Answer::Wait(left) => return Ok(Outcome::Wait(left)),
        },
    };
    let (inner, memory, now) = (latch.clone(), latch.clone(), latch.clock.now());
    let work = move |conn: &mut Conn| {
        // The count before the person's row, as every sign-in takes them: two that cross would wait for each other.
        if let Some(counter) = &counter {
            throttle::clear(conn, counter)?;
        }
        if !user::hold(conn, key, epoch)? {
            return Err(Error::SignedOut);
        }
        let mut actor = Actor { user: Some(key), session: Some(person.session), address: wish.opening.address.clone() };
        let how = match &given {
            None => "password",
            Some(second_factor::Proof::Passkey(claim)) => {
                let user = user::find(conn, key)?;
                match passkey::check(conn, &inner, now, &user, claim.as_ref(), &actor.address)? {
                    verdict @ passkey::Verdict::Right => verdict.word(),
                    verdict => {
                        audit::record(conn, now, Kind::SignInFailed, &actor, &format!("step-up, {}", verdict.word()))?;
                        return Ok((Outcome::WrongPasskey, Vec::new()));
                    }
                }
            }
            Some(second_factor::Proof::Code(given)) => match second_factor::check(conn, &inner.secrets, now, key, given)? {
                Verdict::App => "code",
                Verdict::Recovery(left) => {
                    letters::recovery_code_used(conn, &inner.post, now, key, &actor.address, left)?;
                    "recovery code"
                }
                Verdict::Wait(wait) => return Ok((Outcome::Wait(wait), Vec::new())),
                Verdict::Wrong => {
                    audit::record(conn, now, Kind::SignInFailed, &actor, "step-up, code")?;
                    return Ok((Outcome::WrongCode, Vec::new()));
                }
            },
        };
        let role = user::find(conn, key)?.role;
        let owner = Owner { key, id: person.id, role, epoch };
        let opening = wish.resolved(conn)?;
        let (tokens, ended) = session::start(conn, &inner.limits, now, owner, &opening)?;
        actor.session = Some(tokens.session);
        audit::record(conn, now, Kind::SteppedUp, &actor, how)?;
        Ok((Outcome::Confirmed(Box::new(tokens)), ended))
    };
    let (outcome, _) = latch.db.write_then(work, move |(_, ended)| memory.forget(ended)).await?;
    Ok(outcome)
}
