//! This node's memory of refresh tokens that were refused, so that a browser with a dead cookie does not ask the database for every
//! picture and page.
//!
//! Invariant: only what can never become valid again (or is over by this node's clock) is remembered, and only for a minute; it holds
//! hashes, never tokens. It counts the unknown ones: many at once are what a restored backup looks like.

use crate::auth::rotation::Refusal;
use crate::auth::session::Door;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

const REMEMBERED: Duration = Duration::from_mins(1);
const MOST: usize = 10_000;

/// The memory.
#[derive(Debug, Default)]
pub struct RefusedTokens {
    tokens: Mutex<HashMap<(Door, String), (Refusal, Instant)>>,
    unknown: AtomicU64,
}

impl RefusedTokens {
    /// Why the token of that hash was refused at that door a moment ago, if it was.
    #[must_use]
    pub fn get(&self, door: Door, hash: &str) -> Option<Refusal> {
        let refused = self.lock();
        let (refusal, at) = refused.get(&(door, hash.to_owned()))?;
        (at.elapsed() < REMEMBERED).then_some(*refusal)
    }

    /// Remembers a refusal. A flood of invented tokens empties the memory and costs nothing more.
    pub fn remember(&self, door: Door, hash: String, refusal: Refusal) {
        if refusal == Refusal::Unknown {
            self.unknown.fetch_add(1, Ordering::Relaxed);
        }
        let mut refused = self.lock();
        if refused.len() >= MOST {
            refused.clear();
        }
        refused.insert((door, hash), (refusal, Instant::now()));
    }

    /// Forgets what is older than a minute, and says how many were unknown since it was last called.
    pub fn forget_old(&self) {
        self.lock().retain(|_, (_, at)| at.elapsed() < REMEMBERED);
        let unknown = self.unknown.swap(0, Ordering::Relaxed);
        if unknown > 0 {
            tracing::info!(unknown, "refresh tokens this database does not know: old, invented, or newer than a restored backup");
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(Door, String), (Refusal, Instant)>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
