//! Changing one's own password.
//!
//! Invariant: with the change the epoch goes up and every other session ends, in one transaction; the changing browser gets a new
//! session, and the one it had ends when the new one is seen, so that a lost answer signs nobody out.

use crate::audit::{self, Actor, Kind};
use crate::auth::latch::{Latch, Person};
use crate::auth::letters;
use crate::auth::password::Password;
use crate::auth::revocation::{self, Revocation};
use crate::auth::session::{self, Because, Owner, Tokens};
use crate::auth::sign_in::Wish;
use crate::auth::user;
use crate::db::Conn;
use crate::error::Result;

/// What came of it.
#[derive(Debug)]
pub enum Outcome {
    /// Changed; the new session of this browser.
    Changed(Box<Tokens>),
    /// The present password was not right (counted as a failed sign-in), or somebody was faster.
    WrongPassword,
}

/// Changes the password of the person who asks. The new one has passed `Password::check`.
///
/// # Errors
/// `Unavailable` when the database or the hasher is.
pub async fn change(latch: &Latch, person: Person, current: Password, new: Password, wish: Wish) -> Result<Outcome> {
    let key = person.key;
    let (stored, epoch) = latch.db.read(move |conn| user::password_hash(conn, key)).await?;
    let now = latch.clock.now();
    if !latch.hasher.verify(current, Some((person.id, stored))).await? {
        let actor = Actor { user: Some(key), session: Some(person.session), address: wish.opening.address };
        latch.db.write(move |conn| audit::record(conn, now, Kind::SignInFailed, &actor, "password page")).await?;
        return Ok(Outcome::WrongPassword);
    }
    let hash = latch.hasher.hash(new, person.id).await?;
    let (inner, memory, now) = (latch.clone(), latch.clone(), latch.clock.now());
    let work = move |conn: &mut Conn| {
        let Some(epoch) = user::change_password(conn, key, epoch, &hash)? else { return Ok(None) };
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
        audit::record(conn, now, Kind::PasswordChanged, &actor, "")?;
        letters::password_changed(conn, &inner.post, now, key, &actor.address)?;
        Ok(Some((tokens, revoked)))
    };
    let done = latch.db.write_then(work, move |done| {
        if let Some((_, revoked)) = done {
            memory.forget(revoked);
        }
    });
    Ok(done.await?.map_or(Outcome::WrongPassword, |(tokens, _)| Outcome::Changed(Box::new(tokens))))
}
