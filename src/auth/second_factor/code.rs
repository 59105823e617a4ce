//! A code as somebody typed it: six digits of an app, or a recovery code.
//!
//! Invariant: blanks and dashes mean nothing, wherever they stand; what can be no code at all is said in a sentence and costs no try. It
//! does not know which codes are right.

use super::recovery::{ALPHABET, LENGTH};
use std::fmt;
use std::str::FromStr;

/// A code that could be right; never printed.
#[derive(Clone, PartialEq, Eq)]
pub enum Code {
    /// Six ASCII digits.
    App(String),
    /// A recovery code, without its dashes.
    Recovery(String),
}

impl FromStr for Code {
    type Err = String;

    fn from_str(typed: &str) -> Result<Self, String> {
        let blank =
            |c: &char| c.is_whitespace() || matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{200b}'..='\u{200f}' | '\u{feff}');
        let text: String = typed.chars().filter(|c| !blank(c)).map(plain).collect();
        let length = text.chars().count();
        if text.is_empty() {
            return Err("Enter the code.".to_owned());
        }
        if text.chars().any(|c| c.is_numeric() && !c.is_ascii()) {
            return Err("Type the code with the digits 0 to 9: your keyboard wrote other ones, which we cannot read.".to_owned());
        }
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        if text.is_ascii()
            && length.is_multiple_of(2)
            && text[..length / 2] == text[length / 2..]
            && [12, 2 * LENGTH].contains(&length)
        {
            return Err("This is the same code twice. Enter it once.".to_owned());
        }
        match length {
            6 if digits => Ok(Self::App(text)),
            LENGTH if text.bytes().all(|byte| ALPHABET.contains(&byte)) => Ok(Self::Recovery(text)),
            _ if digits => Err(format!("A code from your app has six digits: this has {length}.")),
            _ => Err(format!(
                "This is neither six digits from your app nor a recovery code, which has {LENGTH} letters and digits."
            )),
        }
    }
}

/// The zeros of the digits that phones and keyboards write instead of ours; the one to nine follow each: Arabic, Persian, Devanagari,
/// Bengali, full-width.
const ZEROS: [char; 5] = ['\u{660}', '\u{6f0}', '\u{966}', '\u{9e6}', '\u{ff10}'];

/// The sign as we compare it: a digit of ours for that of another script, a large letter for a small one.
fn plain(sign: char) -> char {
    let worth = |zero: &char| (0..10).find(|digit| u32::from(sign) == u32::from(*zero) + digit);
    let digit = ZEROS.iter().find_map(worth).and_then(|digit| char::from_digit(digit, 10));
    digit.unwrap_or_else(|| sign.to_ascii_uppercase())
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_and_dashes_mean_nothing() {
        for typed in [
            "123456",
            " 123 456 ",
            "123-456",
            "1 2 3 4 5 6",
            "123\u{a0}456",
            "\u{200b}123456",
            "١٢٣٤٥٦",
            "۱۲۳۴۵۶",
            "१२३४५६",
            "１２３ ４５６",
        ] {
            assert_eq!(typed.parse(), Ok(Code::App("123456".to_owned())), "{typed:?}");
        }
        let recovery = Code::Recovery("ABCDEFGHJKLMNPQRSTUVWXYZ2".to_owned());
        for typed in ["ABCDE-FGHJK-LMNPQ-RSTUV-WXYZ2", "abcde fghjk lmnpq rstuv wxyz2", "ABCDEFGHJKLMNPQRSTUVWXYZ2"] {
            assert_eq!(typed.parse(), Ok(recovery.clone()), "{typed:?}");
        }
        assert_eq!(format!("{recovery:?}"), "Code(…)");
    }

    #[test]
    fn what_can_be_no_code_is_said_in_words() {
        for (typed, why) in [
            ("", "Enter the code."),
            (" - ", "Enter the code."),
            ("①②③④⑤⑥", "digits 0 to 9"),
            ("123456123456", "twice"),
            ("12345", "this has 5"),
            ("1234567", "this has 7"),
            ("12345O", "neither"),
            ("ABCDE-FGHJK-LMNPQ-RSTUV-WXYZ0", "neither"),
            ("éééééé", "neither"),
        ] {
            let said = typed.parse::<Code>().expect_err(typed);
            assert!(said.contains(why), "{typed:?}: {said}");
        }
    }
}
