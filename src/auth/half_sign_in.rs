//! A sign-in whose password was right and whose second factor is awaited.
//!
//! Invariant: it opens nothing: there is no session and no token before the code; it belongs to the browser that has its ticket, lives five
//! minutes and no longer than the epoch it began at, and is finished once. It does not know cookies.

use crate::audit::{self, Actor, Kind};
use crate::auth::latch::Latch;
use crate::auth::letters;
use crate::auth::passkey;
use crate::auth::second_factor::{self, Proof, Verdict};
use crate::auth::session::Tokens;
use crate::auth::sign_in::{self, Wish};
use crate::auth::ticket::ticket;
use crate::auth::user::{self, User};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::half_sign_ins;
use crate::error::Result;
use crate::ids::UserKey;
use diesel::prelude::*;
use std::time::Duration;

/// How long a code is waited for.
pub const LIFE: Duration = Duration::from_mins(5);

ticket!(
    /// What `__Host-mfa` holds.
    Ticket,
    32
);

/// Begins one, for a person whose password was right.
///
/// # Errors
/// What the database says.
pub(super) fn begin(conn: &mut Conn, now: Moment, user: &User, remember: bool, next: Option<&str>) -> Result<Ticket> {
    let ticket = Ticket::random();
    diesel::insert_into(half_sign_ins::table)
        .values((
            half_sign_ins::ticket.eq(ticket.hash()),
            half_sign_ins::user_id.eq(user.key),
            half_sign_ins::epoch.eq(user.epoch),
            half_sign_ins::remember.eq(remember),
            half_sign_ins::next.eq(next),
            half_sign_ins::expires_at.eq(now + LIFE),
        ))
        .execute(conn)?;
    Ok(ticket)
}

#[derive(Queryable)]
struct Half {
    key: i64,
    user: UserKey,
    epoch: i64,
    remember: bool,
    next: Option<String>,
}

fn load(conn: &mut Conn, now: Moment, ticket: &Ticket) -> Result<Option<Half>> {
    let row = half_sign_ins::table
        .filter(half_sign_ins::ticket.eq(ticket.hash()))
        .filter(half_sign_ins::expires_at.gt(now))
        .select((half_sign_ins::id, half_sign_ins::user_id, half_sign_ins::epoch, half_sign_ins::remember, half_sign_ins::next));
    Ok(row.first(conn).optional()?)
}

/// Whose second factor is awaited, and which they have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Awaited {
    /// The person.
    pub user: UserKey,
    /// Have they an app that shows codes?
    pub app: bool,
    /// Have they a passkey?
    pub passkey: bool,
}

/// What is awaited; `None` when there is nothing to finish.
///
/// # Errors
/// What the database says.
pub fn awaited(conn: &mut Conn, now: Moment, ticket: &Ticket) -> Result<Option<Awaited>> {
    let Some(Half { user, .. }) = load(conn, now, ticket)? else { return Ok(None) };
    Ok(Some(Awaited { user, app: second_factor::has_app(conn, user)?, passkey: passkey::any(conn, user)? }))
}

/// What came of a code or a passkey.
#[derive(Debug)]
pub enum Outcome {
    /// They are in.
    SignedIn {
        /// The new session.
        tokens: Box<Tokens>,
        /// Where they were going, as the sign-in form said it.
        next: Option<String>,
        /// It was a recovery code; so many are left.
        recovery_left: Option<i64>,
    },
    /// It was not the code, or not their passkey.
    Wrong,
    /// There were too many wrong ones: this one was not looked at.
    Wait(Duration),
    /// There is nothing to finish: it took too long, was finished, or the account changed meanwhile.
    Gone,
}

/// Finishes a sign-in, if the second factor is right.
///
/// # Errors
/// `Unavailable` when the database is: that is never a wrong code.
pub async fn finish(latch: &Latch, ticket: Ticket, proof: Proof, mut wish: Wish) -> Result<Outcome> {
    let (inner, memory, now) = (latch.clone(), latch.clone(), latch.clock.now());
    let work = move |conn: &mut Conn| {
        let Some(half) = load(conn, now, &ticket)? else { return Ok((Outcome::Gone, Vec::new())) };
        let still = user::hold(conn, half.user, half.epoch)?;
        // Whoever was faster held the row until just now.
        if !still || load(conn, now, &ticket)?.is_none() {
            return Ok((Outcome::Gone, Vec::new()));
        }
        let user = user::find(conn, half.user)?;
        let address = wish.opening.address.clone();
        let judged = match &proof {
            Proof::Code(given) => match second_factor::check(conn, &inner.secrets, now, half.user, given)? {
                Verdict::App => Ok(("code", None)),
                Verdict::Recovery(left) => Ok(("recovery code", Some(left))),
                Verdict::Wait(wait) => return Ok((Outcome::Wait(wait), Vec::new())),
                Verdict::Wrong => Err("code"),
            },
            Proof::Passkey(claim) => match passkey::check(conn, &inner, now, &user, claim.as_ref(), &address)? {
                verdict @ passkey::Verdict::Right => Ok((verdict.word(), None)),
                verdict => Err(verdict.word()),
            },
        };
        let (how, recovery_left) = match judged {
            Ok(judged) => judged,
            Err(what) => {
                let actor = Actor { user: Some(half.user), session: None, address };
                audit::record(conn, now, Kind::SignInFailed, &actor, what)?;
                return Ok((Outcome::Wrong, Vec::new()));
            }
        };
        diesel::delete(half_sign_ins::table.find(half.key)).execute(conn)?;
        wish.opening.remember = half.remember;
        let Some((tokens, ended)) = sign_in::admit(conn, &inner, now, &user, &mut wish, how)? else {
            return Ok((Outcome::Gone, Vec::new()));
        };
        if let Some(left) = recovery_left {
            letters::recovery_code_used(conn, &inner.post, now, user.key, &wish.opening.address, left)?;
        }
        Ok((Outcome::SignedIn { tokens: Box::new(tokens), next: half.next, recovery_left }, ended))
    };
    let (outcome, _) = latch.db.write_then(work, move |(_, ended)| memory.forget(ended)).await?;
    match outcome {
        Outcome::SignedIn { .. } => latch.tally.signed_in(true),
        Outcome::Wrong => latch.tally.signed_in(false),
        Outcome::Wait(_) | Outcome::Gone => {}
    }
    Ok(outcome)
}

/// Deletes at most `most` whose time is over; how many there were.
///
/// # Errors
/// What the database says.
pub fn purge(conn: &mut Conn, now: Moment, most: i64) -> Result<usize> {
    let old: Vec<i64> = half_sign_ins::table
        .filter(half_sign_ins::expires_at.le(now))
        .order(half_sign_ins::expires_at)
        .limit(most)
        .select(half_sign_ins::id)
        .load(conn)?;
    Ok(diesel::delete(half_sign_ins::table.filter(half_sign_ins::id.eq_any(old))).execute(conn)?)
}
