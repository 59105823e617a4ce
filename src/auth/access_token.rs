//! Makes and checks access tokens.
//!
//! Invariant: a token is checked in one fixed order (docs/SECURITY.md, "Access token") and by its bytes before anything is
//! parsed; jsonwebtoken gives the signature, and nothing else is left to it: it lets `crit`, `typ`, a list as `iss` and a missing
//! `aud` pass (RFC 8725; docs/TRAPS.md, "Tokens and passwords"). It does not know the database: revocation is asked by whoever
//! holds the memory of it.

use crate::auth::claims::{Bearer, Claims, Header};
use crate::auth::keys::SigningKey;
use crate::auth::keys::ring::KeyRing;
use crate::error::{Error, Result};
use crate::ids::{base64url, from_base64url, random_bytes};

/// Most bytes of a token.
const MOST: usize = 2048;
/// How far two nodes' clocks may differ for `nbf` and `iat`, in seconds. `exp` gets none.
const SKEW: i64 = 5;
/// Longest life of a token in seconds.
const LONGEST: i64 = 900;

/// Why a token is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Never a token of ours: malformed, forged, or for another door.
    Forged(&'static str),
    /// Signed with a key this node does not know (any longer); worth one look at the key ring.
    UnknownKey,
    /// Ours, but its time is over or has not come.
    Stale,
}

/// Makes the text of a token.
///
/// # Errors
/// `Internal`, should signing fail.
pub fn issue(key: &SigningKey, claims: &Claims<'_>) -> Result<String> {
    let claims = serde_json::to_vec(claims).map_err(Error::internal)?;
    let message = format!("{}.{}", key.header(), base64url(claims));
    let signature = key.sign(&message)?;
    Ok(format!("{message}.{signature}"))
}

/// When a token made at `iat` ends: its life, less a random whole number of seconds up to a twentieth of it, so that the tokens of
/// one moment do not all die in one other; never after `end`.
#[must_use]
pub fn expiry(iat: i64, life: i64, end: i64) -> i64 {
    let spread = u64::try_from(life / 20).unwrap_or(0) + 1;
    let jitter = i64::try_from(u64::from_le_bytes(random_bytes()) % spread).unwrap_or(0);
    (iat + life - jitter).min(end)
}

/// Checks a token for one door, without the database.
///
/// # Errors
/// The first fault, in the fixed order.
pub fn check(ring: &KeyRing, text: &str, issuer: &str, audience: &str, now: i64) -> Result<Bearer, Fault> {
    read(ring, text, issuer, audience, |claims| check_times(claims, now))
}

/// Checks all but the times: who signs out may do so with a token that is over.
///
/// # Errors
/// The first fault, in the fixed order; never `Stale`.
pub fn check_signed(ring: &KeyRing, text: &str, issuer: &str, audience: &str) -> Result<Bearer, Fault> {
    read(ring, text, issuer, audience, |_| Ok(()))
}

/// Every request comes by here, so nothing is looked at twice: decoding is what finds a wrong character, and a header that is,
/// letter for letter, the one we write for a key of ours is good as it stands.
fn read(
    ring: &KeyRing,
    text: &str,
    issuer: &str,
    audience: &str,
    times: impl FnOnce(&Claims<'_>) -> Result<(), Fault>,
) -> Result<Bearer, Fault> {
    if text.len() > MOST {
        return Err(Fault::Forged("too long"));
    }
    let mut parts = text.split('.');
    let (Some(header), Some(claims), Some(signature), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Err(Fault::Forged("not three parts"));
    };
    let message = &text[..header.len() + 1 + claims.len()];
    let (claims, signature) = (decode(claims)?, decode(signature)?);
    let key = match ring.by_header(header) {
        Some(key) => key,
        None => key_of(ring, &decode(header)?)?,
    };
    if !key.has_signed(message, signature) {
        return Err(Fault::Forged("signature"));
    }
    let claims: Claims<'_> = object(&claims).ok_or(Fault::Forged("claims"))?;
    if claims.iss != issuer {
        return Err(Fault::Forged("iss"));
    }
    if claims.aud != audience {
        return Err(Fault::Forged("aud"));
    }
    times(&claims)?;
    Ok(claims.bearer())
}

/// The key that a header of another form than ours names, if it may.
fn key_of<'a>(ring: &'a KeyRing, header: &[u8]) -> Result<&'a SigningKey, Fault> {
    let header: Header<'_> = object(header).ok_or(Fault::Forged("header"))?;
    if header.typ != "at+jwt" {
        return Err(Fault::Forged("typ"));
    }
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    if !(8..=32).contains(&header.kid.len()) || !header.kid.bytes().all(legal) {
        return Err(Fault::Forged("kid"));
    }
    let key = ring.find(header.kid).ok_or(Fault::UnknownKey)?;
    if header.alg != key.algorithm.word() {
        return Err(Fault::Forged("alg"));
    }
    Ok(key)
}

fn decode(part: &str) -> Result<Vec<u8>, Fault> {
    from_base64url(part).filter(|bytes| !bytes.is_empty()).ok_or(Fault::Forged("not base64url"))
}

fn check_times(claims: &Claims<'_>, now: i64) -> Result<(), Fault> {
    let life = claims.exp.checked_sub(claims.iat).ok_or(Fault::Forged("exp"))?;
    if now >= claims.exp || claims.nbf > now.saturating_add(SKEW) || claims.iat > now.saturating_add(SKEW) {
        return Err(Fault::Stale);
    }
    if life > LONGEST {
        return Err(Fault::Forged("exp"));
    }
    Ok(())
}

/// Reads a JSON object strictly: serde would take a list for a struct as well.
fn object<'a, T: serde::Deserialize<'a>>(bytes: &'a [u8]) -> Option<T> {
    if bytes.first() != Some(&b'{') {
        return None;
    }
    // Why it cannot be read is told to nobody: a fault has one name.
    serde_json::from_slice(bytes).ok()
}

#[cfg(test)]
mod tests;
