//! A personal API token: what a person gives a program of theirs in place of their password.
//!
//! Invariant: only SHA-256 of a token is kept, and its row is asked for at every request, so that revoking it, a lock and the deletion of
//! its person work at once on every node; what it opens is written in it when it is made, and never grows. It does not know HTTP.

mod change;
mod check;
mod scope;
mod text;

pub use change::{LONGEST_LIFE, MOST, Made, Outcome, Wish, end_all, make, name, purge, revoke};
pub use check::{Shown, check};
pub use scope::{NotAScope, Scope, Scopes};
pub use text::is_one;

use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::api_tokens;
use crate::error::{Error, Result};
use crate::ids::{ApiTokenId, UserKey};
use diesel::prelude::*;

/// A token as its person sees it in a list; the token itself is nowhere.
#[derive(Debug, Clone)]
pub struct Token {
    /// What its page calls it.
    pub id: ApiTokenId,
    /// What its person calls it.
    pub name: String,
    /// What it opens.
    pub scopes: Scopes,
    /// When it was made.
    pub created_at: Moment,
    /// When it stops opening anything.
    pub expires_at: Moment,
    /// When it was last used; it is written once a minute.
    pub last_used_at: Option<Moment>,
}

/// A person's tokens, the newest first; expired ones too, until they are swept away.
///
/// # Errors
/// What the database says.
pub fn list(conn: &mut Conn, owner: UserKey) -> Result<Vec<Token>> {
    type Row = (ApiTokenId, String, String, Moment, Moment, Option<Moment>);
    let rows: Vec<Row> = api_tokens::table
        .filter(api_tokens::user_id.eq(owner))
        .order(api_tokens::id.desc())
        .limit(200)
        .select((
            api_tokens::public_id,
            api_tokens::name,
            api_tokens::scope,
            api_tokens::created_at,
            api_tokens::expires_at,
            api_tokens::last_used_at,
        ))
        .load(conn)?;
    let token = |(id, name, scope, created_at, expires_at, last_used_at): Row| {
        let scopes = scope.parse().map_err(Error::internal)?;
        Ok(Token { id, name, scopes, created_at, expires_at, last_used_at })
    };
    rows.into_iter().map(token).collect()
}
