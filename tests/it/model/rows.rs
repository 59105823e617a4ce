//! What the database must hold at every moment of a story.
//!
//! Invariant: it reads with a connection of its own, so that only what was committed counts; one live end to the chain of
//! generations, and after the end of a session not one row of it changes.

use super::rules::Session;
use diesel::prelude::*;
use latchkey::auth::rotation::Refusal;
use latchkey::auth::session::Because;
use latchkey::clock::Moment;
use latchkey::db::Conn;
use latchkey::db::schema::{refresh_tokens, sessions};
use latchkey::ids::SessionId;

type Token = (i64, Option<Moment>);

/// Holds the rows of a session against the rules.
///
/// # Errors
/// In words, where they differ.
pub fn agree(conn: &mut Conn, id: SessionId, session: &Session) -> Result<(), String> {
    let row = sessions::table.filter(sessions::public_id.eq(id));
    let (newest, last_seen, because): (i64, Moment, Option<String>) =
        row.select((sessions::generation, sessions::last_seen_at, sessions::ended_because)).first(conn).map_err(told)?;
    let tokens: Vec<Token> = refresh_tokens::table
        .inner_join(sessions::table)
        .filter(sessions::public_id.eq(id))
        .order(refresh_tokens::generation)
        .select((refresh_tokens::generation, refresh_tokens::seen_at))
        .load(conn)
        .map_err(told)?;
    same("the newest generation", newest, session.newest)?;
    same("the last use", last_seen, session.last_seen)?;
    let expected = session.ended.map(|why| if why == Refusal::Reused { Because::Reuse } else { Because::SignOut }.word());
    same("the reason of the end", because.as_deref(), expected)?;
    let generations: Vec<i64> = tokens.iter().map(|(generation, _)| *generation).collect();
    same("the chain", generations, (1..=session.newest).collect())?;
    // That an older one was seen follows from its successor; where it is written down it must be so.
    for (generation, seen) in tokens {
        if generation == session.newest || seen.is_some() {
            same(&format!("when generation {generation} was seen"), seen, session.seen.get(&generation).copied())?;
        }
    }
    Ok(())
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, there: T, expected: T) -> Result<(), String> {
    if there == expected { Ok(()) } else { Err(format!("{what} is {there:?}, not {expected:?}")) }
}

fn told(cause: diesel::result::Error) -> String {
    cause.to_string()
}
