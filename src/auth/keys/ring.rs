//! The keys that one node knows, and which of them signs.
//!
//! Invariant: who signs follows from the rows and the time alone, so all nodes that read the same rows sign with the same key and
//! none of them leads. It does not know where the rows are.

use crate::auth::keys::SigningKey;
use crate::clock::Moment;
use crate::error::{Error, Result};
use jsonwebtoken::jwk::JwkSet;

/// At least one key.
#[derive(Debug)]
pub struct KeyRing {
    /// The one that signs from the latest moment on comes first.
    keys: Vec<SigningKey>,
    jwks: String,
}

impl KeyRing {
    /// A ring of these keys.
    ///
    /// # Errors
    /// `Internal` when there is none.
    pub fn of(mut keys: Vec<SigningKey>) -> Result<Self> {
        if keys.is_empty() {
            return Err(Error::internal("there is no signing key"));
        }
        keys.sort_by(|a, b| b.signs_from.cmp(&a.signs_from).then_with(|| a.kid.cmp(&b.kid)));
        let public = JwkSet { keys: keys.iter().filter_map(|key| key.public.clone()).collect() };
        let jwks = serde_json::to_string(&public).map_err(Error::internal)?;
        Ok(Self { keys, jwks })
    }

    /// The key that signs: of those whose time has come, the one that came last. A clock that stands before all of them (one that
    /// jumped back, a backup of another day) takes the one that comes first.
    #[must_use]
    pub fn signing(&self, now: Moment) -> &SigningKey {
        let due = self.keys.iter().find(|key| key.signs_from <= now);
        due.unwrap_or(&self.keys[self.keys.len() - 1])
    }

    /// The key of that name.
    #[must_use]
    pub fn find(&self, kid: &str) -> Option<&SigningKey> {
        self.keys.iter().find(|key| key.kid == kid)
    }

    /// The key under which we write this header, given in base64url, letter for letter.
    #[must_use]
    pub(in crate::auth) fn by_header(&self, header: &str) -> Option<&SigningKey> {
        self.keys.iter().find(|key| key.header() == header)
    }

    /// What strangers check our tokens with: a JSON Web Key Set (RFC 7517) of all public halves, those that do not sign yet too.
    #[must_use]
    pub fn jwks(&self) -> &str {
        &self.jwks
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::config::Algorithm;
    use std::time::Duration;

    #[test]
    fn the_key_whose_time_came_last_signs() {
        let now = Clock::default().now();
        let minute = Duration::from_mins(1);
        let key = |from| SigningKey::random(Algorithm::Hs256, from).expect("a key");
        let (old, new, next) = (key(now - minute), key(now), key(now + minute));
        let kids = [&old, &new, &next].map(|key| key.kid.clone());
        let ring = KeyRing::of(vec![new, next, old]).expect("a ring");
        for (at, signs) in [
            (now - 2 * minute, &kids[0]),
            (now - minute, &kids[0]),
            (now - Duration::from_millis(1), &kids[0]),
            (now, &kids[1]),
            (now + minute, &kids[2]),
            (now + 99 * minute, &kids[2]),
        ] {
            assert_eq!(&ring.signing(at).kid, signs);
        }
        assert_eq!(ring.jwks(), r#"{"keys":[]}"#, "a shared key is nobody's but the nodes'");
        assert!(KeyRing::of(Vec::new()).is_err());
    }
}
