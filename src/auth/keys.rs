//! The keys that sign access tokens, and the ring that holds them in memory.
//!
//! Invariant: the algorithm belongs to the key, never to the token (RFC 8725 section 3.1); a key is random, kept encrypted in
//! `signing_keys`, and found only by its `kid`. It does not know claims.

use crate::auth::secrets::Secrets;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::signing_keys;
use crate::error::{Error, Result};
use crate::ids::{base64url, random_bytes};
use diesel::prelude::*;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use std::fmt;

/// One key.
pub struct SigningKey {
    /// Its name in the header of tokens: 8 to 32 of `[A-Za-z0-9_-]`.
    pub kid: String,
    /// What it signs with.
    pub algorithm: Algorithm,
    pub(super) encoding: EncodingKey,
    pub(super) decoding: DecodingKey,
}

impl SigningKey {
    fn hs256(kid: String, secret: &[u8]) -> Self {
        Self {
            kid,
            algorithm: Algorithm::HS256,
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
        }
    }

    /// A new random HS256 key that no database holds.
    #[must_use]
    pub fn random() -> Self {
        Self::hs256(base64url(random_bytes::<12>()), &random_bytes::<32>())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.kid)
    }
}

/// The keys this node knows, the signing one first.
#[derive(Debug)]
pub struct KeyRing(Vec<SigningKey>);

impl KeyRing {
    /// A ring of the given keys; the first signs.
    #[must_use]
    pub fn of(first: SigningKey, others: Vec<SigningKey>) -> Self {
        Self(std::iter::once(first).chain(others).collect())
    }

    /// The key that signs.
    #[must_use]
    pub fn signing(&self) -> &SigningKey {
        &self.0[0]
    }

    /// The key of that name.
    #[must_use]
    pub fn find(&self, kid: &str) -> Option<&SigningKey> {
        self.0.iter().find(|key| key.kid == kid)
    }
}

/// Reads the ring; makes the first key if there is none.
///
/// # Errors
/// `Unavailable` from the database; `Internal` when a key was sealed with a secret that is no longer given.
pub fn load(conn: &mut Conn, secrets: &Secrets, now: Moment) -> Result<KeyRing> {
    let mut keys = read(conn, secrets)?;
    if keys.is_empty() {
        let (kid, secret) = (base64url(random_bytes::<12>()), random_bytes::<32>());
        let sealed = secrets.current().seal(&format!("signing key {kid}"), &secret);
        diesel::insert_into(signing_keys::table)
            .values((
                signing_keys::kid.eq(&kid),
                signing_keys::algorithm.eq("HS256"),
                signing_keys::sealed.eq(sealed),
                signing_keys::secret_id.eq(secrets.current().id()),
                signing_keys::created_at.eq(now),
            ))
            .execute(conn)?;
        keys = read(conn, secrets)?;
    }
    let mut keys = keys.into_iter();
    let first = keys.next().ok_or_else(|| Error::internal("there is no signing key"))?;
    Ok(KeyRing::of(first, keys.collect()))
}

/// All keys, the oldest first: of two that nodes made at the same first start, every node that reads both signs with the same one.
fn read(conn: &mut Conn, secrets: &Secrets) -> Result<Vec<SigningKey>> {
    let rows: Vec<(String, String, String, String)> = signing_keys::table
        .order(signing_keys::id)
        .select((signing_keys::kid, signing_keys::algorithm, signing_keys::sealed, signing_keys::secret_id))
        .load(conn)?;
    rows.into_iter().map(|(kid, algorithm, sealed, secret_id)| open(secrets, kid, &algorithm, &sealed, &secret_id)).collect()
}

fn open(secrets: &Secrets, kid: String, algorithm: &str, sealed: &str, secret_id: &str) -> Result<SigningKey> {
    if algorithm != "HS256" {
        return Err(Error::internal(format!("signing key {kid} is of an algorithm this version does not know: {algorithm}")));
    }
    let keys =
        secrets.by_id(secret_id).ok_or_else(|| Error::refused("another_secret", "the database was made with another secret"))?;
    let secret = keys
        .open(&format!("signing key {kid}"), sealed)
        .ok_or_else(|| Error::internal(format!("signing key {kid} is damaged")))?;
    Ok(SigningKey::hs256(kid, &secret))
}
