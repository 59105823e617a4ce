//! The key ring as one node holds it in memory.
//!
//! Invariant: a check of a token takes the ring by reference count, never by copy, and holds no lock meanwhile; a node that cannot
//! read some of the keys keeps what it has, goes on with it, and says that it is not whole. It does not know when to look again.

use crate::auth::keys::ring::KeyRing;
use crate::auth::keys::stored::Opened;
use crate::error::{Error, Result};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// An unknown `kid` costs at most one look at the table in this time, whoever sends how many.
const AT_MOST_EVERY: Duration = Duration::from_secs(1);

/// See the module.
#[derive(Debug)]
pub struct HeldRing {
    ring: RwLock<Arc<KeyRing>>,
    looked: Mutex<Option<Instant>>,
    whole: AtomicBool,
}

impl HeldRing {
    /// Takes the keys of a start, which must all be readable.
    ///
    /// # Errors
    /// Why one is not: `Refused` with `another_secret`, or `Internal`.
    pub fn new(mut opened: Opened) -> Result<Self> {
        if let Some(cause) = opened.closed.pop() {
            return Err(cause);
        }
        Ok(Self {
            ring: RwLock::new(Arc::new(KeyRing::of(opened.keys)?)),
            looked: Mutex::new(None),
            whole: AtomicBool::new(true),
        })
    }

    /// The ring, as it stands.
    #[must_use]
    pub fn get(&self) -> Arc<KeyRing> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Somebody came with an unknown `kid`: runs `look`, unless there was a look a moment ago. Who comes while another looks waits
    /// for what that one finds.
    ///
    /// # Errors
    /// What `look` says.
    pub async fn look_again(&self, look: impl Future<Output = Result<()>>) -> Result<()> {
        let mut looked = self.looked.lock().await;
        if looked.is_some_and(|looked| looked.elapsed() < AT_MOST_EVERY) {
            return Ok(());
        }
        *looked = Some(Instant::now());
        look.await
    }

    /// Takes what another look found; `foreign` is what else this node cannot read because its secret is not known here.
    pub fn take(&self, opened: Opened, foreign: Option<Error>) {
        let causes: Vec<String> = opened.closed.iter().chain(&foreign).map(told).collect();
        // Without any readable key it is better to go on with those of before.
        if let Ok(ring) = KeyRing::of(opened.keys) {
            *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
        }
        let whole = causes.is_empty();
        if whole != self.whole.swap(whole, Ordering::AcqRel) {
            match causes.as_slice() {
                [] => tracing::info!("this node can read all keys of the shop again"),
                causes => tracing::error!(?causes, "this node has another secret than the shop: see LATCHKEY_SECRET"),
            }
        }
    }

    /// Could this node read everything when it last looked?
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.whole.load(Ordering::Acquire)
    }
}

fn told(cause: &Error) -> String {
    match cause {
        Error::Refused { text, .. } => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::keys::SigningKey;
    use crate::clock::Clock;
    use crate::config::Algorithm;
    use std::sync::atomic::AtomicUsize;

    fn opened(keys: usize) -> Opened {
        let key = || SigningKey::random(Algorithm::Hs256, Clock::default().now()).expect("a key");
        Opened { keys: (0..keys).map(|_| key()).collect(), closed: Vec::new() }
    }

    #[test]
    fn a_node_that_can_read_nothing_goes_on_with_what_it_has() {
        let held = HeldRing::new(opened(1)).expect("a ring");
        let before = held.get();
        let closed = vec![Error::refused("another_secret", "sealed elsewhere")];
        held.take(Opened { closed, ..opened(0) }, None);
        assert!(Arc::ptr_eq(&before, &held.get()) && !held.is_whole());
        held.take(opened(2), Some(Error::refused("another_secret", "a pepper")));
        assert!(!Arc::ptr_eq(&before, &held.get()) && !held.is_whole(), "what it can read it takes");
        held.take(opened(2), None);
        assert!(held.is_whole());
    }

    #[tokio::test]
    async fn many_unknown_keys_are_one_look_and_all_wait_for_it() {
        let held = HeldRing::new(opened(1)).expect("a ring");
        let looks = AtomicUsize::new(0);
        let look = || async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            looks.fetch_add(1, Ordering::SeqCst);
            Ok(())
        };
        for round in 1..=2 {
            let all = (0..100).map(|_| async {
                held.look_again(look()).await.expect("a look");
                looks.load(Ordering::SeqCst)
            });
            assert_eq!(futures_util::future::join_all(all).await, [round; 100]);
            *held.looked.lock().await = Instant::now().checked_sub(AT_MOST_EVERY);
        }
    }
}
