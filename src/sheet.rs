//! Files that people open in a spreadsheet.
//!
//! Invariant: `open` undoes `guard` for every text, and what is guarded never begins with a sign that starts a formula (OWASP, "CSV
//! injection"), nor does any piece that a spreadsheet makes a cell of which splits at semicolons; every CSV file of ours is written by
//! `Writer`, which guards each cell. It does not know columns.

mod writer;

pub use writer::Writer;

use std::borrow::Cow;

/// Does it begin like a formula, behind the quotes that guard it?
fn is_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r', '\n'])
}

/// Where the comma separates decimals, spreadsheets split lines at this, whatever the file says.
const SEPARATOR: char = ';';

/// With a quote in front, which spreadsheets do not show, of each piece that needs one.
#[must_use]
pub fn guard(text: &str) -> Cow<'_, str> {
    if !text.split(SEPARATOR).any(is_formula) {
        return text.into();
    }
    let guarded = |piece| if is_formula(piece) { format!("'{piece}").into() } else { Cow::Borrowed(piece) };
    joined(text.split(SEPARATOR).map(guarded))
}

/// Without the quotes that guard it.
#[must_use]
pub fn open(text: &str) -> Cow<'_, str> {
    if !text.split(SEPARATOR).any(is_formula) {
        return text.into();
    }
    joined(text.split(SEPARATOR).map(|piece| piece.strip_prefix('\'').filter(|_| is_formula(piece)).unwrap_or(piece).into()))
}

fn joined<'a>(pieces: impl Iterator<Item = Cow<'a, str>>) -> Cow<'a, str> {
    pieces.collect::<Vec<_>>().join(";").into()
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
            ("Oak;Bowl; -5", "Oak;Bowl; -5"),
            ("Oak;=1+1;-2;x", "Oak;'=1+1;'-2;x"),
            (";'+1", ";''+1"),
            ("", ""),
        ] {
            assert_eq!((guard(text).as_ref(), open(guarded).as_ref()), (guarded, text));
        }
    }

    proptest! {
        #[test]
        fn what_is_guarded_comes_back(text in "[;'=+@a\t\r-]{0,8}.{0,4}") {
            let guarded = guard(&text);
            prop_assert_eq!(open(&guarded), &*text);
            prop_assert!(guarded.split(';').all(|piece| !piece.starts_with(['=', '+', '-', '@', '\t', '\r'])));
        }
    }
}
