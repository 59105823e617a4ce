//! A connection that watches for what others write.
//!
//! Invariant: what it hears only hurries a reader who would have looked anyway; a reader who goes by the newest id misses nothing,
//! because those who write take their turns. It does not know what a revocation is for.

use super::Conn;
use crate::clock::{self, Moment};
use crate::config::DatabaseUrl;
use crate::error::{Error, Result};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Timestamp};

/// The name by which those who write call those who listen.
const LISTEN: &str = "LISTEN latchkey_revocations; SET statement_timeout = '3s'; SET application_name = 'latchkey feed'";

/// Postgres gives an id when a row is inserted and shows the row when it is committed: without a line, a reader who goes by the newest
/// id would pass over a row that was committed late. Who listens is told at the commit.
const QUEUE: &str = "SELECT pg_advisory_xact_lock(7236849012), pg_notify('latchkey_revocations', ''),
    clock_timestamp() AT TIME ZONE 'UTC' AS time";

/// The sequence never goes back while rows are purged, as the largest id would.
const POSTGRES: &str = "SELECT clock_timestamp() AT TIME ZONE 'UTC' AS time,
    CASE WHEN is_called THEN last_value ELSE 0 END AS newest FROM revocations_id_seq";
const SQLITE: &str = "SELECT strftime('%Y-%m-%d %H:%M:%f', 'now') AS time,
    coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'revocations'), 0) AS newest";

/// How the database stands at a moment.
#[derive(Debug, Clone, Copy, QueryableByName)]
pub struct Pulse {
    /// Its own time.
    #[diesel(sql_type = Timestamp)]
    pub time: Moment,
    /// The newest id that was ever given to a revocation.
    #[diesel(sql_type = BigInt)]
    pub newest: i64,
}

#[derive(QueryableByName)]
struct Time {
    #[diesel(sql_type = Timestamp)]
    time: Moment,
}

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = BigInt)]
    data_version: i64,
}

/// The connection.
pub struct Watch {
    conn: Conn,
    /// SQLite counts what other connections committed.
    version: i64,
}

impl Watch {
    /// Opens it and begins to listen.
    ///
    /// # Errors
    /// `Unavailable` when the database is not there.
    pub fn open(url: &DatabaseUrl) -> Result<Self> {
        let mut conn = Conn::open(url).map_err(|cause| Error::Unavailable(format!("{url} cannot be opened: {cause}")))?;
        conn.refuse_writes()?;
        if let Conn::Postgres(conn) = &mut conn {
            conn.batch_execute(LISTEN)?;
        }
        Ok(Self { conn, version: 0 })
    }

    /// Was something written since it was last asked? It never waits.
    ///
    /// # Errors
    /// `Unavailable` when the connection is lost.
    pub fn heard(&mut self) -> Result<bool> {
        match &mut self.conn {
            Conn::Sqlite(conn) => {
                let now: Version = diesel::sql_query("PRAGMA data_version").get_result(conn)?;
                Ok(std::mem::replace(&mut self.version, now.data_version) != now.data_version)
            }
            Conn::Postgres(conn) => {
                let mut heard = false;
                for call in conn.notifications_iter() {
                    call?;
                    heard = true;
                }
                Ok(heard)
            }
        }
    }

    /// How the database stands now.
    ///
    /// # Errors
    /// `Unavailable` when it does not answer.
    pub fn pulse(&mut self) -> Result<Pulse> {
        Ok(match &mut self.conn {
            Conn::Sqlite(conn) => diesel::sql_query(SQLITE).get_result(conn)?,
            Conn::Postgres(conn) => diesel::sql_query(POSTGRES).get_result(conn)?,
        })
    }

    /// Runs statements that change nothing.
    ///
    /// # Errors
    /// What the closure says.
    pub fn read<T>(&mut self, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        work(&mut self.conn)
    }
}

/// Waits until no other transaction is between writing revocations and its commit, and gives the database's time then. It is the last
/// lock that a transaction takes: who holds it waits for nobody.
///
/// # Errors
/// `Unavailable` when that takes too long.
pub fn queue_to_revoke(conn: &mut Conn) -> Result<Moment> {
    match conn {
        // The writer has the whole file, and the machine's clock is the database's.
        Conn::Sqlite(_) => Ok(clock::machine()),
        Conn::Postgres(conn) => Ok(diesel::sql_query(QUEUE).get_result::<Time>(conn)?.time),
    }
}
