//! The text of a token: `lk_`, 43 random letters and digits, 6 of a checksum.
//!
//! Invariant: 256 random bits, so a fast hash is enough; the mark in front and the CRC-32 behind let a scanner for leaked secrets, and us,
//! tell a token from a typo without asking anybody. There is nothing in it but letters, digits and one `_`: a double click takes it whole.

use crate::ids::{base64url, random_bytes};
use aws_lc_rs::digest;

const MARK: &str = "lk_";
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// 62 to the power of 43 is more than 2 to the power of 256.
const RANDOM: usize = 43;
const CHECK: usize = 6;

/// A new token.
pub(super) fn random() -> String {
    let mut text = MARK.to_owned();
    while text.len() < MARK.len() + RANDOM {
        // Bytes from 248 on would make the first letters of the alphabet likelier than the others.
        let letters = random_bytes::<64>().into_iter().filter(|byte| *byte < 248);
        let left = MARK.len() + RANDOM - text.len();
        text.extend(letters.take(left).map(|byte| char::from(ALPHABET[usize::from(byte % 62)])));
    }
    text.push_str(&checksum(text.as_bytes()));
    text
}

/// Does it carry the mark? Access tokens never do: they have dots, and begin as JSON does.
#[must_use]
pub fn is_one(text: &str) -> bool {
    text.starts_with(MARK)
}

/// SHA-256 of it as it is kept; `None` for what we can never have made.
pub(super) fn hash(text: &str) -> Option<String> {
    let (body, check) = text.split_at_checked(MARK.len() + RANDOM)?;
    let rest = body.strip_prefix(MARK)?;
    let ours = rest.bytes().all(|letter| letter.is_ascii_alphanumeric()) && check == checksum(body.as_bytes());
    ours.then(|| base64url(digest::digest(&digest::SHA256, text.as_bytes())))
}

/// The CRC-32 in base 62, the smallest digit last.
fn checksum(text: &[u8]) -> String {
    let mut left = crc32fast::hash(text);
    let mut digits = [b'0'; CHECK];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[usize::try_from(left % 62).unwrap_or_default()];
        left /= 62;
    }
    digits.into_iter().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_ours_and_no_typo_is() {
        let token = random();
        assert_eq!(token.len(), 52);
        assert!(is_one(&token) && hash(&token).is_some_and(|hash| hash.len() == 43));
        assert_ne!(token, random());
        for at in 0..token.len() {
            let mut typo = token.clone().into_bytes();
            typo[at] = if typo[at] == b'a' { b'b' } else { b'a' };
            assert_eq!(hash(&String::from_utf8_lossy(&typo)), None, "at {at}");
        }
        for wrong in ["", "lk_", &token[..51], &format!("{token}0"), &token.to_uppercase(), "lk_ééééééééééééééééééééééééééé"]
        {
            assert_eq!(hash(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_checksum_is_the_usual_crc_32() {
        // 0xCBF43926 is what everybody's CRC-32 makes of these digits.
        let digits = checksum(b"123456789");
        let value = digits
            .bytes()
            .fold(0_u64, |sum, digit| sum * 62 + ALPHABET.iter().position(|letter| *letter == digit).expect("a digit") as u64);
        assert_eq!(value, 0xCBF4_3926);
    }
}
