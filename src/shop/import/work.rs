//! The work of an import, from the first look at its file to the end.
//!
//! Invariant: it runs on a thread of its own, at the node that has the file; about once a second it says how far it is, and so learns
//! whether it is still wanted, and whether who sent the file still runs the shop. However it ends, its row says so, unless the database is
//! gone, and then the row falls silent.

use super::progress::{Progress, beat, end, ready, standing, start};
use super::{LOST, State, WAITS};
use crate::audit::Actor;
use crate::clock::Clock;
use crate::config::Currency;
use crate::db::{Conn, Db};
use crate::error::{Error, Result};
use crate::ids::{ImportKey, UserKey};
use crate::shop::listing::{self, Complaint, Reader, Survey, Taken};
use std::io::{Read, Seek};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// How often it says how far it is, and how often it listens while it waits for a word.
const SAYS: Duration = Duration::from_secs(1);
const LISTENS: Duration = Duration::from_millis(250);

const _: () = assert!(SAYS.as_secs() * 20 <= LOST.as_secs(), "a few missed beats are no silence");

/// What is to be done, and for whom.
#[derive(Debug, Clone)]
pub struct Job {
    /// The row of the import.
    pub key: ImportKey,
    /// Who sent the file.
    pub actor: Actor,
    /// How the shop counts money.
    pub currency: Currency,
    /// Do they still run the shop?
    pub stands: fn(&mut Conn, UserKey) -> Result<bool>,
}

impl Job {
    /// Who is nobody was let in by whoever runs the program.
    fn is_wanted(&self, conn: &mut Conn) -> Result<bool> {
        self.actor.user.map_or(Ok(true), |user| (self.stands)(conn, user))
    }
}

/// Why it ended.
struct End(State, &'static str);

/// Checks the file, waits until it is wanted, and takes it. `quit` says that the program is about to end. Run it on a thread of its own.
pub fn work<F: Read + Seek>(db: &Db, clock: &Clock, job: &Job, file: F, quit: impl Fn() -> bool) {
    let mut pulse = Pulse { db, clock, job, said: None, dismissed: false, progress: Progress::default(), quit: &quit };
    let End(state, note) = match carry(&mut pulse, job, file) {
        Ok(end) => end,
        Err(cause) => {
            tracing::warn!(%cause, "an import broke off");
            failed(&cause)
        }
    };
    if let Err(cause) = pulse.close(state, note) {
        tracing::warn!(%cause, "the end of an import was not written down");
    }
}

fn failed(cause: &Error) -> End {
    match cause {
        Error::Refused { .. } => End(State::Failed, "The file could not be read to its end, or a picture that it names is gone."),
        Error::Unavailable(_) => End(State::Failed, "The database did not answer for a while."),
        _ => End(State::Failed, "That went wrong on our side; the log says how."),
    }
}

fn carry<F: Read + Seek>(pulse: &mut Pulse, job: &Job, mut file: F) -> Result<End> {
    let survey = match Reader::new(&mut file, job.currency) {
        Err(complaint) => Some(hopeless(complaint)),
        Ok(reader) => listing::survey(pulse.db, reader, |at, survey| pulse.beat(Progress::of(survey, at)))?,
    };
    let Some(mut survey) = survey else { return Ok(pulse.why()) };
    if survey.lines == 0 && survey.wrong == 0 {
        survey = hopeless(Complaint::new(1, "there are no products behind the names of the columns"));
    }
    pulse.progress = Progress::of(&survey, 0);
    pulse.say()?;
    if survey.wrong > 0 {
        return Ok(End(State::Wrong, ""));
    }
    if survey.count.new == 0 && survey.count.changed == 0 {
        return Ok(End(State::Done, "Nothing had to be changed."));
    }
    if let Some(end) = pulse.wait()? {
        return Ok(end);
    }
    file.rewind().map_err(Error::internal)?;
    let reader = Reader::new(&mut file, job.currency).map_err(|it| Error::refused("bad_file", it.to_string()))?;
    let (lines, categories) = (survey.lines, survey.categories);
    pulse.progress = Progress { lines, categories: categories.clone(), ..Progress::default() };
    let (db, clock) = (pulse.db, pulse.clock);
    let taken = listing::import(db, clock, &job.actor, reader, |position, count| {
        pulse.beat(Progress { position, lines, count, categories: categories.clone(), ..Progress::default() })
    })?;
    Ok(match taken {
        Taken::All(_) => End(State::Done, ""),
        Taken::Part(_) => pulse.why(),
    })
}

/// A file whose first line says that it is none of ours.
fn hopeless(complaint: Complaint) -> Survey {
    Survey { wrong: 1, told: vec![complaint], ..Survey::default() }
}

/// Says how far the import is, and hears whether it is wanted.
struct Pulse<'a> {
    db: &'a Db,
    clock: &'a Clock,
    job: &'a Job,
    said: Option<(Instant, Option<State>)>,
    dismissed: bool,
    progress: Progress,
    quit: &'a dyn Fn() -> bool,
}

