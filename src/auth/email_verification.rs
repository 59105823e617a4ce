//! Showing that the address of an account is read by its person.
//!
//! Invariant: only a link that was mailed to the address says so, and only while it is still the address of the account. It does not know
//! how somebody came to have the account.

use crate::audit::{self, Actor, Kind};
use crate::auth::email::Email;
use crate::auth::latch::{Inner, Latch, Person};
use crate::auth::mail_link::budget::{self, Budget};
use crate::auth::mail_link::{self, Bound, Link, Purpose};
use crate::auth::user::{self, User};
use crate::clock::{Moment, rfc3339};
use crate::db::Conn;
use crate::db::schema::users;
use crate::error::{Error, Result};
use crate::ids::UserKey;
use crate::mail::letter::{Invitation, Letter, Recipient};
use diesel::prelude::*;
use std::time::Duration;

/// What came of asking for the link again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// It goes to this address.
    Sent(String),
    /// The address is confirmed already.
    Confirmed,
    /// Too often; again after so long.
    TooOften(Duration),
}

/// Sends the link to a new account's address, as a part of making it.
///
/// # Errors
/// What the database says.
pub(super) fn send(conn: &mut Conn, latch: &Inner, now: Moment, user: &User, address: &str) -> Result<()> {
    let bound = Bound { user: Some((user.key, user.epoch)), ..Bound::default() };
    let token = mail_link::issue(conn, now, Purpose::Verify, &user.email, bound)?;
    let letter = Letter::VerifyEmail(Invitation { token: token.expose(), at: rfc3339(now), address: address.to_owned() });
    latch.post.put_to(conn, now, Recipient { address: user.email.clone(), name: user.name.clone() }, letter)
}

/// Sends it again to who is signed in.
///
/// # Errors
/// What the database says.
pub async fn ask(latch: &Latch, person: Person, address: String) -> Result<Asked> {
    let (inner, now) = (latch.clone(), latch.clock.now());
    let work = move |conn: &mut Conn| {
        let user = user::find(conn, person.key)?;
        if user.email_verified_at.is_some() {
            return Ok(Asked::Confirmed);
        }
        let email: Email = user.email.parse().map_err(Error::internal)?;
        let (keys, limit) = (inner.secrets.current(), inner.mail_limit);
        if let Budget::Empty(wait) = budget::take(conn, keys, limit, now, budget::Kind::Confirm, &email)? {
            return Ok(Asked::TooOften(wait));
        }
        send(conn, &inner, now, &user, &address)?;
        Ok(Asked::Sent(user.email))
    };
    latch.db.write(work).await
}

/// Writes down that the address is theirs; none if the account changed meanwhile.
pub(super) fn confirm(conn: &mut Conn, now: Moment, link: &Link, address: &str) -> Result<Option<UserKey>> {
    let Some(user) = &link.user else { return Ok(None) };
    let same = users::table
        .filter(users::id.eq(user.key))
        .filter(users::epoch.eq(user.epoch))
        .filter(users::locked_at.is_null())
        .filter(users::email.eq(&link.email));
    let verified_at = user.email_verified_at.unwrap_or(now);
    if diesel::update(same).set(users::email_verified_at.eq(verified_at)).execute(conn)? == 0 {
        return Ok(None);
    }
    let actor = Actor { user: Some(user.key), session: None, address: address.to_owned() };
    audit::record(conn, now, Kind::EmailVerified, &actor, "")?;
    Ok(Some(user.key))
}
