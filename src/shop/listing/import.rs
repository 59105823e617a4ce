//! Into the shop: some lines at a time.
//!
//! Invariant: a batch is one transaction of about a tenth of a second, and between two batches others get their turn; a line says how
//! a product shall be, so taking it twice changes nothing the second time. It does not know how far a run has come.

mod batch;
mod kin;

pub use batch::Count;

use super::TOLD;
use super::line::Line;
use super::reader::{Complaint, Reader};
use crate::audit::{self, Actor, Kind};
use crate::clock::Clock;
use crate::db::Db;
use crate::error::{Error, Result};
use batch::take;
use std::collections::HashSet;
use std::io::Read;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// How long a batch is to take, how many lines the first one has, and the most of one.
const AIM: Duration = Duration::from_millis(60);
const FIRST: usize = 40;
const MOST: usize = 400;

/// Reads the whole file and changes nothing: how many lines it has, and what is wrong with them.
///
/// # Errors
/// What is wrong, at most a hundred of it, and how many lines there are in all.
pub fn check<R: Read>(mut file: Reader<R>, mut progress: impl FnMut(u64)) -> Result<u64, Vec<Complaint>> {
    let (mut lines, mut wrong) = (0, Vec::new());
    while let Some(line) = file.next_line() {
        lines += 1;
        if let Err(complaints) = line {
            wrong.extend(complaints);
        }
        if wrong.len() >= TOLD {
            wrong.truncate(TOLD);
            break;
        }
        if lines % 1_000 == 0 {
            progress(file.position());
        }
    }
    if wrong.is_empty() { Ok(lines) } else { Err(wrong) }
}

/// What a run took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// Every line.
    All(Count),
    /// Lines up to where it was told to stop.
    Part(Count),
}

/// Takes every line of a file that was checked, or until `progress`, which is told the bytes that were read and what became of them,
/// wants it to stop. Run it on a blocking thread.
///
/// # Errors
/// What the database says, and what was taken until then stays; `Refused` with the line, if the file is not what was checked.
pub fn import<R: Read>(
    db: &Db,
    clock: &Clock,
    actor: &Actor,
    file: Reader<R>,
    mut progress: impl FnMut(u64, Count) -> ControlFlow<()>,
) -> Result<Taken> {
    let mut count = Count::default();
    patiently(|| db.write_here(|conn| audit::record(conn, clock.now(), Kind::ImportStarted, actor, "")))?;
    let outcome = take_all(db, clock, actor, file, |at, some| {
        count += some;
        progress(at, count)
    });
    let told = format!("{} new, {} changed, {} as they were", count.new, count.changed, count.same);
    let told = match &outcome {
        Ok(ControlFlow::Continue(())) => told,
        Ok(ControlFlow::Break(())) => format!("stopped: {told}"),
        Err(_) => format!("broke off: {told}"),
    };
    let noted = patiently(|| db.write_here(|conn| audit::record(conn, clock.now(), Kind::Imported, actor, &told)));
    let taken = match outcome? {
        ControlFlow::Continue(()) => Taken::All(count),
        ControlFlow::Break(()) => Taken::Part(count),
    };
    noted.map(|()| taken)
}

fn take_all<R: Read>(
    db: &Db,
    clock: &Clock,
    actor: &Actor,
    mut file: Reader<R>,
    mut progress: impl FnMut(u64, Count) -> ControlFlow<()>,
) -> Result<ControlFlow<()>> {
    let (mut size, mut kept): (usize, Option<Line>) = (FIRST, None);
    loop {
        let mut lines = Vec::with_capacity(size);
        let mut codes = HashSet::new();
        while lines.len() < size {
            let line = match kept.take() {
                Some(line) => line,
                None => match file.next_line() {
                    Some(line) => line.map_err(refused)?,
                    None => break,
                },
            };
            if !codes.insert(line.sku.clone()) {
                // The same product again: the later line finds what the earlier one made.
                kept = Some(line);
                break;
            }
            lines.push(line);
        }
        if lines.is_empty() {
            return Ok(ControlFlow::Continue(()));
        }
        let (now, mut since) = (clock.now(), Instant::now());
        let count = patiently(|| {
            since = Instant::now();
            db.write_here(|conn| take(conn, now, actor, &lines))
        })?;
        let took = since.elapsed();
        if progress(file.position(), count).is_break() {
            return Ok(ControlFlow::Break(()));
        }
        size = if took > AIM * 2 {
            (size / 2).max(10)
        } else if took < AIM {
            (size * 3 / 2).min(MOST)
        } else {
            size
        };
        // On SQLite who waits for the lock looks for it now and then: leave a gap to find.
        std::thread::sleep((took / 8).clamp(Duration::from_millis(1), Duration::from_millis(20)));
    }
}

/// A run of minutes need not end for one bad moment of the database: it is asked again for some seconds. A batch that was taken
/// although its answer was lost is found as it shall be.
pub(super) fn patiently<T>(mut work: impl FnMut() -> Result<T>) -> Result<T> {
    let mut pauses = [100, 400, 1_500].into_iter().map(Duration::from_millis);
    loop {
        match (work(), pauses.next()) {
            (Err(Error::Unavailable(cause)), Some(pause)) => {
                tracing::debug!(%cause, "an import waits for the database");
                std::thread::sleep(pause);
            }
            (done, _) => return done,
        }
    }
}

fn refused(complaints: Vec<Complaint>) -> Error {
    let told = complaints.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    Error::refused("bad_file", told)
}
