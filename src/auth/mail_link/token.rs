//! The token of a mail link: 32 random bytes.
//!
//! Invariant: only its SHA-256 is stored, so that whoever reads the database opens no account by it; it is wiped when dropped and never
//! printed. It does not know what it is good for.

use crate::ids::{base64url, from_base64url, random_bytes};
use aws_lc_rs::digest;
use std::fmt;
use zeroize::Zeroizing;

/// A token.
#[derive(Clone, PartialEq, Eq)]
pub struct LinkToken(Zeroizing<[u8; 32]>);

impl LinkToken {
    /// A new one.
    #[must_use]
    pub fn random() -> Self {
        Self(Zeroizing::new(random_bytes()))
    }

    /// Reads the 43 characters of a link or a cookie; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 43 {
            return None;
        }
        let bytes = Zeroizing::new(from_base64url(text)?);
        bytes.as_slice().try_into().ok().map(|bytes| Self(Zeroizing::new(bytes)))
    }

    /// The 43 characters for the one who reads the mailbox.
    #[must_use]
    pub fn expose(&self) -> String {
        base64url(*self.0)
    }

    /// What the database keeps.
    #[must_use]
    pub fn hash(&self) -> String {
        base64url(digest::digest(&digest::SHA256, &*self.0))
    }
}

impl fmt::Debug for LinkToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_43_canonical_characters_are_a_token_and_none_is_printed() {
        let token = LinkToken::random();
        let text = token.expose();
        assert_eq!(LinkToken::parse(&text), Some(token.clone()));
        assert_ne!(token, LinkToken::random());
        for wrong in ["", &text[1..], &format!("{text}A"), &format!("{}=", &text[..42]), &format!("{}+", &text[..42])] {
            assert!(LinkToken::parse(wrong).is_none(), "{wrong}");
        }
        assert!(!format!("{token:?}").contains(&text) && !token.hash().contains(&text));
    }
}
