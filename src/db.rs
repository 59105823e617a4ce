//! The only place that knows there are two databases.
//!
//! Invariant: `Db::read` and `Db::write` are the only doors; each is one hop to a blocking thread, and a write is one transaction:
//! `Err` means that nothing happened. (`Watch` is a window: it looks and changes nothing.) The rooms above see one `Conn` and never
//! ask which database is behind it. It does not know what the rows mean.

mod commit;
mod connection;
mod fault;
mod first;
#[cfg(test)]
pub mod heard;
mod lock;
mod migrate;
mod pool;
mod prepared;
pub mod schema;
mod statement;
mod watch;

pub use commit::after_commit;
pub use connection::Conn;
pub use fault::is_duplicate;
pub use first::{First, first};
pub use lock::{
    keep_person, lock_categories, lock_families, lock_order, lock_parking, lock_person, lock_products, lock_sessions,
    lock_stewards,
};
pub use migrate::{Migrated, migrate, pending};
pub use prepared::update;
pub use statement::Statement;
pub use watch::{Pulse, Watch, queue_to_revoke};

/// A statement that is written once and run on either database's own connection: one that `MultiConnection` cannot build
/// (`on_conflict`, batch inserts), or one of a page that everybody opens (`MultiConnection` puts the text together twice at each run,
/// although the statement is prepared already).
#[macro_export]
macro_rules! on_either {
    ($conn:expr, $inner:ident => $query:expr) => {
        match $conn {
            $crate::db::Conn::Sqlite($inner) => $query,
            $crate::db::Conn::Postgres($inner) => $query,
        }
    };
}

use crate::config::DatabaseUrl;
use crate::error::{Error, Result};
use pool::Pool;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// How long a request waits for a connection (docs/SECURITY.md, "Input and limits").
const POOL_WAIT: Duration = Duration::from_secs(2);

/// Another program that waits for SQLite's lock looks for it at least this often, in the first eighth of a second (its busy handler).
const POLL: Duration = Duration::from_millis(26);

/// The two doors to the database; a clone leads to the same.
#[derive(Clone)]
pub struct Db {
    readers: Pool,
    writers: Pool,
    /// Turns at each door: who waits for a connection waits here, not on a blocking thread that a page could use.
    reading: Arc<Semaphore>,
    writing: Arc<Semaphore>,
    /// How long others need to find a door free that was closed for long.
    gap: Duration,
}

impl Db {
    /// Opens the database. SQLite gets one writer, so that writes queue in order instead of polling for the lock,
    /// and its readers are told to refuse writes.
    ///
    /// # Errors
    /// `Unavailable` when it is not there.
    pub fn open(url: &DatabaseUrl, connections: u32) -> Result<Self> {
        let turns = |count| Arc::new(Semaphore::new(usize::try_from(count).unwrap_or(1)));
        let connections = at_once(url, connections);
        let (reading, opener) = (turns(connections), pool::opener(url));
        match url {
            DatabaseUrl::Sqlite(_) => Ok(Self {
                readers: Pool::open(url, pool::Use::Read, connections, POOL_WAIT, &opener)?,
                writers: Pool::open(url, pool::Use::Write, 1, POOL_WAIT, &opener)?,
                reading,
                // One writes and one stands ready, so that the writer need not wait for a thread.
                writing: turns(2),
                gap: POLL,
            }),
            DatabaseUrl::Postgres(_) => {
                let both = Pool::open(url, pool::Use::Write, connections, POOL_WAIT, &opener)?;
                Ok(Self { readers: both.clone(), writers: both, writing: Arc::clone(&reading), reading, gap: Duration::ZERO })
            }
        }
    }

