//! Setting a new password by a link that was mailed, for those who do not know the one they have.
//!
//! Invariant: asking costs the same statements and has the same answer whoever has an account; the link signs nobody in. With the new
//! password the epoch goes up, which ends every other link too, and every session ends, in one transaction: whoever had registered an
//! address that they do not read has nothing left of it.

use crate::audit::{self, Actor, Kind};
use crate::auth::email::Email;
use crate::auth::latch::{Inner, Latch};
use crate::auth::letters;
use crate::auth::mail_link::budget::{self, Budget};
use crate::auth::mail_link::{self, Bound, Link, LinkToken, Purpose};
use crate::auth::password::Password;
use crate::auth::revocation::{self, Revocation};
use crate::auth::session::{self, Because};
use crate::auth::user::{self, User};
use crate::auth::{api_token, known_device, passkey, second_factor, throttle};
use crate::clock::{Moment, rfc3339};
use crate::db::Conn;
use crate::db::schema::users;
use crate::error::{Error, Result};
use crate::ids::UserKey;
use crate::mail::letter::{Invitation, Letter, Recipient};
use diesel::prelude::*;

/// What came of following the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The password of this person is the new one.
    Changed {
        /// Whose.
        person: UserKey,
        /// Are there passkeys, which open the account as before?
        passkeys: bool,
    },
    /// The link is good no more.
    Refused,
}

/// Sends a link to an address, if there is somebody with it who may sign in.
///
/// # Errors
/// What the database says.
pub async fn ask(latch: &Latch, email: Email, address: String) -> Result<Budget> {
    let (inner, now) = (latch.clone(), latch.clock.now());
    latch.db.write(move |conn| asked(conn, &inner, now, &email, &address)).await
}

/// The transaction of `ask`.
///
/// # Errors
/// What the database says.
pub fn asked(conn: &mut Conn, latch: &Inner, now: Moment, email: &Email, address: &str) -> Result<Budget> {
    let left = budget::take(conn, latch.secrets.current(), latch.mail_limit, now, budget::Kind::Reset, email)?;
    if left != Budget::Taken {
        return Ok(left);
    }
    // A locked person is sent nothing, and nobody learns of it.
    let person = user::by_email(conn, email)?.map(|(user, _)| user).filter(|user| user.locked_at.is_none());
    send(conn, latch, now, email.as_str(), person, address)?;
    Ok(Budget::Taken)
}

/// Leaves the letter with the link, or for an address without anybody a letter to nobody.
///
/// # Errors
/// What the database says.
pub(super) fn send(conn: &mut Conn, latch: &Inner, now: Moment, email: &str, person: Option<User>, address: &str) -> Result<()> {
    let bound = Bound { user: person.as_ref().map(|user| (user.key, user.epoch)), ..Bound::default() };
    let token = mail_link::issue(conn, now, Purpose::Reset, email, bound)?;
    let letter = Letter::ResetPassword(Invitation { token: token.expose(), at: rfc3339(now), address: address.to_owned() });
    let key = person.as_ref().map(|user| user.key);
    let to = person.map(|User { email, name, .. }| Recipient { address: email, name });
    latch.post.put_unasked(conn, now, to, letter)?;
    audit::record(conn, now, Kind::ResetAsked, &Actor { user: key, session: None, address: address.to_owned() }, "")
}

/// Whose password the link sets; none if it is good no more.
///
/// # Errors
/// What the database says.
pub async fn look(latch: &Latch, token: LinkToken) -> Result<Option<User>> {
    let now = latch.clock.now();
    let link = latch.db.read(move |conn| mail_link::look(conn, now, &token, &[Purpose::Reset])).await?;
    Ok(link.and_then(|link| link.user))
}

/// Sets the password. It has passed `Password::check`.
///
/// # Errors
/// `Unavailable` when the database or the hasher is.
pub async fn follow(latch: &Latch, token: LinkToken, password: Password, address: String) -> Result<Outcome> {
    let Some(person) = look(latch, token.clone()).await? else {
        let now = latch.clock.now();
        latch.db.write(move |conn| mail_link::refuse(conn, now, &token, &address)).await?;
        return Ok(Outcome::Refused);
    };
    let hash = latch.hasher.hash(password, person.id).await?;
    let (inner, memory, now) = (latch.clone(), latch.clone(), latch.clock.now());
    let work = move |conn: &mut Conn| {
        let Some(link) = mail_link::spend(conn, now, &token, &[Purpose::Reset])? else {
            mail_link::refuse(conn, now, &token, &address)?;
            return Ok(None);
        };
        set(conn, &inner, now, link, &hash, &address)
    };
    let done = latch.db.write_then(work, move |done| {
        if let Some((.., revoked)) = done {
            memory.forget(revoked);
        }
    });
    Ok(done.await?.map_or(Outcome::Refused, |(person, passkeys, _)| Outcome::Changed { person, passkeys }))
}

fn set(
    conn: &mut Conn,
    latch: &Inner,
    now: Moment,
    link: Link,
    hash: &str,
    address: &str,
) -> Result<Option<(UserKey, bool, Vec<Revocation>)>> {
    let person = link.user.ok_or_else(|| Error::internal("a password of nobody is to be set"))?;
    // The count before the person's row, as every sign-in takes them: two that cross would wait for each other. What failed before
    // says nothing of the new password.
    let email: Email = person.email.parse().map_err(Error::internal)?;
    let counter = throttle::Counter::find(conn, latch, &email, None)?;
    throttle::clear(conn, &counter)?;
    let unverified = person.email_verified_at.is_none();
    let same =
        users::table.filter(users::id.eq(person.key)).filter(users::epoch.eq(person.epoch)).filter(users::locked_at.is_null());
    let changed = diesel::update(same)
        .set((
            users::password_hash.eq(hash),
            users::epoch.eq(users::epoch + 1),
            // Whoever has the link reads the mailbox.
            users::email_verified_at.eq(person.email_verified_at.unwrap_or(now)),
        ))
        .execute(conn)?;
    if changed == 0 {
        return Ok(None);
    }
    let actor = Actor { user: Some(person.key), session: None, address: address.to_owned() };
    // As at any new password: other browsers are strangers again.
    known_device::forget_all(conn, person.key)?;
    // Whoever had the account before may have made some.
    api_token::end_all(conn, person.key)?;
    // Whoever registered an address that they do not read must not keep its owner out with a code either.
    if unverified && second_factor::remove(conn, person.key)? {
        audit::record(conn, now, Kind::SecondFactorChanged, &actor, "removed with the new password")?;
    }
    let mut revoked = session::end_all(conn, now, person.key, None, Because::Password)?;
    let raised = Revocation::Epoch(person.id, person.epoch + 1);
    revocation::record(conn, now, &[raised])?;
    revoked.push(raised);
    audit::record(conn, now, Kind::PasswordChanged, &actor, "by a mailed link")?;
    if unverified {
        audit::record(conn, now, Kind::EmailVerified, &actor, "by a mailed link")?;
    }
    let passkeys = passkey::any(conn, person.key)?;
    letters::password_changed(conn, &latch.post, now, person.key, address, passkeys)?;
    Ok(Some((person.key, passkeys, revoked)))
}
