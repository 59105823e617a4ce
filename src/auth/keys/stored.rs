//! The rows of `signing_keys`.
//!
//! Invariant: every key but the newest has exactly one successor, which takes over when it ends; the row of the newest decides a
//! race (a conditional update, and a unique index for the first key of all). A key is never in the table but sealed.
//! It does not know when a key should be followed by another.

use crate::auth::keys::life::VERIFIES_FOR;
use crate::auth::keys::{SigningKey, material, new_kid};
use crate::auth::secrets::Secrets;
use crate::clock::Moment;
use crate::config::Algorithm;
use crate::db::schema::signing_keys;
use crate::db::{Conn, is_duplicate};
use crate::error::{Error, Result};
use diesel::prelude::*;
use zeroize::Zeroizing;

/// A key as the table tells of it, unopened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// Its name.
    pub kid: String,
    /// What it signs with; a later version may know more words than this one.
    pub algorithm: String,
    /// The master secret it is sealed with.
    pub secret_id: String,
    /// When it was made, and published to all nodes.
    pub created_at: Moment,
    /// From when it signs.
    pub signs_from: Moment,
    /// Until when; none while it has no successor.
    pub signs_until: Option<Moment>,
}

/// Where a key stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Every node reads it; none signs with it yet.
    Published,
    /// It signs.
    Signs,
    /// It signs no more; what it signed is still good.
    Verifies,
}

impl State {
    /// The word for people.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Signs => "signs",
            Self::Verifies => "verifies",
        }
    }
}

impl StoredKey {
    /// Its state at a moment.
    #[must_use]
    pub fn state(&self, now: Moment) -> State {
        match self.signs_until {
            Some(until) if until <= now => State::Verifies,
            _ if now < self.signs_from => State::Published,
            _ => State::Signs,
        }
    }

    /// When nothing it signed can be alive any more, and its row may go.
    #[must_use]
    pub fn gone_at(&self) -> Option<Moment> {
        self.signs_until.map(|until| until + VERIFIES_FOR)
    }
}

type Row = (String, String, String, Moment, Option<Moment>, Option<Moment>);
type Columns = (
    signing_keys::kid,
    signing_keys::algorithm,
    signing_keys::secret_id,
    signing_keys::created_at,
    signing_keys::signs_from,
    signing_keys::signs_until,
);
const COLUMNS: Columns = (
    signing_keys::kid,
    signing_keys::algorithm,
    signing_keys::secret_id,
    signing_keys::created_at,
    signing_keys::signs_from,
    signing_keys::signs_until,
);

fn stored((kid, algorithm, secret_id, created_at, signs_from, signs_until): Row) -> StoredKey {
    StoredKey { kid, algorithm, secret_id, created_at, signs_from: signs_from.unwrap_or(created_at), signs_until }
}

/// All keys, in the order they were made.
///
/// # Errors
/// What the database says.
pub fn list(conn: &mut Conn) -> Result<Vec<StoredKey>> {
    let rows: Vec<Row> = signing_keys::table.order(signing_keys::id).select(COLUMNS).load(conn)?;
    Ok(rows.into_iter().map(stored).collect())
}

/// The key without a successor.
///
/// # Errors
/// What the database says.
pub fn newest(conn: &mut Conn) -> Result<Option<StoredKey>> {
    let row: Option<Row> =
        signing_keys::table.filter(signing_keys::signs_until.is_null()).select(COLUMNS).first(conn).optional()?;
    Ok(row.map(stored))
}

/// All keys, opened; and why some could not be.
#[derive(Debug)]
pub struct Opened {
    /// Those that can be used.
    pub keys: Vec<SigningKey>,
    /// What is wrong with the others: `Refused` with `another_secret`, or `Internal`.
    pub closed: Vec<Error>,
}

/// Reads and opens all keys.
///
/// # Errors
/// What the database says.
pub fn open_all(conn: &mut Conn, secrets: &Secrets) -> Result<Opened> {
    let rows: Vec<(Row, String)> = signing_keys::table.select((COLUMNS, signing_keys::sealed)).load(conn)?;
    let mut opened = Opened { keys: Vec::new(), closed: Vec::new() };
    for (row, sealed) in rows {
        match open(secrets, stored(row), &sealed) {
            Ok(key) => opened.keys.push(key),
            Err(cause) => opened.closed.push(cause),
        }
    }
    Ok(opened)
}

/// Refuses when a key cannot be opened: whoever asks has another secret than the shop.
///
/// # Errors
/// `Refused` with `another_secret`, or `Internal`; what the database says.
pub fn all_open(conn: &mut Conn, secrets: &Secrets) -> Result<()> {
    open_all(conn, secrets)?.closed.pop().map_or(Ok(()), Err)
}

fn open(secrets: &Secrets, row: StoredKey, sealed: &str) -> Result<SigningKey> {
    let algorithm: Algorithm = row.algorithm.parse().map_err(|why: String| damaged(&row, &why))?;
    let plain = plain(secrets, &row, sealed)?;
    SigningKey::open(row.kid.clone(), algorithm, row.signs_from, &plain).map_err(|why| damaged(&row, &why))
}

