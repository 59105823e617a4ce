//! Searching the catalogue by words.
//!
//! Invariant: the catalogue's text and the person's are folded by the same function, here, so the databases' own ideas of case
//! never matter; every word must be found, at the beginning of a word; symbols such as `%`, `*` and quotes are letters like any
//! other. It does not know how a list is ordered when nothing is searched.

mod expression;
mod find;
mod merge;
mod token;
mod vocabulary;

#[cfg(test)]
pub(super) use find::walk;
pub(super) use find::{Within, find, finds_any};
pub(super) use merge::merge;
pub use vocabulary::Vocabulary;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// What matters of a search: so many characters, so many words.
const CHARACTERS: usize = 100;
const WORDS: usize = 8;

/// Matches are counted up to here; beyond it the list says "more than".
pub const COUNTED: i64 = 1000;

/// What a person searches for; empty when they search for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    text: String,
    words: Vec<Vec<String>>,
}

impl Search {
    /// Reads what was typed. Any text will do: what cannot be a word (NUL, controls) is a gap between words.
    #[must_use]
    pub fn read(typed: &str) -> Self {
        let text: String = typed.chars().map(|c| if c.is_control() { ' ' } else { c }).take(CHARACTERS).collect();
        let words = fold(&text).split_whitespace().map(token::tokens).filter(|word| !word.is_empty()).take(WORDS).collect();
        Self { text: text.trim().to_owned(), words }
    }

    /// Is nothing searched for?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Is something searched for in which there is no word, such as `!`? Nothing has that.
    #[must_use]
    pub fn is_wordless(&self) -> bool {
        self.words.is_empty() && !self.is_empty()
    }

    /// Is each of its words one token, and no symbol?
    fn is_plain(&self) -> bool {
        self.words.iter().all(|word| word.len() == 1 && token::is_word(&word[0]))
    }

    /// The searches for one of its words, if it has more than one.
    pub(super) fn apart(&self) -> Vec<Self> {
        let words: Vec<Self> = self.text.split_whitespace().map(Self::read).filter(|one| !one.words.is_empty()).collect();
        if words.len() > 1 { words.into_iter().take(WORDS).collect() } else { Vec::new() }
    }

    /// What was typed, to show it again.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Text as it is compared: lower case, without accents.
#[must_use]
pub fn fold(text: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    text.to_lowercase().nfkd().filter(|c| !is_combining_mark(*c)).map(plain).collect::<String>().to_lowercase()
}

/// What a product is found by.
#[must_use]
pub fn words_of(title: &str, description: &str, category: &str, sku: &str) -> String {
    fold(&[title, description, category, sku].join(" "))
}

#[cfg(test)]
mod tests;
