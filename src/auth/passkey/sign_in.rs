//! Signing in with a passkey alone.
//!
//! Invariant: it is both factors at once, since its person unlocked it; else it is a sign-in like any other: counted with the
//! passwords of the account, refused while those wait, one answer for every failure, and the session is made only if the person
//! still stands as they did when the passkey was looked at.

use super::claim::{Claim, Verdict};
use crate::audit::{self, Actor, Kind};
use crate::auth::latch::{Inner, Latch};
use crate::auth::letters;
use crate::auth::revocation::Revocation;
use crate::auth::session::Tokens;
use crate::auth::sign_in::{self, Wish};
use crate::auth::throttle::{self, Counter};
use crate::auth::user;
use crate::auth::user_agent::Client;
use crate::clock::Moment;
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::mail::letter::FactorAct;
use std::time::Duration;

/// What came of it.
#[derive(Debug)]
pub enum Outcome {
    /// They are in.
    SignedIn(Box<Tokens>),
    /// Too many sign-ins failed for this account: nobody looked, and in so long somebody would.
    Wait(Duration),
    /// They are not, and are not told why.
    Refused,
}

/// Tries to sign in; no claim at all is refused, and written down, like a wrong one.
///
/// # Errors
/// `Unavailable` when the database is: that is never a wrong passkey.
pub async fn sign_in(latch: &Latch, claim: Option<Claim>, wish: Wish) -> Result<Outcome> {
    let claim = claim.filter(Claim::names_its_person);
    let (inner, memory, now) = (latch.clone(), latch.clone(), latch.clock.now());
    let work = move |conn: &mut Conn| let_in(conn, &inner, now, claim.as_ref(), wish);
    let (outcome, _) = latch.db.write_then(work, move |(_, ended)| memory.forget(ended)).await?;
    match &outcome {
        Outcome::SignedIn(_) => latch.tally.signed_in(true),
        Outcome::Refused => latch.tally.signed_in(false),
        Outcome::Wait(_) => latch.tally.throttled(),
    }
    Ok(outcome)
}

fn let_in(
    conn: &mut Conn,
    latch: &Inner,
    now: Moment,
    claim: Option<&Claim>,
    mut wish: Wish,
) -> Result<(Outcome, Vec<Revocation>)> {
    let refused = (Outcome::Refused, Vec::new());
    let client = Client::read(&wish.opening.user_agent).words(wish.opening.door);
    let mut actor = Actor { user: None, session: None, address: wish.opening.address.clone() };
    let known = match claim {
        Some(claim) => claim.take(conn, now)?.map(|known| (claim, known)),
        None => None,
    };
    let Some((claim, known)) = known else {
        audit::record_by(conn, now, Kind::SignInFailed, &actor, &client, Verdict::Wrong.word())?;
        return Ok(refused);
    };
    let person = user::find(conn, known.owner)?;
    actor.user = Some(person.key);
    // The count before the person's row, as sign-ins with a password take them: two that cross would wait for each other.
    let email = person.email.parse().map_err(Error::internal)?;
    let counter = Counter::find(conn, latch, &email, wish.opening.browser.as_ref())?;
    let failure = match throttle::reserve(conn, latch, now, &counter)? {
        Ok(failure) => failure,
        Err(left) => return Ok((Outcome::Wait(left), Vec::new())),
    };
    let verdict = if user::hold(conn, person.key, person.epoch)? {
        claim.verify(conn, latch, now, &person, known)?
    } else {
        Verdict::Wrong
    };
    if verdict == Verdict::Copied {
        letters::second_factor(conn, &latch.post, now, person.key, &actor.address, FactorAct::PasskeyCopied, true)?;
    }
    if verdict != Verdict::Right {
        throttle::failed(conn, now, failure, &actor, &client, verdict.word())?;
        return Ok(refused);
    }
    throttle::clear(conn, &counter)?;
    Ok(match sign_in::admit(conn, latch, now, &person, &mut wish, verdict.word())? {
        Some((tokens, ended)) => (Outcome::SignedIn(Box::new(tokens)), ended),
        None => refused,
    })
}
