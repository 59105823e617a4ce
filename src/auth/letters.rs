//! Letters about one's account: what a person should hear of even when they are not looking.
//!
//! Invariant: each is left in the transaction of what it tells of. It does not know how it reads.

use crate::auth::api_token;
use crate::auth::latch::Inner;
use crate::auth::revocation::Revocation;
use crate::auth::rotation::{self, Exchange, Shown};
use crate::auth::session::Opening;
use crate::auth::standing::Found;
use crate::auth::user_agent::Client;
use crate::clock::{Moment, rfc3339};
use crate::db::Conn;
use crate::db::schema::sessions;
use crate::error::Result;
use crate::ids::UserKey;
use crate::mail::letter::{Change, EndedSignIn, FactorAct, FactorChange, Letter, NewDevice, NewToken};
use crate::mail::outbox::Postbox;
use diesel::prelude::*;

/// `rotation::exchange`; a person whose sign-in it ended as stolen is told by mail.
///
/// # Errors
/// What the database says; nothing was changed then.
pub(super) fn exchange(
    conn: &mut Conn,
    latch: &Inner,
    now: Moment,
    found: &Found,
    shown: Shown<'_>,
) -> Result<(Exchange, Vec<Revocation>)> {
    let done = rotation::exchange(conn, &latch.secrets, &latch.limits, now, found, shown)?;
    if matches!(done.0, Exchange::Reuse) {
        let session = &found.session;
        let signed_in_from: String = sessions::table.find(session.key).select(sessions::address).first(conn)?;
        let letter = Letter::SignInEnded(EndedSignIn {
            at: rfc3339(now),
            address: shown.address.to_owned(),
            signed_in_at: rfc3339(session.created_at),
            signed_in_from,
            client: Client::read(&session.user_agent).words(shown.door),
        });
        latch.post.put(conn, now, session.user, letter)?;
    }
    Ok(done)
}

/// Tells a person that somebody signed in with a browser or program that never did.
///
/// # Errors
/// What the database says.
pub(super) fn new_device(conn: &mut Conn, post: &Postbox, now: Moment, person: UserKey, opening: &Opening) -> Result<()> {
    let client = Client::read(&opening.user_agent).words(opening.door);
    let letter = Letter::NewDevice(NewDevice { at: rfc3339(now), address: opening.address.clone(), client });
    post.put(conn, now, person, letter)
}

/// Tells a person that their password is another one now.
///
/// # Errors
/// What the database says.
pub(super) fn password_changed(conn: &mut Conn, post: &Postbox, now: Moment, person: UserKey, address: &str) -> Result<()> {
    let letter = Letter::PasswordChanged(Change { at: rfc3339(now), address: address.to_owned() });
    post.put(conn, now, person, letter)
}

/// Tells a person what became of their second factor.
///
/// # Errors
/// What the database says.
pub(super) fn second_factor(
    conn: &mut Conn,
    post: &Postbox,
    now: Moment,
    person: UserKey,
    address: &str,
    act: FactorAct,
) -> Result<()> {
    let letter = Letter::SecondFactorChanged(FactorChange { at: rfc3339(now), address: address.to_owned(), act, left: None });
    post.put(conn, now, person, letter)
}

/// Tells a person that one of their recovery codes was used.
///
/// # Errors
/// What the database says.
pub(super) fn recovery_code_used(
    conn: &mut Conn,
    post: &Postbox,
    now: Moment,
    person: UserKey,
    address: &str,
    left: i64,
) -> Result<()> {
    let (at, address) = (rfc3339(now), address.to_owned());
    post.put(conn, now, person, Letter::SecondFactorChanged(FactorChange { at, address, act: FactorAct::Used, left: Some(left) }))
}

/// Tells a person that there is a new token to their account. What they call it stays out: whoever made it chose those words.
///
/// # Errors
/// What the database says.
pub(super) fn api_token_made(
    conn: &mut Conn,
    post: &Postbox,
    now: Moment,
    person: UserKey,
    address: &str,
    wish: &api_token::Wish,
) -> Result<()> {
    let (at, address, scope) = (rfc3339(now), address.to_owned(), wish.scopes.to_string());
    post.put(conn, now, person, Letter::ApiTokenMade(NewToken { at, address, scope, days: wish.days }))
}

/// Tells a person that their account is gone. It is written before their address goes.
///
/// # Errors
/// What the database says.
pub(super) fn account_deleted(conn: &mut Conn, post: &Postbox, now: Moment, person: UserKey, address: &str) -> Result<()> {
    post.put(conn, now, person, Letter::AccountDeleted(Change { at: rfc3339(now), address: address.to_owned() }))
}
