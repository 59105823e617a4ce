//! "This wasn't me": the link in each letter that warns a person of something done to their account.
//!
//! Invariant: whoever reads the mailbox ends everything that opens the account, and is sent the way to a new password, in one
//! transaction; nobody is signed in by it, and the password stays until another is set. The link outlives whatever is changed in the
//! account meanwhile. It does not know which letters carry it, nor how they read.

use crate::audit::{self, Actor, Kind};
use crate::auth::latch::{Inner, Latch};
use crate::auth::mail_link::{self, Bound, Link, LinkToken, Purpose};
use crate::auth::revocation::{self, Revocation};
use crate::auth::session::{self, Because};
use crate::auth::user::{self, User};
use crate::auth::{api_token, known_device, password_reset, sign_out};
use crate::clock::Moment;
use crate::db::{Conn, lock_person};
use crate::error::{Error, Result};
use crate::ids::UserKey;

/// Most links of a person that are kept: each letter has one, and whoever is in could have letters sent without end.
const MOST: i64 = 20;

/// What a link is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The address that its letter went to.
    pub email: String,
    /// Is it still that of the account? Only then a letter for a new password can go there.
    pub still_theirs: bool,
}

/// What came of following it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Everything is ended.
    Done {
        /// Whose.
        person: UserKey,
        /// Is a letter for a new password on its way? None goes where the account has another address by now.
        letter: bool,
    },
    /// The link is good no more.
    Refused,
}

/// A new link for a letter to a person, as a part of what the letter tells of; none for who is locked out.
///
/// # Errors
/// What the database says.
pub(super) fn link(conn: &mut Conn, now: Moment, person: UserKey) -> Result<Option<String>> {
    let user = user::find(conn, person)?;
    if user.locked_at.is_some() {
        return Ok(None);
    }
    let bound = Bound { user: Some((user.key, user.epoch)), ..Bound::default() };
    let token = mail_link::issue(conn, now, Purpose::Disown, &user.email, bound)?;
    mail_link::keep_newest(conn, user.key, Purpose::Disown, MOST)?;
    Ok(Some(token.expose()))
}

/// What the link is about; none if it is good no more.
///
/// # Errors
/// What the database says.
pub async fn look(latch: &Latch, token: LinkToken) -> Result<Option<Shown>> {
    let now = latch.clock.now();
    let link = latch.db.read(move |conn| mail_link::look(conn, now, &token, &[Purpose::Disown])).await?;
    Ok(link.map(|link| Shown { still_theirs: link.user.is_some_and(|user| user.email == link.email), email: link.email }))
}

/// Follows it. `address` is where from.
///
/// # Errors
/// What the database says; nothing has ended then, and the link is as good as before.
pub async fn follow(latch: &Latch, token: LinkToken, address: String) -> Result<Outcome> {
    let (inner, memory, now) = (latch.clone(), latch.clone(), latch.clock.now());
    let work = move |conn: &mut Conn| {
        // The person's row before the link's: whoever changes an account holds it while a new letter's link takes an old one's place,
        // and two that crossed would wait for each other.
        if let Some(Link { user: Some(user), .. }) = mail_link::look(conn, now, &token, &[Purpose::Disown])? {
            lock_person(conn, user.key)?;
        }
        let Some(link) = mail_link::spend(conn, now, &token, &[Purpose::Disown])? else {
            mail_link::refuse(conn, now, &token, &address)?;
            return Ok(None);
        };
        end(conn, &inner, now, link, &address).map(Some)
    };
    let done = latch.db.write_then(work, move |done| {
        if let Some((_, revoked)) = done {
            memory.forget(revoked);
        }
    });
    Ok(done.await?.map_or(Outcome::Refused, |(outcome, _)| outcome))
}

/// Ends whatever opens the account, but the password and what else its person knows or holds.
fn end(conn: &mut Conn, latch: &Inner, now: Moment, link: Link, address: &str) -> Result<(Outcome, Vec<Revocation>)> {
    let person = link.user.ok_or_else(|| Error::internal("an account of nobody is to be disowned"))?;
    let faster = || Error::Unavailable("a person changed while their sign-ins were ended".to_owned());
    // Half sign-ins, the other links and access tokens go with the epoch.
    let epoch = user::raise_epoch(conn, person.key, person.epoch)?.ok_or_else(faster)?;
    known_device::forget_all(conn, person.key)?;
    api_token::end_all(conn, person.key)?;
    let mut revoked = session::end_all(conn, now, person.key, None, Because::SignOut)?;
    sign_out::write_down(conn, now, Some(person.key), &revoked, "sign_out, disowned")?;
    let raised = Revocation::Epoch(person.id, epoch);
    revocation::record(conn, now, &[raised])?;
    revoked.push(raised);
    let actor = Actor { user: Some(person.key), session: None, address: address.to_owned() };
    let (key, letter) = (person.key, person.email == link.email);
    audit::record(conn, now, Kind::Disowned, &actor, if letter { "" } else { "the account has another address" })?;
    if letter {
        // Not counted: whoever is in could have used the mailbox's letters up, and each link was a letter to it already.
        password_reset::send(conn, latch, now, &link.email, Some(User { epoch, ..person }), address)?;
    }
    Ok((Outcome::Done { person: key, letter }, revoked))
}
