//! What is kept of a person, for themselves to take home.
//!
//! Invariant: everything that says something about them and nothing that opens anything: no hash, no seed, no token. What happened to
//! them stands in the audit, what they bought in the shop.

use crate::auth::api_token::{self, Token};
use crate::auth::passkey::{self, Passkey};
use crate::auth::second_factor::{self, recovery};
use crate::auth::user::{self, User};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{known_devices, notices, sessions};
use crate::error::Result;
use crate::ids::{SessionId, UserKey};
use diesel::prelude::*;

/// All of it.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Their account.
    pub user: User,
    /// Since when codes of an app are asked.
    pub second_factor_since: Option<Moment>,
    /// Recovery codes that are left.
    pub recovery_codes_left: i64,
    /// Their passkeys.
    pub passkeys: Vec<Passkey>,
    /// Their sessions, also those that ended and wait to be deleted.
    pub sessions: Vec<Session>,
    /// Browsers and programs that signed in before.
    pub known_devices: Vec<KnownDevice>,
    /// Their API tokens.
    pub tokens: Vec<Token>,
    /// What they were told, or will be.
    pub notices: Vec<Notice>,
}

/// A session as it is kept.
#[derive(Debug, Clone, Queryable)]
pub struct Session {
    /// Its public name.
    pub id: SessionId,
    /// `web` or `api`.
    pub kind: String,
    /// "Keep me signed in".
    pub remember: bool,
    /// What the client says it is.
    pub user_agent: String,
    /// Where it signed in.
    pub address: String,
    /// When.
    pub created_at: Moment,
    /// When it was last used.
    pub last_seen_at: Moment,
    /// Its absolute end.
    pub expires_at: Moment,
    /// When it ended.
    pub ended_at: Option<Moment>,
    /// Why.
    pub ended_because: Option<String>,
}

/// A browser or program that signed in before.
#[derive(Debug, Clone, Queryable)]
pub struct KnownDevice {
    /// `web` or `api`.
    pub kind: String,
    /// When it first did.
    pub created_at: Moment,
    /// When it last did.
    pub seen_at: Moment,
}

/// Something they had to be told.
#[derive(Debug, Clone, Queryable)]
pub struct Notice {
    /// `reuse` or `limit`.
    pub kind: String,
    /// The client of the session it is about.
    pub user_agent: String,
    /// Where it came from.
    pub address: String,
    /// When.
    pub created_at: Moment,
    /// When it was first shown.
    pub told_at: Option<Moment>,
}

/// Reads it.
///
/// # Errors
/// `NotFound` when the person is gone.
pub fn of(conn: &mut Conn, key: UserKey) -> Result<Kept> {
    Ok(Kept {
        user: user::find(conn, key)?,
        second_factor_since: second_factor::since(conn, key)?,
        recovery_codes_left: recovery::left(conn, key)?,
        passkeys: passkey::list(conn, key)?,
        sessions: sessions::table
            .filter(sessions::user_id.eq(key))
            .order(sessions::id.desc())
            .select((
                sessions::public_id,
                sessions::kind,
                sessions::remember,
                sessions::user_agent,
                sessions::address,
                sessions::created_at,
                sessions::last_seen_at,
                sessions::expires_at,
                sessions::ended_at,
                sessions::ended_because,
            ))
            .load(conn)?,
        known_devices: known_devices::table
            .filter(known_devices::user_id.eq(key))
            .order(known_devices::id.desc())
            .select((known_devices::kind, known_devices::created_at, known_devices::seen_at))
            .load(conn)?,
        tokens: api_token::list(conn, key)?,
        notices: notices::table
            .filter(notices::user_id.eq(key))
            .order(notices::id.desc())
            .select((notices::kind, notices::user_agent, notices::address, notices::created_at, notices::told_at))
            .load(conn)?,
    })
}
