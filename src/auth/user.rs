//! A person with an account.
//!
//! Invariant: `epoch` goes up with every change that must reach tokens already given out (password, role, lock), in the same
//! statement as the change. It does not know sessions.

use crate::auth::email::Email;
use crate::clock::Moment;
use crate::db::schema::users;
use crate::db::{Conn, is_duplicate};
use crate::error::{Error, Result};
use crate::ids::{UserId, UserKey};
use crate::on_either;
use diesel::prelude::*;
use std::str::FromStr;

/// What a person may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Buys.
    Shopper,
    /// Runs the shop.
    Admin,
}

impl Role {
    /// The word in the table and in tokens.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Shopper => "shopper",
            Self::Admin => "admin",
        }
    }
}

impl FromStr for Role {
    type Err = Error;
    fn from_str(word: &str) -> Result<Self> {
        match word {
            "shopper" => Ok(Self::Shopper),
            "admin" => Ok(Self::Admin),
            other => Err(Error::internal(format!("there is no role `{other}`"))),
        }
    }
}

/// A row of `users`, without the password.
#[derive(Debug, Clone)]
pub struct User {
    /// The row.
    pub key: UserKey,
    /// The public name (`sub`).
    pub id: UserId,
    /// Canonical address.
    pub email: String,
    /// What we call them.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// See the module.
    pub epoch: i64,
    /// When they proved that the address is theirs.
    pub email_verified_at: Option<Moment>,
    /// Since when they may not sign in.
    pub locked_at: Option<Moment>,
    /// When they last signed in.
    pub last_sign_in_at: Option<Moment>,
    /// Since when they are with us.
    pub created_at: Moment,
}

pub(super) type Row = (UserKey, UserId, String, String, String, i64, Option<Moment>, Option<Moment>, Option<Moment>, Moment);

pub(super) const COLUMNS: (
    users::id,
    users::public_id,
    users::email,
    users::name,
    users::role,
    users::epoch,
    users::email_verified_at,
    users::locked_at,
    users::last_sign_in_at,
    users::created_at,
) = (
    users::id,
    users::public_id,
    users::email,
    users::name,
    users::role,
    users::epoch,
    users::email_verified_at,
    users::locked_at,
    users::last_sign_in_at,
    users::created_at,
);

pub(super) fn read(
    (key, id, email, name, role, epoch, email_verified_at, locked_at, last_sign_in_at, created_at): Row,
) -> Result<User> {
    Ok(User { key, id, email, name, role: role.parse()?, epoch, email_verified_at, locked_at, last_sign_in_at, created_at })
}

/// The person of that row.
///
/// # Errors
/// `NotFound` when there is none any more.
pub fn find(conn: &mut Conn, key: UserKey) -> Result<User> {
    let row: Option<Row> = on_either!(conn, conn => users::table.find(key).select(COLUMNS).first(conn)).optional()?;
    row.map_or(Err(Error::NotFound), read)
}

/// The person with that address, and their password hash.
///
/// # Errors
/// What the database says.
pub fn by_email(conn: &mut Conn, email: &Email) -> Result<Option<(User, String)>> {
    let row: Option<(Row, String)> =
        users::table.filter(users::email.eq(email.as_str())).select((COLUMNS, users::password_hash)).first(conn).optional()?;
    row.map(|(row, hash)| Ok((read(row)?, hash))).transpose()
}

/// The password hash of a person and the epoch it stood at.
///
/// # Errors
/// `NotFound` when there is no such person any more.
pub fn password_hash(conn: &mut Conn, key: UserKey) -> Result<(String, i64)> {
    let row = users::table.find(key).select((users::password_hash, users::epoch)).first(conn).optional()?;
    row.ok_or(Error::NotFound)
}

/// Reads a person's name: 1 to 100 characters that can be seen, without the blanks around them.
///
/// # Errors
/// A sentence.
pub fn name(text: &str) -> Result<String, String> {
    let text = text.trim();
    match text.chars().count() {
        0 => Err("Enter your name.".to_owned()),
        101.. => Err("Use at most 100 characters for the name.".to_owned()),
        _ if text.chars().any(char::is_control) => Err("Use only characters that can be seen in a name.".to_owned()),
        _ => Ok(text.to_owned()),
    }
}

/// What a new account is made of.
#[derive(Debug)]
pub struct NewUser<'a> {
    /// The public name, chosen before the hash, which binds it.
    pub id: UserId,
    /// Canonical address.
    pub email: &'a Email,
    /// What we call them.
    pub name: &'a str,
    /// What they may do.
    pub role: Role,
    /// From `hasher`.
    pub password_hash: &'a str,
}

/// Inserts a person; `None` when the address is taken.
///
/// # Errors
/// What the database says.
pub fn insert(conn: &mut Conn, now: Moment, new: &NewUser<'_>) -> Result<Option<User>> {
    // In a savepoint: on Postgres a violated rule would otherwise spoil the caller's transaction.
    let inserted = conn.transaction(|conn| {
        diesel::insert_into(users::table)
            .values((
                users::public_id.eq(new.id),
                users::email.eq(new.email.as_str()),
                users::name.eq(new.name),
                users::role.eq(new.role.word()),
                users::password_hash.eq(new.password_hash),
                users::epoch.eq(0_i64),
                users::created_at.eq(now),
            ))
            .returning(COLUMNS)
            .get_result::<Row>(conn)
    });
    match inserted {
        Ok(row) => read(row).map(Some),
        Err(cause) if is_duplicate(&cause) => Ok(None),
        Err(cause) => Err(cause.into()),
    }
}

