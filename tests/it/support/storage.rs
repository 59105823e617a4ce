//! A database of a test's own, on either side.
//!
//! Invariant: no two tests see each other's rows. It does not know what a server is.

use super::postgres::Database;
use super::{Backend, Fixture, Settings};
use latchkey::config::DatabaseUrl;
use latchkey::db::{self, Conn, Db};
use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;
use tempfile::TempDir;

/// Where the rows are, for as long as this value lives.
pub struct Storage {
    /// A folder of the test's own; SQLite's file lies in it.
    pub folder: TempDir,
    place: Option<Database>,
}

impl Storage {
    /// Without any table.
    pub fn empty(backend: Backend) -> Self {
        Self { folder: folder(), place: (backend == Backend::Postgres).then(Database::empty) }
    }

    /// With today's schema and no rows.
    pub fn migrated(backend: Backend) -> Self {
        let storage = Self { folder: folder(), place: (backend == Backend::Postgres).then(Database::migrated) };
        if backend == Backend::Sqlite {
            fs::write(storage.sqlite_path(), sqlite_template()).expect("a folder of our own takes a file");
        }
        storage
    }

    /// As `DATABASE_URL` says it.
    pub fn text(&self) -> String {
        match &self.place {
            Some(place) => place.url(),
            None => format!("sqlite:{}", self.sqlite_path().display()),
        }
    }

    /// As the program reads it.
    pub fn url(&self) -> DatabaseUrl {
        self.text().parse().expect("a URL of ours")
    }

    /// SQLite's file.
    pub fn sqlite_path(&self) -> PathBuf {
        self.folder.path().join("shop.db")
    }

    /// A connection beside every pool: it sees only what was committed.
    pub fn second_connection(&self) -> Conn {
        Conn::open(&self.url()).expect("the database takes one more connection")
    }

    /// The two doors, as another node would open them.
    pub fn doors(&self) -> Db {
        Db::open(&self.url(), 4).expect("the database is there")
    }
}

/// A migrated, empty SQLite file, made once.
fn sqlite_template() -> &'static [u8] {
    static TEMPLATE: OnceLock<Vec<u8>> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let folder = folder();
        let path = folder.path().join("template.db");
        let url = DatabaseUrl::Sqlite(path.clone());
        db::migrate(&url).expect("an empty file can be migrated");
        // Closing the last connection moves the write-ahead log into the file.
        fs::read(path).expect("SQLite wrote its file")
    })
}

fn folder() -> TempDir {
    tempfile::Builder::new().prefix("latchkey-it.").tempdir().expect("there is room for a folder")
}

/// A test of the database alone: the storage, and the doors to it.
pub struct TestDb {
    /// Where the rows are.
    pub storage: Storage,
    /// The doors that the test goes through.
    pub db: Db,
}

impl Fixture for TestDb {
    async fn set_up(backend: Backend, _: &Settings<'_>) -> Self {
        let storage = Storage::migrated(backend);
        let db = storage.doors();
        Self { storage, db }
    }

    async fn tear_down(self) {}
}
