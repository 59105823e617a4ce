//! What ends an access token before its time.
//!
//! Invariant: the table is the only truth, and its rows become visible in the order of their ids; the memory of a node is filled from
//! it (`feed`), and asked by every request instead of the database. A session that ended makes its tokens worthless; a raised epoch
//! makes a person's older tokens *expired*, so that their next refresh brings the new truth. It does not know why anything was revoked.

mod memory;

pub use memory::Revocations;

use crate::clock::Moment;
use crate::db::schema::revocations;
use crate::db::{self, Conn};
use crate::error::Result;
use crate::ids::{SessionId, UserId};
use crate::on_either;
use diesel::prelude::*;

/// One entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revocation {
    /// Every token of this session.
    Session(SessionId),
    /// Every token of this person made before this epoch.
    Epoch(UserId, i64),
}

/// Writes entries, in the transaction of the act, and after every row that the act takes: from here on others who revoke wait in line
/// until this one is committed.
///
/// # Errors
/// What the database says.
pub fn record(conn: &mut Conn, now: Moment, entries: &[Revocation]) -> Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let written_at = db::queue_to_revoke(conn)?;
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
            revocations::written_at.eq(written_at),
        )
    };
    for some in entries.chunks(500) {
        let rows: Vec<_> = some.iter().map(row).collect();
        on_either!(conn, conn => diesel::insert_into(revocations::table).values(rows).execute(conn))?;
    }
    Ok(())
}

/// A row, as a reader finds it.
#[derive(Debug, Clone, Queryable)]
pub struct Row {
    /// Readers go by it.
    pub id: i64,
    session: Option<SessionId>,
    user: Option<UserId>,
    epoch: Option<i64>,
    /// The database's time when it was written; none in rows of an earlier version.
    pub written_at: Option<Moment>,
}

impl Row {
    /// What it says. The schema lets no row say nothing.
    #[must_use]
    pub fn entry(&self) -> Option<Revocation> {
        match (self.session, self.user, self.epoch) {
            (Some(session), ..) => Some(Revocation::Session(session)),
            (None, Some(user), Some(epoch)) => Some(Revocation::Epoch(user, epoch)),
            _ => None,
        }
    }
}

/// At most `most` rows behind that id, in the order of their ids.
///
/// # Errors
/// What the database says.
pub fn after(conn: &mut Conn, id: i64, most: i64) -> Result<Vec<Row>> {
    Ok(on_either!(conn, conn => {
        revocations::table
            .filter(revocations::id.gt(id))
            .order(revocations::id)
            .limit(most)
            .select((
                revocations::id,
                revocations::session,
                revocations::user_public_id,
                revocations::epoch,
                revocations::written_at,
            ))
            .load(conn)
    })?)
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
