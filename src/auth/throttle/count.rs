//! The rows that count.
//!
//! Invariant: one row a count, and who changes it holds it, so that tries at two nodes are counted one after the other. It does not
//! know what the names stand for.

use super::rule::{Count, Rule};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::login_failures;
use crate::error::Result;
use crate::on_either;
use diesel::prelude::*;
use diesel::upsert::excluded;
use std::time::Duration;

/// A try that is counted and not made yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reserved {
    name: String,
    before: Count,
    /// The count with this try.
    pub after: Count,
}

/// How a count stands; none when nothing failed lately.
pub(super) fn read(conn: &mut Conn, name: &str) -> Result<Option<Count>> {
    let row: Option<(i64, Moment)> = login_failures::table
        .filter(login_failures::counter.eq(name))
        .select((login_failures::failures, login_failures::open_at))
        .first(conn)
        .optional()?;
    Ok(row.map(|(failures, open_at)| Count { failures, open_at }))
}

/// Counts a try before it is made; or how long to wait, and nothing is counted.
pub(super) fn reserve(conn: &mut Conn, rule: Rule, now: Moment, name: &str) -> Result<std::result::Result<Reserved, Duration>> {
    let fresh = (
        login_failures::counter.eq(name),
        login_failures::failures.eq(0_i64),
        login_failures::open_at.eq(now),
        login_failures::forget_at.eq(now),
    );
    // The row that is there is taken and given back unchanged: from here on it is ours until the commit.
    let (failures, open_at): (i64, Moment) = on_either!(conn, conn => {
        diesel::insert_into(login_failures::table)
            .values(fresh)
            .on_conflict(login_failures::counter)
            .do_update()
            .set(login_failures::counter.eq(excluded(login_failures::counter)))
            .returning((login_failures::failures, login_failures::open_at))
            .get_result(conn)
    })?;
    let before = Count { failures, open_at };
    if let Some(left) = rule.left(before, now) {
        return Ok(Err(left));
    }
    let after = rule.next(before, now);
    let row = login_failures::table.filter(login_failures::counter.eq(name));
    diesel::update(row).set(values(rule, after)).execute(conn)?;
    Ok(Ok(Reserved { name: name.to_owned(), before, after }))
}

/// Takes a try back that was never made.
pub(super) fn give_back(conn: &mut Conn, reserved: &Reserved) -> Result<()> {
    let Reserved { name, before, after } = reserved;
    let own = login_failures::table.filter(login_failures::counter.eq(name));
    let untouched = own.filter(login_failures::failures.eq(after.failures)).filter(login_failures::open_at.eq(after.open_at));
    let restored = (login_failures::failures.eq(before.failures), login_failures::open_at.eq(before.open_at));
    if diesel::update(untouched).set(restored).execute(conn)? == 0 {
        // Others were counted since: their waits stand.
        let some = own.filter(login_failures::failures.gt(0));
        diesel::update(some).set(login_failures::failures.eq(login_failures::failures - 1)).execute(conn)?;
    }
    Ok(())
}

type Values = (
    diesel::dsl::Eq<login_failures::failures, i64>,
    diesel::dsl::Eq<login_failures::open_at, Moment>,
    diesel::dsl::Eq<login_failures::forget_at, Moment>,
);

fn values(rule: Rule, count: Count) -> Values {
    (
        login_failures::failures.eq(count.failures),
        login_failures::open_at.eq(count.open_at),
        login_failures::forget_at.eq(rule.forget_at(count)),
    )
}

/// The password was right: nothing failed.
///
/// # Errors
/// What the database says.
pub fn clear(conn: &mut Conn, counter: &super::Counter) -> Result<()> {
    if let Some(name) = counter.name() {
        diesel::delete(login_failures::table.filter(login_failures::counter.eq(name))).execute(conn)?;
    }
    Ok(())
}

/// Deletes at most `most` counts that say nothing any more; how many there were.
///
/// # Errors
/// What the database says.
pub fn forget(conn: &mut Conn, now: Moment, most: i64) -> Result<usize> {
    let old: Vec<i64> = login_failures::table
        .filter(login_failures::forget_at.lt(now))
        .order(login_failures::forget_at)
        .limit(most)
        .select(login_failures::id)
        .load(conn)?;
    Ok(diesel::delete(login_failures::table.filter(login_failures::id.eq_any(old)).filter(login_failures::forget_at.lt(now)))
        .execute(conn)?)
}
