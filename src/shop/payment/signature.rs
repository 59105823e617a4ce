//! The signature of a message: HMAC-SHA256 over the time of sending and the body.
//!
//! Invariant: a message is as old as its signature says, and older (or newer) than five minutes it is none. It does not know what is
//! signed.

use crate::clock::{Moment, unix};
use crate::ids::{base64url, from_base64url};
use aws_lc_rs::hmac;

/// How far the sender's clock and the way here may be off, in seconds (docs/SECURITY.md, "Payments").
pub const TOLERANCE: i64 = 300;

/// What stands in the header: `t=1795300000,v1=...`.
#[must_use]
pub fn sign(key: &hmac::Key, now: Moment, body: &[u8]) -> String {
    let at = unix(now);
    format!("t={at},v1={}", base64url(hmac::sign(key, &signed(at, body))))
}

/// Is it the signature of this body, by one of these keys, made just now? Compared in constant time.
#[must_use]
pub fn is_good(keys: &[hmac::Key], now: Moment, header: &str, body: &[u8]) -> bool {
    let Some((at, tag)) = header.strip_prefix("t=").and_then(|rest| rest.split_once(",v1=")) else { return false };
    let digits = !at.is_empty() && at.len() <= 12 && at.bytes().all(|byte| byte.is_ascii_digit());
    let (Ok(at), true) = (at.parse::<i64>(), digits) else { return false };
    let Some(tag) = from_base64url(tag) else { return false };
    let message = signed(at, body);
    (unix(now) - at).abs() <= TOLERANCE && keys.iter().any(|key| hmac::verify(key, &message, &tag).is_ok())
}

fn signed(at: i64, body: &[u8]) -> Vec<u8> {
    [at.to_string().as_bytes(), b".", body].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use std::time::Duration;

    fn key(bytes: u8) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &[bytes; 32])
    }

    #[test]
    fn a_signature_is_good_for_its_body_its_key_and_five_minutes() {
        let now = Clock::default().now();
        let header = sign(&key(1), now, b"body");
        let minutes = |count| Duration::from_mins(count);
        assert!(is_good(&[key(2), key(1)], now, &header, b"body"));
        assert!(is_good(&[key(1)], now + minutes(5), &header, b"body") && is_good(&[key(1)], now - minutes(5), &header, b"body"));
        for late in [now + minutes(6), now - minutes(6)] {
            assert!(!is_good(&[key(1)], late, &header, b"body"));
        }
        assert!(!is_good(&[key(2)], now, &header, b"body") && !is_good(&[key(1)], now, &header, b"bodx"));
        let later = sign(&key(1), now + minutes(5), b"body");
        let (time, _) = later.split_once(",v1=").expect("two parts");
        let (_, tag) = header.split_once(",v1=").expect("two parts");
        assert!(!is_good(&[key(1)], now, &format!("{time},v1={tag}"), b"body"), "a new time makes no old message young");
    }

    #[test]
    fn what_is_no_signature_is_refused() {
        let now = Clock::default().now();
        let at = unix(now);
        for header in ["", "t=", "v1=AAAA", "t=1,v1=", "t=-1,v1=AAAA", "t=99999999999999999999,v1=AAAA"] {
            assert!(!is_good(&[key(1)], now, header, b"body"), "{header}");
        }
        assert!(
            !is_good(&[key(1)], now, &format!("t={at},v1="), b"body")
                && !is_good(&[key(1)], now, &format!("t={at},v1=ä"), b"body")
        );
    }
}
