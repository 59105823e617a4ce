//! The keys that sign access tokens.
//!
//! Invariant: the algorithm belongs to the key, never to the token (RFC 8725 section 3.1); a key is random, kept encrypted in
//! `signing_keys`, and found only by its `kid`. What a key is made of stands in `material`, when it signs in `life`, and what a
//! node holds of them in `ring` and `held`. It does not know claims.

pub mod held;
pub mod life;
mod material;
pub mod ring;
pub mod stored;

use crate::clock::Moment;
use crate::config::Algorithm;
use crate::error::{Error, Result};
use crate::ids::{base64url, random_bytes};
use jsonwebtoken::crypto::{JwtVerifier, aws_lc};
use jsonwebtoken::jwk::Jwk;
use material::Material;
use std::cell::RefCell;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// One key.
pub struct SigningKey {
    /// Its name in the header of tokens: 8 to 32 of `[A-Za-z0-9_-]`.
    pub kid: String,
    /// What it signs with.
    pub algorithm: Algorithm,
    /// From when on.
    pub signs_from: Moment,
    /// The header of every token it signs, as it stands in the token.
    header: String,
    material: Material,
    pub(super) public: Option<Jwk>,
    /// No two keys of a process have the same, whatever their names.
    serial: u64,
}

static NEXT: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// jsonwebtoken's verifier of the key that this thread last checked a signature with. It cannot be shared between threads, and
    /// to make it anew each time is a third of a check.
    static LAST: RefCell<Option<(u64, Box<dyn JwtVerifier>)>> = const { RefCell::new(None) };
}

impl SigningKey {
    /// Opens a key; what is wrong with it as a text.
    fn open(kid: String, algorithm: Algorithm, signs_from: Moment, plain: &[u8]) -> Result<Self, String> {
        let mut material = material::open(algorithm, &kid, plain)?;
        let header = base64url(format!(r#"{{"alg":"{}","typ":"at+jwt","kid":"{kid}"}}"#, algorithm.word()));
        let public = material.public.take();
        let serial = NEXT.fetch_add(1, Ordering::Relaxed);
        Ok(Self { kid, algorithm, signs_from, header, material, public, serial })
    }

    /// A new random key that no database holds.
    ///
    /// # Errors
    /// `Internal`, should the library fail.
    pub fn random(algorithm: Algorithm, signs_from: Moment) -> Result<Self> {
        Self::open(new_kid(), algorithm, signs_from, &material::generate(algorithm)?).map_err(Error::Internal)
    }

    /// The header of its tokens, in base64url.
    pub(super) fn header(&self) -> &str {
        &self.header
    }

    /// Signs; the signature in base64url.
    ///
    /// # Errors
    /// `Internal`, should the library fail.
    pub(super) fn sign(&self, message: &str) -> Result<String> {
        let algorithm = material::jsonwebtoken(self.algorithm);
        jsonwebtoken::crypto::sign(message.as_bytes(), &self.material.encoding, algorithm).map_err(Error::internal)
    }

    /// Is this the signature of that message by this key?
    pub(super) fn has_signed(&self, message: &str, signature: Vec<u8>) -> bool {
        LAST.with_borrow_mut(|last| {
            if last.as_ref().is_none_or(|(serial, _)| *serial != self.serial) {
                let algorithm = material::jsonwebtoken(self.algorithm);
                match (aws_lc::DEFAULT_PROVIDER.verifier_factory)(&algorithm, &self.material.decoding) {
                    Ok(verifier) => *last = Some((self.serial, verifier)),
                    Err(cause) => {
                        tracing::error!(%cause, kid = self.kid, "a key that was opened cannot be used");
                        return false;
                    }
                }
            }
            last.as_ref().is_some_and(|(_, verifier)| verifier.verify(message.as_bytes(), &signature).is_ok())
        })
    }
}

/// 96 random bits: no two keys of a shop, or of two, have the same name.
fn new_kid() -> String {
    base64url(random_bytes::<12>())
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.kid)
    }
}

#[cfg(test)]
mod tests;
