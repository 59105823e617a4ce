//! What a page knows of its person at one look.
//!
//! Invariant: one statement, whatever a page shows of them; whether something is to be told is one look into an index. It writes
//! nothing.

use crate::auth::alive::Alive;
use crate::auth::user::{self, COLUMNS, Row, User};
use crate::db::Conn;
use crate::db::schema::{passkeys, second_factors, sessions, unread_notices, users};
use crate::error::{Error, Result};
use crate::ids::{SessionId, UserKey};
use crate::on_either;
use diesel::dsl::exists;
use diesel::prelude::*;

/// The person, and what is to be told in their session.
#[derive(Debug, Clone)]
pub struct Glance {
    /// The person.
    pub user: User,
    /// Is there a notice that this session has not been shown?
    pub untold: bool,
}

/// What the pages about oneself show besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    /// Browsers and programs where they are signed in.
    pub devices: i64,
    /// Is a second factor asked after their password?
    pub second_factor: bool,
}

/// What every page needs.
///
/// # Errors
/// `NotFound` when there is no such person any more.
pub fn of(conn: &mut Conn, key: UserKey, session: SessionId) -> Result<Glance> {
    let unread = exists(unread_notices::table.filter(unread_notices::session.eq(session)));
    let row: Option<(Row, bool)> =
        on_either!(conn, conn => users::table.find(key).select((COLUMNS, unread)).first(conn)).optional()?;
    let (row, untold) = row.ok_or(Error::NotFound)?;
    Ok(Glance { user: user::read(row)?, untold })
}

/// The same, with what the pages about oneself show.
///
/// # Errors
/// `NotFound` when there is no such person any more.
pub fn with_account(conn: &mut Conn, key: UserKey, session: SessionId, alive: Alive) -> Result<(Glance, Account)> {
    let unread = exists(unread_notices::table.filter(unread_notices::session.eq(session)));
    let live = sessions::table.filter(sessions::user_id.eq(users::id)).filter(alive.condition()).count().single_value();
    let app = exists(second_factors::table.filter(second_factors::user_id.eq(users::id)));
    let second = app.or(exists(passkeys::table.filter(passkeys::user_id.eq(users::id))));
    let row: Option<(Row, bool, Option<i64>, bool)> =
        on_either!(conn, conn => users::table.find(key).select((COLUMNS, unread, live, second)).first(conn)).optional()?;
    let (row, untold, devices, second_factor) = row.ok_or(Error::NotFound)?;
    Ok((Glance { user: user::read(row)?, untold }, Account { devices: devices.unwrap_or(0), second_factor }))
}
