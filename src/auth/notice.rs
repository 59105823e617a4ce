//! What a person must be told of a session that ended without their asking.
//!
//! Invariant: a notice is written with the end it tells of, and each session it is meant for reads it once: a row of
//! `unread_notices` stands for a session that has not been shown it, and whoever takes the row shows it. A notice nobody read waits
//! for the next sign-in. It does not know pages or words.

use crate::auth::session::Door;
use crate::auth::user_agent::Client;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{notices, sessions, unread_notices};
use crate::error::{Error, Result};
use crate::ids::{SessionId, SessionKey, UserKey};
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use std::time::Duration;

/// So long a notice of theft greets everyone who signs in, also when another session has read it: the ended browser says "sign in to
/// see what happened".
const FRESH: Duration = Duration::from_hours(24);
/// Programs that sign in for every call would fill each page with notices: one of theirs a day is enough.
const API_PAUSE: Duration = Duration::from_hours(24);
/// Most notices that one page shows; of more, the newest.
const MOST_AT_ONCE: i64 = 3;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An old refresh token was shown.
    Reuse,
    /// The person had too many sessions.
    Limit,
}

impl Kind {
    /// The word in the table.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Reuse => "reuse",
            Self::Limit => "limit",
        }
    }
}

/// Who reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// Every browser the person is signed in with.
    EveryBrowser,
    /// This session alone.
    Only(SessionId),
}

/// A session's end, as the person is told of it.
#[derive(Debug, Clone)]
pub struct Notice {
    /// What happened.
    pub kind: Kind,
    /// The kind of the session that ended.
    pub door: Door,
    /// Its client, as it named itself.
    pub user_agent: String,
    /// When it was last used.
    pub last_seen_at: Moment,
    /// Of a reuse, who showed the old token; else where the session was begun.
    pub address: String,
    /// When it happened.
    pub at: Moment,
}

impl Notice {
    /// The client in words.
    #[must_use]
    pub fn client(&self) -> Client {
        Client::read(&self.user_agent)
    }
}

/// Writes a notice for its readers. (`letters` tells of it by mail.)
///
/// # Errors
/// What the database says.
pub fn tell(conn: &mut Conn, owner: UserKey, notice: &Notice, readers: Readers) -> Result<()> {
    if notice.kind == Kind::Limit && !is_news(conn, owner, notice)? {
        return Ok(());
    }
    let id: i64 = diesel::insert_into(notices::table)
        .values((
            notices::user_id.eq(owner),
            notices::kind.eq(notice.kind.word()),
            notices::door.eq(notice.door.word()),
            notices::user_agent.eq(&notice.user_agent),
            notices::last_seen_at.eq(notice.last_seen_at),
            notices::address.eq(&notice.address),
            notices::created_at.eq(notice.at),
        ))
        .returning(notices::id)
        .get_result(conn)?;
    match readers {
        Readers::Only(session) => {
            let unread = (unread_notices::session.eq(session), unread_notices::notice_id.eq(id));
            diesel::insert_into(unread_notices::table).values(unread).execute(conn)?;
        }
        Readers::EveryBrowser => {
            let browsers = sessions::table
                .filter(sessions::user_id.eq(owner))
                .filter(sessions::kind.eq(Door::Web.word()))
                .filter(sessions::ended_at.is_null())
                .filter(sessions::expires_at.gt(notice.at))
                .select((sessions::public_id, id.into_sql::<BigInt>()));
            let columns = (unread_notices::session, unread_notices::notice_id);
            browsers.insert_into(unread_notices::table).into_columns(columns).execute(conn)?;
        }
    }
    Ok(())
}

