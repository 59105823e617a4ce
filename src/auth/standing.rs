//! How a session stands at this moment: its row and its person's, read in one statement.
//!
//! Invariant: whether a session is alive is decided here and nowhere else, with the limits of its kind and of its person's present
//! role. It writes nothing.

use crate::auth::notice::{self, Notice};
use crate::auth::refresh_token::RefreshToken;
use crate::auth::rotation::{Refusal, Shown};
use crate::auth::session::{self, Because, Door, Owner, Tokens};
use crate::clock::Moment;
use crate::config::SessionLimits;
use crate::db::Conn;
use crate::db::schema::{refresh_tokens, sessions, users};
use crate::error::Result;
use crate::ids::{SessionId, SessionKey, UserId, UserKey};
use crate::on_either;
use diesel::prelude::*;

/// A session and its person, as both stand now.
#[derive(Debug, Queryable)]
pub(super) struct Standing {
    pub(super) key: SessionKey,
    pub(super) id: SessionId,
    pub(super) user: UserKey,
    pub(super) kind: String,
    pub(super) remember: bool,
    pub(super) generation: i64,
    pub(super) created_at: Moment,
    pub(super) user_agent: String,
    pub(super) last_seen_at: Moment,
    pub(super) expires_at: Moment,
    pub(super) ended_because: Option<String>,
    pub(super) replaces: Option<SessionKey>,
    pub(super) user_id: UserId,
    pub(super) role: String,
    pub(super) epoch: i64,
    pub(super) locked_at: Option<Moment>,
}

/// The columns of a `Standing`, in its order.
macro_rules! columns {
    () => {
        (
            sessions::id,
            sessions::public_id,
            sessions::user_id,
            sessions::kind,
            sessions::remember,
            sessions::generation,
            sessions::created_at,
            sessions::user_agent,
            sessions::last_seen_at,
            sessions::expires_at,
            sessions::ended_because,
            sessions::replaces,
            users::public_id,
            users::role,
            users::epoch,
            users::locked_at,
        )
    };
}

/// The row of a refresh token.
#[derive(Debug, Queryable)]
pub(super) struct TokenRow {
    pub(super) row: i64,
    pub(super) generation: i64,
    pub(super) seen_at: Option<Moment>,
}

/// A token that was shown, and its session: what an exchange decides by.
#[derive(Debug)]
pub struct Found {
    pub(super) session: Standing,
    pub(super) token: TokenRow,
}

impl Found {
    /// Is it the newest of a session that has nothing else to settle?
    pub(super) fn is_plain(&self) -> bool {
        self.token.generation == self.session.generation && self.session.replaces.is_none()
    }
}

/// How the session of that row stands.
///
/// # Errors
/// What the database says.
fn load(conn: &mut Conn, key: SessionKey) -> Result<Option<Standing>> {
    let row = sessions::table.inner_join(users::table).filter(sessions::id.eq(key)).select(columns!());
    Ok(row.first(conn).optional()?)
}

/// Takes the session's row before anything is read of it, so that an exchange and a sign-out never pass each other. On SQLite the
/// transaction has the whole file from its first word.
fn lock(conn: &mut Conn, key: SessionKey) -> Result<()> {
    if let Conn::Postgres(conn) = conn {
        sessions::table.find(key).select(sessions::id).for_no_key_update().first::<SessionKey>(conn).optional()?;
    }
    Ok(())
}

/// Takes the session's row, then says how it stands.
///
/// # Errors
/// What the database says.
pub(super) fn take(conn: &mut Conn, key: SessionKey) -> Result<Option<Standing>> {
    lock(conn, key)?;
    load(conn, key)
}

/// Takes the session's row, then says what is found of its token of that hash.
///
/// # Errors
/// What the database says.
pub(super) fn take_with(conn: &mut Conn, key: SessionKey, hash: &str) -> Result<Option<Found>> {
    lock(conn, key)?;
    of_token(conn, hash)
}

/// What is found of the token with that hash.
///
/// # Errors
/// What the database says.
pub(super) fn of_token(conn: &mut Conn, hash: &str) -> Result<Option<Found>> {
    let token = refresh_tokens::table.inner_join(sessions::table.inner_join(users::table));
    let shown = (refresh_tokens::id, refresh_tokens::generation, refresh_tokens::seen_at);
    let row = token.filter(refresh_tokens::hash.eq(hash)).select((columns!(), shown));
    let found: Option<(Standing, TokenRow)> = on_either!(conn, conn => row.first(conn)).optional()?;
    Ok(found.map(|(session, token)| Found { session, token }))
}

/// Is a token of that session and epoch as good now as when it was made?
///
/// # Errors
/// What the database says; the request must then not be answered as if it were signed in.
pub(super) fn is_good(
    conn: &mut Conn,
    limits: &SessionLimits,
    now: Moment,
    door: Door,
    id: SessionId,
    epoch: i64,
) -> Result<bool> {
    let Some(key) = session::key_of(conn, id)? else { return Ok(false) };
    let Some(session) = load(conn, key)? else { return Ok(false) };
    Ok(session.epoch <= epoch && session.refusal(limits, now, door)?.is_none())
}

impl Standing {
    pub(super) fn owner(&self) -> Result<Owner> {
        Ok(Owner { key: self.user, id: self.user_id, role: self.role.parse()?, epoch: self.epoch })
    }

    /// What the client gets: this refresh token, and what an access token is made of.
    pub(super) fn tokens(&self, limits: &SessionLimits, now: Moment, refresh: RefreshToken, generation: i64) -> Result<Tokens> {
        let owner = self.owner()?;
        let door = if self.kind == Door::Web.word() { Door::Web } else { Door::Api };
        let life = session::lifetime(limits, door, self.remember, owner.role);
        Ok(Tokens {
            owner,
            session: self.id,
            door,
            generation,
            refresh,
            remember: self.remember,
            expires_at: self.expires_at.min(self.created_at + life.max),
            idle_at: now + life.idle,
        })
    }

    /// What its person is told when an old token of it was shown.
    pub(super) fn theft(&self, now: Moment, shown: Shown<'_>) -> Notice {
        Notice {
            kind: notice::Kind::Reuse,
            door: shown.door,
            user_agent: self.user_agent.clone(),
            last_seen_at: self.last_seen_at,
            address: shown.address.to_owned(),
            at: now,
        }
    }

    /// Why it is not alive, if it is not. The other door's token is unknown here; then: ended, locked, idle too long, or at its absolute end.
    pub(super) fn refusal(&self, limits: &SessionLimits, now: Moment, door: Door) -> Result<Option<Refusal>> {
        if self.kind != door.word() {
            return Ok(Some(Refusal::Unknown));
        }
        if let Some(because) = &self.ended_because {
            let reuse = because == Because::Reuse.word();
            return Ok(Some(if reuse { Refusal::Reused } else { Refusal::Ended }));
        }
        let life = session::lifetime(limits, door, self.remember, self.role.parse()?);
        let over = now >= self.expires_at || now >= self.created_at + life.max || now >= self.last_seen_at + life.idle;
        Ok((over || self.locked_at.is_some()).then_some(Refusal::Ended))
    }
}
