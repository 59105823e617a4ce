//! Acknowledged rotation: how a refresh token is exchanged for the next one (RFC 9700 section 4.14.2, and further).
//!
//! Invariant: everyone who shows the same token while its successor is unseen gets the same successor, so that races and lost
//! answers sign nobody out; whoever shows it after the successor was seen is a straggler for a moment and then a thief, and ends
//! the session. A generation counts as seen only by what a client shows, never by what a header says.
//! It does not know HTTP; every decision is one write transaction that begins by taking the session's row.

use crate::audit::{self, Actor, Kind};
use crate::auth::notice::{self, Readers};
use crate::auth::refresh_token::RefreshToken;
use crate::auth::revocation::Revocation;
use crate::auth::secrets::Secrets;
use crate::auth::session::{self, Because, Door, Owner, Tokens};
use crate::auth::standing::{self, Found, Standing};
use crate::clock::Moment;
use crate::config::SessionLimits;
use crate::db::schema::{refresh_tokens, sessions};
use crate::db::{Conn, update};
use crate::error::{Error, Result};
use crate::ids::{SessionId, SessionKey, UserKey};
use crate::on_either;
use diesel::prelude::*;

/// Why a token is worth nothing here, and nothing was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// No token of ours, or of a session of the other kind: neither seen nor exchanged here.
    Unknown,
    /// Its session ended, by itself or otherwise, or its person is locked out.
    Ended,
    /// Its session was ended because an old token was shown.
    Reused,
}

/// What became of a token that was shown.
#[derive(Debug, Clone)]
pub enum Exchange {
    /// Rules 1 and 2: here is the successor.
    Renewed(Tokens),
    /// Rule 3: the successor is in use already; this one request goes on as its person.
    Straggler {
        /// The person.
        owner: Owner,
        /// The session.
        session: SessionId,
        /// Its newest generation.
        generation: i64,
    },
    /// Rule 4: the session was ended just now.
    Reuse,
    /// Nothing wrong with it, and no successor was wanted.
    Kept,
    /// Nothing to exchange.
    Refused(Refusal),
}

/// What a look without a lock tells.
#[derive(Debug)]
pub enum Look {
    /// It may be exchanged: what was found.
    Live(Box<Found>),
    /// It may not.
    Refused(Refusal),
}

/// Looks a token up, writing nothing. Most hopeless ones end here and never take a lock.
///
/// # Errors
/// What the database says.
pub fn look(conn: &mut Conn, limits: &SessionLimits, now: Moment, door: Door, token: &RefreshToken) -> Result<Look> {
    let Some(found) = standing::of_token(conn, &token.hash())? else { return Ok(Look::Refused(Refusal::Unknown)) };
    Ok(found.session.refusal(limits, now, door)?.map_or_else(|| Look::Live(Box::new(found)), Look::Refused))
}

/// The session that a token of that door names, whatever became of it.
///
/// # Errors
/// What the database says.
pub fn session_of(conn: &mut Conn, door: Door, token: &RefreshToken) -> Result<Option<SessionId>> {
    let named = refresh_tokens::table
        .inner_join(sessions::table)
        .filter(refresh_tokens::hash.eq(token.hash()))
        .filter(sessions::kind.eq(door.word()))
        .select(sessions::public_id);
    Ok(named.first(conn).optional()?)
}

/// What a client showed, and where.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// The door it came to.
    pub door: Door,
    /// The token.
    pub token: &'a RefreshToken,
    /// The client's address, for the audit.
    pub address: &'a str,
    /// Does it want the successor? A prefetch does not; what it shows is seen and judged all the same.
    pub renew: bool,
}