/// Changes what we call them.
///
/// # Errors
/// What the database says.
pub fn rename(conn: &mut Conn, key: UserKey, name: &str) -> Result<()> {
    diesel::update(users::table.find(key)).set(users::name.eq(name)).execute(conn)?;
    Ok(())
}

/// Confirms that a sign-in may go on, and notes its time: the person is not locked and the epoch that was read before the hash
/// still stands, so that a password changed meanwhile opens nothing.
///
/// # Errors
/// What the database says.
pub fn admit(conn: &mut Conn, key: UserKey, epoch: i64, now: Moment) -> Result<bool> {
    let open = users::table.filter(users::id.eq(key)).filter(users::epoch.eq(epoch)).filter(users::locked_at.is_null());
    Ok(diesel::update(open).set(users::last_sign_in_at.eq(now)).execute(conn)? == 1)
}

/// Takes the person's row until the transaction ends, if they still stand as at that epoch and are not locked out: what several do to
/// one account at once happens one after the other.
///
/// # Errors
/// What the database says.
pub fn hold(conn: &mut Conn, key: UserKey, epoch: i64) -> Result<bool> {
    let open = users::table.filter(users::id.eq(key)).filter(users::epoch.eq(epoch)).filter(users::locked_at.is_null());
    Ok(diesel::update(open).set(users::epoch.eq(epoch)).execute(conn)? == 1)
}

/// Raises the epoch and changes nothing else; the new one, or `None` when somebody was faster.
///
/// # Errors
/// What the database says.
pub fn raise_epoch(conn: &mut Conn, key: UserKey, epoch: i64) -> Result<Option<i64>> {
    let same = users::table.filter(users::id.eq(key)).filter(users::epoch.eq(epoch));
    let raised = diesel::update(same).set(users::epoch.eq(users::epoch + 1)).execute(conn)?;
    Ok((raised == 1).then_some(epoch + 1))
}

/// Stores a better hash of the same password; nothing else changes.
///
/// # Errors
/// What the database says.
pub fn upgrade_hash(conn: &mut Conn, key: UserKey, from: &str, to: &str) -> Result<()> {
    let same = users::table.filter(users::id.eq(key)).filter(users::password_hash.eq(from));
    diesel::update(same).set(users::password_hash.eq(to)).execute(conn)?;
    Ok(())
}

/// Stores a new password and raises the epoch; the new epoch, or `None` when somebody was faster.
///
/// # Errors
/// What the database says.
pub fn change_password(conn: &mut Conn, key: UserKey, epoch: i64, hash: &str) -> Result<Option<i64>> {
    let same = users::table.filter(users::id.eq(key)).filter(users::epoch.eq(epoch)).filter(users::locked_at.is_null());
    let changed = diesel::update(same).set((users::password_hash.eq(hash), users::epoch.eq(users::epoch + 1))).execute(conn)?;
    Ok((changed == 1).then_some(epoch + 1))
}

/// Locks a person out, or lets them in again, and raises the epoch; the person as they are now. `None` when they stood so already: of two
/// who do it at once, one did it.
///
/// # Errors
/// `NotFound` when there is no such person.
pub fn set_locked(conn: &mut Conn, email: &Email, since: Option<Moment>) -> Result<Option<User>> {
    let otherwise = users::table.filter(users::email.eq(email.as_str())).filter(users::locked_at.is_null().eq(since.is_some()));
    let row: Option<Row> = diesel::update(otherwise)
        .set((users::locked_at.eq(since), users::epoch.eq(users::epoch + 1)))
        .returning(COLUMNS)
        .get_result(conn)
        .optional()?;
    if row.is_none() && by_email(conn, email)?.is_none() {
        return Err(Error::NotFound);
    }
    row.map(read).transpose()
}

/// Gives a person a role and raises the epoch, so that the next refresh brings it; the person as they are now. `None` when they had
/// it already.
///
/// # Errors
/// `NotFound` when there is no such person.
pub fn set_role(conn: &mut Conn, email: &Email, role: Role) -> Result<Option<User>> {
    let other = users::table.filter(users::email.eq(email.as_str())).filter(users::role.ne(role.word()));
    let row: Option<Row> = diesel::update(other)
        .set((users::role.eq(role.word()), users::epoch.eq(users::epoch + 1)))
        .returning(COLUMNS)
        .get_result(conn)
        .optional()?;
    if row.is_none() && by_email(conn, email)?.is_none() {
        return Err(Error::NotFound);
    }
    row.map(read).transpose()
}

/// A page of people in the order they came, after the given row.
///
/// # Errors
/// What the database says.
pub fn list(conn: &mut Conn, after: UserKey, most: i64) -> Result<Vec<User>> {
    let rows: Vec<Row> = users::table
        .filter(users::id.gt(after))
        .filter(users::deleted_at.is_null())
        .order(users::id)
        .limit(most)
        .select(COLUMNS)
        .load(conn)?;
    rows.into_iter().map(read).collect()
}
