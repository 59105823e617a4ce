//! A password: what may become one, and how it is stored.
//!
//! Invariant: a stored hash is bcrypt over `base64(HMAC-SHA384(pepper, user id || password))`: 64 bytes without NUL, so that bcrypt's
//! limit of 72 bytes and its stop at NUL touch nothing, and a stolen table is worthless without the secret (ASVS 11.4.2).
//! It does not know threads: hashing is slow, and `hasher` says where it runs.

use crate::auth::secrets::{Keys, Secrets};
use crate::error::{Error, Result};
use crate::ids::UserId;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use unicode_normalization::UnicodeNormalization as _;

/// The 100,000 most used passwords of eight characters or more, sorted, one a line.
const COMMON: &str = include_str!("common_passwords.txt");

/// Most code points of a password.
pub const MOST: usize = 128;
const MOST_BYTES: usize = 512;

/// What stands in place of a hash for somebody whom no password lets in.
pub const NO_HASH: &str = "lk1$none";

/// A password as somebody typed it, in NFKC; wiped when dropped, never printed.
#[derive(Debug, Clone)]
pub struct Password(SecretString);

impl Password {
    /// Takes what was typed. Nothing is trimmed.
    #[must_use]
    pub fn typed(text: &str) -> Self {
        // What is too long can be no password of ours; a cut one costs the same hash and matches nothing.
        let cut: String = text.chars().take(MOST_BYTES).collect();
        Self(SecretString::from(cut.nfkc().collect::<String>()))
    }

    /// Is it the same as another?
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.0.expose_secret() == other.0.expose_secret()
    }

    /// Is it longer than any password of ours?
    #[must_use]
    pub fn is_over_long(&self) -> bool {
        let text = self.0.expose_secret();
        text.len() > MOST_BYTES || text.chars().count() > MOST
    }

    /// Says why this may not become a password, in a sentence; `context` is what an attacker would try first: the name of the
    /// shop, the e-mail, the person's name.
    ///
    /// # Errors
    /// The sentence.
    pub fn check(&self, least: usize, context: &[&str]) -> Result<(), String> {
        let text = self.0.expose_secret();
        let length = text.chars().count();
        if length < least {
            return Err(format!("Use at least {least} characters: this has {length}. A few words in a row work well."));
        }
        if self.is_over_long() {
            return Err(format!("Use at most {MOST} characters."));
        }
        if text.chars().any(|c| c == '\0' || c.is_control()) {
            return Err("Use only characters that can be typed.".to_owned());
        }
        let folded: String = text.to_lowercase().nfkc().collect();
        if is_common(&folded) {
            return Err("This is one of the most used passwords, and among the first that are tried. Choose another.".to_owned());
        }
        if repeats_one_unit(&folded) {
            return Err("This repeats the same few characters. Choose something less regular.".to_owned());
        }
        if is_mostly(&folded, context) {
            return Err("This is mostly the shop's name, your name or your e-mail address. Choose something that nobody would link to you.".to_owned());
        }
        if u8::from(zxcvbn::zxcvbn(text, context).score()) < 3 {
            return Err("This is easy to guess. Add another word or two that have nothing to do with each other.".to_owned());
        }
        Ok(())
    }

    /// Hashes, slowly.
    ///
    /// # Errors
    /// `Internal`, should bcrypt refuse.
    pub fn hash(&self, keys: &Keys, user: UserId, cost: u32) -> Result<String> {
        let bcrypt = bcrypt::hash(self.prepared(keys, user), cost).map_err(Error::internal)?;
        Ok(format!("lk1${}{bcrypt}", keys.id()))
    }

    /// Compares with a stored hash, slowly, in constant time.
    ///
    /// # Errors
    /// `Internal` for a hash that cannot be read or whose pepper is no longer known: that is never "wrong".
    pub fn verify(&self, secrets: &Secrets, user: UserId, stored: &str) -> Result<bool> {
        let Some(rest) = stored.strip_prefix("lk1$") else {
            return bcrypt::verify(self.0.expose_secret(), stored).map_err(Error::internal);
        };
        let (id, bcrypt) = rest.split_at_checked(8).ok_or_else(|| Error::internal("a password hash is cut short"))?;
        let keys = secrets.by_id(id).ok_or_else(|| Error::internal("a password needs a secret that is no longer given"))?;
        bcrypt::verify(self.prepared(keys, user), bcrypt).map_err(Error::internal)
    }

    fn prepared(&self, keys: &Keys, user: UserId) -> String {
        let mut context = hmac::Context::with_key(&keys.pepper);
        context.update(user.as_str().as_bytes());
        context.update(self.0.expose_secret().as_bytes());
        STANDARD.encode(context.sign())
    }
}

/// Should this hash be made anew at the next sign-in: another format, an earlier pepper, another cost?
#[must_use]
pub fn is_outdated(stored: &str, keys: &Keys, cost: u32) -> bool {
    let current = format!("lk1${}$2b${cost:02}$", keys.id());
    !stored.starts_with(&current)
}

/// Can this hash be compared with: is the secret whose pepper is in it given?
#[must_use]
pub fn is_readable(stored: &str, secrets: &Secrets) -> bool {
    stored.strip_prefix("lk1$").is_none_or(|rest| rest.get(..8).is_some_and(|id| secrets.by_id(id).is_some()))
}