/// Exchanges a token that a look found, by the four rules of docs/SESSIONS.md, "The four rules". The revocations are for the node's
/// memory, after the commit.
///
/// # Errors
/// What the database says; nothing was changed then.
pub fn exchange(
    conn: &mut Conn,
    secrets: &Secrets,
    limits: &SessionLimits,
    now: Moment,
    found: &Found,
    shown: Shown<'_>,
) -> Result<(Exchange, Vec<Revocation>)> {
    // Nearly always it is as the look found it, and the session's row says so when it is taken.
    if shown.renew
        && found.is_plain()
        && let Some(next) = turn(conn, secrets, now, found, shown.token, now + session::REPLACED_FOR)?
    {
        return Ok((Exchange::Renewed(found.session.tokens(limits, now, next, found.token.generation + 1)?), Vec::new()));
    }
    let key = found.session.key;
    let taken = standing::take_with(conn, key, &shown.token.hash())?;
    let Some(taken) = taken else { return Ok((Exchange::Refused(Refusal::Unknown), Vec::new())) };
    let Found { session, token } = &taken;
    if let Some(refusal) = session.refusal(limits, now, shown.door)? {
        return Ok((Exchange::Refused(refusal), Vec::new()));
    }
    let mut revoked: Vec<Revocation> = acknowledge(conn, session, now)?.into_iter().collect();
    let straggler =
        || Ok::<_, Error>(Exchange::Straggler { owner: session.owner()?, session: session.id, generation: session.generation });
    // The browser has the cookies of the new session, or will have them in a moment: older ones, in an answer that comes later, would
    // wipe them out.
    let makes_way = shown.renew && makes_way(conn, session, now)?;

    // Rule 1: not yet replaced.
    if shown.renew
        && !makes_way
        && let Some(next) = turn(conn, secrets, now, &taken, shown.token, now)?
    {
        return Ok((Exchange::Renewed(session.tokens(limits, now, next, token.generation + 1)?), revoked));
    }
    if token.generation == session.generation && token.seen_at.is_none() {
        diesel::update(refresh_tokens::table.find(token.row)).set(refresh_tokens::seen_at.eq(now)).execute(conn)?;
    }
    if token.generation == session.generation {
        return Ok((if makes_way { straggler()? } else { Exchange::Kept }, revoked));
    }
    if token.generation + 1 == session.generation {
        let (derived_with, seen_at) = newest(conn, session)?;
        match (seen_at, derived_with.as_deref().and_then(|id| secrets.by_id(id))) {
            // Rule 2: a race or a lost answer, however late.
            (None, _) if !shown.renew => return Ok((Exchange::Kept, revoked)),
            (None, _) if makes_way => return Ok((straggler()?, revoked)),
            (None, Some(keys)) => {
                diesel::update(sessions::table.find(key)).set(sessions::last_seen_at.eq(now)).execute(conn)?;
                let again = shown.token.successor(keys);
                return Ok((Exchange::Renewed(session.tokens(limits, now, again, session.generation)?), revoked));
            }
            // Derived under a secret that is gone: nobody can make it again, and nobody did wrong.
            (None, None) => return Ok((Exchange::Refused(Refusal::Ended), revoked)),
            // Rule 3: a straggler.
            (Some(seen), _) if now <= seen + limits.grace => return Ok((straggler()?, revoked)),
            (Some(_), _) => {}
        }
    }
    // Rule 4: reuse.
    revoked.extend(session::end(conn, now, key, Because::Reuse)?);
    let actor = Actor { user: Some(session.user), session: Some(session.id), address: shown.address.to_owned() };
    audit::record(conn, now, Kind::TokenReuse, &actor, &format!("generation {} of {}", token.generation, session.generation))?;
    notice::tell(conn, session.user, &session.theft(now, shown), Readers::EveryBrowser)?;
    Ok((Exchange::Reuse, revoked))
}

/// Is there a new session that ends this one when it is seen? One that is replaced has a minute at most, so others are not asked.
fn makes_way(conn: &mut Conn, session: &Standing, now: Moment) -> Result<bool> {
    if session.expires_at > now + session::REPLACED_FOR {
        return Ok(false);
    }
    let next = sessions::table.filter(sessions::replaces.eq(session.key)).filter(sessions::ended_at.is_null());
    Ok(next.select(sessions::id).first::<SessionKey>(conn).optional()?.is_some())
}

