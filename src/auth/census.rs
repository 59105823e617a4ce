//! How many are signed in.
//!
//! Invariant: it counts what is alive by the limits of each person's present role, and stops at a number beyond which nobody counts:
//! what it costs is bounded, however many there are.

use crate::auth::alive::Alive;
use crate::auth::user::Role;
use crate::clock::Moment;
use crate::config::SessionLimits;
use crate::db::Conn;
use crate::db::schema::{sessions, users};
use crate::error::Result;
use crate::ids::SessionKey;
use diesel::prelude::*;

/// Living sessions of browsers and programs, counted up to `most`.
///
/// # Errors
/// What the database says.
pub fn living(conn: &mut Conn, now: Moment, limits: &SessionLimits, most: i64) -> Result<usize> {
    let of = |role: Role| users::role.eq(role.word()).and(Alive::at(now, limits, role).condition());
    let found: Vec<SessionKey> = sessions::table
        .inner_join(users::table)
        .filter(sessions::expires_at.gt(now))
        .filter(of(Role::Shopper).or(of(Role::Admin)))
        .select(sessions::id)
        .limit(most)
        .load(conn)?;
    Ok(found.len())
}
