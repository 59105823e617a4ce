//! Files that people open in a spreadsheet.
//!
//! Invariant: `open` undoes `guard` for every text, and what is guarded never begins with a sign that starts a formula (OWASP, "CSV
//! injection"); every CSV file of ours is written by `Writer`, which guards each cell. It does not know columns.

mod writer;

pub use writer::Writer;

use std::borrow::Cow;

/// Does it begin like a formula, behind the quotes that guard it?
fn is_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r', '\n'])
}

/// With a quote in front, which spreadsheets do not show, if it needs one.
#[must_use]
pub fn guard(text: &str) -> Cow<'_, str> {
    if is_formula(text) { format!("'{text}").into() } else { text.into() }
}

/// Without the quote that guards it.
#[must_use]
pub fn open(text: &str) -> &str {
    text.strip_prefix('\'').filter(|_| is_formula(text)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_formula_becomes_text_and_text_stays() {
        for (text, guarded) in [
            ("=1+1", "'=1+1"),
            ("+49 30", "'+49 30"),
            ("-5", "'-5"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("'=1", "''=1"),
            ("'tis", "'tis"),
            ("Oak = Bowl", "Oak = Bowl"),
            ("", ""),
        ] {
            assert_eq!((guard(text).as_ref(), open(guarded)), (guarded, text));
        }
    }

    proptest! {
        #[test]
        fn what_is_guarded_comes_back(text in "['=+@a\t\r-]{0,6}.{0,4}") {
            let guarded = guard(&text);
            prop_assert_eq!(open(&guarded), &text);
            prop_assert!(!guarded.starts_with(['=', '+', '-', '@', '\t', '\r']));
        }
    }
}
