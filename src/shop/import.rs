//! An import: a file of products that somebody who runs the shop sent to a page.
//!
//! Invariant: one is open at a time, in the whole shop; its row tells the same at every node, and whoever has its file says there that it
//! is alive, so that an import whose node is gone is known for one. It does not know where the file is.

mod progress;
mod state;
mod work;

pub use progress::Progress;
pub use state::State;
pub use work::{Job, work};

use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::imports;
use crate::error::{Error, Result};
use crate::ids::{ImportId, ImportKey, UserKey};
use crate::on_either;
use diesel::prelude::*;
use std::time::Duration;

/// A node that is silent for so long has lost its file.
pub const LOST: Duration = Duration::from_secs(30);
/// How long a file waits for a word after it was checked.
pub const WAITS: Duration = Duration::from_mins(30);
/// How long it is told what came of an import.
pub const KEPT: Duration = Duration::from_hours(24 * 30);

/// An import as it stands.
#[derive(Debug, Clone)]
pub struct Import {
    /// Its row.
    pub key: ImportKey,
    /// Its name in URLs.
    pub id: ImportId,
    /// Whose it is.
    pub user: UserKey,
    /// Where it stands.
    pub state: State,
    /// Bytes of the file.
    pub size: i64,
    /// How far it is.
    pub progress: Progress,
    /// Why it ended, where that is not told by its state.
    pub note: String,
    /// When the file had come.
    pub created_at: Moment,
    /// When its lines began to be taken: what is counted was found before, and done since.
    pub started_at: Option<Moment>,
    /// When it ended.
    pub ended_at: Option<Moment>,
}

/// What became of a file that came.
#[derive(Debug)]
pub enum Claim {
    /// It is its turn.
    Made(ImportKey, ImportId),
    /// Another one is open.
    Taken(Import),
}

/// Opens an import for a file of this size, unless one is open.
///
/// # Errors
/// What the database says.
pub fn claim(conn: &mut Conn, now: Moment, user: UserKey, size: i64) -> Result<Claim> {
    close_lost(conn, now)?;
    let id = ImportId::random();
    let made = on_either!(conn, conn => diesel::insert_into(imports::table)
        .values((
            (imports::public_id.eq(id), imports::slot.eq(1), imports::user_id.eq(user), imports::size.eq(size)),
            (imports::state.eq(State::Checking), imports::created_at.eq(now), imports::beat_at.eq(now)),
        ))
        .on_conflict(imports::slot)
        .do_nothing()
        .execute(conn))?;
    if made == 1 {
        let key = imports::table.filter(imports::public_id.eq(id)).select(imports::id).first(conn)?;
        return Ok(Claim::Made(key, id));
    }
    // It may have ended in this very moment: whoever asks again is let in.
    match open(conn, now)? {
        Some(import) => Ok(Claim::Taken(import)),
        None => Err(Error::Unavailable("another import ended in this moment".to_owned())),
    }
}

/// Ends what a node left behind that is gone; how many there were.
///
/// # Errors
/// What the database says.
pub fn close_lost(conn: &mut Conn, now: Moment) -> Result<usize> {
    let lost = imports::table.filter(imports::slot.eq(1)).filter(imports::beat_at.lt(now - LOST));
    let over = (imports::slot.eq(None::<i64>), imports::ended_at.eq(now), imports::state.eq(State::Interrupted));
    Ok(diesel::update(lost).set(over).execute(conn)?)
}

type Row = ((ImportKey, ImportId, UserKey, State, i64), progress::Row, (String, Moment, Option<Moment>, Moment, Option<Moment>));

type Columns = (
    (imports::id, imports::public_id, imports::user_id, imports::state, imports::size),
    progress::Columns,
    (imports::note, imports::created_at, imports::started_at, imports::beat_at, imports::ended_at),
);

const COLUMNS: Columns = (
    (imports::id, imports::public_id, imports::user_id, imports::state, imports::size),
    progress::COLUMNS,
    (imports::note, imports::created_at, imports::started_at, imports::beat_at, imports::ended_at),
);

/// As the row says, unless its node has been silent for too long.
fn read(now: Moment, row: Row) -> Import {
    let ((key, id, user, state, size), progress, (note, created_at, started_at, beat_at, ended_at)) = row;
    let lost = ended_at.is_none() && beat_at < now - LOST;
    let state = if lost { State::Interrupted } else { state };
    Import { key, id, user, state, size, progress: Progress::read(progress), note, created_at, started_at, ended_at }
}

/// The one that is open.
///
/// # Errors
/// What the database says.
pub fn open(conn: &mut Conn, now: Moment) -> Result<Option<Import>> {
    let row: Option<Row> = imports::table.filter(imports::slot.eq(1)).select(COLUMNS).first(conn).optional()?;
    Ok(row.map(|row| read(now, row)).filter(|import| !import.state.is_over()))
}

/// The one of that name.
///
/// # Errors
/// `NotFound`.
pub fn find(conn: &mut Conn, now: Moment, id: ImportId) -> Result<Import> {
    let row: Option<Row> = imports::table.filter(imports::public_id.eq(id)).select(COLUMNS).first(conn).optional()?;
    Ok(read(now, row.ok_or(Error::NotFound)?))
}

/// The newest ones.
///
/// # Errors
/// What the database says.
pub fn newest(conn: &mut Conn, now: Moment, most: i64) -> Result<Vec<Import>> {
    let rows: Vec<Row> = imports::table.order(imports::id.desc()).limit(most).select(COLUMNS).load(conn)?;
    Ok(rows.into_iter().map(|row| read(now, row)).collect())
}

/// What became of a wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// It is written down.
    Heard,
    /// Only who sent the file may say so.
    NotTheirs,
    /// It stands elsewhere by now.
    TooLate,
}

/// Whoever sent the file wants it carried out; twice is as once.
///
/// # Errors
/// `NotFound`.
pub fn ask(conn: &mut Conn, now: Moment, id: ImportId, user: UserKey) -> Result<Asked> {
    let import = find(conn, now, id)?;
    if import.user != user {
        return Ok(Asked::NotTheirs);
    }
    let ready = imports::table.filter(imports::id.eq(import.key)).filter(imports::state.eq(State::Ready));
    let heard = import.state == State::Ready && diesel::update(ready).set(imports::state.eq(State::Asked)).execute(conn)? == 1;
    let again = matches!(import.state, State::Asked | State::Running | State::Done);
    Ok(if heard || again { Asked::Heard } else { Asked::TooLate })
}

/// Somebody who runs the shop wants it to end; what was taken stays.
///
/// # Errors
/// `NotFound`.
pub fn stop(conn: &mut Conn, now: Moment, id: ImportId) -> Result<Asked> {
    let import = find(conn, now, id)?;
    let going = imports::table.filter(imports::id.eq(import.key)).filter(imports::slot.eq(1));
    let heard = !import.state.is_over() && diesel::update(going).set(imports::state.eq(State::Stopping)).execute(conn)? == 1;
    Ok(if heard { Asked::Heard } else { Asked::TooLate })
}

/// Forgets at most `most` that ended before; how many there were.
///
/// # Errors
/// What the database says.
pub fn purge(conn: &mut Conn, before: Moment, most: i64) -> Result<usize> {
    let old: Vec<ImportKey> = imports::table
        .filter(imports::ended_at.lt(before))
        .order(imports::ended_at)
        .limit(most)
        .select(imports::id)
        .load(conn)?;
    Ok(diesel::delete(imports::table.filter(imports::id.eq_any(old))).execute(conn)?)
}

#[cfg(test)]
mod tests;
