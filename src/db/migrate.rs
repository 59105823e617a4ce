//! Brings the schema up to what this binary knows.
//!
//! Invariant: of several nodes that start at once, one migrates and the others wait for it; a binary that is older than the schema
//! does not start. The migrations are part of the binary.

use super::Conn;
use crate::config::DatabaseUrl;
use crate::error::{Error, Result};
use diesel::connection::SimpleConnection as _;
use diesel::migration::{Migration, MigrationSource as _};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use std::collections::BTreeSet;
use std::fmt::Display;
use std::fs::File;
use std::os::unix::fs::OpenOptionsExt as _;

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// The advisory lock that says "a node of Latchkey is migrating".
const LOCK: &str = "SELECT pg_advisory_lock(7236849011)";

/// What `migrate` did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migrated {
    /// The versions that were applied now, oldest first.
    pub applied: Vec<String>,
}

/// Applies what is missing.
///
/// # Errors
/// `Unavailable` when the database is not there or not writable; `Refused` when it is newer than this binary.
pub fn migrate(url: &DatabaseUrl) -> Result<Migrated> {
    let unavailable = |cause: &dyn Display| Error::Unavailable(format!("{url} cannot be opened: {cause}"));
    match url {
        DatabaseUrl::Sqlite(path) => {
            if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                std::fs::create_dir_all(folder).map_err(|cause| unavailable(&cause))?;
            }
            if !path.exists() {
                // Its owner's alone: it holds addresses and hashes.
                let made = File::options().append(true).create(true).mode(0o600).open(path);
                made.map_err(|cause| unavailable(&cause))?;
            }
            // A lock on a file beside the database: SQLite's own would be given up between two migrations.
            let lock = File::create(path.with_extension("migrating")).map_err(|cause| unavailable(&cause))?;
            lock.lock().map_err(|cause| unavailable(&cause))?;
            match Conn::open(url).map_err(|cause| unavailable(&cause))? {
                Conn::Sqlite(mut conn) => apply(&mut conn, SQLITE),
                Conn::Postgres(_) => Err(Error::internal("a SQLite URL opened something else")),
            }
        }
        DatabaseUrl::Postgres(_) => match Conn::open(url).map_err(|cause| unavailable(&cause))? {
            Conn::Postgres(mut conn) => {
                conn.batch_execute("SET lock_timeout = '60s'; SET statement_timeout = 0")?;
                conn.batch_execute(LOCK)?;
                apply(&mut conn, POSTGRES)
            }
            Conn::Sqlite(_) => Err(Error::internal("a Postgres URL opened something else")),
        },
    }
}

/// How many migrations are missing. Nothing is made or changed.
///
/// # Errors
/// `Unavailable` when the database is not there.
pub fn pending(url: &DatabaseUrl) -> Result<usize> {
    fn missing<C: MigrationHarness<DB>, DB: diesel::backend::Backend>(conn: &mut C, source: EmbeddedMigrations) -> Result<usize> {
        let failed =
            |cause: Box<dyn std::error::Error + Send + Sync>| Error::Unavailable(format!("migrations cannot be read: {cause}"));
        Ok(conn.pending_migrations(source).map_err(failed)?.len())
    }
    let unavailable = |cause: &dyn Display| Error::Unavailable(format!("{url} cannot be opened: {cause}"));
    if let DatabaseUrl::Sqlite(path) = url {
        std::fs::metadata(path).map_err(|cause| unavailable(&cause))?;
    }
    match Conn::open(url).map_err(|cause| unavailable(&cause))? {
        Conn::Sqlite(mut conn) => missing(&mut conn, SQLITE),
        Conn::Postgres(mut conn) => missing(&mut conn, POSTGRES),
    }
}

fn apply<C: MigrationHarness<DB>, DB: diesel::backend::Backend>(conn: &mut C, source: EmbeddedMigrations) -> Result<Migrated> {
    let failed = |cause: Box<dyn std::error::Error + Send + Sync>| Error::Unavailable(format!("migration failed: {cause}"));
    let known: Vec<Box<dyn Migration<DB>>> = source.migrations().map_err(failed)?;
    let known: BTreeSet<String> = known.iter().map(|migration| migration.name().version().to_string()).collect();
    let applied = conn.applied_migrations().map_err(failed)?;
    if let Some(newer) = applied.iter().map(ToString::to_string).find(|version| !known.contains(version)) {
        return Err(Error::refused(
            "schema_too_new",
            format!("the database has migration {newer}, which this version of Latchkey does not know: start a newer one"),
        ));
    }
    let done = conn.run_pending_migrations(source).map_err(failed)?;
    Ok(Migrated { applied: done.iter().map(ToString::to_string).collect() })
}
