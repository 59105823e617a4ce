//! What a shown token is worth.
//!
//! Invariant: one look into the database by an index, at every request; there is no memory of tokens that a revocation would have to
//! reach. When it was used is written at most once a minute, and never decides anything.

use super::scope::Scopes;
use super::text;
use crate::auth::latch::{Latch, Person};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{api_tokens, users};
use crate::error::{Error, Result};
use crate::ids::{ApiTokenId, UserId, UserKey};
use diesel::prelude::*;
use std::time::Duration;

const TOUCH_EVERY: Duration = Duration::from_mins(1);

/// A good token: whose it is, and what it opens.
#[derive(Debug, Clone, Copy)]
pub struct Shown {
    /// The token.
    pub id: ApiTokenId,
    /// Its person. Their session is nobody's: the token's own name stands in its place, so that the audit says who acted.
    pub person: Person,
    /// What it opens.
    pub scopes: Scopes,
}

/// Looks a token up: `None` when it is unknown, revoked or expired, or its person is locked out or gone.
///
/// # Errors
/// `Unavailable` from the database: nobody is let in on a guess.
pub async fn check(latch: &Latch, text: &str) -> Result<Option<Shown>> {
    let Some(hash) = text::hash(text) else { return Ok(None) };
    let now = latch.clock.now();
    let Some((shown, last_used_at)) = latch.db.read(move |conn| find(conn, now, &hash)).await? else { return Ok(None) };
    if last_used_at.is_none_or(|at| now >= at + TOUCH_EVERY) {
        let id = shown.id;
        if let Err(cause) = latch.db.write(move |conn| touch(conn, now, id)).await {
            tracing::warn!(%cause, "when an API token was used could not be written");
        }
    }
    Ok(Some(shown))
}

fn find(conn: &mut Conn, now: Moment, hash: &str) -> Result<Option<(Shown, Option<Moment>)>> {
    type Row = ((ApiTokenId, String, Option<Moment>), (UserKey, UserId, String));
    let row: Option<Row> = api_tokens::table
        .inner_join(users::table)
        .filter(api_tokens::hash.eq(hash))
        .filter(api_tokens::expires_at.gt(now))
        .filter(users::locked_at.is_null())
        .filter(users::deleted_at.is_null())
        .select((
            (api_tokens::public_id, api_tokens::scope, api_tokens::last_used_at),
            (users::id, users::public_id, users::role),
        ))
        .first(conn)
        .optional()?;
    let Some(((id, scope, last_used_at), (key, user, role))) = row else { return Ok(None) };
    let session = id.as_str().parse().map_err(Error::internal)?;
    let person = Person { key, id: user, session, role: role.parse()? };
    Ok(Some((Shown { id, person, scopes: scope.parse().map_err(Error::internal)? }, last_used_at)))
}

/// Of many requests of one minute, one writes.
fn touch(conn: &mut Conn, now: Moment, id: ApiTokenId) -> Result<()> {
    let before = now - TOUCH_EVERY;
    let due = api_tokens::last_used_at.is_null().or(api_tokens::last_used_at.le(before));
    let row = api_tokens::table.filter(api_tokens::public_id.eq(id)).filter(due);
    diesel::update(row).set(api_tokens::last_used_at.eq(now)).execute(conn)?;
    Ok(())
}
