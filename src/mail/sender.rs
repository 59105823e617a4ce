//! Sends what lies in the outbox, off every request's way.
//!
//! Invariant: a letter is taken (`outbox::take`) before it is sent, by one node at a time, and an attempt is over before its lease is.
//! So it goes out once, but for one window that SMTP leaves open: a server took it, and we died, or were cut off from it or from
//! the database, before that was written down. Then it goes out again when the lease is over, byte for byte the same.
//! It does not know what letters look like: it is given a way to draw them.

mod pause;

use crate::clock::{Clock, Moment};
use crate::config::MailFrom;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::mail::letter::Addressed;
use crate::mail::message::{self, Parcel, Words};
use crate::mail::outbox::{self, End, Postbox, Taken};
use crate::mail::transport::{Answer, Transport, Verdict};
use pause::Pause;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// How long one attempt may take. RFC 5321 section 4.5.3.2 would wait longer; then nobody else would try for as long.
pub const LIMIT: Duration = Duration::from_mins(4);
/// How long the writing down of what came of it is tried.
const PATIENCE: Duration = Duration::from_mins(1);
/// So often a node looks even if nobody left a letter here: another node may have died over one.
const LOOK: Duration = Duration::from_secs(1);
/// How many letters a node sends at once.
const AT_ONCE: usize = 4;
/// How many candidates are looked at, so that several nodes do not all want the same one.
const CANDIDATES: i64 = 16;

/// Finds the words of a letter.
pub type Draw = Box<dyn Fn(&Addressed) -> Result<Words> + Send + Sync>;

/// What a sender needs.
pub struct Sender {
    /// The doors to the database.
    pub db: Db,
    /// The one clock.
    pub clock: Clock,
    /// What it empties.
    pub post: Postbox,
    /// Whom letters come from.
    pub from: MailFrom,
    /// The way out.
    pub transport: Transport,
    /// How letters are drawn.
    pub draw: Draw,
}

/// A sender at work.
pub struct Running {
    stop: watch::Sender<bool>,
    work: JoinHandle<()>,
}

impl Running {
    /// Takes no further letter and gives those under way so long; the others wait in the outbox.
    pub async fn stop(mut self, grace: Duration) {
        self.stop.send_replace(true);
        match tokio::time::timeout(grace, &mut self.work).await {
            Ok(Ok(())) => {}
            Ok(Err(cause)) => tracing::error!(%cause, "the mail sender fell over"),
            Err(_elapsed) => {
                tracing::warn!("stopping while a mail server answers nothing; that mail is tried again later");
                self.work.abort();
            }
        }
    }
}

impl Sender {
    /// Begins to send, until it is stopped.
    #[must_use]
    pub fn start(self) -> Running {
        let (stop, stopped) = watch::channel(false);
        let work = tokio::spawn(Arc::new(self).run(stopped));
        Running { stop, work }
    }