    /// Runs statements that change nothing, on a blocking thread.
    ///
    /// # Errors
    /// What the closure says; `Unavailable` when the database is busy, full or gone.
    pub async fn read<T: Send + 'static>(&self, work: impl FnOnce(&mut Conn) -> Result<T> + Send + 'static) -> Result<T> {
        let db = self.clone();
        hop(&self.reading, move || db.read_here(work)).await
    }

    /// Runs one write transaction, on a blocking thread. What must follow its commit belongs into `then`, which runs on the same
    /// thread even when the request has gone away.
    ///
    /// # Errors
    /// What the closure says, and then nothing was written; `Unavailable` when the database is busy, full or gone.
    pub async fn write<T: Send + 'static>(&self, work: impl FnOnce(&mut Conn) -> Result<T> + Send + 'static) -> Result<T> {
        let db = self.clone();
        hop(&self.writing, move || db.write_here(work)).await
    }

    /// Like `write`, and `then` runs after the commit on the same thread, whatever became of the request.
    ///
    /// # Errors
    /// As `write`.
    pub async fn write_then<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Conn) -> Result<T> + Send + 'static,
        then: impl FnOnce(&T) + Send + 'static,
    ) -> Result<T> {
        let db = self.clone();
        hop(&self.writing, move || {
            let done = db.write_here(work)?;
            then(&done);
            Ok(done)
        })
        .await
    }

    /// Looks without a lock; what the look finds worth a write is written in the same hop, when nobody waits to write, and else in
    /// a second one. `then` is as in `write_then`.
    ///
    /// # Errors
    /// As `write`.
    pub async fn look_then_write<L: Send + 'static, T: Send + 'static>(
        &self,
        look: impl FnOnce(&mut Conn) -> Result<ControlFlow<T, L>> + Send + 'static,
        work: impl FnOnce(&mut Conn, L) -> Result<T> + Send + 'static,
        then: impl FnOnce(&T) + Send + 'static,
    ) -> Result<T> {
        let db = self.clone();
        let looked = hop(&self.reading, move || {
            let found = match db.read_here(look)? {
                ControlFlow::Break(done) => return Ok(ControlFlow::Break(done)),
                ControlFlow::Continue(found) => found,
            };
            let Ok(_turn) = db.writing.try_acquire() else { return Ok(ControlFlow::Continue((found, work, then))) };
            let done = db.write_here(|conn| work(conn, found))?;
            then(&done);
            Ok(ControlFlow::Break(done))
        });
        match looked.await? {
            ControlFlow::Break(done) => Ok(done),
            ControlFlow::Continue((found, work, then)) => self.write_then(move |conn| work(conn, found), then).await,
        }
    }

    /// `read` on this very thread, for the command line and for work that is on a blocking thread already.
    ///
    /// # Errors
    /// As `read`.
    pub fn read_here<T>(&self, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        self.readers.get()?.work(work)
    }

    /// `write` on this very thread, for the command line and for work that is on a blocking thread already.
    ///
    /// # Errors
    /// As `write`.
    pub fn write_here<T>(&self, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        self.writers.get()?.work(|conn| conn.write(work))
    }

    /// Lets others have their turn, on this very thread, after a write that took so long.
    pub fn give_way(&self, took: Duration) {
        std::thread::sleep(self.gap.max((took / 8).min(POLL)));
    }

    /// Most rows a transaction of `in_steps` deletes.
    pub const MOST: i64 = 500;
    /// Most transactions of one round of it.
    pub const STEPS: usize = 50;

    /// Deletes what is over in transactions of at most `MOST` rows, so that no one waits for it, on this very thread. What one round
    /// does not reach is left to the next. How many rows there were.
    ///
    /// # Errors
    /// What a step says; what was deleted until then stays deleted.
    pub fn in_steps(&self, step: impl Fn(&mut Conn, i64) -> Result<usize>) -> Result<usize> {
        let mut all = 0;
        for _ in 0..Self::STEPS {
            let done = self.write_here(|conn| step(conn, Self::MOST))?;
            all += done;
            if i64::try_from(done).is_ok_and(|done| done < Self::MOST) {
                break;
            }
        }
        Ok(all)
    }

    /// Does the database answer a statement?
    ///
    /// # Errors
    /// `Unavailable` when it does not.
    pub async fn answers(&self) -> Result<()> {
        self.read(|conn| Ok(diesel::r2d2::R2D2Connection::ping(conn)?)).await
    }

    /// Connections in use and at most, for `/readyz` and metrics.
    #[must_use]
    pub fn load(&self) -> (u32, u32) {
        self.readers.load()
    }
}

/// How many connections read at once. A server answers while we wait; SQLite works on our own processors, where more than two for
/// each core would only take each other's place, each with a cache and a thread of its own.
#[must_use]
pub fn at_once(url: &DatabaseUrl, connections: u32) -> u32 {
    match url {
        DatabaseUrl::Sqlite(_) => {
            let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
            connections.min(u32::try_from(cores * 2).unwrap_or(connections))
        }
        DatabaseUrl::Postgres(_) => connections,
    }
}

/// Waits for a turn, then one hop to a blocking thread, which keeps the turn until it is done, whatever became of the request.
/// A panic there is a fault of ours, not the end of the worker.
async fn hop<T: Send + 'static>(turns: &Arc<Semaphore>, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let turn = tokio::time::timeout(POOL_WAIT, Arc::clone(turns).acquire_owned()).await;
    let turn =
        turn.map_err(|_| Error::Unavailable("every database connection is in use".to_owned()))?.map_err(Error::internal)?;
    let work = move || {
        let done = work();
        drop(turn);
        done
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(cause) => Err(Error::internal(format!("database work did not finish: {cause}"))),
    }
}
