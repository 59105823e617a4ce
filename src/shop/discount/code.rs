//! What a person types for a discount.
//!
//! Invariant: 3 to 32 capitals, digits and dashes; small letters and blanks around it are forgiven. It does not know which codes
//! there are.

use std::fmt;
use std::str::FromStr;

/// A code that could be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code(String);

impl Code {
    /// As it is kept.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Code {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let code = text.trim().to_ascii_uppercase();
        let plain = code.bytes().all(|sign| sign.is_ascii_uppercase() || sign.is_ascii_digit() || sign == b'-');
        if (3..=32).contains(&code.len()) && plain {
            Ok(Self(code))
        } else {
            Err("A code has 3 to 32 letters, digits and dashes. Check how it is written.".to_owned())
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_forgiving_about_its_case_and_nothing_else() {
        assert_eq!(" spring-25 ".parse::<Code>().map(|code| code.to_string()), Ok("SPRING-25".to_owned()));
        for wrong in ["", "AB", "SPRING 25", "FR\u{dc}HLING", "%", "A_B", "ABC\0", &"A".repeat(33)] {
            assert!(wrong.parse::<Code>().is_err(), "{wrong:?}");
        }
    }
}
