//! Making tokens, revoking them, and forgetting the expired ones.
//!
//! Invariant: the token leaves this file once, in what `make` returns; its audit and its letter are written with it, or none of the three.
//! Who may make one has just proved who they are (`step_up`).

use super::scope::Scopes;
use super::text;
use crate::audit::{self, Actor, Kind};
use crate::auth::latch::{Latch, Person};
use crate::auth::{letters, user};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::api_tokens;
use crate::error::{Error, Result};
use crate::ids::{ApiTokenId, UserKey};
use diesel::prelude::*;
use std::fmt;
use std::time::Duration;

/// Most tokens a person has that are still good.
pub const MOST: i64 = 20;
/// The longest life of a token, in days.
pub const LONGEST_LIFE: u32 = 365;

const DAY: Duration = Duration::from_hours(24);

/// What somebody wants.
#[derive(Debug, Clone)]
pub struct Wish {
    /// What they call it.
    pub name: String,
    /// What it opens.
    pub scopes: Scopes,
    /// For how many days.
    pub days: u32,
}

/// A token that was just made. `Debug` hides it.
pub struct Made(String);

impl Made {
    /// The token, to be shown this once.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Made(…)")
    }
}

/// What came of it.
#[derive(Debug)]
pub enum Outcome {
    /// Here it is.
    Made(Made),
    /// They have as many as there can be.
    TooMany,
}

/// Reads what somebody calls a token: 1 to 60 characters that can be seen, without the blanks around them.
///
/// # Errors
/// A sentence.
pub fn name(text: &str) -> Result<String, String> {
    let text = text.trim();
    match text.chars().count() {
        0 => Err("Say what the token is for, so that you know it again.".to_owned()),
        61.. => Err("Use at most 60 characters for the name.".to_owned()),
        _ if text.chars().any(char::is_control) => Err("Use only characters that can be seen in a name.".to_owned()),
        _ => Ok(text.to_owned()),
    }
}

/// Makes a token.
///
/// # Errors
/// `SignedOut` when the person was locked or changed meanwhile; `Unavailable` from the database.
pub async fn make(latch: &Latch, person: Person, wish: Wish, actor: Actor) -> Result<Outcome> {
    let (inner, now) = (latch.clone(), latch.clock.now());
    let work = move |conn: &mut Conn| {
        // Held, so that of many at once no one counts past the most.
        let owner = user::find(conn, person.key)?;
        if !user::hold(conn, owner.key, owner.epoch)? {
            return Err(Error::SignedOut);
        }
        let good = api_tokens::table.filter(api_tokens::user_id.eq(owner.key)).filter(api_tokens::expires_at.gt(now));
        if good.count().get_result::<i64>(conn)? >= MOST {
            return Ok(Outcome::TooMany);
        }
        let token = text::random();
        let hash = text::hash(&token).ok_or_else(|| Error::internal("a token of ours is not one"))?;
        let id = ApiTokenId::random();
        diesel::insert_into(api_tokens::table)
            .values((
                api_tokens::public_id.eq(id),
                api_tokens::user_id.eq(owner.key),
                api_tokens::name.eq(&wish.name),
                api_tokens::hash.eq(hash),
                api_tokens::scope.eq(wish.scopes.to_string()),
                api_tokens::created_at.eq(now),
                api_tokens::expires_at.eq(now + DAY * wish.days.clamp(1, LONGEST_LIFE)),
            ))
            .execute(conn)?;
        audit::record(conn, now, Kind::ApiTokenMade, &actor, &format!("{}, {} days, {id}", wish.scopes, wish.days))?;
        letters::api_token_made(conn, &inner.post, now, owner.key, &actor.address, &wish)?;
        Ok(Outcome::Made(Made(token)))
    };
    latch.db.write(work).await
}

/// Revokes a token of the person: from the next request on it opens nothing, on any node.
///
/// # Errors
/// `NotFound` for one that is gone or another's; `Unavailable` from the database, and it lives on.
pub async fn revoke(latch: &Latch, person: Person, id: ApiTokenId, actor: Actor) -> Result<()> {
    let now = latch.clock.now();
    let work = move |conn: &mut Conn| {
        let own = api_tokens::table.filter(api_tokens::public_id.eq(id)).filter(api_tokens::user_id.eq(person.key));
        if diesel::delete(own).execute(conn)? == 0 {
            return Err(Error::NotFound);
        }
        audit::record(conn, now, Kind::ApiTokenRevoked, &actor, id.as_str())
    };
    latch.db.write(work).await
}

/// Revokes every token of a person, in the transaction of what ends them.
///
/// # Errors
/// What the database says.
pub fn end_all(conn: &mut Conn, owner: UserKey) -> Result<()> {
    diesel::delete(api_tokens::table.filter(api_tokens::user_id.eq(owner))).execute(conn)?;
    Ok(())
}

/// Deletes at most `most` tokens that expired before this; how many there were.
///
/// # Errors
/// What the database says.
pub fn purge(conn: &mut Conn, before: Moment, most: i64) -> Result<usize> {
    let old: Vec<i64> = api_tokens::table
        .filter(api_tokens::expires_at.lt(before))
        .order(api_tokens::expires_at)
        .limit(most)
        .select(api_tokens::id)
        .load(conn)?;
    Ok(diesel::delete(api_tokens::table.filter(api_tokens::id.eq_any(old))).execute(conn)?)
}
