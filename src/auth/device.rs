//! A device: a session as its person sees it in a list, and ends it.
//!
//! Invariant: only living sessions are devices, and only their own person reaches them: an ended one and another's are not found. An
//! end asked for here works on this node before the answer is sent.

use crate::audit::{self, Actor, Kind};
use crate::auth::alive::Alive;
use crate::auth::latch::{Latch, Person};
use crate::auth::revocation::Revocation;
use crate::auth::session::{self, Because, Door};
use crate::auth::user_agent::Client;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::sessions;
use crate::error::{Error, Result};
use crate::ids::{SessionId, SessionKey, UserKey};
use diesel::prelude::*;
use std::collections::HashMap;

/// Most rows of a list: all that may live of both kinds.
const MOST: i64 = 40;

/// One signed-in browser or program.
#[derive(Debug, Clone)]
pub struct Device {
    /// Its session.
    pub id: SessionId,
    /// Its kind.
    pub door: Door,
    /// What it says it is.
    pub client: Client,
    /// Where it signed in.
    pub address: String,
    /// When it signed in.
    pub created_at: Moment,
    /// When it was last used; it is written once a minute.
    pub last_seen_at: Moment,
}

/// A person's devices, the one seen last first.
///
/// # Errors
/// What the database says.
pub fn list(conn: &mut Conn, owner: UserKey, alive: Alive) -> Result<Vec<Device>> {
    let rows: Vec<(SessionId, String, String, String, Moment, Moment)> = sessions::table
        .filter(sessions::user_id.eq(owner))
        .filter(alive.condition())
        .order((sessions::last_seen_at.desc(), sessions::id.desc()))
        .limit(MOST)
        .select((
            sessions::public_id,
            sessions::kind,
            sessions::user_agent,
            sessions::address,
            sessions::created_at,
            sessions::last_seen_at,
        ))
        .load(conn)?;
    let device = |(id, kind, agent, address, created_at, last_seen_at): (_, String, String, _, _, _)| {
        Ok(Device { id, door: kind.parse()?, client: Client::read(&agent), address, created_at, last_seen_at })
    };
    rows.into_iter().map(device).collect()
}

/// What these sessions are used with, as far as they are still known.
///
/// # Errors
/// What the database says.
pub fn clients(conn: &mut Conn, ids: &[SessionId]) -> Result<HashMap<SessionId, String>> {
    let found: Vec<(SessionId, String, String)> = sessions::table
        .filter(sessions::public_id.eq_any(ids))
        .select((sessions::public_id, sessions::kind, sessions::user_agent))
        .load(conn)?;
    found.into_iter().map(|(id, kind, agent)| Ok((id, Client::read(&agent).words(kind.parse()?)))).collect()
}

/// Ends one device of the person who asks; their own is a sign-out.
///
/// # Errors
/// `NotFound` for one that has ended or is another's; `Unavailable` from the database, and it lives on.
pub async fn end(latch: &Latch, person: Person, id: SessionId, actor: Actor) -> Result<()> {
    let (now, memory) = (latch.clock.now(), latch.clone());
    let alive = Alive::at(now, &latch.limits, person.role);
    let work = move |conn: &mut Conn| {
        let own = sessions::table.filter(sessions::public_id.eq(id)).filter(sessions::user_id.eq(person.key));
        let key: Option<SessionKey> = own.filter(alive.condition()).select(sessions::id).first(conn).optional()?;
        let ended = session::end(conn, now, key.ok_or(Error::NotFound)?, Because::SignOut)?.ok_or(Error::NotFound)?;
        write_down(conn, now, person, &[ended], &actor)?;
        Ok(ended)
    };
    latch.db.write_then(work, move |ended| memory.forget(&[*ended])).await?;
    Ok(())
}

/// Ends every device of the person who asks; with `but_this` the one they ask from goes on.
///
/// # Errors
/// `Unavailable` from the database, and all live on.
pub async fn end_all(latch: &Latch, person: Person, but_this: bool, actor: Actor) -> Result<()> {
    let (now, memory) = (latch.clock.now(), latch.clone());
    let work = move |conn: &mut Conn| {
        let but = if but_this { session::key_of(conn, person.session)? } else { None };
        let ended = session::end_all(conn, now, person.key, but, Because::SignOut)?;
        write_down(conn, now, person, &ended, &actor)?;
        Ok(ended)
    };
    latch.db.write_then(work, move |ended| memory.forget(ended)).await?;
    Ok(())
}

/// In the audit each end names the session that ended; who asked stands beside it.
fn write_down(conn: &mut Conn, now: Moment, person: Person, ended: &[Revocation], actor: &Actor) -> Result<()> {
    let sessions = ended.iter().filter_map(|revocation| match revocation {
        Revocation::Session(id) => Some(*id),
        Revocation::Epoch(..) => None,
    });
    let (own, others): (Vec<SessionId>, Vec<SessionId>) = sessions.partition(|id| *id == person.session);
    let actors =
        |ids: Vec<SessionId>| -> Vec<Actor> { ids.into_iter().map(|id| Actor { session: Some(id), ..actor.clone() }).collect() };
    audit::record_each(conn, now, Kind::SignOut, &actors(own), "")?;
    let detail = format!("sign_out, asked for by session {}", person.session);
    audit::record_each(conn, now, Kind::SessionEnded, &actors(others), &detail)
}