    async fn run(self: Arc<Self>, mut stopped: watch::Receiver<bool>) {
        let (mut underway, mut pause, mut blind) = (JoinSet::new(), Pause::default(), false);
        loop {
            while underway.len() < pause.at_once(AT_ONCE) {
                let next = self.next().await;
                if let (Err(cause), false) = (&next, blind) {
                    tracing::warn!(%cause, "the outbox cannot be read");
                }
                blind = next.is_err();
                let Ok(Some(taken)) = next else { break };
                underway.spawn(Arc::clone(&self).send(taken));
            }
            tokio::select! {
                biased;
                _ = stopped.changed() => break,
                Some(done) = underway.join_next() => match done {
                    Ok(Some(Verdict::Closed(answer))) => pause.note(Some(&answer.code)),
                    Ok(Some(_)) => pause.note(None),
                    Ok(None) => {}
                    Err(cause) => tracing::error!(%cause, "sending a mail fell over"),
                },
                () = self.post.rung() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
        while underway.join_next().await.is_some() {}
    }

    /// Takes the next letter. Looking costs no lock; only what is there is written to.
    async fn next(&self) -> Result<Option<Taken>> {
        let now = self.clock.now();
        let due = self.db.read(move |conn| outbox::due(conn, now, CANDIDATES)).await?;
        if due.is_empty() {
            return Ok(None);
        }
        self.db.write(move |conn| outbox::take(conn, now, &due)).await
    }

    /// One attempt, and the writing down of what came of it; none when nothing was tried.
    async fn send(self: Arc<Self>, taken: Taken) -> Option<Verdict> {
        if self.clock.now() >= taken.expires_at {
            self.settle(&taken, Settled::Ended(End::Expired, "too late".to_owned())).await;
            return None;
        }
        let parcel = match self.parcel(&taken) {
            Ok(Some(parcel)) => parcel,
            Ok(None) => {
                self.settle(&taken, Settled::Nobodys).await;
                return None;
            }
            Err(cause) => {
                tracing::error!(%cause, kind = taken.kind, "a mail cannot be made; it is tried again later");
                self.settle(&taken, Settled::PutOff("cannot be made".to_owned())).await;
                return None;
            }
        };
        let tried = tokio::time::timeout(LIMIT, self.transport.deliver(&parcel)).await;
        let verdict = tried.unwrap_or_else(|_elapsed| Verdict::Closed(Answer::none()));
        let code = verdict.answer().code.clone();
        let settled = match verdict {
            Verdict::Sent(_) => Settled::Ended(End::Sent, code),
            Verdict::Refused(_) => {
                tracing::warn!(code, kind = taken.kind, "a mail was refused for good");
                Settled::Ended(End::Refused, code)
            }
            Verdict::Later(_) | Verdict::Closed(_) => Settled::PutOff(code),
        };
        self.settle(&taken, settled).await;
        Some(verdict)
    }

    /// The message; none of a letter for nobody, which is drawn all the same.
    fn parcel(&self, taken: &Taken) -> Result<Option<Parcel>> {
        let letter = self.post.open(taken)?.ok_or_else(|| Error::internal("it was sealed with a secret that is not known"))?;
        let words = (self.draw)(&letter)?;
        if letter.to.is_nobody() {
            return Ok(None);
        }
        message::build(taken.id, taken.created_at, &self.from, &letter.to, words).map(Some)
    }

    /// Writes down what came of an attempt, and does not give up while the lease lasts: a letter that was sent and not written down
    /// is sent again.
    async fn settle(&self, taken: &Taken, settled: Settled) {
        let begun = tokio::time::Instant::now();
        while let Err(cause) = self.write_down(taken, &settled).await {
            if begun.elapsed() > PATIENCE {
                tracing::error!(%cause, kind = taken.kind, "what became of a mail could not be written down");
                return;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        let tally = self.post.tally();
        let counter = match settled {
            Settled::Ended(End::Sent, _) => &tally.sent,
            Settled::Ended(End::Refused, _) => &tally.refused,
            Settled::Ended(End::Expired, _) => &tally.expired,
            Settled::PutOff(_) => &tally.put_off,
            Settled::Nobodys => return,
        };
        counter.inc();
    }

    async fn write_down(&self, taken: &Taken, settled: &Settled) -> Result<()> {
        let (taken, settled, now) = (taken.clone(), settled.clone(), self.clock.now());
        let write = move |conn: &mut crate::db::Conn| match settled {
            Settled::Ended(end, code) => outbox::end(conn, now, &taken, end, &cut(&code)).map(drop),
            Settled::Nobodys => outbox::end(conn, now, &taken, End::Expired, "for nobody").map(drop),
            Settled::PutOff(code) => outbox::put_off(conn, &taken, next_try(now, taken.turn), &cut(&code)),
        };
        self.db.write(write).await
    }
}

/// What became of an attempt.
#[derive(Debug, Clone)]
enum Settled {
    Ended(End, String),
    PutOff(String),
    /// There was nobody to send it to, and nothing to count.
    Nobodys,
}

/// 10 seconds after the first attempt, then three times as long each time, at most an hour.
fn next_try(now: Moment, turn: i64) -> Moment {
    let wait = (1..turn.min(8)).fold(10, |wait: u64, _| wait * 3);
    now + Duration::from_secs(wait).min(Duration::from_hours(1))
}

fn cut(code: &str) -> String {
    code.chars().filter(|sign| !sign.is_control()).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_grow_apart_up_to_an_hour() {
        let now = Clock::default().now();
        let waits: Vec<i64> = (1..=8).map(|turn| (next_try(now, turn) - now).whole_seconds()).collect();
        assert_eq!(waits, [10, 30, 90, 270, 810, 2_430, 3_600, 3_600]);
        assert_eq!(next_try(now, i64::MAX) - now, time::Duration::HOUR);
    }

    #[test]
    fn an_attempt_is_over_before_its_lease() {
        assert!(LIMIT + PATIENCE < outbox::LEASE, "or another node would send what this one is sending");
    }
}
