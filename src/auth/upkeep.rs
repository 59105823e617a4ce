//! Deletes what nothing can use any more.
//!
//! Invariant: by index, a few hundred rows a transaction, so that no one waits for it; what a person could still be told about is
//! kept (a session's end for a day). It does not know when it runs.

use crate::clock::Moment;
use crate::db::schema::{refresh_tokens, revocations, sessions};
use crate::db::{Conn, Db};
use crate::error::Result;
use crate::ids::SessionKey;
use crate::mail::outbox;
use crate::{
    audit,
    auth::{mail_link, notice, parking, revocation},
};
use diesel::prelude::*;
use std::time::Duration;

/// Most rows a transaction deletes.
const MOST: i64 = 500;
/// Most transactions of one round; the next round goes on.
const STEPS: usize = 50;
const DAY: Duration = Duration::from_hours(24);

/// How many rows a round deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Sessions a day after their end.
    pub sessions: usize,
    /// Revocations after an hour.
    pub revocations: usize,
    /// Parked forms past their time.
    pub parked: usize,
    /// Notices after 30 days.
    pub notices: usize,
    /// Audit events after a year.
    pub audit: usize,
    /// Letters 30 days after they were done with.
    pub letters: usize,
    /// Mail links past their time, and counts of mails that are as good as new.
    pub links: usize,
}

/// One round. Run it on a blocking thread.
///
/// # Errors
/// What the database says; what was deleted until then stays deleted.
pub fn sweep(db: &Db, now: Moment) -> Result<Swept> {
    let mut swept = Swept::default();
    for _ in 0..STEPS {
        let (done, more) = db.write_here(|conn| sweep_sessions(conn, now - DAY))?;
        swept.sessions += done;
        if !more {
            break;
        }
    }
    let full = |done: usize| i64::try_from(done).is_ok_and(|done| done == MOST);
    for _ in 0..STEPS {
        let done = db.write_here(|conn| revocation::purge(conn, now - Duration::from_hours(1), MOST))?;
        swept.revocations += done;
        if !full(done) {
            break;
        }
    }
    for _ in 0..STEPS {
        let done = db.write_here(|conn| parking::purge(conn, now, MOST))?;
        swept.parked += done;
        if !full(done) {
            break;
        }
    }
    for _ in 0..STEPS {
        let done = db.write_here(|conn| notice::purge(conn, now - 30 * DAY, MOST))?;
        swept.notices += done;
        if !full(done) {
            break;
        }
    }
    for _ in 0..STEPS {
        let done = db.write_here(|conn| audit::purge(conn, now - 365 * DAY, MOST))?;
        swept.audit += done;
        if !full(done) {
            break;
        }
    }
    for _ in 0..STEPS {
        let done = db.write_here(|conn| outbox::purge(conn, now - 30 * DAY, MOST))?;
        swept.letters += done;
        if !full(done) {
            break;
        }
    }
    for _ in 0..STEPS {
        let done = db.write_here(|conn| mail_link::purge(conn, now - DAY, MOST))?;
        swept.links += done;
        if !full(done) {
            break;
        }
    }
    for _ in 0..STEPS {
        let done = db.write_here(|conn| mail_link::budget::purge(conn, now, MOST))?;
        swept.links += done;
        if !full(done) {
            break;
        }
    }
    Ok(swept)
}

/// How many sessions and revocations wait to be deleted. It deletes nothing: who asks may have another clock.
///
/// # Errors
/// What the database says.
pub fn overdue(conn: &mut Conn, now: Moment) -> Result<i64> {
    let ended = sessions::table.filter(sessions::ended_at.lt(now - DAY)).count().get_result::<i64>(conn)?;
    let expired = sessions::table.filter(sessions::ended_at.is_null()).filter(sessions::expires_at.lt(now - DAY));
    let heard = revocations::table.filter(revocations::at.lt(now - Duration::from_hours(1)));
    Ok(ended + expired.count().get_result::<i64>(conn)? + heard.count().get_result::<i64>(conn)?)
}

/// Deletes a few sessions that ended before `before`: their tokens first, and each once it has none. Says how many, and whether
/// there may be more.
fn sweep_sessions(conn: &mut Conn, before: Moment) -> Result<(usize, bool)> {
    let ended = sessions::table.filter(sessions::ended_at.lt(before)).order(sessions::ended_at).limit(50).select(sessions::id);
    let mut old: Vec<SessionKey> = ended.load(conn)?;
    let expired =
        sessions::table.filter(sessions::expires_at.lt(before)).order(sessions::expires_at).limit(50).select(sessions::id);
    old.extend(expired.load::<SessionKey>(conn)?);
    if old.is_empty() {
        return Ok((0, false));
    }
    let tokens: Vec<i64> = refresh_tokens::table
        .filter(refresh_tokens::session_id.eq_any(&old))
        .limit(MOST)
        .select(refresh_tokens::id)
        .load(conn)?;
    diesel::delete(refresh_tokens::table.filter(refresh_tokens::id.eq_any(&tokens))).execute(conn)?;
    let left: Vec<SessionKey> = refresh_tokens::table
        .filter(refresh_tokens::session_id.eq_any(&old))
        .select(refresh_tokens::session_id)
        .distinct()
        .load(conn)?;
    old.retain(|key| !left.contains(key));
    Ok((diesel::delete(sessions::table.filter(sessions::id.eq_any(&old))).execute(conn)?, true))
}
