//! A pool of connections.
//!
//! Invariant: a connection that broke, or that a panic left inside a transaction, is never handed out again (see docs/TRAPS.md,
//! "Trap 9"), and one that lay unused for a second, or on which the last work failed, is tried before it is, so that a restart of
//! the database costs nobody a request and a busy shop finds its way back.

use super::Conn;
use crate::config::DatabaseUrl;
use crate::error::{Error, Result};
use diesel::r2d2::R2D2Connection as _;
use scheduled_thread_pool::{OnPoolDropBehavior, ScheduledThreadPool};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    Read,
    Write,
}

/// Makes and tests connections; r2d2's own part is the counting.
struct Connector {
    url: DatabaseUrl,
    purpose: Use,
}

/// A connection and when it was last handed out; none when it must be tried first.
pub(super) struct Pooled {
    pub(super) conn: Conn,
    used: Option<Instant>,
}

impl Pooled {
    /// Does some work. Where it was unavailable the connection may be dead, and Diesel does not always know: it keeps no note of
    /// a statement that could not be prepared.
    pub(super) fn work<T>(&mut self, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        let done = work(&mut self.conn);
        if matches!(done, Err(Error::Unavailable(_))) {
            self.used = None;
        }
        done
    }
}

impl r2d2::ManageConnection for Connector {
    type Connection = Pooled;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<Pooled, Self::Error> {
        let mut conn = Conn::open(&self.url).map_err(diesel::r2d2::Error::ConnectionError)?;
        if self.purpose == Use::Read {
            conn.refuse_writes().map_err(diesel::r2d2::Error::QueryError)?;
        }
        Ok(Pooled { conn, used: Some(Instant::now()) })
    }

    fn is_valid(&self, pooled: &mut Pooled) -> Result<(), Self::Error> {
        let lively = pooled.used.is_some_and(|used| used.elapsed() < Duration::from_secs(1));
        if !lively && matches!(pooled.conn, Conn::Postgres(_)) {
            pooled.conn.ping().map_err(diesel::r2d2::Error::QueryError)?;
        }
        pooled.used = Some(Instant::now());
        Ok(())
    }

    fn has_broken(&self, pooled: &mut Pooled) -> bool {
        std::thread::panicking() || pooled.conn.is_broken()
    }
}

/// Logs what r2d2 would print: the cause of a failed connection.
#[derive(Debug)]
struct Log;

impl r2d2::HandleError<diesel::r2d2::Error> for Log {
    fn handle_error(&self, error: diesel::r2d2::Error) {
        tracing::warn!(cause = %error, "a database connection failed");
    }
}

/// Threads that open connections. A file is open at once; of a server that does not answer, one thread would wait while others could try.
pub(super) fn opener(url: &DatabaseUrl) -> Arc<ScheduledThreadPool> {
    let threads = if matches!(url, DatabaseUrl::Sqlite(_)) { 1 } else { 3 };
    let opener = ScheduledThreadPool::builder().num_threads(threads).thread_name_pattern("connections-{}");
    Arc::new(opener.on_drop_behavior(OnPoolDropBehavior::DiscardPendingScheduled).build())
}

/// A pool; a clone is the same pool.
#[derive(Clone)]
pub(super) struct Pool(r2d2::Pool<Connector>);

impl Pool {
    /// Opens connections on the threads of `opener`, which pools may share.
    pub(super) fn open(
        url: &DatabaseUrl,
        purpose: Use,
        size: u32,
        wait: Duration,
        opener: &Arc<ScheduledThreadPool>,
    ) -> Result<Self> {
        // The first connection is tried by hand: r2d2 would only say that it timed out.
        Conn::open(url).map_err(|cause| Error::Unavailable(format!("{url} cannot be opened: {cause}")))?;
        let pool = r2d2::Pool::builder()
            .max_size(size)
            .min_idle(Some(size.min(2)))
            .connection_timeout(wait)
            .idle_timeout(Some(Duration::from_mins(10)))
            .max_lifetime(None)
            .test_on_check_out(true)
            .error_handler(Box::new(Log))
            .thread_pool(Arc::clone(opener))
            .build(Connector { url: url.clone(), purpose })
            .map_err(|cause| Error::Unavailable(format!("{url} cannot be opened: {cause}")))?;
        Ok(Self(pool))
    }

    pub(super) fn get(&self) -> Result<r2d2::PooledConnection<impl r2d2::ManageConnection<Connection = Pooled> + use<>>> {
        self.0.get().map_err(|cause| Error::Unavailable(format!("no database connection: {cause}")))
    }

    pub(super) fn load(&self) -> (u32, u32) {
        let state = self.0.state();
        (state.connections - state.idle_connections, self.0.max_size())
    }
}
