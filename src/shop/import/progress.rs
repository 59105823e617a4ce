//! How far an import is, and what was found or done so far.
//!
//! Invariant: only the node that has the file writes it, and only while the import is open; each time it says that it is alive. Whoever
//! writes learns what others want. It does not know how the file is read.

use super::State;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::imports;
use crate::error::Result;
use crate::ids::ImportKey;
use crate::shop::listing::{Complaint, Count, Survey};
use diesel::prelude::*;

/// How far it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of the file that were read in this round.
    pub position: u64,
    /// Lines of the file.
    pub lines: u64,
    /// What would become of the products, or became of them.
    pub count: Count,
    /// Lines that cannot be taken.
    pub wrong: u64,
    /// What is wrong with the first of them.
    pub told: Vec<Complaint>,
    /// How much more is wrong.
    pub untold: u64,
    /// Categories that the file would make, or made.
    pub categories: Vec<String>,
}

pub(super) type Row = ((i64, i64, i64, i64, i64), (i64, String, i64, String));

pub(super) type Columns = (
    (imports::position, imports::lines, imports::made, imports::changed, imports::same),
    (imports::wrong, imports::told, imports::untold, imports::categories),
);

pub(super) const COLUMNS: Columns = (
    (imports::position, imports::lines, imports::made, imports::changed, imports::same),
    (imports::wrong, imports::told, imports::untold, imports::categories),
);

fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

fn row(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl Progress {
    /// What a check found that has read so far.
    #[must_use]
    pub fn of(survey: &Survey, position: u64) -> Self {
        let Survey { lines, count, wrong, ref told, untold, ref categories } = *survey;
        Self { position, lines, count, wrong, told: told.clone(), untold, categories: categories.clone() }
    }

    pub(super) fn read(((position, lines, new, changed, same), (wrong, told, untold, categories)): Row) -> Self {
        let complaint = |text: &str| {
            let (line, why) = text.split_once(' ')?;
            Some(Complaint { line: line.parse().ok()?, why: why.to_owned() })
        };
        Self {
            position: count(position),
            lines: count(lines),
            count: Count { new: count(new), changed: count(changed), same: count(same) },
            wrong: count(wrong),
            told: told.lines().filter_map(complaint).collect(),
            untold: count(untold),
            categories: categories.lines().map(str::to_owned).collect(),
        }
    }

    /// As one column: a complaint has no line break in it.
    fn said(&self) -> String {
        let lines: Vec<String> = self.told.iter().map(|it| format!("{} {}", it.line, it.why)).collect();
        lines.join("\n")
    }
}

/// Writes it down; where the import stands, or none if somebody closed it.
///
/// # Errors
/// What the database says.
pub(super) fn beat(conn: &mut Conn, now: Moment, key: ImportKey, progress: &Progress) -> Result<Option<State>> {
    let own = imports::table.filter(imports::id.eq(key)).filter(imports::slot.eq(1));
    let Progress { position, lines, count, wrong, untold, .. } = *progress;
    let values = (
        (imports::beat_at.eq(now), imports::position.eq(row(position)), imports::lines.eq(row(lines))),
        (imports::made.eq(row(count.new)), imports::changed.eq(row(count.changed)), imports::same.eq(row(count.same))),
        (imports::wrong.eq(row(wrong)), imports::told.eq(progress.said()), imports::untold.eq(row(untold))),
        imports::categories.eq(progress.categories.join("\n")),
    );
    Ok(diesel::update(own).set(values).returning(imports::state).get_result(conn).optional()?)
}

/// Where it stands, or none if it is closed.
///
/// # Errors
/// What the database says.
pub(super) fn standing(conn: &mut Conn, key: ImportKey) -> Result<Option<State>> {
    let own = imports::table.filter(imports::id.eq(key)).filter(imports::slot.eq(1));
    Ok(own.select(imports::state).first(conn).optional()?)
}

/// Nobody wanted it otherwise while it was checked: it waits for a word. Where it stands now, or none if it is closed.
///
/// # Errors
/// What the database says.
pub(super) fn ready(conn: &mut Conn, now: Moment, key: ImportKey) -> Result<Option<State>> {
    let checked = imports::table.filter(imports::id.eq(key)).filter(imports::state.eq(State::Checking));
    let waits = (imports::state.eq(State::Ready), imports::beat_at.eq(now));
    diesel::update(checked.filter(imports::slot.eq(1))).set(waits).execute(conn)?;
    standing(conn, key)
}

/// The word came: what is counted from now on is done. Where it stands now, or none if it is closed.
///
/// # Errors
/// What the database says.
pub(super) fn start(conn: &mut Conn, now: Moment, key: ImportKey) -> Result<Option<State>> {
    let asked = imports::table.filter(imports::id.eq(key)).filter(imports::state.eq(State::Asked));
    let begins = (
        (imports::state.eq(State::Running), imports::beat_at.eq(now), imports::started_at.eq(now), imports::position.eq(0)),
        (imports::made.eq(0), imports::changed.eq(0), imports::same.eq(0)),
    );
    diesel::update(asked.filter(imports::slot.eq(1))).set(begins).execute(conn)?;
    standing(conn, key)
}

/// Ends it, unless somebody did.
///
/// # Errors
/// What the database says.
pub(super) fn end(conn: &mut Conn, now: Moment, key: ImportKey, state: State, note: &str) -> Result<()> {
    let own = imports::table.filter(imports::id.eq(key)).filter(imports::slot.eq(1));
    let over = (imports::slot.eq(None::<i64>), imports::ended_at.eq(now), imports::state.eq(state), imports::note.eq(note));
    diesel::update(own).set(over).execute(conn)?;
    Ok(())
}
