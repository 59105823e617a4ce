//! Signing out many: how sessions end, a few or all of them.
//!
//! Invariant: a session ends once, in a conditional statement, and its end is recorded among the revocations in the same transaction;
//! all rows of sessions are taken before the first revocation is written, the newest first, so that no two transactions wait for
//! each other in a circle. It does not know who asked.

use crate::audit::{self, Actor, Kind};
use crate::auth::revocation::{self, Revocation};
use crate::auth::session::Because;
use crate::clock::Moment;
use crate::db::schema::sessions;
use crate::db::{self, Conn, Db};
use crate::error::Result;
use crate::ids::{SessionId, SessionKey, UserKey};
use diesel::prelude::*;
use std::time::Instant;

/// Most sessions that end in one transaction: far from the 200 ms that a write may hold others up.
pub const MOST: i64 = 500;

/// How far a walk through all sessions has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Walked {
    /// What ended, for the node's memory after the commit.
    pub revoked: Vec<Revocation>,
    /// The last session that was looked at: the next step goes on behind it. None when the walk is over.
    pub last: Option<SessionKey>,
}

/// Ends these sessions, each once: the revocations of those that it was this call that ended.
///
/// # Errors
/// What the database says.
pub(super) fn end_each(conn: &mut Conn, now: Moment, keys: &[SessionKey], because: Because) -> Result<Vec<Revocation>> {
    if keys.len() > 1 {
        db::lock_sessions(conn, keys)?;
    }
    let open = sessions::table.filter(sessions::id.eq_any(keys)).filter(sessions::ended_at.is_null());
    let ended: Vec<(SessionId, UserKey)> = diesel::update(open)
        .set((sessions::ended_at.eq(now), sessions::ended_because.eq(because.word())))
        .returning((sessions::public_id, sessions::user_id))
        .get_results(conn)?;
    let revoked: Vec<Revocation> = ended.iter().map(|(id, _)| Revocation::Session(*id)).collect();
    revocation::record(conn, now, &revoked)?;
    // Signing out and reuse are told by whoever knows the client.
    if !matches!(because, Because::SignOut | Because::Reuse) {
        let actor = |(id, user)| Actor { user: Some(user), session: Some(id), address: String::new() };
        let actors: Vec<Actor> = ended.into_iter().map(actor).collect();
        audit::record_each(conn, now, Kind::SessionEnded, &actors, because.word())?;
    }
    Ok(revoked)
}

/// Writes down which sessions somebody ended, and for what.
///
/// # Errors
/// What the database says.
pub fn write_down(conn: &mut Conn, now: Moment, user: Option<UserKey>, ended: &[Revocation], detail: &str) -> Result<()> {
    let actor = |revocation: &Revocation| match revocation {
        Revocation::Session(id) => Some(Actor { user, session: Some(*id), ..Actor::default() }),
        Revocation::Epoch(..) => None,
    };
    let actors: Vec<Actor> = ended.iter().filter_map(actor).collect();
    audit::record_each(conn, now, Kind::SessionEnded, &actors, detail)
}

/// One step of a walk that ends every session: looks at `most` of them behind `after`, in the order of their rows. A walk that was
/// broken off goes on where it was, or begins anew: what has ended is passed over.
///
/// # Errors
/// What the database says; what the steps before ended stays ended.
pub fn end_some(conn: &mut Conn, now: Moment, after: SessionKey, most: i64, because: Because) -> Result<Walked> {
    // Those that ended already are counted too: a step looks at no more rows than it may change.
    let next: Vec<(SessionKey, Option<Moment>)> = sessions::table
        .filter(sessions::id.gt(after))
        .order(sessions::id)
        .limit(most)
        .select((sessions::id, sessions::ended_at))
        .load(conn)?;
    let last = next.last().map(|(key, _)| *key);
    let open: Vec<SessionKey> = next.into_iter().filter(|(_, ended)| ended.is_none()).map(|(key, _)| key).collect();
    let revoked = if open.is_empty() { Vec::new() } else { end_each(conn, now, &open, because)? };
    Ok(Walked { revoked, last })
}

/// Ends every session there is when it begins, in steps; `record` writes down in each how many ended in it, `told` hears after each how
/// many did in all. Run it on a blocking thread. The nodes
/// hear of it by their feed.
///
/// # Errors
/// What the database says; call it again, it goes on.
pub fn end_everyone(
    db: &Db,
    now: Moment,
    because: Because,
    record: &dyn Fn(&mut Conn, usize) -> Result<()>,
    told: &mut dyn FnMut(usize),
) -> Result<usize> {
    let newest: Option<SessionKey> =
        db.read_here(|conn| Ok(sessions::table.order(sessions::id.desc()).select(sessions::id).first(conn).optional()?))?;
    let (mut after, mut ended) = (SessionKey(0), 0);
    while newest.is_some_and(|newest| after < newest) {
        let began = Instant::now();
        let walked = db.write_here(|conn| {
            let walked = end_some(conn, now, after, MOST, because)?;
            record(conn, walked.revoked.len())?;
            Ok(walked)
        })?;
        ended += walked.revoked.len();
        told(ended);
        let Some(last) = walked.last else { break };
        after = last;
        // SQLite's lock goes to whoever asks first, not in turn: half of the time is everybody else's.
        std::thread::sleep(began.elapsed());
    }
    Ok(ended)
}