/// Of limits only the last is worth telling: one nobody has read gives way to it.
fn is_news(conn: &mut Conn, owner: UserKey, notice: &Notice) -> Result<bool> {
    if notice.door == Door::Api {
        let lately = notices::table
            .filter(notices::user_id.eq(owner))
            .filter(notices::created_at.gt(notice.at - API_PAUSE))
            .filter(notices::kind.eq(Kind::Limit.word()))
            .filter(notices::door.eq(Door::Api.word()));
        return Ok(!diesel::select(exists(lately)).get_result::<bool>(conn)?);
    }
    let older = notices::table
        .filter(notices::user_id.eq(owner))
        .filter(notices::kind.eq(Kind::Limit.word()))
        .filter(notices::door.eq(Door::Web.word()))
        .filter(notices::told_at.is_null());
    diesel::delete(older).execute(conn)?;
    Ok(true)
}

/// A browser was signed in: what it must read. One that replaces a session of the same person reads what that one has not; any other
/// what nobody has, and what is fresh.
///
/// # Errors
/// What the database says.
pub fn welcome(conn: &mut Conn, now: Moment, owner: UserKey, newcomer: SessionId, replaces: Option<SessionKey>) -> Result<()> {
    if let Some(replaced) = replaces {
        let own = sessions::table.filter(sessions::id.eq(replaced)).filter(sessions::user_id.eq(owner));
        if let Some(old) = own.select(sessions::public_id).first::<SessionId>(conn).optional()? {
            let left = unread_notices::table.filter(unread_notices::session.eq(old));
            diesel::update(left).set(unread_notices::session.eq(newcomer)).execute(conn)?;
            return Ok(());
        }
    }
    let fresh = notices::kind.eq(Kind::Reuse.word()).and(notices::created_at.gt(now - FRESH));
    let waiting: Vec<i64> = notices::table
        .filter(notices::user_id.eq(owner))
        .filter(notices::told_at.is_null().or(fresh))
        .order(notices::created_at.desc())
        .limit(MOST_AT_ONCE)
        .select(notices::id)
        .load(conn)?;
    for notice in waiting {
        let unread = (unread_notices::session.eq(newcomer), unread_notices::notice_id.eq(notice));
        diesel::insert_into(unread_notices::table).values(unread).execute(conn)?;
    }
    Ok(())
}

/// Takes what a session has not been shown, newest first. Of two pages that are drawn at once one gets it.
///
/// # Errors
/// What the database says; the notices wait for the next page then.
pub fn take(conn: &mut Conn, now: Moment, session: SessionId) -> Result<Vec<Notice>> {
    let taken: Vec<i64> = diesel::delete(unread_notices::table.filter(unread_notices::session.eq(session)))
        .returning(unread_notices::notice_id)
        .get_results(conn)?;
    if taken.is_empty() {
        return Ok(Vec::new());
    }
    let first_told = notices::table.filter(notices::id.eq_any(&taken)).filter(notices::told_at.is_null());
    diesel::update(first_told).set(notices::told_at.eq(now)).execute(conn)?;
    let rows: Vec<(String, String, String, Moment, String, Moment)> = notices::table
        .filter(notices::id.eq_any(&taken))
        .order(notices::created_at.desc())
        .limit(MOST_AT_ONCE)
        .select((notices::kind, notices::door, notices::user_agent, notices::last_seen_at, notices::address, notices::created_at))
        .load(conn)?;
    rows.into_iter().map(read).collect()
}

fn read(row: (String, String, String, Moment, String, Moment)) -> Result<Notice> {
    let (kind, door, user_agent, last_seen_at, address, at) = row;
    let kind = [Kind::Reuse, Kind::Limit].into_iter().find(|known| known.word() == kind);
    let kind = kind.ok_or_else(|| Error::internal("a notice of no known kind"))?;
    Ok(Notice { kind, door: door.parse()?, user_agent, last_seen_at, address, at })
}

/// Deletes at most `most` notices from before `before`; how many there were.
///
/// # Errors
/// What the database says.
pub fn purge(conn: &mut Conn, before: Moment, most: i64) -> Result<usize> {
    let old: Vec<i64> = notices::table
        .filter(notices::created_at.lt(before))
        .order(notices::created_at)
        .limit(most)
        .select(notices::id)
        .load(conn)?;
    Ok(diesel::delete(notices::table.filter(notices::id.eq_any(old))).execute(conn)?)
}