/// A valid access token arrived: its generation is seen, and the session was used. `None` when the session is no longer alive.
///
/// # Errors
/// What the database says; the request must then not be answered as if it were signed in.
pub fn see(
    conn: &mut Conn,
    limits: &SessionLimits,
    now: Moment,
    door: Door,
    id: SessionId,
    generation: i64,
) -> Result<Option<Witness>> {
    let Some(key) = session::key_of(conn, id)? else { return Ok(None) };
    let Some(session) = standing::take(conn, key)? else { return Ok(None) };
    if session.refusal(limits, now, door)?.is_some() {
        return Ok(None);
    }
    let touch = update(sessions::table, sessions::id.eq(key), sessions::last_seen_at.eq(now));
    on_either!(conn, conn => touch.execute(conn))?;
    // That an older one was seen follows from its successor.
    if generation == session.generation {
        let shown = refresh_tokens::session_id.eq(key).and(refresh_tokens::generation.eq(generation));
        let unseen = shown.and(refresh_tokens::seen_at.is_null());
        let see = update(refresh_tokens::table, unseen, refresh_tokens::seen_at.eq(now));
        on_either!(conn, conn => see.execute(conn))?;
    }
    Ok(Some(Witness { user: session.user, revoked: acknowledge(conn, &session, now)? }))
}

/// What seeing a generation brought to light.
#[derive(Debug, Clone)]
pub struct Witness {
    /// The person's row.
    pub user: UserKey,
    /// The session that this one replaced, which ended now.
    pub revoked: Option<Revocation>,
}

/// A session was seen: the one that it replaces ends with that.
fn acknowledge(conn: &mut Conn, session: &Standing, now: Moment) -> Result<Option<Revocation>> {
    let Some(replaced) = session.replaces else { return Ok(None) };
    diesel::update(sessions::table.find(session.key)).set(sessions::replaces.eq(None::<SessionKey>)).execute(conn)?;
    session::end(conn, now, replaced, Because::Replaced)
}

/// Rule 1: the session takes its next generation, if the token that was found is still its newest, and if it is alive and will be
/// beyond that moment. `None` if not, and then nothing was written. With its first word it takes the session's row. The row of the
/// token that is replaced stays as it is: that its session has a newer generation says that it was seen, and replaced.
fn turn(
    conn: &mut Conn,
    secrets: &Secrets,
    now: Moment,
    found: &Found,
    token: &RefreshToken,
    beyond: Moment,
) -> Result<Option<RefreshToken>> {
    let (key, generation) = (found.session.key, found.token.generation);
    let newest = sessions::id.eq(key).and(sessions::generation.eq(generation));
    let alive = newest.and(sessions::ended_at.is_null()).and(sessions::expires_at.gt(beyond));
    let next = (sessions::generation.eq(generation + 1), sessions::last_seen_at.eq(now));
    let turn = update(sessions::table, alive, next);
    if on_either!(conn, conn => turn.execute(conn))? == 0 {
        return Ok(None);
    }
    let next = token.successor(secrets.current());
    let row = diesel::insert_into(refresh_tokens::table).values((
        refresh_tokens::session_id.eq(key),
        refresh_tokens::generation.eq(generation + 1),
        refresh_tokens::hash.eq(next.hash()),
        refresh_tokens::derived_with.eq(secrets.current().id()),
        refresh_tokens::created_at.eq(now),
    ));
    on_either!(conn, conn => row.execute(conn))?;
    forget_oldest(conn, key, generation + 1)?;
    Ok(Some(next))
}

/// How many generations of a live session are kept: enough to know an old token for what it is.
const KEPT: i64 = 100;

/// Deletes what is older, by index and now and then: a session that lives for months does not grow.
fn forget_oldest(conn: &mut Conn, key: SessionKey, newest: i64) -> Result<()> {
    if newest > KEPT && newest % 50 == 0 {
        let old =
            refresh_tokens::table.filter(refresh_tokens::session_id.eq(key)).filter(refresh_tokens::generation.lt(newest - KEPT));
        diesel::delete(old).execute(conn)?;
    }
    Ok(())
}

/// With which secret the newest token was derived, and when it was first seen.
fn newest(conn: &mut Conn, session: &Standing) -> Result<(Option<String>, Option<Moment>)> {
    let row = refresh_tokens::table
        .filter(refresh_tokens::session_id.eq(session.key))
        .filter(refresh_tokens::generation.eq(session.generation))
        .select((refresh_tokens::derived_with, refresh_tokens::seen_at))
        .first(conn)?;
    Ok(row)
}
