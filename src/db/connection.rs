//! One connection to either database, prepared alike.
//!
//! Invariant: every connection enforces foreign keys, waits at most two seconds for a lock, writes what was answered to the disk,
//! and counts time in UTC. It does not know pools.

use crate::config::DatabaseUrl;
use crate::db::commit;
use crate::error::{Error, Result};
use crate::on_either;
use diesel::connection::{AnsiTransactionManager, SimpleConnection as _, TransactionManager as _};
use diesel::{Connection as _, PgConnection, SqliteConnection};

/// A connection to one of the two databases.
#[derive(diesel::MultiConnection)]
pub enum Conn {
    /// The embedded default.
    Sqlite(SqliteConnection),
    /// The server.
    Postgres(PgConnection),
}

/// WAL lets readers go on beside the writer; FULL puts each commit on the disk before it is answered.
const SQLITE: &str = "PRAGMA busy_timeout = 2000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
    PRAGMA cache_size = -2000; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;";

/// `random_page_cost`: pages of a solid disk cost alike wherever they lie. With the server's default (4, for a spinning one) it
/// would walk the index of all products for the page of one category. `jit`: a statement of a page lasts a millisecond at most, and
/// to compile it takes thirty; nor is it worth to start other processes that help with it.
const POSTGRES: &str = "SET lock_timeout = '2s'; SET statement_timeout = '10s'; SET idle_in_transaction_session_timeout = '20s';
    SET random_page_cost = 1.1; SET jit = off; SET max_parallel_workers_per_gather = 0;
    SET TIME ZONE 'UTC'; SET synchronous_commit = 'on'; SET client_min_messages = 'warning'; SET application_name = 'latchkey';";

impl Conn {
    /// Opens a connection to what the URL's scheme names, and to nothing else.
    ///
    /// # Errors
    /// The reason, in the database's words, without the password.
    pub fn open(url: &DatabaseUrl) -> Result<Self, diesel::ConnectionError> {
        let prepared = |done: diesel::QueryResult<()>| done.map_err(diesel::ConnectionError::CouldntSetupConfiguration);
        match url {
            DatabaseUrl::Sqlite(path) => {
                let mut conn = SqliteConnection::establish(&path.to_string_lossy())?;
                prepared(conn.batch_execute(SQLITE))?;
                Ok(Self::Sqlite(conn))
            }
            DatabaseUrl::Postgres(text) => {
                let mut conn = PgConnection::establish(&with_patience(text))?;
                prepared(conn.batch_execute(POSTGRES))?;
                Ok(Self::Postgres(conn))
            }
        }
    }

    /// Tells a SQLite connection to refuse every write: the door for reading is one.
    ///
    /// # Errors
    /// What the database says.
    pub(super) fn refuse_writes(&mut self) -> diesel::QueryResult<()> {
        match self {
            Self::Sqlite(conn) => conn.batch_execute("PRAGMA query_only = ON"),
            Self::Postgres(_) => Ok(()),
        }
    }

    /// Runs a part of a transaction, in a savepoint: what it refuses leaves no trace, though the rest is committed.
    ///
    /// # Errors
    /// What the closure says.
    pub fn in_part<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.transaction(work)
    }

    /// Runs one write transaction. SQLite takes its lock at once (`BEGIN IMMEDIATE`; docs/TRAPS.md, "Trap 1": a transaction that
    /// reads first and writes later loses to any other writer without waiting).
    ///
    /// # Errors
    /// What the closure says, after a rollback; or the database's reason, when even that was not possible.
    pub fn write<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        commit::forget();
        match self {
            Self::Sqlite(conn) => AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN IMMEDIATE")?,
            Self::Postgres(conn) => AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN")?,
        }
        match work(self) {
            Ok(done) => {
                on_either!(self, conn => AnsiTransactionManager::commit_transaction(conn))?;
                commit::follow();
                Ok(done)
            }
            Err(reason) => {
                commit::forget();
                match on_either!(self, conn => AnsiTransactionManager::rollback_transaction(conn)) {
                    Ok(()) => Err(reason),
                    Err(cause) => Err(Error::Unavailable(format!("{reason}; and the rollback failed: {cause}"))),
                }
            }
        }
    }
}

/// libpq waits for ever for a silent host unless told otherwise, when it connects and later: a connection that a partition cut is to
/// be noticed in seconds, not in the hours of the system's default.
const PATIENCE: [(&str, &str); 5] = [
    ("connect_timeout", "3"),
    ("keepalives_idle", "5"),
    ("keepalives_interval", "2"),
    ("keepalives_count", "3"),
    ("tcp_user_timeout", "10000"),
];

fn with_patience(text: &str) -> String {
    let Ok(url) = url::Url::parse(text) else { return text.to_owned() };
    let said: Vec<String> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
    let missing = PATIENCE.into_iter().filter(|(name, _)| said.iter().all(|said| said != name));
    let (text, mut sign) = (text.trim_end_matches(['?', '&']), if said.is_empty() { '?' } else { '&' });
    let mut patient = text.to_owned();
    for (name, value) in missing {
        patient.extend([sign.to_string().as_str(), name, "=", value]);
        sign = '&';
    }
    patient
}

#[cfg(test)]
mod tests {
    use super::*;
    use diesel::RunQueryDsl as _;
    use diesel::sql_types::Text;

    #[derive(diesel::QueryableByName)]
    struct Chosen {
        #[diesel(sql_type = Text)]
        compile_options: String,
    }

    #[test]
    fn a_url_keeps_its_letters_and_what_it_says_itself() {
        let patient = with_patience("postgres://shop:a+b%20c@db.example/shop?connect_timeout=9&options=-c%20x");
        assert!(patient.starts_with("postgres://shop:a+b%20c@db.example/shop?connect_timeout=9&options=-c%20x&keepalives_idle="));
        assert_eq!(patient.matches("connect_timeout").count(), 1);
        assert!(with_patience("postgres://db.example/shop").starts_with("postgres://db.example/shop?connect_timeout=3&keep"));
    }

    #[test]
    fn sqlite_is_built_as_cargo_config_says() {
        let mut conn = SqliteConnection::establish(":memory:").expect("SQLite");
        let chosen: Vec<Chosen> = diesel::sql_query("PRAGMA compile_options").load(&mut conn).expect("options");
        let is_on = |name: &str| chosen.iter().any(|option| option.compile_options == name);
        for name in ["ENABLE_QPSG", "THREADSAFE=2"] {
            assert!(is_on(name), "without {name} pages are several times slower: see LIBSQLITE3_FLAGS in .cargo/config.toml");
        }
        assert!(!is_on("ENABLE_MEMORY_MANAGEMENT"), "its page cache has a lock that all connections share");
    }
}
