//! The number of an order, made to be read aloud.
//!
//! Invariant: letters and digits that nobody mistakes for another (no 0, O, 1, I), forty random bits of them, so that a number tells
//! neither how many orders there are nor what another one is. It does not know which order it names.

use crate::ids::column;
use crate::ids::random_bytes;
use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::sql_types::Text;
use std::fmt;
use std::str::FromStr;

/// Thirty-two of them: five bits each.
const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// A number such as `HG-7K3F-9QXM`: the shop's initials and two groups of four.
#[derive(Debug, Clone, PartialEq, Eq, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct Number(String);

/// The text is no order number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an order number")]
pub struct NotANumber;

impl Number {
    /// A new number for an order of this shop.
    #[must_use]
    pub fn random(shop: &str) -> Self {
        Self::of(shop, u64::from_le_bytes(random_bytes()))
    }

    /// The number that these bits make; the demo shop's are always the same.
    #[must_use]
    pub(in crate::shop) fn of(shop: &str, bits: u64) -> Self {
        let letter = |place: u32| char::from(ALPHABET[usize::try_from((bits >> (place * 5)) & 31).unwrap_or_default()]);
        let group = |from: u32| (from..from + 4).map(letter).collect::<String>();
        Self(format!("{}-{}-{}", initials(shop), group(0), group(4)))
    }

    /// The number that somebody typed as they heard it: blanks, dashes and small letters do not matter.
    #[must_use]
    pub fn heard(text: &str) -> Option<Self> {
        let letters: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
        let groups = letters.len().checked_sub(8)?;
        format!("{}-{}-{}", letters.get(..groups)?, letters.get(groups..groups + 4)?, letters.get(groups + 4..)?).parse().ok()
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// At most three initials of the shop's name; `SH` where it has none that can be read aloud.
fn initials(shop: &str) -> String {
    let first = |word: &str| word.bytes().next().map(|byte| byte.to_ascii_uppercase());
    let legal = |byte: &u8| byte.is_ascii_uppercase() && ALPHABET.contains(byte);
    let initials: String = shop.split_whitespace().filter_map(first).filter(legal).take(3).map(char::from).collect();
    if initials.is_empty() { "SH".to_owned() } else { initials }
}

impl FromStr for Number {
    type Err = NotANumber;
    /// Reads a number; small letters do.
    fn from_str(text: &str) -> Result<Self, NotANumber> {
        let text = text.to_ascii_uppercase();
        let group = |part: Option<&str>, least, most| {
            part.is_some_and(|part| (least..=most).contains(&part.len()) && part.bytes().all(|byte| ALPHABET.contains(&byte)))
        };
        let mut parts = text.split('-');
        let legal = group(parts.next(), 1, 3) && group(parts.next(), 4, 4) && group(parts.next(), 4, 4) && parts.next().is_none();
        if legal { Ok(Self(text)) } else { Err(NotANumber) }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

column!(Number: Text as str, String, |number| &*number.0, |text| Ok(text.parse()?));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_can_be_read_aloud_and_read_back() {
        for shop in ["Hearth & Grain", "", "0 1 Örtlich", "one island", "A Very Long Name Of A Shop"] {
            let number = Number::random(shop);
            assert_eq!(number.as_str().to_lowercase().parse(), Ok(number.clone()));
            assert_eq!(Number::heard(&number.as_str().to_lowercase().replace('-', " ")), Some(number.clone()));
            assert!(!number.as_str().contains(['0', 'O', '1', 'I']), "{number}");
        }
        assert!(Number::random("Hearth & Grain").as_str().starts_with("HG-"));
        for wrong in
            ["", "HG", "HG-7K3F", "HG-7K3F-9QX", "HG-7K3F-9QXMM", "HG-7K3F-9QXM-2", "HG-7K3F-9QX0", "-7K3F-9QXM", "HG 7K3F 9QXM"]
        {
            assert_eq!(wrong.parse::<Number>(), Err(NotANumber), "{wrong}");
        }
        for wrong in ["", "7K3F9QXM", "HG 7K3F", "é", "HG7K3F9QX0", "HGHG7K3F9QXM"] {
            assert_eq!(Number::heard(wrong), None, "{wrong}");
        }
    }
}
