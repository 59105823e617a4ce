//! The rows of `second_factors`.
//!
//! Invariant: a seed is never in the table but sealed, and bound to its person; of all who send the code of a step, one conditional
//! statement lets one in. It does not know sessions.

use super::Seed;
use crate::auth::secrets::Secrets;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::second_factors;
use crate::error::{Error, Result};
use crate::ids::UserKey;
use diesel::prelude::*;

fn purpose(owner: UserKey) -> String {
    format!("second factor {}", owner.0)
}

fn open(secrets: &Secrets, owner: UserKey, secret: &str, sealed: &str) -> Result<Seed> {
    let keys = secrets.by_id(secret).ok_or_else(|| {
        Error::refused("another_secret", format!("a second factor was sealed with a secret that is not given ({secret})"))
    })?;
    let seed = keys.open(&purpose(owner), sealed).and_then(|bytes| Seed::of(&bytes));
    seed.ok_or_else(|| Error::internal("a second factor does not open"))
}

/// Takes the code of a step, once; false for any that is wrong, old, early or used.
pub(super) fn spend(conn: &mut Conn, secrets: &Secrets, now: Moment, owner: UserKey, digits: &str) -> Result<bool> {
    let row: Option<(String, String)> = second_factors::table
        .filter(second_factors::user_id.eq(owner))
        .select((second_factors::secret_id, second_factors::sealed))
        .first(conn)
        .optional()?;
    let Some((secret, sealed)) = row else { return Ok(false) };
    let seed = match open(secrets, owner, &secret, &sealed) {
        // This node cannot tell, and another can: that is no wrong code.
        Err(Error::Refused { text, .. }) => return Err(Error::Unavailable(text)),
        seed => seed?,
    };
    let Some(step) = seed.step_of(digits, now) else { return Ok(false) };
    let unused = second_factors::table.filter(second_factors::user_id.eq(owner)).filter(second_factors::last_step.lt(step));
    Ok(diesel::update(unused).set(second_factors::last_step.eq(step)).execute(conn)? == 1)
}

pub(super) fn insert(conn: &mut Conn, secrets: &Secrets, now: Moment, owner: UserKey, seed: &Seed, step: i64) -> Result<()> {
    let keys = secrets.current();
    diesel::insert_into(second_factors::table)
        .values((
            second_factors::user_id.eq(owner),
            second_factors::sealed.eq(keys.seal(&purpose(owner), seed.expose())),
            second_factors::secret_id.eq(keys.id()),
            second_factors::last_step.eq(step),
            second_factors::created_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// Removes it; was there one?
pub(super) fn delete(conn: &mut Conn, owner: UserKey) -> Result<bool> {
    Ok(diesel::delete(second_factors::table.filter(second_factors::user_id.eq(owner))).execute(conn)? == 1)
}

/// Since when they have an app.
///
/// # Errors
/// What the database says.
pub fn since(conn: &mut Conn, owner: UserKey) -> Result<Option<Moment>> {
    let row = second_factors::table.filter(second_factors::user_id.eq(owner)).select(second_factors::created_at);
    Ok(row.first(conn).optional()?)
}

/// The ids of the secrets that seeds are sealed with: from each the index leads to the next, past all people between.
///
/// # Errors
/// What the database says.
pub fn secrets_used(conn: &mut Conn) -> Result<Vec<String>> {
    let mut found: Vec<String> = Vec::new();
    loop {
        let after = found.last().cloned().unwrap_or_default();
        let next: Option<String> = second_factors::table
            .filter(second_factors::secret_id.gt(after))
            .order(second_factors::secret_id)
            .select(second_factors::secret_id)
            .first(conn)
            .optional()?;
        match next {
            Some(id) => found.push(id),
            None => return Ok(found),
        }
    }
}

/// How many seeds that secret seals.
///
/// # Errors
/// What the database says.
pub fn sealed_with(conn: &mut Conn, secret: &str) -> Result<i64> {
    Ok(second_factors::table.filter(second_factors::secret_id.eq(secret)).count().get_result(conn)?)
}

/// Seals at most `most` seeds anew with the current secret; how many there were.
///
/// # Errors
/// `Refused` with `another_secret` when one was sealed with a secret that is not given; nothing was changed then.
pub fn reseal(conn: &mut Conn, secrets: &Secrets, most: i64) -> Result<usize> {
    let current = secrets.current();
    let rows: Vec<(UserKey, String, String)> = second_factors::table
        .filter(second_factors::secret_id.ne(current.id()))
        .limit(most)
        .select((second_factors::user_id, second_factors::secret_id, second_factors::sealed))
        .load(conn)?;
    for (owner, secret, sealed) in &rows {
        let seed = open(secrets, *owner, secret, sealed)?;
        let same = second_factors::table.filter(second_factors::user_id.eq(owner)).filter(second_factors::sealed.eq(sealed));
        let anew = (
            second_factors::sealed.eq(current.seal(&purpose(*owner), seed.expose())),
            second_factors::secret_id.eq(current.id()),
        );
        diesel::update(same).set(anew).execute(conn)?;
    }
    Ok(rows.len())
}