/// At which cost this hash was made.
#[must_use]
pub fn cost_of(stored: &str) -> Option<u32> {
    stored.rsplit('$').nth(1)?.parse().ok()
}

fn is_common(folded: &str) -> bool {
    // The list is one text; a binary search over it wants no index and no memory.
    let bytes = COMMON.as_bytes();
    let (mut low, mut high) = (0, bytes.len());
    while low < high {
        let middle = usize::midpoint(low, high);
        let start = bytes[..middle].iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        let end = bytes[middle..].iter().position(|b| *b == b'\n').map_or(bytes.len(), |at| middle + at);
        match COMMON[start..end].cmp(folded) {
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Less => low = end + 1,
            std::cmp::Ordering::Greater => high = start,
        }
    }
    false
}

fn repeats_one_unit(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    (1..=chars.len() / 2).filter(|unit| *unit <= 8).any(|unit| chars.iter().zip(&chars[unit..]).all(|(a, b)| a == b))
}

/// Does less than eight characters remain when the words of the context are taken out?
fn is_mostly(folded: &str, context: &[&str]) -> bool {
    let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    let mut rest = letters(folded);
    let whole = rest.chars().count();
    for text in context {
        let lower = text.to_lowercase();
        let parts = lower
            .split(|c: char| !c.is_alphanumeric())
            .chain(std::iter::once(&*lower))
            .map(letters)
            .filter(|part| part.chars().count() >= 3);
        let mut parts: Vec<String> = parts.collect();
        parts.sort_by_key(|part| std::cmp::Reverse(part.len()));
        for part in parts {
            rest = rest.replace(&part, "");
        }
    }
    let left = rest.chars().count();
    left < whole && left < 8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets() -> Secrets {
        Secrets::new(&"q8Vn2LxT0sRb5YwZ7mKc3JdH9fGpA1eU".parse().expect("a secret"), &[])
    }

    #[test]
    fn weak_passwords_are_refused_with_the_reason() {
        let context = ["Hearth & Grain", "ada.lovelace@example.com", "Ada Lovelace"];
        for (text, reason) in [
            ("short", "at least 12"),
            ("123456789012", "most used"),
            ("abcabcabcabc", "repeats"),
            ("HearthGrain2026", "mostly"),
            ("lovelace-ada-1", "mostly"),
            ("qwertyuiop[]", "easy to guess"),
            (&"long enough ".repeat(20), "at most 128"),
            ("with a \u{7} bell inside", "typed"),
        ] {
            let said = Password::typed(text).check(12, &context);
            assert!(said.as_ref().is_err_and(|said| said.contains(reason)), "{text}: {said:?}");
        }
        for text in ["correct horse battery staple", "vier Ohren hört der Hase", "今日は本当に良い天気ですねえ、散歩しよう"]
        {
            assert_eq!(Password::typed(text).check(12, &context), Ok(()), "{text}");
        }
    }

    #[test]
    fn every_line_of_the_list_is_found_and_its_neighbours_are_not() {
        for line in COMMON.lines().step_by(997).chain(COMMON.lines().next()).chain(COMMON.lines().last()) {
            assert!(is_common(line), "{line}");
            assert!(!is_common(&format!("{line}\u{1}")), "{line}");
        }
    }

    #[test]
    fn bytes_after_72_and_after_nul_count() {
        let (secrets, user) = (secrets(), UserId::random());
        let long = "a".repeat(72);
        for (one, other) in [(format!("{long}x"), format!("{long}y")), ("P".to_owned(), "P\0P".to_owned())] {
            let hash = Password::typed(&one).hash(secrets.current(), user, 4).expect("a hash");
            assert!(Password::typed(&one).verify(&secrets, user, &hash).expect("readable"));
            assert!(!Password::typed(&other).verify(&secrets, user, &hash).expect("readable"));
            assert!(!Password::typed(&one).verify(&secrets, UserId::random(), &hash).expect("readable"), "bound to the person");
        }
    }

    #[test]
    fn composed_and_decomposed_letters_are_the_same_password() {
        let (secrets, user) = (secrets(), UserId::random());
        let hash = Password::typed("caf\u{e9} noir").hash(secrets.current(), user, 4).expect("a hash");
        assert!(Password::typed("cafe\u{301} noir").verify(&secrets, user, &hash).expect("readable"));
    }

    #[test]
    fn an_imported_hash_works_and_is_outdated() {
        let (secrets, user) = (secrets(), UserId::random());
        let imported = bcrypt::hash("old password", 4).expect("a hash");
        assert!(Password::typed("old password").verify(&secrets, user, &imported).expect("readable"));
        assert!(is_outdated(&imported, secrets.current(), 4));
        let own = Password::typed("old password").hash(secrets.current(), user, 4).expect("a hash");
        assert!(!is_outdated(&own, secrets.current(), 4));
        let others = Secrets::new(&"Zr4Yb8Qm1Wc6Xn3Kt9Vs5Ld0Pf7Hg2Ja".parse().expect("a secret"), &[]);
        assert!(is_readable(&own, &secrets) && is_readable(&imported, &others) && !is_readable(&own, &others));
        assert!(is_outdated(&own, secrets.current(), 5));
        assert_eq!((cost_of(&own), cost_of(&imported), cost_of(NO_HASH)), (Some(4), Some(4), None));
    }
}
