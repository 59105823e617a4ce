//! Wrong codes, counted for each account by all nodes together.
//!
//! Invariant: whoever counts holds the person's row, so twenty tries at once are counted as one after the other; never a lock for good. A
//! right code forgets them. It does not know what a code is.

use crate::clock::Moment;
use crate::config::Limit;
use crate::db::Conn;
use crate::db::schema::code_failures;
use crate::error::Result;
use crate::ids::UserKey;
use diesel::prelude::*;
use std::time::Duration;

/// How long until the next try, when there were too many.
///
/// # Errors
/// What the database says.
pub(super) fn wait(conn: &mut Conn, limit: Limit, now: Moment, owner: UserKey) -> Result<Option<Duration>> {
    let Limit::On { every, burst } = limit else { return Ok(None) };
    let period = every * burst;
    let oldest: Option<Moment> = code_failures::table
        .filter(code_failures::user_id.eq(owner))
        .filter(code_failures::at.gt(now - period))
        .order(code_failures::at.desc())
        .offset(i64::from(burst) - 1)
        .select(code_failures::at)
        .first(conn)
        .optional()?;
    Ok(oldest.map(|at| Duration::try_from(at + period - now).unwrap_or_default()))
}

pub(super) fn note(conn: &mut Conn, now: Moment, owner: UserKey) -> Result<()> {
    diesel::insert_into(code_failures::table)
        .values((code_failures::user_id.eq(owner), code_failures::at.eq(now)))
        .execute(conn)?;
    Ok(())
}

pub(super) fn forget(conn: &mut Conn, owner: UserKey) -> Result<()> {
    diesel::delete(code_failures::table.filter(code_failures::user_id.eq(owner))).execute(conn)?;
    Ok(())
}

/// Deletes at most `most` from before `before`; how many there were.
///
/// # Errors
/// What the database says.
pub fn purge(conn: &mut Conn, before: Moment, most: i64) -> Result<usize> {
    let old: Vec<i64> = code_failures::table
        .filter(code_failures::at.lt(before))
        .order(code_failures::at)
        .limit(most)
        .select(code_failures::id)
        .load(conn)?;
    Ok(diesel::delete(code_failures::table.filter(code_failures::id.eq_any(old))).execute(conn)?)
}
