//! The value that proves that a form is from a page of ours.
//!
//! Invariant: a value is good only for the session (or the visitor's `__Host-pre`) it was made for, and only the server can make one
//! (docs/SECURITY.md, "Cross-site requests", rule 5). Rules 1-4 stand in `csrf::origin`. It does not know forms.

pub mod origin;

use crate::ids::{base64url, from_base64url, random_bytes};
use aws_lc_rs::hmac;

/// Bytes of randomness in each value, so that no two pages carry the same one (BREACH).
const SALT: usize = 16;

/// A value for that binding: base64url(n16 || HMAC-SHA256(key, binding || n16)).
#[must_use]
pub fn value(key: &hmac::Key, binding: &str) -> String {
    let salt: [u8; SALT] = random_bytes();
    let tag = sign(key, binding, &salt);
    let mut bytes = [0; SALT + 32];
    bytes[..SALT].copy_from_slice(&salt);
    bytes[SALT..].copy_from_slice(tag.as_ref());
    base64url(bytes)
}

/// Is this value ours, and for that binding? Compared in constant time.
#[must_use]
pub fn is_good(key: &hmac::Key, binding: &str, value: &str) -> bool {
    if value.len() != 64 {
        return false;
    }
    let Some(bytes) = from_base64url(value) else { return false };
    let Some((salt, tag)) = bytes.split_at_checked(SALT) else { return false };
    let mut message = Vec::with_capacity(binding.len() + SALT);
    message.extend_from_slice(binding.as_bytes());
    message.extend_from_slice(salt);
    hmac::verify(key, &message, tag).is_ok()
}

fn sign(key: &hmac::Key, binding: &str, salt: &[u8]) -> hmac::Tag {
    let mut context = hmac::Context::with_key(key);
    context.update(binding.as_bytes());
    context.update(salt);
    context.sign()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_good_for_its_binding_and_key_alone() {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
        let made = value(&key, "session");
        assert!(is_good(&key, "session", &made));
        assert_ne!(made, value(&key, "session"), "two pages never carry the same value");
        assert!(!is_good(&key, "other", &made));
        assert!(!is_good(&hmac::Key::new(hmac::HMAC_SHA256, &[8; 32]), "session", &made));
        for at in 0..made.len() {
            let mut forged = made.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            assert!(!is_good(&key, "session", std::str::from_utf8(&forged).expect("ASCII")), "character {at}");
        }
        for wrong in ["", "x", &made[1..], &format!("{made}="), &format!("{made}A")] {
            assert!(!is_good(&key, "session", wrong));
        }
    }
}
