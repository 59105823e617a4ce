//! A session: one signed-in browser or API client.
//!
//! Invariant: its kind is for life, and its refresh token works only at its own door; it ends once, in a conditional statement, and
//! its end is recorded among the revocations in the same transaction. It does not know tokens' texts or cookies.

use crate::auth::alive::Alive;
use crate::auth::known_device::{self, Browser};
use crate::auth::refresh_token::RefreshToken;
use crate::auth::revocation::Revocation;
use crate::auth::user::Role;
use crate::auth::{notice, sign_out, surplus};
use crate::clock::Moment;
use crate::config::{Lifetime, SessionLimits};
use crate::db::schema::{refresh_tokens, sessions};
use crate::db::{self, Conn};
use crate::error::{Error, Result};
use crate::ids::{SessionId, SessionKey, UserId, UserKey};
use diesel::prelude::*;
use std::str::FromStr;
use std::time::Duration;

/// Most sessions of one kind a person has; of more, the one longest unseen ends.
pub const MOST: usize = 20;
/// How long a session lives that another one replaces, should that one never be seen.
pub(super) const REPLACED_FOR: Duration = Duration::from_mins(1);

/// The kind of a session, and the door its tokens open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Door {
    /// A browser with cookies.
    Web,
    /// A client with Bearer tokens.
    Api,
}

impl Door {
    /// The word in the table, and the end of `aud`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Api => "api",
        }
    }
}

impl FromStr for Door {
    type Err = Error;
    fn from_str(word: &str) -> Result<Self> {
        let door = [Self::Web, Self::Api].into_iter().find(|door| door.word() == word);
        door.ok_or_else(|| Error::internal(format!("there is no session of the kind `{word}`")))
    }
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Because {
    /// The person signed out, here or from another device, or an operator did it.
    SignOut,
    /// An old refresh token was shown.
    Reuse,
    /// What opens the account was changed: the password, or the second factor.
    Password,
    /// A newer session took its place.
    Replaced,
    /// The person had too many.
    Limit,
    /// The person was locked out.
    Locked,
}

impl Because {
    /// The word in the table.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::SignOut => "sign_out",
            Self::Reuse => "reuse",
            Self::Password => "password",
            Self::Replaced => "replaced",
            Self::Limit => "limit",
            Self::Locked => "locked",
        }
    }
}

/// How long a session of that kind lives: an admin's shorter limits win (docs/SECURITY.md, "Sessions").
#[must_use]
pub fn lifetime(limits: &SessionLimits, door: Door, remember: bool, role: Role) -> Lifetime {
    let own = match (door, remember) {
        (Door::Api, _) => limits.api,
        (Door::Web, true) => limits.remember,
        (Door::Web, false) => limits.session,
    };
    match role {
        Role::Shopper => own,
        Role::Admin => Lifetime { idle: own.idle.min(limits.admin.idle), max: own.max.min(limits.admin.max) },
    }
}

/// Who gets a session, as they stand in the transaction that makes it.
#[derive(Debug, Clone, Copy)]
pub struct Owner {
    /// The row.
    pub key: UserKey,
    /// The public name.
    pub id: UserId,
    /// What they may do.
    pub role: Role,
    /// Their epoch, which the tokens carry.
    pub epoch: i64,
}

/// What a new session is made of.
#[derive(Debug, Clone)]
pub struct Opening {
    /// Its kind.
    pub door: Door,
    /// "Keep me signed in".
    pub remember: bool,
    /// What the client says it is, cut at 256.
    pub user_agent: String,
    /// The client's address.
    pub address: String,
    /// What the browser proves itself with, now or from now on; a program has nothing of the kind.
    pub browser: Option<Browser>,
    /// The session that this one replaces as soon as it is seen.
    pub replaces: Option<SessionKey>,
}

/// What goes to the client: the makings of an access token, and a refresh token.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// The person.
    pub owner: Owner,
    /// The session.
    pub session: SessionId,
    /// Its kind.
    pub door: Door,
    /// The generation of `refresh`.
    pub generation: i64,
    /// The refresh token.
    pub refresh: RefreshToken,
    /// "Keep me signed in".
    pub remember: bool,
    /// When the session ends at the latest.
    pub expires_at: Moment,
    /// When it ends if nobody comes.
    pub idle_at: Moment,
}

