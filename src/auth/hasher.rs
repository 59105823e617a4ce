//! Where passwords are hashed: on a few blocking threads, with a short queue.
//!
//! Invariant: never more hashes at once than permits, also when connections are reset: the permit belongs to the hashing closure,
//! not to the request that waits for it. No database connection is held meanwhile. It does not know whose password it is.

use crate::auth::password::{NO_HASH, Password, cost_of};
use crate::auth::secrets::Secrets;
use crate::error::{Error, Result};
use crate::ids::UserId;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// How long a sign-in waits for its turn.
const WAIT: Duration = Duration::from_secs(2);

/// How many hashes run at once: one less than there are cores.
#[must_use]
pub fn at_once() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).saturating_sub(1).max(1)
}

/// The bounded place; a clone is the same place.
#[derive(Clone)]
pub struct Hasher {
    secrets: Secrets,
    cost: u32,
    permits: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    most_waiting: usize,
}

impl Hasher {
    /// As many permits as `at_once`, eight in the queue for each.
    #[must_use]
    pub fn new(secrets: Secrets, cost: u32) -> Self {
        Self::with_permits(secrets, cost, at_once())
    }

    fn with_permits(secrets: Secrets, cost: u32, permits: usize) -> Self {
        Self { secrets, cost, permits: Arc::new(Semaphore::new(permits)), waiting: Arc::default(), most_waiting: permits * 8 }
    }

    /// The cost that new hashes have.
    #[must_use]
    pub const fn cost(&self) -> u32 {
        self.cost
    }

    /// How many passwords wait for their turn.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Hashes a new password.
    ///
    /// # Errors
    /// `Unavailable` when too many wait.
    pub async fn hash(&self, password: Password, user: UserId) -> Result<String> {
        let (secrets, cost) = (self.secrets.clone(), self.cost);
        self.run(move || password.hash(secrets.current(), user, cost)).await
    }

    /// Compares a password with the stored hash; without one (no such account, a locked one, an over-long password) it does the
    /// same work and says no. So does a wrong password against a hash of an earlier, cheaper cost: else its person would be known
    /// by the quick answer. Each cost is twice the work of the one before, so a hash at each from theirs up to ours makes up for
    /// what is missing, and for no more.
    ///
    /// # Errors
    /// `Unavailable` when too many wait.
    pub async fn verify(&self, password: Password, known: Option<(UserId, String)>) -> Result<bool> {
        let (secrets, cost) = (self.secrets.clone(), self.cost);
        let known = known.filter(|(_, stored)| !password.is_over_long() && stored != NO_HASH);
        self.run(move || {
            let missing = match known {
                None => cost..=cost,
                Some((user, stored)) => {
                    if password.verify(&secrets, user, &stored)? {
                        return Ok(true);
                    }
                    cost_of(&stored).unwrap_or(cost)..=cost.saturating_sub(1)
                }
            };
            for cost in missing {
                password.hash(secrets.current(), UserId::random(), cost)?;
            }
            Ok(false)
        })
        .await
    }

    /// How long one hash takes, in its turn among the others.
    ///
    /// # Errors
    /// `Unavailable` when too many wait.
    pub async fn time_one(&self) -> Result<Duration> {
        let (secrets, cost) = (self.secrets.clone(), self.cost);
        self.run(move || {
            let started = Instant::now();
            Password::typed("how long does this take").hash(secrets.current(), UserId::random(), cost)?;
            Ok(started.elapsed())
        })
        .await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
        let permit = {
            let _place = Place::take(&self.waiting, self.most_waiting)?;
            let turn = tokio::time::timeout(WAIT, Arc::clone(&self.permits).acquire_owned()).await;
            turn.map_err(|_| busy())?.map_err(Error::internal)?
        };
        let work = move || {
            let done = work();
            drop(permit);
            done
        };
        match tokio::task::spawn_blocking(work).await {
            Ok(result) => result,
            Err(cause) => Err(Error::internal(format!("hashing did not finish: {cause}"))),
        }
    }
}

fn busy() -> Error {
    Error::Unavailable("too many passwords are being checked".to_owned())
}

/// A place in the queue, given back also when the request goes away.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize, most: usize) -> Result<Self> {
        let place = Self(waiting);
        if waiting.fetch_add(1, Ordering::SeqCst) >= most { Err(busy()) } else { Ok(place) }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hasher(permits: usize) -> Hasher {
        let secrets = Secrets::new(&"q8Vn2LxT0sRb5YwZ7mKc3JdH9fGpA1eU".parse().expect("a secret"), &[]);
        Hasher::with_permits(secrets, 4, permits)
    }

    #[tokio::test]
    async fn a_request_that_goes_away_does_not_free_the_permit_its_hash_still_uses() {
        let (hasher, running, most) = (hasher(1), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        for _ in 0..6 {
            let (hasher, running, most) = (hasher.clone(), running.clone(), most.clone());
            let request = tokio::spawn(async move {
                hasher
                    .run(move || {
                        most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        std::thread::sleep(Duration::from_millis(40));
                        running.fetch_sub(1, Ordering::SeqCst);
                        Ok(())
                    })
                    .await
            });
            tokio::time::sleep(Duration::from_millis(10)).await;
            request.abort();
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(most.load(Ordering::SeqCst), 1);
        assert_eq!(hasher.waiting.load(Ordering::SeqCst), 0);
    }

    #[tokio::test]
    async fn a_full_queue_is_unavailable_at_once_and_never_a_wrong_password() {
        let hasher = hasher(1);
        let permit = Arc::clone(&hasher.permits).acquire_owned().await.expect("open");
        let waiting: Vec<_> = (0..8)
            .map(|_| {
                let hasher = hasher.clone();
                tokio::spawn(async move { hasher.verify(Password::typed("x"), None).await })
            })
            .collect();
        while hasher.waiting.load(Ordering::SeqCst) < 8 {
            tokio::task::yield_now().await;
        }
        assert!(matches!(hasher.verify(Password::typed("x"), None).await, Err(Error::Unavailable(_))));
        drop(permit);
        for request in waiting {
            assert!(matches!(request.await.expect("no panic"), Ok(false)));
        }
    }
}
