//! Changing one's own password.
//!
//! Invariant: with the change the epoch goes up and every other session ends, in one transaction; the changing browser gets a new
//! session, and the one it had ends when the new one is seen, so that a lost answer signs nobody out.

use crate::audit::{self, Actor, Kind};
use crate::auth::known_device;
use crate::auth::latch::{Latch, Person};
use crate::auth::letters;
use crate::auth::own_password::{self, Answer};
use crate::auth::passkey;
use crate::auth::password::Password;
use crate::auth::revocation::{self, Revocation};
use crate::auth::session::{self, Because, Owner, Tokens};
use crate::auth::sign_in::Wish;
use crate::auth::throttle;
use crate::auth::user;
use crate::auth::user_agent::Client;
use crate::db::Conn;
use crate::error::Result;
use std::time::Duration;

/// What came of it.
#[derive(Debug)]
pub enum Outcome {
    /// Changed.
    Changed {
        /// The new session of this browser.
        tokens: Box<Tokens>,
        /// Are there passkeys, which open the account as before?
        passkeys: bool,
    },
    /// The present password was not right (counted as a failed sign-in), or somebody was faster.
    WrongPassword,
    /// Too many failed for this account: nobody looked at the password, and in so long somebody would.
    Wait(Duration),
}

/// Changes the password of the person who asks. The new one has passed `Password::check`.
///
/// # Errors
/// `Unavailable` when the database or the hasher is.
pub async fn change(latch: &Latch, person: Person, current: Password, new: Password, wish: Wish) -> Result<Outcome> {
    let key = person.key;
    let (counter, epoch) = match own_password::ask(latch, person, current, &wish, "password page").await? {
        Answer::Right(counter, epoch) => (counter, epoch),
        Answer::Wrong => return Ok(Outcome::WrongPassword),
        Answer::Wait(left) => return Ok(Outcome::Wait(left)),
    };
    let hash = latch.hasher.hash(new, person.id).await?;
    let (inner, memory, now) = (latch.clone(), latch.clone(), latch.clock.now());
    let work = move |conn: &mut Conn| {
        // The count before the person's row, as every sign-in takes them: two that cross would wait for each other.
        throttle::clear(conn, &counter)?;
        let Some(epoch) = user::change_password(conn, key, epoch, &hash)? else { return Ok(None) };
        // Whoever knew the old one may have signed in with it somewhere: there, the next sign-in is news again.
        known_device::forget_all(conn, key)?;
        let opening = wish.resolved(conn)?;
        let mut revoked = session::end_all(conn, now, key, opening.replaces, Because::Password)?;
        let raised = Revocation::Epoch(person.id, epoch);
        revocation::record(conn, now, &[raised])?;
        revoked.push(raised);
        let role = user::find(conn, key)?.role;
        let owner = Owner { key, id: person.id, role, epoch };
        let (tokens, ended) = session::start(conn, &inner.limits, now, owner, &opening)?;
        revoked.extend(ended);
        let actor = Actor { user: Some(key), session: Some(tokens.session), address: opening.address };
        let client = Client::read(&opening.user_agent).words(opening.door);
        audit::record_by(conn, now, Kind::PasswordChanged, &actor, &client, "")?;
        let passkeys = passkey::any(conn, key)?;
        letters::password_changed(conn, &inner.post, now, key, &actor.address, passkeys)?;
        Ok(Some((tokens, passkeys, revoked)))
    };
    let done = latch.db.write_then(work, move |done| {
        if let Some((.., revoked)) = done {
            memory.forget(revoked);
        }
    });
    let changed = |(tokens, passkeys, _)| Outcome::Changed { tokens: Box::new(tokens), passkeys };
    Ok(done.await?.map_or(Outcome::WrongPassword, changed))
}
