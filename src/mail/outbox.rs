//! The outbox: letters that wait, and what became of those that waited.
//!
//! Invariant: a letter is there if and only if its act was committed; while it waits it lies encrypted, and once it is done with it
//! has no content any more. Of all nodes one takes it, by a conditional UPDATE that is its lease and counts as a try before
//! anything is sent. It does not know how letters are sent.

mod post;

pub use post::{Postbox, Seal, Tally};

use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::outbox;
use crate::error::Result;
use crate::ids::{LetterId, LetterKey};
use diesel::prelude::*;
use std::time::Duration;

/// How long a letter belongs to the node that took it: longer than any attempt lasts (`sender::LIMIT`), so that nobody else sends
/// it meanwhile.
pub const LEASE: Duration = Duration::from_mins(6);

const WAITING: &str = "waiting";

/// How a letter that waits no more ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// A server took it.
    Sent,
    /// A server will never take it.
    Refused,
    /// Nobody took it while it was of use.
    Expired,
}

impl End {
    const fn word(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Refused => "refused",
            Self::Expired => "expired",
        }
    }
}

/// A letter that this node may send now.
#[derive(Debug, Clone, Queryable)]
pub struct Taken {
    /// The row.
    pub key: LetterKey,
    /// Its name in the world.
    pub id: LetterId,
    /// Its kind, for the log.
    pub kind: String,
    /// Which try this is; who holds another number holds an old lease.
    pub turn: i64,
    /// When it was written.
    pub created_at: Moment,
    /// Until when it is of use.
    pub expires_at: Moment,
    pub(super) sealed: Option<String>,
    pub(super) secret: String,
}

/// A few letters whose time has come, the longest waiting first: row and tries. Nothing is taken yet.
///
/// # Errors
/// What the database says.
pub fn due(conn: &mut Conn, now: Moment, most: i64) -> Result<Vec<(LetterKey, i64)>> {
    let due = outbox::table.filter(outbox::status.eq(WAITING)).filter(outbox::due_at.le(now));
    Ok(due.order((outbox::due_at, outbox::id)).limit(most).select((outbox::id, outbox::tries)).load(conn)?)
}

/// Takes the first of them that nobody else has taken.
///
/// # Errors
/// What the database says.
pub fn take(conn: &mut Conn, now: Moment, due: &[(LetterKey, i64)]) -> Result<Option<Taken>> {
    for (key, tries) in due {
        let free = outbox::table
            .filter(outbox::id.eq(key))
            .filter(outbox::status.eq(WAITING))
            .filter(outbox::tries.eq(tries))
            .filter(outbox::due_at.le(now));
        let taken = diesel::update(free)
            .set((outbox::tries.eq(tries + 1), outbox::due_at.eq(now + LEASE)))
            .returning((
                outbox::id,
                outbox::message_id,
                outbox::kind,
                outbox::tries,
                outbox::created_at,
                outbox::expires_at,
                outbox::sealed,
                outbox::secret_id,
            ))
            .get_result(conn)
            .optional()?;
        if taken.is_some() {
            return Ok(taken);
        }
    }
    Ok(None)
}

/// It is done with, and its content goes. What was sent was sent, whoever holds the lease by now.
///
/// # Errors
/// What the database says.
pub fn end(conn: &mut Conn, now: Moment, taken: &Taken, end: End, answer: &str) -> Result<bool> {
    let mine = outbox::table.filter(outbox::id.eq(taken.key)).filter(outbox::status.eq(WAITING));
    let ended =
        (outbox::status.eq(end.word()), outbox::sealed.eq(None::<String>), outbox::answer.eq(answer), outbox::ended_at.eq(now));
    let done = match end {
        End::Sent => diesel::update(mine).set(ended).execute(conn)?,
        End::Refused | End::Expired => diesel::update(mine.filter(outbox::tries.eq(taken.turn))).set(ended).execute(conn)?,
    };
    Ok(done == 1)
}

/// It waits for another try.
///
/// # Errors
/// What the database says.
pub fn put_off(conn: &mut Conn, taken: &Taken, due_at: Moment, answer: &str) -> Result<()> {
    let mine =
        outbox::table.filter(outbox::id.eq(taken.key)).filter(outbox::status.eq(WAITING)).filter(outbox::tries.eq(taken.turn));
    diesel::update(mine).set((outbox::due_at.eq(due_at), outbox::answer.eq(answer))).execute(conn)?;
    Ok(())
}

/// How many letters wait.
///
/// # Errors
/// What the database says.
pub fn waiting(conn: &mut Conn) -> Result<i64> {
    Ok(outbox::table.filter(outbox::status.eq(WAITING)).count().get_result(conn)?)
}

/// How many waiting letters each secret has encrypted.
///
/// # Errors
/// What the database says.
pub fn sealed_with(conn: &mut Conn) -> Result<Vec<(String, i64)>> {
    let waiting = outbox::table.filter(outbox::status.eq(WAITING)).group_by(outbox::secret_id);
    Ok(waiting.select((outbox::secret_id, diesel::dsl::count_star())).load(conn)?)
}

/// Deletes at most `most` rows of letters that were done with before `before`; how many there were.
///
/// # Errors
/// What the database says.
pub fn purge(conn: &mut Conn, before: Moment, most: i64) -> Result<usize> {
    let old: Vec<LetterKey> =
        outbox::table.filter(outbox::ended_at.lt(before)).order(outbox::ended_at).limit(most).select(outbox::id).load(conn)?;
    Ok(diesel::delete(outbox::table.filter(outbox::id.eq_any(old))).execute(conn)?)
}
