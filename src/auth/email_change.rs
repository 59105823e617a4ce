//! Changing the address of one's account.
//!
//! Invariant: the address stays what it is until a link that was mailed to the new one is followed; the one it had is told of both, the
//! wish and the change. With the change the epoch goes up and every sign-in but the one that asked ends, in one transaction. Whether
//! the new address has an account already is told to its owner and to nobody else.

use crate::audit::{self, Actor, Kind};
use crate::auth::email::Email;
use crate::auth::latch::{Inner, Latch, Person};
use crate::auth::mail_link::budget::{self, Budget};
use crate::auth::mail_link::{self, Bound, Link, Purpose};
use crate::auth::revocation::{self, Revocation};
use crate::auth::session::{self, Because};
use crate::auth::{sign_out, step_up, user};
use crate::clock::{Moment, rfc3339};
use crate::db::schema::users;
use crate::db::{Conn, is_duplicate};
use crate::error::{Error, Result};
use crate::ids::UserKey;
use crate::mail::letter::{Change, Invitation, Letter, Move, Recipient};
use diesel::prelude::*;
use std::time::Duration;

/// What came of asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// A mail is on its way to the new address.
    Sent,
    /// It is the address they have.
    Same,
    /// Too often; again after so long.
    TooOften(Duration),
}

/// Asks for a link to the new address, by who proved lately who they are.
///
/// # Errors
/// `SignedOut` when that proof, or the session with it, is over; `Unavailable` from the database.
pub async fn ask(latch: &Latch, person: Person, email: Email, address: String) -> Result<Asked> {
    let (inner, now) = (latch.clone(), latch.clock.now());
    latch.db.write(move |conn| asked(conn, &inner, now, person, &email, &address)).await
}

fn asked(conn: &mut Conn, latch: &Inner, now: Moment, person: Person, email: &Email, address: &str) -> Result<Asked> {
    let user = user::find(conn, person.key)?;
    if user.locked_at.is_some() || !step_up::is_fresh(conn, person.session, now)? {
        return Err(Error::SignedOut);
    }
    if user.email == email.as_str() {
        return Ok(Asked::Same);
    }
    let (keys, limit) = (latch.secrets.current(), latch.mail_limit);
    if let Budget::Empty(wait) = budget::take(conn, keys, limit, now, budget::Kind::Confirm, email)? {
        return Ok(Asked::TooOften(wait));
    }
    let owner = user::by_email(conn, email)?.map(|(owner, _)| owner);
    let bound = Bound { user: Some((user.key, user.epoch)), session: Some(person.session), pending: None };
    let token = mail_link::issue(conn, now, Purpose::Change, email.as_str(), bound)?;
    let at = rfc3339(now);
    let (name, letter) = if let Some(owner) = owner {
        // The token goes nowhere.
        (owner.name, Letter::AddressKnown(Change { at: at.clone(), address: address.to_owned() }))
    } else {
        let letter = Invitation { token: token.expose(), at: at.clone(), address: address.to_owned() };
        (user.name.clone(), Letter::ConfirmEmail(letter))
    };
    latch.post.put_to(conn, now, Recipient { address: email.as_str().to_owned(), name }, letter)?;
    let told = Letter::EmailChangeAsked(Move { to: email.as_str().to_owned(), at, address: address.to_owned() });
    latch.post.put_to(conn, now, Recipient { address: user.email, name: user.name }, told)?;
    let actor = Actor { user: Some(user.key), session: Some(person.session), address: address.to_owned() };
    audit::record(conn, now, Kind::EmailChangeAsked, &actor, "")?;
    Ok(Asked::Sent)
}

/// Makes it the address of the account; none if the account changed meanwhile or somebody else has the address by now.
pub(super) fn confirm(
    conn: &mut Conn,
    latch: &Inner,
    now: Moment,
    link: &Link,
    address: &str,
) -> Result<Option<(UserKey, Vec<Revocation>)>> {
    let Some(user) = &link.user else { return Ok(None) };
    let same = users::table.filter(users::id.eq(user.key)).filter(users::epoch.eq(user.epoch)).filter(users::locked_at.is_null());
    let change = (users::email.eq(&link.email), users::email_verified_at.eq(now), users::epoch.eq(users::epoch + 1));
    // In a savepoint: on Postgres a violated rule would otherwise spoil the whole transaction.
    match conn.transaction(|conn| diesel::update(same).set(change).execute(conn)) {
        Ok(1) => {}
        Ok(_) => return Ok(None),
        Err(cause) if is_duplicate(&cause) => return Ok(None),
        Err(cause) => return Err(cause.into()),
    }
    let asker = match link.session {
        Some(session) => session::key_of(conn, session)?,
        None => None,
    };
    let mut revoked = session::end_all(conn, now, user.key, asker, Because::SignOut)?;
    sign_out::write_down(conn, now, Some(user.key), &revoked, "sign_out, another address")?;
    let raised = Revocation::Epoch(user.id, user.epoch + 1);
    revocation::record(conn, now, &[raised])?;
    revoked.push(raised);
    let actor = Actor { user: Some(user.key), session: None, address: address.to_owned() };
    audit::record(conn, now, Kind::EmailChanged, &actor, "")?;
    let told = Letter::EmailChanged(Move { to: link.email.clone(), at: rfc3339(now), address: address.to_owned() });
    latch.post.put_to(conn, now, Recipient { address: user.email.clone(), name: user.name.clone() }, told)?;
    Ok(Some((user.key, revoked)))
}
