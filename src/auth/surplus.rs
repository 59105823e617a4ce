//! More sessions than a person can have.
//!
//! Invariant: of each kind at most twenty live; those past their time do not count. The one longest unseen makes room, in the
//! transaction that made the newcomer, and the person is told. Sign-ins of one person take turns: each begins with their row.

use crate::auth::alive::Alive;
use crate::auth::notice::{self, Notice, Readers};
use crate::auth::revocation::Revocation;
use crate::auth::session::{Because, Door, MOST, Opening};
use crate::auth::sign_out;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::sessions;
use crate::error::Result;
use crate::ids::{SessionId, SessionKey, UserKey};
use diesel::prelude::*;

/// Ends what is too much of the newcomer's kind. The session that it replaces is on its way out and does not count.
///
/// # Errors
/// What the database says.
pub(super) fn end(
    conn: &mut Conn,
    now: Moment,
    alive: Alive,
    owner: UserKey,
    newcomer: SessionId,
    opening: &Opening,
) -> Result<Vec<Revocation>> {
    let mut living: Vec<(SessionKey, String, String, Moment)> = sessions::table
        .filter(sessions::user_id.eq(owner))
        .filter(sessions::kind.eq(opening.door.word()))
        .filter(alive.condition())
        .order((sessions::last_seen_at.desc(), sessions::id.desc()))
        .select((sessions::id, sessions::user_agent, sessions::address, sessions::last_seen_at))
        .load(conn)?;
    living.retain(|(key, ..)| Some(*key) != opening.replaces);
    let surplus = living.split_off(living.len().min(MOST));
    let keys: Vec<SessionKey> = surplus.iter().map(|(key, ..)| *key).collect();
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let ended = sign_out::end_each(conn, now, &keys, Because::Limit)?;
    for (_, user_agent, address, last_seen_at) in surplus {
        let notice = Notice { kind: notice::Kind::Limit, door: opening.door, user_agent, last_seen_at, address, at: now };
        let readers = match opening.door {
            Door::Web => Readers::Only(newcomer),
            Door::Api => Readers::EveryBrowser,
        };
        notice::tell(conn, owner, &notice, readers)?;
    }
    Ok(ended)
}
