//! Which sessions are alive, as a condition that a statement can ask.
//!
//! Invariant: it says of a row what `standing` says of a session that was read (but for a person's lock): not ended, not past its
//! absolute end, not idle for longer than its kind and its person's present role allow. It reads nothing.

use crate::auth::session::{self, Door};
use crate::auth::user::Role;
use crate::clock::Moment;
use crate::config::SessionLimits;
use crate::db::schema::sessions;
use diesel::dsl::auto_type;
use diesel::prelude::*;

/// The moments that divide the living from the dead, for one role.
#[derive(Debug, Clone, Copy)]
pub struct Alive {
    now: Moment,
    browser: Since,
    kept: Since,
    api: Since,
}

/// A living session was seen and made after these.
#[derive(Debug, Clone, Copy)]
struct Since {
    seen: Moment,
    made: Moment,
}

impl Alive {
    /// For sessions of people with that role.
    #[must_use]
    pub fn at(now: Moment, limits: &SessionLimits, role: Role) -> Self {
        let since = |door, remember| {
            let life = session::lifetime(limits, door, remember, role);
            Since { seen: now - life.idle, made: now - life.max }
        };
        Self { now, browser: since(Door::Web, false), kept: since(Door::Web, true), api: since(Door::Api, false) }
    }

    /// The condition on a row of `sessions`.
    #[must_use]
    pub(super) fn condition(self) -> condition {
        let Self { now, browser, kept, api } = self;
        condition(
            now,
            of_kind(WEB, false, browser.seen, browser.made),
            of_kind(WEB, true, kept.seen, kept.made),
            of_kind(API, false, api.seen, api.made),
        )
    }
}

const WEB: &str = Door::Web.word();
const API: &str = Door::Api.word();

#[auto_type]
fn condition(now: Moment, browser: of_kind, kept: of_kind, api: of_kind) -> _ {
    sessions::ended_at.is_null().and(sessions::expires_at.gt(now)).and(browser.or(kept).or(api))
}

#[auto_type]
fn of_kind(kind: &'static str, remember: bool, seen: Moment, made: Moment) -> _ {
    sessions::kind
        .eq(kind)
        .and(sessions::remember.eq(remember))
        .and(sessions::last_seen_at.gt(seen))
        .and(sessions::created_at.gt(made))
}
