//! What a story must never come to, in the words of those who live it.
//!
//! Invariant: it hears what was shown and what came of it, and knows neither the rules nor the database.

use super::rules::Verdict;
use latchkey::auth::rotation::Refusal;
use std::time::Duration;

/// Who shows something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// The one who signed in.
    Owner,
    /// The one with a copy.
    Thief,
}

/// What was shown and what came of it.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// By whom.
    pub who: Who,
    /// The generation of the refresh token, where one was exchanged.
    pub exchanged: Option<i64>,
    /// What came of it.
    pub verdict: Verdict,
    /// Generations that were seen for the first time by it.
    pub first_seen: Vec<i64>,
    /// How long the story has lasted.
    pub at: Duration,
}

/// What must be remembered of a story to judge it.
#[derive(Debug, Default)]
pub struct Promises {
    thief_acted: bool,
    signed_out: bool,
    last_use: Duration,
    used_by_owner: i64,
    used_by_thief: (i64, Duration),
}

/// Clocks are off by a few seconds, and use is written down once a minute.
const ROUGHLY: Duration = Duration::from_secs(75);

impl Promises {
    /// The owner signed out.
    pub fn signed_out(&mut self) {
        self.signed_out = true;
    }

    /// Would an owner whom nobody robbed still be signed in?
    pub fn should_live(&self, at: Duration, idle: Duration, max: Duration) -> bool {
        !self.signed_out && at + ROUGHLY < self.last_use + idle && at + ROUGHLY < max
    }

    /// Did the thief use a generation that this one of the owner's comes before, more than the grace ago?
    pub fn is_robbed(&self, owner_has: i64, at: Duration, grace: Duration) -> bool {
        self.used_by_thief.0 > owner_has && at > self.used_by_thief.1 + grace + Duration::from_secs(10)
    }

    /// Has a thief done anything?
    pub fn has_thief(&self) -> bool {
        self.thief_acted
    }

    /// Judges what happened.
    pub fn judge(&mut self, outcome: &Outcome, idle: Duration, max: Duration, grace: Duration) -> Result<(), String> {
        let Outcome { who, exchanged, verdict, ref first_seen, at } = *outcome;
        self.thief_acted |= who == Who::Thief;
        if !self.thief_acted && matches!(verdict, Verdict::Reuse | Verdict::Refused(Refusal::Reused)) {
            return Err("there is no thief, and the owner is taken for one".to_owned());
        }
        if !self.thief_acted && matches!(verdict, Verdict::Refused(_)) && self.should_live(at, idle, max) {
            return Err("the owner is signed out by nobody and before the time".to_owned());
        }
        // Told to sign in at the very limit by one node, the owner may find the other a second behind: that is no promise.
        self.signed_out |= matches!(verdict, Verdict::Refused(_));
        if let Some(shown) = exchanged {
            match who {
                Who::Thief if shown < self.used_by_owner && matches!(verdict, Verdict::Renewed(_)) => {
                    return Err("a thief whom the owner left behind is given a token".to_owned());
                }
                Who::Owner if shown < self.used_by_thief.0 && matches!(verdict, Verdict::Renewed(_)) => {
                    return Err("the owner is given what a thief uses already: nobody would ever notice".to_owned());
                }
                Who::Owner if self.is_robbed(shown, at, grace) && verdict.admits() => {
                    return Err("the thief went first, and the owner's refresh does not end it".to_owned());
                }
                _ => {}
            }
        }
        for generation in first_seen {
            match who {
                Who::Owner => self.used_by_owner = self.used_by_owner.max(*generation),
                Who::Thief if *generation > self.used_by_thief.0 => self.used_by_thief = (*generation, at),
                Who::Thief => {}
            }
        }
        if matches!(verdict, Verdict::Granted | Verdict::Renewed(_)) {
            self.last_use = self.last_use.max(at);
        }
        Ok(())
    }
}
