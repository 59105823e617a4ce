//! The life of a signing key: published, signs, verifies, gone.
//!
//! Invariant: a key signs only when every node has read it, and goes only when nothing it signed is alive; between the two
//! nobody is signed out. No node leads: any may begin a rotation, and of several that begin at once one happens.
//! It does not know who asks, or which key is in whose memory. Keys are made before a connection is taken: RSA takes its time.

use crate::audit::{self, Actor, Kind};
use crate::auth::keys::stored::{self, Draft, State, StoredKey};
use crate::auth::secrets::Secrets;
use crate::clock::Moment;
use crate::config::Algorithm;
use crate::db::{Conn, Db};
use crate::error::Result;
use std::time::Duration;

/// How long a new key is only read, not used. A node reads its ring every minute, a stranger may keep the public keys for another,
/// and clocks differ by seconds: by then all have it.
pub const PUBLISHED_FOR: Duration = Duration::from_mins(3);
/// How long a key that was taken over from verifies: the longest life of a token (15 min), and five minutes for clocks that differ
/// and for a node that heard of its successor late.
pub const VERIFIES_FOR: Duration = Duration::from_mins(20);
/// How long a key signs before the next one is made.
pub const SIGNS_FOR: Duration = Duration::from_hours(90 * 24);

/// At a start: makes the first key if there is none, and lets a key of the wanted algorithm follow one of another.
///
/// # Errors
/// What the database says.
pub fn prepare(db: &Db, secrets: &Secrets, now: Moment, algorithm: Algorithm) -> Result<()> {
    // Whoever loses a race looks again; a key that is there and right ends it.
    while let Some(wanted) = match db.read_here(stored::newest)? {
        None => Some(None),
        Some(newest) if newest.algorithm != algorithm.word() => Some(Some(newest)),
        Some(_) => None,
    } {
        let draft = Draft::new(secrets, algorithm)?;
        db.write_here(|conn| match &wanted {
            None => found(conn, now, &draft),
            Some(newest) => follow(conn, now, &draft, newest, "the setting asks for it"),
        })?;
    }
    Ok(())
}

/// Every minute: a key that signed for ninety days is followed by another of its algorithm, and what is gone is deleted.
///
/// # Errors
/// What the database says.
pub fn keep(db: &Db, secrets: &Secrets, now: Moment, algorithm: Algorithm) -> Result<()> {
    let keys = db.read_here(stored::list)?;
    match keys.iter().find(|key| key.signs_until.is_none()) {
        None => prepare(db, secrets, now, algorithm)?,
        Some(newest) if newest.signs_from + SIGNS_FOR <= now => {
            rotate_from(db, secrets, now, newest, "ninety days are over")?;
        }
        Some(_) => {}
    }
    if keys.iter().any(|key| key.gone_at().is_some_and(|gone| gone <= now)) {
        db.write_here(|conn| {
            let deleted = stored::purge(conn, now)?;
            deleted.iter().try_for_each(|kid| audit::record(conn, now, Kind::KeyDeleted, &Actor::default(), kid))
        })?;
    }
    Ok(())
}

/// What came of the wish for another key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotation {
    /// This one was made now.
    Begun(StoredKey),
    /// This one waits for its time already; no other was made.
    UnderWay(StoredKey),
}

/// On command: lets another key of the same algorithm follow, unless one is about to. The algorithm itself is changed by the
/// setting of the nodes, not by whoever types a command.
///
/// # Errors
/// `NotFound` when there is no key to follow; what the database says.
pub fn rotate(db: &Db, secrets: &Secrets, now: Moment) -> Result<Rotation> {
    let newest = db.read_here(stored::newest)?.ok_or(crate::error::Error::NotFound)?;
    if newest.state(now) == State::Published && !is_out_of_time(&newest, now) {
        return Ok(Rotation::UnderWay(newest));
    }
    let mine = rotate_from(db, secrets, now, &newest, "on command")?;
    let made = db.read_here(stored::newest)?.ok_or(crate::error::Error::NotFound)?;
    Ok(if mine { Rotation::Begun(made) } else { Rotation::UnderWay(made) })
}

fn rotate_from(db: &Db, secrets: &Secrets, now: Moment, newest: &StoredKey, why: &str) -> Result<bool> {
    let algorithm: Algorithm = newest.algorithm.parse().map_err(crate::error::Error::Internal)?;
    let draft = Draft::new(secrets, algorithm)?;
    db.write_here(|conn| follow(conn, now, &draft, newest, why))
}

fn found(conn: &mut Conn, now: Moment, draft: &Draft) -> Result<bool> {
    let mine = draft.be_first(conn, now)?;
    if mine {
        note(conn, now, draft, "the first")?;
    }
    Ok(mine)
}

/// Lets a key follow the newest one. A newest one that has not begun to sign keeps its turn, however short.
fn follow(conn: &mut Conn, now: Moment, draft: &Draft, newest: &StoredKey, why: &str) -> Result<bool> {
    let from = now + PUBLISHED_FOR;
    let from = if is_out_of_time(newest, now) { from } else { from.max(newest.signs_from) };
    let mine = draft.succeed(conn, now, newest, from)?;
    if mine {
        note(conn, now, draft, why)?;
    }
    Ok(mine)
}

/// Was it made by a clock that went far ahead, so that its turn would come in days or years? Then it never has one.
fn is_out_of_time(newest: &StoredKey, now: Moment) -> bool {
    newest.signs_from > now + 2 * PUBLISHED_FOR
}

fn note(conn: &mut Conn, now: Moment, draft: &Draft, why: &str) -> Result<()> {
    audit::record(conn, now, Kind::KeyPublished, &Actor::default(), &format!("{}: {why}", draft.told()))
}

/// Seals every key anew with the current secret, a few in a transaction; how many there were.
///
/// # Errors
/// `Refused` with `another_secret` when one was sealed with a secret that is not given.
pub fn reseal(db: &Db, secrets: &Secrets, now: Moment) -> Result<usize> {
    const AT_ONCE: i64 = 50;
    let mut all = 0;
    loop {
        let done = db.write_here(|conn| {
            let done = stored::reseal(conn, secrets, AT_ONCE)?;
            if done > 0 {
                let detail = format!("{done} signing keys with {}", secrets.current().id());
                audit::record(conn, now, Kind::KeysResealed, &Actor::default(), &detail)?;
            }
            Ok(done)
        })?;
        if done == 0 {
            return Ok(all);
        }
        all += done;
    }
}