impl Pulse<'_> {
    /// Says it now; where the import stands.
    fn say(&mut self) -> Result<Option<State>> {
        let (state, wanted) = self.db.write_here(|conn| {
            let state = beat(conn, self.clock.now(), self.job.key, &self.progress)?;
            Ok((state, self.job.is_wanted(conn)?))
        })?;
        self.dismissed = !wanted;
        self.said = Some((Instant::now(), state));
        Ok(state)
    }

    /// Notes it, and says it if it is time to; whether to go on.
    fn beat(&mut self, progress: Progress) -> ControlFlow<()> {
        self.progress = progress;
        if (self.quit)() {
            return ControlFlow::Break(());
        }
        if self.said.is_none_or(|(at, _)| at.elapsed() >= SAYS) {
            // The work itself finds out soon enough if the database stays away.
            if let Err(cause) = self.say() {
                tracing::debug!(%cause, "an import could not say how far it is");
            }
        }
        match self.said {
            Some((_, None | Some(State::Stopping))) => ControlFlow::Break(()),
            _ if self.dismissed => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    }

    /// Why `beat` broke off.
    fn why(&self) -> End {
        if (self.quit)() {
            End(State::Interrupted, "The shop was stopped.")
        } else if self.dismissed {
            End(State::Stopped, "Whoever sent the file does not run the shop any more.")
        } else {
            End(State::Stopped, "")
        }
    }

    /// Waits until somebody wants it carried out; else, how it ends.
    fn wait(&mut self) -> Result<Option<End>> {
        let (db, clock, key) = (self.db, self.clock, self.job.key);
        let until = clock.now() + WAITS;
        let mut state = db.write_here(|conn| ready(conn, clock.now(), key))?;
        loop {
            match state {
                Some(State::Asked) => state = db.write_here(|conn| start(conn, clock.now(), key))?,
                Some(State::Running) => {
                    // Nothing is taken for somebody who was locked out while it waited.
                    self.progress = Progress { lines: self.progress.lines, ..Progress::default() };
                    self.say()?;
                    return Ok(self.dismissed.then(|| self.why()));
                }
                Some(State::Ready) if self.dismissed || (self.quit)() => return Ok(Some(self.why())),
                Some(State::Ready) if clock.now() > until => {
                    return Ok(Some(End(State::Stopped, "Nobody carried it out within half an hour.")));
                }
                Some(State::Ready) => {
                    std::thread::sleep(LISTENS);
                    state = self.listen()?;
                }
                _ => return Ok(Some(End(State::Stopped, ""))),
            }
        }
    }

    /// Where the import stands. Now and then it says that it is there; a bad moment of the database is waited out.
    fn listen(&mut self) -> Result<Option<State>> {
        let heard = if self.said.is_none_or(|(at, _)| at.elapsed() >= SAYS * 5) {
            self.say()
        } else {
            self.db.read_here(|conn| standing(conn, self.job.key))
        };
        match heard {
            Err(Error::Unavailable(cause)) => {
                tracing::debug!(%cause, "an import waits for the database");
                Ok(Some(State::Ready))
            }
            heard => heard,
        }
    }

    /// The last word.
    fn close(&mut self, state: State, note: &str) -> Result<()> {
        let (now, key) = (self.clock.now(), self.job.key);
        self.db.write_here(|conn| {
            beat(conn, now, key, &self.progress)?;
            end(conn, now, key, state, note)
        })
    }
}
