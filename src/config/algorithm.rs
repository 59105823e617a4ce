//! What access tokens are signed with.
//!
//! Invariant: only these four; the word is the one of RFC 7518 and RFC 8037, to the letter. It does not know keys.

use std::str::FromStr;

/// A signature algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// HMAC with SHA-256: one key for signing and checking, for the nodes alone.
    Hs256,
    /// Ed25519.
    EdDsa,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// RSA (PKCS#1 v1.5) with SHA-256.
    Rs256,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Hs256, Self::EdDsa, Self::Es256, Self::Rs256];

    /// The word in headers of tokens, in the table and in the setting.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
        }
    }
}

impl FromStr for Algorithm {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|algorithm| algorithm.word() == text);
        known.ok_or_else(|| format!("`{text}` is not an algorithm of this version"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_algorithm_is_written_to_the_letter() {
        for algorithm in Algorithm::ALL {
            assert_eq!(algorithm.word().parse(), Ok(algorithm));
        }
        for wrong in ["", "none", "hs256", "HS512", "ES384", "PS256", "Ed25519", "RS256 "] {
            assert!(wrong.parse::<Algorithm>().is_err(), "{wrong}");
        }
    }
}
