//! This node's memory of the generations it has seen.
//!
//! Invariant: an entry stands for something committed: that generation has a `seen_at`, and the session's `last_seen_at` is at
//! least `touched`. So a request whose entry is there needs no database, and a lost entry costs one write and nothing else.

use crate::clock::Moment;
use crate::ids::{SessionId, UserKey};
use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

const SHARDS: usize = 16;
/// Most entries of a shard: about 130,000 sessions and 8 MiB in all.
const MOST: usize = 8192;

/// What is known of a session that was seen here.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    /// The newest generation that was seen.
    pub generation: i64,
    /// The person's row: it never changes for a session.
    pub user: UserKey,
    /// Up to when `last_seen_at` is known to be written.
    pub touched: Moment,
}

/// The memory.
#[derive(Debug, Default)]
pub struct SeenSessions {
    shards: [Mutex<HashMap<SessionId, Seen>>; SHARDS],
    hasher: RandomState,
}

impl SeenSessions {
    /// What is known of the session, if this generation was seen.
    #[must_use]
    pub fn get(&self, session: SessionId, generation: i64) -> Option<Seen> {
        self.shard(session).get(&session).copied().filter(|seen| seen.generation >= generation)
    }

    /// Remembers what was committed.
    pub fn remember(&self, session: SessionId, seen: Seen) {
        let mut shard = self.shard(session);
        if shard.len() >= MOST && !shard.contains_key(&session) {
            // The older half goes: those sessions cost one write when they come back.
            let mut times: Vec<Moment> = shard.values().map(|seen| seen.touched).collect();
            let (_, middle, _) = times.select_nth_unstable(MOST / 2);
            let middle = *middle;
            shard.retain(|_, seen| seen.touched > middle);
        }
        let entry = shard.entry(session).or_insert(seen);
        if entry.generation <= seen.generation {
            *entry = Seen { touched: entry.touched.max(seen.touched), ..seen };
        }
    }

    /// Forgets a session that ended.
    pub fn forget(&self, session: SessionId) {
        self.shard(session).remove(&session);
    }

    fn shard(&self, session: SessionId) -> MutexGuard<'_, HashMap<SessionId, Seen>> {
        let at = usize::try_from(self.hasher.hash_one(session) % SHARDS as u64).unwrap_or(0);
        self.shards[at].lock().unwrap_or_else(PoisonError::into_inner)
    }
}
