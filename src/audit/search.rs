//! What happened, read back: the newest first, a page at a time.
//!
//! Invariant: whatever is asked for, an index leads to the page and gives its order, so it costs the same however much happened; a page
//! goes on where the one before ended. It does not know who may read it.

use super::Kind;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::audit_events;
use crate::error::Result;
use crate::ids::{SessionId, UserKey};
use diesel::prelude::*;

/// What is looked for; nothing said means all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Filter {
    /// Events of this kind.
    pub kind: Option<Kind>,
    /// Events of this person.
    pub person: Option<UserKey>,
    /// From then on.
    pub from: Option<Moment>,
    /// Before then.
    pub before: Option<Moment>,
}

/// Where in the list an event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Its time.
    pub at: Moment,
    /// Its row, for those of one moment.
    pub id: i64,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Event {
    /// The row; it stays on the server.
    pub id: i64,
    /// When.
    pub at: Moment,
    /// What: the word of a `Kind`, perhaps one that only a newer version knows.
    pub kind: String,
    /// Whose act, if that is known.
    pub user: Option<UserKey>,
    /// In which session.
    pub session: Option<SessionId>,
    /// From where.
    pub address: String,
    /// What else there is to say.
    pub detail: String,
    /// With which browser or program, where somebody wrote it down.
    pub client: String,
}

impl Event {
    /// Where it stands.
    #[must_use]
    pub const fn place(&self) -> Place {
        Place { at: self.at, id: self.id }
    }
}

/// At most `most` events, behind the given place.
///
/// # Errors
/// What the database says.
pub fn search(conn: &mut Conn, filter: &Filter, after: Option<Place>, most: i64) -> Result<Vec<Event>> {
    let mut found = audit_events::table.into_boxed();
    if let Some(kind) = filter.kind {
        found = found.filter(audit_events::kind.eq(kind.word()));
    }
    if let Some(person) = filter.person {
        found = found.filter(audit_events::user_id.eq(person));
    }
    // One bound from above, and from below the reading stops by itself: with more of them SQLite takes an index that knows but a part.
    match (filter.before, after) {
        (Some(before), place) if place.is_none_or(|place| place.at >= before) => {
            found = found.filter(audit_events::at.lt(before));
        }
        (_, Some(place)) => {
            let behind = audit_events::at.lt(place.at).or(audit_events::id.lt(place.id));
            found = found.filter(audit_events::at.le(place.at)).filter(behind);
        }
        (_, None) => {}
    }
    let newest = found.order((audit_events::at.desc(), audit_events::id.desc())).limit(most);
    let mut events: Vec<Event> = newest.select(audit_events::all_columns).load(conn)?;
    events.retain(|event| filter.from.is_none_or(|from| event.at >= from));
    Ok(events)
}

/// At most `most` events of a person's own account: signing in and out and what was changed, not what they bought or did for the shop,
/// nor that a session made room for its own successor, by which nobody was signed out.
///
/// # Errors
/// What the database says.
pub fn of_account(conn: &mut Conn, person: UserKey, after: Option<Place>, most: i64) -> Result<Vec<Event>> {
    let mut found = audit_events::table
        .filter(audit_events::user_id.eq(person))
        .filter(audit_events::kind.ne_all(Kind::OF_THE_SHOP.iter().map(|kind| kind.word())))
        .filter(audit_events::kind.ne(Kind::SessionEnded.word()).or(audit_events::detail.ne("replaced")))
        .into_boxed();
    if let Some(place) = after {
        found =
            found.filter(audit_events::at.le(place.at)).filter(audit_events::at.lt(place.at).or(audit_events::id.lt(place.id)));
    }
    let newest = found.order((audit_events::at.desc(), audit_events::id.desc())).limit(most);
    Ok(newest.select(audit_events::all_columns).load(conn)?)
}
