//! A refresh token: 32 bytes that keep a session alive.
//!
//! Invariant: only its SHA-256 is stored. The first is random; each successor is derived from the one before with a key of ours
//! (`R' = HMAC-SHA256(k, R)`), so that every racer who shows R is given the same R'. It does not know sessions.

use crate::auth::secrets::Keys;
use crate::ids::{base64url, from_base64url, random_bytes};
use aws_lc_rs::{digest, hmac};
use std::fmt;
use zeroize::Zeroizing;

/// A refresh token; wiped when dropped, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken(Zeroizing<[u8; 32]>);

impl RefreshToken {
    /// A first token of a session.
    #[must_use]
    pub fn random() -> Self {
        Self(Zeroizing::new(random_bytes()))
    }

    /// Reads the 43 characters of a cookie or a body; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 43 {
            return None;
        }
        let bytes: [u8; 32] = Zeroizing::new(from_base64url(text)?).as_slice().try_into().ok()?;
        Some(Self(Zeroizing::new(bytes)))
    }

    /// The 43 characters for the one it belongs to.
    #[must_use]
    pub fn expose(&self) -> String {
        base64url(*self.0)
    }

    /// What the database keeps.
    #[must_use]
    pub fn hash(&self) -> String {
        base64url(digest::digest(&digest::SHA256, &*self.0))
    }

    /// The one that follows, the same for everyone who asks.
    #[must_use]
    pub fn successor(&self, keys: &Keys) -> Self {
        let tag = hmac::sign(&keys.refresh, &*self.0);
        let mut bytes = [0; 32];
        bytes.copy_from_slice(tag.as_ref());
        Self(Zeroizing::new(bytes))
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_43_canonical_characters_are_a_token() {
        let token = RefreshToken::random();
        assert_eq!(RefreshToken::parse(&token.expose()), Some(token.clone()));
        let text = token.expose();
        for wrong in [
            "",
            &text[1..],
            &format!("{text}A"),
            &format!("{}=", &text[..42]),
            &format!("{}+", &text[..42]),
            &format!("{} ", &text[..42]),
        ] {
            assert!(RefreshToken::parse(wrong).is_none(), "{wrong}");
        }
        assert!(!format!("{token:?}").contains(&text));
    }
}
