//! The four rules, the limits and what a node remembers, as one would explain them on a page.
//!
//! Invariant: it knows generations and times and nothing else: no database, no token, nothing of the code it is held against.

use latchkey::auth::rotation::Refusal;
use latchkey::clock::{Moment, unix};
use std::collections::BTreeMap;
use std::time::Duration;

/// What a request comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Its access token is good.
    Granted,
    /// It goes on, and its answer carries the tokens of this generation.
    Renewed(i64),
    /// It goes on without new cookies.
    Straggler,
    /// A guess: seen and judged, nothing exchanged.
    Kept,
    /// An old token: the session ends here.
    Reuse,
    /// It goes on as nobody's.
    Refused(Refusal),
    /// It carries no token at all.
    Nobody,
}

impl Verdict {
    /// Does the request go on as the person's?
    pub fn admits(self) -> bool {
        matches!(self, Self::Granted | Self::Renewed(_) | Self::Straggler)
    }
}

/// A rule that is got wrong on purpose: the test must notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slip {
    /// A guess leaves no trace.
    GuessesAreUnseen,
    /// The successor is given out again although somebody uses it.
    SuccessorsForever,
    /// A straggler may come at any time.
    EndlessGrace,
}

/// How long things last.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Without anybody coming.
    pub idle: Duration,
    /// However much it is used.
    pub max: Duration,
    /// For a straggler.
    pub grace: Duration,
    /// So often use is written down.
    pub touch: Duration,
}

/// What one node remembers of the session.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    /// The newest generation seen here, and up to when its use is written down.
    pub known: Option<(i64, Moment)>,
    /// It was this node that ended the session.
    pub ended_here: bool,
    /// Tokens that were refused here.
    pub refused: BTreeMap<i64, Refusal>,
}

/// An access token, as far as time goes.
#[derive(Debug, Clone, Copy)]
pub struct Life {
    /// Made at this second.
    pub from: i64,
    /// Over at this one.
    pub until: i64,
}

/// The session.
#[derive(Debug, Clone)]
pub struct Session {
    /// How long things last.
    pub limits: Limits,
    /// Its newest generation.
    pub newest: i64,
    /// When each generation was first seen.
    pub seen: BTreeMap<i64, Moment>,
    /// Why it has ended.
    pub ended: Option<Refusal>,
    /// Up to when its use is written down.
    pub last_seen: Moment,
    created: Moment,
    slip: Option<Slip>,
}

/// Two nodes' clocks may differ by so much before a token counts as made in the future.
const SKEW: i64 = 5;

impl Session {
    /// A new one.
    pub fn new(now: Moment, limits: Limits, slip: Option<Slip>) -> Self {
        Self { limits, newest: 1, seen: BTreeMap::new(), ended: None, created: now, last_seen: now, slip }
    }

    fn refusal(&self, now: Moment) -> Option<Refusal> {
        let over = now >= self.created + self.limits.max || now >= self.last_seen + self.limits.idle;
        self.ended.or(over.then_some(Refusal::Ended))
    }

    fn see(&mut self, generation: i64, now: Moment) {
        self.seen.entry(generation).or_insert(now);
    }

    /// Is an access token good at a node? What is seen is seen.
    pub fn access(&mut self, node: &mut Memory, now: Moment, generation: i64, life: Life) -> bool {
        if unix(now) >= life.until || life.from > unix(now) + SKEW || node.ended_here {
            return false;
        }
        if node.known.is_some_and(|(newest, touched)| newest >= generation && now < touched + self.limits.touch) {
            return true;
        }
        if self.refusal(now).is_some() {
            return false;
        }
        self.last_seen = now;
        self.see(generation, now);
        node.known = match node.known {
            Some((newest, touched)) if newest <= generation => Some((generation, touched.max(now))),
            None => Some((generation, now)),
            newer => newer,
        };
        true
    }

    /// What a refresh token is worth at a node.
    pub fn exchange(&mut self, node: &mut Memory, now: Moment, generation: i64, renew: bool) -> Verdict {
        if let Some(refusal) = node.refused.get(&generation) {
            return Verdict::Refused(*refusal);
        }
        if let Some(refusal) = self.refusal(now) {
            node.refused.insert(generation, refusal);
            return Verdict::Refused(refusal);
        }
        if renew || self.slip != Some(Slip::GuessesAreUnseen) {
            self.see(generation, now);
        }
        let successor_seen = self.seen.get(&(generation + 1)).copied();
        match self.newest - generation {
            0 | 1 if !renew && successor_seen.is_none() => Verdict::Kept,
            // Rule 1: not yet replaced.
            0 => {
                self.newest += 1;
                self.last_seen = now;
                Verdict::Renewed(self.newest)
            }
            // Rule 2: a race or a lost answer, however late.
            1 if successor_seen.is_none() || self.slip == Some(Slip::SuccessorsForever) => {
                self.last_seen = now;
                Verdict::Renewed(self.newest)
            }
            // Rule 3: a straggler.
            1 if self.slip == Some(Slip::EndlessGrace) || successor_seen.is_some_and(|at| now <= at + self.limits.grace) => {
                Verdict::Straggler
            }
            // Rule 4: reuse.
            _ => {
                self.end(node, Refusal::Reused);
                Verdict::Reuse
            }
        }
    }

    /// It ends, at this node.
    pub fn end(&mut self, node: &mut Memory, why: Refusal) {
        self.ended = Some(why);
        *node = Memory { ended_here: true, known: None, refused: std::mem::take(&mut node.refused) };
    }
}