fn plain(secrets: &Secrets, row: &StoredKey, sealed: &str) -> Result<Zeroizing<Vec<u8>>> {
    let keys = secrets.by_id(&row.secret_id).ok_or_else(|| {
        Error::refused("another_secret", format!("signing key {} was sealed with another secret ({})", row.kid, row.secret_id))
    })?;
    keys.open(&purpose(&row.kid), sealed).map(Zeroizing::new).ok_or_else(|| damaged(row, "it does not open"))
}

fn damaged(row: &StoredKey, why: &str) -> Error {
    Error::internal(format!("signing key {} cannot be used: {why}", row.kid))
}

fn purpose(kid: &str) -> String {
    format!("signing key {kid}")
}

/// A new key that has no row yet. To make one takes time, so it is made before the transaction.
pub struct Draft {
    kid: String,
    algorithm: Algorithm,
    sealed: String,
    secret_id: String,
}

impl Draft {
    /// Makes a key and seals it.
    ///
    /// # Errors
    /// `Internal`, should the library fail.
    pub fn new(secrets: &Secrets, algorithm: Algorithm) -> Result<Self> {
        let (kid, keys) = (new_kid(), secrets.current());
        let sealed = keys.seal(&purpose(&kid), &material::generate(algorithm)?);
        Ok(Self { kid, algorithm, sealed, secret_id: keys.id().to_owned() })
    }

    fn insert(&self, conn: &mut Conn, now: Moment, signs_from: Moment) -> diesel::QueryResult<()> {
        let values = (
            signing_keys::kid.eq(&self.kid),
            signing_keys::algorithm.eq(self.algorithm.word()),
            signing_keys::sealed.eq(&self.sealed),
            signing_keys::secret_id.eq(&self.secret_id),
            signing_keys::created_at.eq(now),
            signing_keys::signs_from.eq(signs_from),
        );
        diesel::insert_into(signing_keys::table).values(values).execute(conn).map(drop)
    }

    /// Makes it the first key of the shop, which signs at once; false when another node was faster.
    ///
    /// # Errors
    /// What the database says.
    pub fn be_first(&self, conn: &mut Conn, now: Moment) -> Result<bool> {
        // In a savepoint: on Postgres a violated rule would otherwise spoil the caller's transaction.
        match conn.transaction(|conn| self.insert(conn, now, now)) {
            Ok(()) => Ok(true),
            Err(cause) if is_duplicate(&cause) => Ok(false),
            Err(cause) => Err(cause.into()),
        }
    }

    /// Makes it the successor of the newest key, from a moment on; false when that one has a successor already.
    ///
    /// # Errors
    /// What the database says.
    pub fn succeed(&self, conn: &mut Conn, now: Moment, newest: &StoredKey, from: Moment) -> Result<bool> {
        let open = signing_keys::table.filter(signing_keys::kid.eq(&newest.kid)).filter(signing_keys::signs_until.is_null());
        if diesel::update(open).set(signing_keys::signs_until.eq(from)).execute(conn)? != 1 {
            return Ok(false);
        }
        // The one before a key whose turn never came signed on in its place.
        let before = signing_keys::table.filter(signing_keys::signs_until.gt(from));
        diesel::update(before).set(signing_keys::signs_until.eq(from)).execute(conn)?;
        self.insert(conn, now, from)?;
        Ok(true)
    }

    /// Its name and algorithm.
    #[must_use]
    pub fn told(&self) -> String {
        format!("{} {}", self.kid, self.algorithm.word())
    }
}

/// Deletes the keys that are gone; their names.
///
/// # Errors
/// What the database says.
pub fn purge(conn: &mut Conn, now: Moment) -> Result<Vec<String>> {
    let gone = signing_keys::table.filter(signing_keys::signs_until.le(now - VERIFIES_FOR));
    Ok(diesel::delete(gone).returning(signing_keys::kid).get_results(conn)?)
}

/// Seals at most `most` keys anew with the current secret; how many there were.
///
/// # Errors
/// `Refused` with `another_secret` when one was sealed with a secret that is not given; nothing was changed then.
pub fn reseal(conn: &mut Conn, secrets: &Secrets, most: i64) -> Result<usize> {
    let current = secrets.current();
    let rows: Vec<(Row, String)> = signing_keys::table
        .filter(signing_keys::secret_id.ne(current.id()))
        .limit(most)
        .select((COLUMNS, signing_keys::sealed))
        .load(conn)?;
    for (row, sealed) in &rows {
        let row = stored(row.clone());
        let plain = plain(secrets, &row, sealed)?;
        let same = signing_keys::table.filter(signing_keys::kid.eq(&row.kid)).filter(signing_keys::sealed.eq(sealed));
        let anew = (signing_keys::sealed.eq(current.seal(&purpose(&row.kid), &plain)), signing_keys::secret_id.eq(current.id()));
        diesel::update(same).set(anew).execute(conn)?;
    }
    Ok(rows.len())
}
