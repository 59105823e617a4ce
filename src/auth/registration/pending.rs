//! Making an account only when its address is confirmed (`LATCHKEY_REGISTRATION=confirm`).
//!
//! Invariant: asking costs one hash and the same statements and has the same answer whether the address has an account or not; its
//! owner gets a mail either way. There is no account before the link is followed, and following it signs nobody in: should somebody else
//! have asked in their name, the owner comes in by setting a new password, which leaves the other one nothing.

use super::Applicant;
use crate::audit::{self, Actor, Kind};
use crate::auth::email::Email;
use crate::auth::latch::{Inner, Latch};
use crate::auth::mail_link::budget::{self, Budget};
use crate::auth::mail_link::{self, Bound, Link, Pending, Purpose};
use crate::auth::password;
use crate::auth::user::{self, NewUser, Role};
use crate::clock::{Moment, rfc3339};
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::ids::{UserId, UserKey};
use crate::mail::letter::{Change, Invitation, Letter, Recipient};

/// Asks for an account.
///
/// # Errors
/// `Unavailable` when the database or the hasher is.
pub async fn ask(latch: &Latch, applicant: Applicant, address: String) -> Result<Budget> {
    let Applicant { name, email, password } = applicant;
    let id = UserId::random();
    let password_hash = latch.hasher.hash(password, id).await?;
    let pending = Pending { id, name, password_hash };
    let (inner, now) = (latch.clone(), latch.clock.now());
    latch.db.write(move |conn| asked(conn, &inner, now, &email, &pending, &address)).await
}

/// The transaction of `ask`.
///
/// # Errors
/// What the database says.
pub fn asked(conn: &mut Conn, latch: &Inner, now: Moment, email: &Email, pending: &Pending, address: &str) -> Result<Budget> {
    let left = budget::take(conn, latch.secrets.current(), latch.mail_limit, now, budget::Kind::Confirm, email)?;
    if left != Budget::Taken {
        return Ok(left);
    }
    let owner = user::by_email(conn, email)?.map(|(owner, _)| owner);
    let bound = Bound { pending: Some(pending), ..Bound::default() };
    let token = mail_link::issue(conn, now, Purpose::Register, email.as_str(), bound)?;
    let (at, address) = (rfc3339(now), address.to_owned());
    let (key, name, letter) = if let Some(owner) = owner {
        // The token goes nowhere, and could not make a second account of one address either.
        (Some(owner.key), owner.name, Letter::AddressKnown(Change { at, address: address.clone() }))
    } else {
        let letter = Invitation { token: token.expose(), at, address: address.clone() };
        (None, pending.name.clone(), Letter::ConfirmRegistration(letter))
    };
    latch.post.put_unasked(conn, now, Some(Recipient { address: email.as_str().to_owned(), name }), letter)?;
    audit::record(conn, now, Kind::RegistrationAsked, &Actor { user: key, session: None, address }, "")?;
    Ok(Budget::Taken)
}

/// Makes the account; none if the address has one by now.
pub(in crate::auth) fn confirm(
    conn: &mut Conn,
    latch: &Inner,
    now: Moment,
    link: &Link,
    address: &str,
) -> Result<Option<UserKey>> {
    // A secret that is not given any more may be that of a password that waited here: they register once more.
    let pending = link.pending.as_ref().filter(|pending| password::is_readable(&pending.password_hash, &latch.secrets));
    let Some(pending) = pending else { return Ok(None) };
    let email: Email = link.email.parse().map_err(Error::internal)?;
    let new = NewUser {
        id: pending.id,
        email: &email,
        name: &pending.name,
        role: Role::Shopper,
        password_hash: &pending.password_hash,
    };
    let Some(user) = user::insert(conn, now, &new)? else { return Ok(None) };
    super::vouch(conn, now, user.key)?;
    let actor = Actor { user: Some(user.key), session: None, address: address.to_owned() };
    audit::record(conn, now, Kind::Registered, &actor, "address confirmed")?;
    audit::record(conn, now, Kind::EmailVerified, &actor, "")?;
    Ok(Some(user.key))
}