/// Starts a session with a first, random refresh token. The session it replaces lives at most 60 s more; of more than twenty, the
/// one longest unseen ends.
///
/// # Errors
/// What the database says.
pub fn start(
    conn: &mut Conn,
    limits: &SessionLimits,
    now: Moment,
    owner: Owner,
    opening: &Opening,
) -> Result<(Tokens, Vec<Revocation>)> {
    let life = lifetime(limits, opening.door, opening.remember, owner.role);
    let (id, refresh, expires_at) = (SessionId::random(), RefreshToken::random(), now + life.max);
    let key: SessionKey = diesel::insert_into(sessions::table)
        .values((
            sessions::public_id.eq(id),
            sessions::user_id.eq(owner.key),
            sessions::kind.eq(opening.door.word()),
            sessions::remember.eq(opening.remember),
            sessions::generation.eq(1_i64),
            sessions::user_agent.eq(opening.user_agent.chars().filter(|c| !c.is_control()).take(256).collect::<String>()),
            sessions::address.eq(&opening.address),
            sessions::created_at.eq(now),
            sessions::last_seen_at.eq(now),
            sessions::expires_at.eq(expires_at),
            // Whoever gets a session has just proved who they are.
            sessions::confirmed_at.eq(now),
            sessions::replaces.eq(opening.replaces),
        ))
        .returning(sessions::id)
        .get_result(conn)?;
    diesel::insert_into(refresh_tokens::table)
        .values((
            refresh_tokens::session_id.eq(key),
            refresh_tokens::generation.eq(1_i64),
            refresh_tokens::hash.eq(refresh.hash()),
            refresh_tokens::created_at.eq(now),
        ))
        .execute(conn)?;
    if let Some(replaced) = opening.replaces {
        let soon = now + REPLACED_FOR;
        let open = sessions::table.filter(sessions::id.eq(replaced)).filter(sessions::expires_at.gt(soon));
        diesel::update(open).set(sessions::expires_at.eq(soon)).execute(conn)?;
    }
    known_device::remember(conn, now, owner.key, opening)?;
    if opening.door == Door::Web {
        notice::welcome(conn, now, owner.key, id, opening.replaces)?;
    }
    let ended = surplus::end(conn, now, Alive::at(now, limits, owner.role), owner.key, id, opening)?;
    let tokens = Tokens {
        owner,
        session: id,
        door: opening.door,
        generation: 1,
        refresh,
        remember: opening.remember,
        expires_at,
        idle_at: now + life.idle,
    };
    Ok((tokens, ended))
}

/// Ends one session, once: the revocation when it was this call that ended it, for the node's memory after the commit.
///
/// # Errors
/// What the database says.
pub fn end(conn: &mut Conn, now: Moment, key: SessionKey, because: Because) -> Result<Option<Revocation>> {
    Ok(sign_out::end_each(conn, now, &[key], because)?.pop())
}

/// Ends every live session of a person but one.
///
/// # Errors
/// What the database says.
pub fn end_all(
    conn: &mut Conn,
    now: Moment,
    owner: UserKey,
    but: Option<SessionKey>,
    because: Because,
) -> Result<Vec<Revocation>> {
    let mut live: Vec<SessionKey> = sessions::table
        .filter(sessions::user_id.eq(owner))
        .filter(sessions::ended_at.is_null())
        .select(sessions::id)
        .load(conn)?;
    // The one that lives on is taken too: whoever keeps it will change its row, and after a revocation no row may be waited for.
    if but.is_some() {
        db::lock_sessions(conn, &live)?;
    }
    live.retain(|key| Some(*key) != but);
    sign_out::end_each(conn, now, &live, because)
}

/// The row of a session.
///
/// # Errors
/// What the database says.
pub fn key_of(conn: &mut Conn, id: SessionId) -> Result<Option<SessionKey>> {
    Ok(sessions::table.filter(sessions::public_id.eq(id)).select(sessions::id).first(conn).optional()?)
}

/// Whose session that is.
///
/// # Errors
/// What the database says.
pub fn owner_of(conn: &mut Conn, key: SessionKey) -> Result<Option<UserKey>> {
    Ok(sessions::table.find(key).select(sessions::user_id).first(conn).optional()?)
}

/// Did the person ask to be kept signed in?
///
/// # Errors
/// What the database says.
pub fn is_remembered(conn: &mut Conn, id: SessionId) -> Result<bool> {
    let asked = sessions::table.filter(sessions::public_id.eq(id)).select(sessions::remember).first(conn).optional()?;
    Ok(asked.unwrap_or(false))
}
