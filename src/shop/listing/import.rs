//! Into the shop: some lines at a time.
//!
//! Invariant: a batch is one transaction that takes lines until its time is used up, a tenth of a second with its commit, and between two
//! batches others get their turn; a line says how a product shall be, so taking it twice changes nothing the second time. It does not know how far a run has come.

mod batch;
mod pace;
mod piece;

pub use batch::Count;

use super::TOLD;
use super::line::Line;
use super::reader::{Complaint, Reader};
use super::stand::{Fate, Look, look};
use crate::audit::{self, Actor, Kind};
use crate::clock::Clock;
use crate::db::Db;
use crate::error::{Error, Result};
use batch::take;
use pace::Pace;
use std::collections::HashSet;
use std::io::Read;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// Most lines, and most letters, that are read at once.
const MOST: usize = 500;
const LETTERS: usize = 256 * 1024;
/// On a machine with few cores shoppers would else get half of it.
pub(super) const BREATH: Duration = Duration::from_millis(1);

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
    // Every line is in, or was left out as it was asked: that the last word of it is missing must not be told as the opposite.
    if let Err(cause) = noted {
        tracing::error!(%cause, "the end of an import could not be written to the audit");
    }
    Ok(taken)
}

fn take_all<R: Read>(
    db: &Db,
    clock: &Clock,
    actor: &Actor,
    file: Reader<R>,
    mut progress: impl FnMut(u64, Count) -> ControlFlow<()>,
) -> Result<ControlFlow<()>> {
    let (mut file, mut pace) = (Groups::new(file), Pace::default());
    loop {
        let lines = file.next_lines()?;
        if lines.is_empty() {
            return Ok(ControlFlow::Continue(()));
        }
        // What is so already needs no lock.
        let look = patiently(|| db.read_here(|conn| look(conn, &lines)))?;
        let (same, left) = unlike(lines, &look);
        let mut left = left.as_slice();
        if progress(file.position(), Count { same, ..Count::default() }).is_break() {
            return Ok(ControlFlow::Break(()));
        }
        std::thread::sleep(BREATH);
        while !left.is_empty() {
            let (now, some, mut since) = (clock.now(), &left[..pace.lines.min(left.len())], Instant::now());
            let (taken, count) = patiently(|| {
                db.write_here(|conn| {
                    since = Instant::now();
                    take(conn, now, actor, some, || since.elapsed() >= pace.time)
                })
            })?;
            let took = since.elapsed();
            tracing::trace!(taken, micros = took.as_micros(), "a batch of an import");
            if progress(file.position(), count).is_break() {
                return Ok(ControlFlow::Break(()));
            }
            pace.learn(took, taken, some.len());
            left = &left[taken..];
            db.give_way(took);
        }
    }
}

/// How many lines are so already, and the others. Of options all are taken or none: one may change what another is called.
fn unlike(lines: Vec<Line>, look: &Look) -> (u64, Vec<Line>) {
    let is_same = |nth: usize| look.fates[nth] == Fate::Same;
    let still = look.kin.iter().all(|nth| is_same(*nth));
    let stays = |nth: usize| is_same(nth) && (still || look.kin.binary_search(&nth).is_err());
    let all = lines.len();
    let left: Vec<Line> = lines.into_iter().enumerate().filter(|(nth, _)| !stays(*nth)).map(|(_, line)| line).collect();
    ((all - left.len()) as u64, left)
}

/// A file by groups of lines.
struct Groups<R> {
    file: Reader<R>,
    kept: Option<Line>,
}

impl<R: Read> Groups<R> {
    fn new(file: Reader<R>) -> Self {
        Self { file, kept: None }
    }

    fn position(&self) -> u64 {
        self.file.position()
    }

    /// The next lines, no two of one product; none behind the last.
    fn next_lines(&mut self) -> Result<Vec<Line>> {
        let (mut lines, mut codes, mut letters) = (Vec::new(), HashSet::new(), 0);
        while lines.len() < MOST && letters < LETTERS {
            let line = match self.kept.take() {
                Some(line) => line,
                None => match self.file.next_line() {
                    Some(line) => line.map_err(refused)?,
                    None => break,
                },
            };
            if !codes.insert(line.sku.clone()) {
                // The same product again: the later line finds what the earlier one made.
                self.kept = Some(line);
                break;
            }
            letters += line.description.len();
            lines.push(line);
        }
        Ok(lines)
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

#[cfg(test)]
mod tests;
