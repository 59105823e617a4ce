//! The roll of people, for those who run the shop: one by their public name, the newest in a list, and names for what people did.
//!
//! Invariant: each is found by an index, and a list goes on where the one before it ended. It changes nobody.

use crate::auth::user::{COLUMNS, Row, User, read};
use crate::db::Conn;
use crate::db::schema::users;
use crate::error::Result;
use crate::ids::{UserId, UserKey};
use diesel::prelude::*;
use std::collections::HashMap;

/// The person with that public name.
///
/// # Errors
/// What the database says.
pub fn by_id(conn: &mut Conn, id: UserId) -> Result<Option<User>> {
    let row: Option<Row> = users::table
        .filter(users::public_id.eq(id))
        .filter(users::deleted_at.is_null())
        .select(COLUMNS)
        .first(conn)
        .optional()?;
    row.map(read).transpose()
}

/// People who came before the given row, or the newest: the newest first.
///
/// # Errors
/// What the database says.
pub fn newest(conn: &mut Conn, before: Option<UserKey>, most: usize) -> Result<Vec<User>> {
    let before = before.unwrap_or(UserKey(i64::MAX));
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let rows: Vec<Row> = users::table
        .filter(users::id.lt(before))
        .filter(users::deleted_at.is_null())
        .order(users::id.desc())
        .limit(most)
        .select(COLUMNS)
        .load(conn)?;
    rows.into_iter().map(read).collect()
}

/// The public names of these people, and what we call them: nothing, if they deleted their account.
///
/// # Errors
/// What the database says.
pub fn people(conn: &mut Conn, keys: &[UserKey]) -> Result<HashMap<UserKey, (UserId, String)>> {
    let found: Vec<(UserKey, UserId, String)> =
        users::table.filter(users::id.eq_any(keys)).select((users::id, users::public_id, users::name)).load(conn)?;
    Ok(found.into_iter().map(|(key, id, name)| (key, (id, name))).collect())
}

/// What we call the people of these public names: nothing, if they deleted their account.
///
/// # Errors
/// What the database says.
pub fn by_public_names(conn: &mut Conn, ids: &[UserId]) -> Result<HashMap<UserId, String>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found = users::table.filter(users::public_id.eq_any(ids)).select((users::public_id, users::name));
    Ok(found.load::<(UserId, String)>(conn)?.into_iter().collect())
}

/// What we call these people.
///
/// # Errors
/// What the database says.
pub fn names(conn: &mut Conn, keys: &[UserKey]) -> Result<HashMap<UserKey, String>> {
    let found: Vec<(UserKey, String)> =
        users::table.filter(users::id.eq_any(keys)).select((users::id, users::name)).load(conn)?;
    Ok(found.into_iter().map(|(key, name)| (key, called(name))).collect())
}

/// Whoever deleted their account left no name.
fn called(name: String) -> String {
    if name.is_empty() { "Deleted account".to_owned() } else { name }
}
