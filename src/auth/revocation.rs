//! What ends an access token before its time.
//!
//! Invariant: the table is the only truth; the memory of a node is filled from it, and asked by every request instead of the
//! database. A session that ended makes its tokens worthless; a raised epoch makes a person's older tokens *expired*, so that their
//! next refresh brings the new truth. It does not know why anything was revoked.

use crate::clock::Moment;
use crate::db::schema::revocations;
use crate::db::{self, Conn};
use crate::error::Result;
use crate::ids::{SessionId, UserId};
use crate::on_either;
use diesel::prelude::*;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::RwLock;
use std::time::{Duration, Instant};

/// How long an entry is remembered: the longest life of a token and a little, by a clock that never goes back.
const REMEMBERED: Duration = Duration::from_secs(15 * 60 + 30);

/// One entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revocation {
    /// Every token of this session.
    Session(SessionId),
    /// Every token of this person made before this epoch.
    Epoch(UserId, i64),
}

/// Writes entries, in the transaction of the act, and after every row that the act takes: from here on other acts wait in line until
/// this one is committed, so that the entries become visible in the order of their ids.
///
/// # Errors
/// What the database says.
pub fn record(conn: &mut Conn, now: Moment, entries: &[Revocation]) -> Result<()> {
    let row = |entry: &Revocation| {
        let (session, user, epoch) = match *entry {
            Revocation::Session(id) => (Some(id), None, None),
            Revocation::Epoch(id, epoch) => (None, Some(id), Some(epoch)),
        };
        (
            revocations::session.eq(session),
            revocations::user_public_id.eq(user),
            revocations::epoch.eq(epoch),
            revocations::at.eq(now),
        )
    };
    if entries.is_empty() {
        return Ok(());
    }
    db::queue_to_revoke(conn)?;
    for some in entries.chunks(500) {
        let rows: Vec<_> = some.iter().map(row).collect();
        on_either!(conn, conn => diesel::insert_into(revocations::table).values(rows).execute(conn))?;
    }
    Ok(())
}

/// Entries from `since` on.
///
/// # Errors
/// What the database says.
pub fn since(conn: &mut Conn, since: Moment) -> Result<Vec<Revocation>> {
    let rows: Vec<(Option<SessionId>, Option<UserId>, Option<i64>)> = revocations::table
        .filter(revocations::at.ge(since))
        .order(revocations::at)
        .select((revocations::session, revocations::user_public_id, revocations::epoch))
        .load(conn)?;
    let entry = |row| match row {
        (Some(session), _, _) => Some(Revocation::Session(session)),
        (None, Some(user), Some(epoch)) => Some(Revocation::Epoch(user, epoch)),
        _ => None,
    };
    Ok(rows.into_iter().filter_map(entry).collect())
}

/// Deletes at most `most` entries from before `before`; how many there were.
///
/// # Errors
/// What the database says.
pub fn purge(conn: &mut Conn, before: Moment, most: i64) -> Result<usize> {
    let old: Vec<i64> = revocations::table
        .filter(revocations::at.lt(before))
        .order(revocations::at)
        .limit(most)
        .select(revocations::id)
        .load(conn)?;
    Ok(diesel::delete(revocations::table.filter(revocations::id.eq_any(old))).execute(conn)?)
}

/// This node's memory of the entries that can still matter.
#[derive(Debug, Default)]
pub struct Revocations {
    sessions: RwLock<HashMap<SessionId, Instant>>,
    epochs: RwLock<HashMap<UserId, (i64, Instant)>>,
}

impl Revocations {
    /// Remembers entries; the same one twice is one.
    pub fn remember(&self, entries: &[Revocation]) {
        let until = Instant::now() + REMEMBERED;
        for entry in entries {
            match *entry {
                Revocation::Session(id) => {
                    write(&self.sessions, |sessions| sessions.insert(id, until));
                }
                Revocation::Epoch(id, epoch) => write(&self.epochs, |epochs| {
                    let known = epochs.entry(id).or_insert((epoch, until));
                    *known = (known.0.max(epoch), until);
                }),
            }
        }
    }

    /// Is a token of this session, person and epoch worthless?
    #[must_use]
    pub fn covers(&self, session: SessionId, user: UserId, epoch: i64) -> bool {
        read(&self.sessions, |sessions| sessions.contains_key(&session))
            || read(&self.epochs, |epochs| epochs.get(&user).is_some_and(|(least, _)| epoch < *least))
    }

    /// Forgets what no token can outlive.
    pub fn forget_old(&self) {
        let now = Instant::now();
        write(&self.sessions, |sessions| sessions.retain(|_, until| *until > now));
        write(&self.epochs, |epochs| epochs.retain(|_, (_, until)| *until > now));
    }
}

/// A panic elsewhere leaves a map that is still a map: entries are whole.
fn read<K: Eq + Hash, V, T>(map: &RwLock<HashMap<K, V>>, look: impl FnOnce(&HashMap<K, V>) -> T) -> T {
    look(&map.read().unwrap_or_else(std::sync::PoisonError::into_inner))
}

fn write<K: Eq + Hash, V, T>(map: &RwLock<HashMap<K, V>>, change: impl FnOnce(&mut HashMap<K, V>) -> T) -> T {
    change(&mut map.write().unwrap_or_else(std::sync::PoisonError::into_inner))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_or_an_older_epoch_is_covered_and_nothing_else() {
        let memory = Revocations::default();
        let (session, user) = (SessionId::random(), UserId::random());
        memory.remember(&[Revocation::Session(session), Revocation::Epoch(user, 3), Revocation::Epoch(user, 2)]);
        assert!(memory.covers(session, UserId::random(), 9));
        assert!(memory.covers(SessionId::random(), user, 2));
        assert!(!memory.covers(SessionId::random(), user, 3));
        assert!(!memory.covers(SessionId::random(), UserId::random(), 0));
        memory.forget_old();
        assert!(memory.covers(session, user, 9), "what can still matter stays");
    }
}
