//! A node's memory of the revocations that can still matter.
//!
//! Invariant: an entry stays for the longest life of a token and a little, by a clock that never goes back, and takes a few dozen
//! bytes: 100,000 of them are under 8 MiB, and asking costs as much as with none. It does not know where they come from.

use super::Revocation;
use crate::ids::{SessionId, UserId};
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

/// How long an entry is remembered, whatever the life of tokens is set to: 15 minutes is the longest there is.
const REMEMBERED: Duration = Duration::from_secs(15 * 60 + 30);

/// The memory.
#[derive(Debug)]
pub struct Revocations {
    /// Seconds are counted from here: four bytes are enough for a century.
    began: Instant,
    entries: RwLock<Entries>,
}

/// By the bits of the id: when to forget it.
#[derive(Debug, Default)]
struct Entries {
    sessions: HashMap<[u8; 16], u32>,
    epochs: HashMap<[u8; 16], Least>,
}

/// The least epoch that is still good, and when to forget it.
#[derive(Debug, Clone, Copy)]
struct Least {
    epoch: u32,
    until: u32,
}

impl Default for Revocations {
    fn default() -> Self {
        Self { began: Instant::now(), entries: RwLock::default() }
    }
}

impl Revocations {
    /// Remembers an entry. Was it news?
    pub fn remember(&self, entry: Revocation) -> bool {
        let until = self.seconds(REMEMBERED);
        let mut entries = self.write();
        match entry {
            Revocation::Session(id) => entries.sessions.insert(id.bits(), until).is_none(),
            Revocation::Epoch(id, epoch) => {
                // Nobody changes a password four billion times; should they, all their tokens are worthless.
                let epoch = u32::try_from(epoch).unwrap_or(u32::MAX);
                let known = entries.epochs.insert(id.bits(), Least { epoch, until });
                match known {
                    Some(known) if known.epoch >= epoch => {
                        entries.epochs.insert(id.bits(), Least { epoch: known.epoch, until });
                        false
                    }
                    _ => true,
                }
            }
        }
    }

    /// Is a token of this session, person and epoch worthless?
    #[must_use]
    pub fn covers(&self, session: SessionId, user: UserId, epoch: i64) -> bool {
        let entries = self.read();
        entries.sessions.contains_key(&session.bits())
            || entries.epochs.get(&user.bits()).is_some_and(|least| least.epoch == u32::MAX || epoch < i64::from(least.epoch))
    }

    /// Forgets what no token can outlive, and gives memory back.
    pub fn forget_old(&self) {
        let now = self.seconds(Duration::ZERO);
        let mut entries = self.write();
        entries.sessions.retain(|_, until| *until > now);
        entries.epochs.retain(|_, least| least.until > now);
        if entries.sessions.len() < entries.sessions.capacity() / 4 {
            entries.sessions.shrink_to_fit();
        }
        if entries.epochs.len() < entries.epochs.capacity() / 4 {
            entries.epochs.shrink_to_fit();
        }
    }

    /// How many entries there are, and how many bytes they take.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        let entries = self.read();
        let bytes = table(entries.sessions.capacity(), size_of::<([u8; 16], u32)>())
            + table(entries.epochs.capacity(), size_of::<([u8; 16], Least)>());
        (entries.sessions.len() + entries.epochs.len(), bytes)
    }

    /// Seconds from the beginning to `ahead` of now, a begun one counted.
    fn seconds(&self, ahead: Duration) -> u32 {
        u32::try_from((self.began.elapsed() + ahead).as_secs() + 1).unwrap_or(u32::MAX)
    }

    /// A panic elsewhere leaves maps that are still maps: entries are whole.
    fn read(&self) -> RwLockReadGuard<'_, Entries> {
        self.entries.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Entries> {
        self.entries.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The bytes of a hash table: places in a power of two, of which seven of eight are filled, and one byte more for each.
fn table(capacity: usize, entry: usize) -> usize {
    if capacity == 0 { 0 } else { (capacity * 8 / 7).next_power_of_two() * (entry + 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_or_an_older_epoch_is_covered_and_nothing_else() {
        let memory = Revocations::default();
        let (session, user) = (SessionId::random(), UserId::random());
        let news = [Revocation::Session(session), Revocation::Epoch(user, 3), Revocation::Epoch(user, 2)]
            .map(|entry| memory.remember(entry));
        assert_eq!(news, [true, true, false]);
        assert!(!memory.remember(Revocation::Session(session)), "the same one twice is one");
        assert!(memory.covers(session, UserId::random(), 9));
        assert!(memory.covers(SessionId::random(), user, 2));
        assert!(!memory.covers(SessionId::random(), user, 3));
        assert!(!memory.covers(SessionId::random(), UserId::random(), 0));
        memory.forget_old();
        assert!(memory.covers(session, user, 9), "what can still matter stays");
        assert!(memory.remember(Revocation::Epoch(user, i64::MAX)));
        assert!(memory.covers(SessionId::random(), user, i64::MAX - 1), "what does not fit is not let in");
    }

    #[test]
    fn a_mass_sign_out_takes_few_bytes_and_gives_them_back() {
        let memory = Revocations::default();
        let mut most = 0;
        for count in 1..=200_000_usize {
            let entry = match count % 8 {
                0 => Revocation::Epoch(UserId::random(), 1),
                _ => Revocation::Session(SessionId::random()),
            };
            assert!(memory.remember(entry));
            if count >= 1_000 {
                let (entries, bytes) = memory.size();
                assert_eq!(entries, count);
                most = most.max(bytes / entries);
            }
            if count == 100_000 {
                assert!(memory.size().1 < 8 << 20, "{} bytes", memory.size().1);
            }
        }
        assert!(most < 64, "{most} bytes an entry");
        let mut entries = memory.write();
        entries.sessions.values_mut().for_each(|until| *until = 0);
        entries.epochs.values_mut().for_each(|least| least.until = 0);
        drop(entries);
        memory.forget_old();
        assert_eq!(memory.size(), (0, 0));
    }
}
