//! Following a link that confirms an address: that of an account, a new one for it, or one of an account that is yet to be.
//!
//! Invariant: looking at what the link confirms changes nothing; confirming spends it, and whatever follows is in the same transaction.
//! Nobody is signed in by it, and nobody needs to be.

use crate::auth::latch::Latch;
use crate::auth::mail_link::{self, LinkToken, Purpose};
use crate::auth::registration::pending;
use crate::auth::{email_change, email_verification};
use crate::db::Conn;
use crate::error::Result;
use crate::ids::UserKey;

/// The purposes that confirm an address.
pub const CONFIRMS: [Purpose; 3] = [Purpose::Verify, Purpose::Change, Purpose::Register];

/// What a link confirms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// For what.
    pub purpose: Purpose,
    /// The address.
    pub email: String,
    /// What the person of the account is called.
    pub name: String,
}

/// What came of confirming.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Done, for this person.
    Confirmed(Purpose, UserKey),
    /// The link is good no more.
    Refused,
}

/// What the link confirms; none if it is good no more.
///
/// # Errors
/// What the database says.
pub async fn look(latch: &Latch, token: LinkToken) -> Result<Option<Shown>> {
    let now = latch.clock.now();
    let link = latch.db.read(move |conn| mail_link::look(conn, now, &token, &CONFIRMS)).await?;
    Ok(link.map(|link| {
        let name = link.user.map(|user| user.name).or(link.pending.map(|pending| pending.name));
        Shown { purpose: link.purpose, email: link.email, name: name.unwrap_or_default() }
    }))
}

/// Confirms it. `address` is where from.
///
/// # Errors
/// What the database says.
pub async fn confirm(latch: &Latch, token: LinkToken, address: String) -> Result<Outcome> {
    let (inner, memory, now) = (latch.clone(), latch.clone(), latch.clock.now());
    let work = move |conn: &mut Conn| {
        let Some(link) = mail_link::spend(conn, now, &token, &CONFIRMS)? else {
            mail_link::refuse(conn, now, &token, &address)?;
            return Ok(None);
        };
        let nothing_ended = |key| (key, Vec::new());
        let done = match link.purpose {
            Purpose::Verify => email_verification::confirm(conn, now, &link, &address)?.map(nothing_ended),
            Purpose::Register => pending::confirm(conn, &inner, now, &link, &address)?.map(nothing_ended),
            Purpose::Change => email_change::confirm(conn, &inner, now, &link, &address)?,
            Purpose::Reset => None,
        };
        Ok(done.map(|(key, revoked)| (link.purpose, key, revoked)))
    };
    let done = latch.db.write_then(work, move |done| {
        if let Some((_, _, revoked)) = done {
            memory.forget(revoked);
        }
    });
    Ok(done.await?.map_or(Outcome::Refused, |(purpose, key, _)| Outcome::Confirmed(purpose, key)))
}
