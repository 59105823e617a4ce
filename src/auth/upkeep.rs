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
    auth::{api_token, half_sign_in, known_device, mail_link, notice, parking, passkey, revocation, second_factor, throttle},
};
use diesel::prelude::*;
use std::time::Duration;

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
    /// Sign-ins whose code never came.
    pub half_sign_ins: usize,
    /// Wrong codes after a day.
    pub wrong_codes: usize,
    /// Challenges that were shown and are past their time.
    pub challenges: usize,
    /// Notices after 30 days.
    pub notices: usize,
    /// Audit events after a year.
    pub audit: usize,
    /// Letters 30 days after they were done with.
    pub letters: usize,
    /// Mail links past their time, and counts of mails that are as good as new.
    pub links: usize,
    /// Counts of failed sign-ins that say nothing any more.
    pub failures: usize,
    /// Browsers that nobody signed in with for a year.
    pub devices: usize,
    /// API tokens 30 days after they expired.
    pub api_tokens: usize,
}

/// One round. Run it on a blocking thread.
///
/// # Errors
/// What the database says; what was deleted until then stays deleted.
pub fn sweep(db: &Db, now: Moment) -> Result<Swept> {
    Ok(Swept {
        sessions: sweep_sessions(db, now - DAY)?,
        revocations: db.in_steps(|conn, most| revocation::purge(conn, now - Duration::from_hours(1), most))?,
        parked: db.in_steps(|conn, most| parking::purge(conn, now, most))?,
        half_sign_ins: db.in_steps(|conn, most| half_sign_in::purge(conn, now, most))?,
        wrong_codes: db.in_steps(|conn, most| second_factor::purge(conn, now - DAY, most))?,
        challenges: db.in_steps(|conn, most| passkey::purge(conn, now, most))?,
        notices: db.in_steps(|conn, most| notice::purge(conn, now - 30 * DAY, most))?,
        audit: db.in_steps(|conn, most| audit::purge(conn, now, 365 * DAY, most))?,
        letters: db.in_steps(|conn, most| outbox::purge(conn, now - 30 * DAY, most))?,
        links: db.in_steps(|conn, most| mail_link::purge(conn, now - DAY, most))?
            + db.in_steps(|conn, most| mail_link::budget::purge(conn, now, most))?,
        failures: db.in_steps(|conn, most| throttle::forget(conn, now, most))?,
        api_tokens: db.in_steps(|conn, most| api_token::purge(conn, now - 30 * DAY, most))?,
        devices: db.in_steps(|conn, most| known_device::purge(conn, now - known_device::LIFE, most))?,
    })
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

/// Deletes sessions that ended before `before`, a few in a transaction: their tokens first, and each once it has none.
fn sweep_sessions(db: &Db, before: Moment) -> Result<usize> {
    let mut swept = 0;
    // A step may delete nothing but tokens, so only one that finds nothing is the last.
    for _ in 0..Db::STEPS {
        let Some(done) = db.write_here(|conn| sweep_few(conn, before, Db::MOST))? else { break };
        swept += done;
    }
    Ok(swept)
}

/// One step; none when there is nothing left.
fn sweep_few(conn: &mut Conn, before: Moment, most: i64) -> Result<Option<usize>> {
    let ended = sessions::table.filter(sessions::ended_at.lt(before)).order(sessions::ended_at).limit(50).select(sessions::id);
    let mut old: Vec<SessionKey> = ended.load(conn)?;
    let expired =
        sessions::table.filter(sessions::expires_at.lt(before)).order(sessions::expires_at).limit(50).select(sessions::id);
    old.extend(expired.load::<SessionKey>(conn)?);
    if old.is_empty() {
        return Ok(None);
    }
    let tokens: Vec<i64> = refresh_tokens::table
        .filter(refresh_tokens::session_id.eq_any(&old))
        .limit(most)
        .select(refresh_tokens::id)
        .load(conn)?;
    diesel::delete(refresh_tokens::table.filter(refresh_tokens::id.eq_any(&tokens))).execute(conn)?;
    let left: Vec<SessionKey> = refresh_tokens::table
        .filter(refresh_tokens::session_id.eq_any(&old))
        .select(refresh_tokens::session_id)
        .distinct()
        .load(conn)?;
    old.retain(|key| !left.contains(key));
    Ok(Some(diesel::delete(sessions::table.filter(sessions::id.eq_any(&old))).execute(conn)?))
}
