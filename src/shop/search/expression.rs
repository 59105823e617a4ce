//! A search in the language of each database's index of words.
//!
//! Invariant: nothing that a person typed stands in an expression outside quotes, and no token has a quote in it (`token`), so a
//! search has no operators. It does not know what is done with the matches.

use super::Search;
use super::token::{CATEGORY, NAMED, TITLE};
use crate::db::Conn;
use crate::ids::CategoryKey;

/// How well a product matches. Every word must match in each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tier {
    /// The title has the words.
    Title,
    /// The title has words that begin with them.
    InTitle,
    /// Title, category, its address and code have words that begin with them. A category keeps its address when it gets another name, and
    /// is found by the name only: so this is asked together with `Any`.
    Named,
    /// All that is known of the product has the words.
    Words,
    /// All that is known of the product has words that begin with them. What matches otherwise matches here too.
    Any,
}

impl Tier {
    /// The best first.
    pub const ALL: [Self; 5] = [Self::Title, Self::InTitle, Self::Named, Self::Words, Self::Any];
}

/// Whose language it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    /// FTS5, of SQLite.
    Fts5,
    /// `tsquery`, of Postgres.
    Tsquery,
}

/// When a server plans a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plan {
    /// Once: it is not told of the words, and has only one way that is sensible.
    Once,
    /// Each time: which way is short hangs on more than the words.
    Anew,
}

impl Language {
    /// What the connection speaks.
    pub const fn of(conn: &Conn) -> Self {
        match conn {
            Conn::Sqlite(_) => Self::Fts5,
            Conn::Postgres(_) => Self::Tsquery,
        }
    }

    /// Does the row `w` of the index match the expression bound at this place?
    pub fn condition(self, place: usize, plan: Plan) -> String {
        match (self, plan) {
            (Self::Fts5, _) => format!("w.tokens MATCH ${place}"),
            (Self::Tsquery, Plan::Once) => format!("w.tokens @@ (SELECT ${place}::tsquery)"),
            (Self::Tsquery, Plan::Anew) => format!("w.tokens @@ ${place}::tsquery"),
        }
    }

    /// What matches at least so well, within a category or in all.
    pub fn expression(self, search: &Search, tier: Tier, category: Option<CategoryKey>) -> String {
        self.every(&self.parts(search, tier, category))
    }

    /// The expressions that must all match: one for each word, and one for the category.
    pub fn parts(self, search: &Search, tier: Tier, category: Option<CategoryKey>) -> Vec<String> {
        let mut parts: Vec<String> = search.words.iter().map(|word| self.word(word, tier)).collect();
        parts.extend(category.map(|CategoryKey(key)| self.phrase("", &[format!("{CATEGORY}{key}")], false)));
        parts
    }

    /// All of the parts.
    pub fn every(self, parts: &[String]) -> String {
        parts.join(self.and())
    }

    fn word(self, tokens: &[String], tier: Tier) -> String {
        match tier {
            Tier::Title => self.phrase(TITLE, tokens, false),
            Tier::InTitle => self.phrase(TITLE, tokens, true),
            Tier::Named => format!("({}{}{})", self.phrase(TITLE, tokens, true), self.or(), self.phrase(NAMED, tokens, true)),
            Tier::Words => self.phrase("", tokens, false),
            Tier::Any => self.phrase("", tokens, true),
        }
    }

    /// Tokens side by side; of an open one, the last may go on.
    fn phrase(self, mark: &str, tokens: &[String], open: bool) -> String {
        match self {
            Self::Fts5 => {
                let marked: Vec<String> = tokens.iter().map(|token| format!("{mark}{token}")).collect();
                format!("\"{}\"{}", marked.join(" "), if open { " *" } else { "" })
            }
            Self::Tsquery => {
                let marked: Vec<String> = tokens.iter().map(|token| format!("'{mark}{token}'")).collect();
                format!("({}{})", marked.join(" <-> "), if open { ":*" } else { "" })
            }
        }
    }

    const fn and(self) -> &'static str {
        match self {
            Self::Fts5 => " AND ",
            Self::Tsquery => " & ",
        }
    }

    const fn or(self) -> &'static str {
        match self {
            Self::Fts5 => " OR ",
            Self::Tsquery => " | ",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_stands_in_quotes() {
        let search = Search::read("NOT 100% tea*");
        let (any, category) = (Tier::Any, Some(CategoryKey(7)));
        assert_eq!(
            Language::Fts5.expression(&search, any, category),
            "\"not\" * AND \"100 \u{91}25\" * AND \"tea \u{91}2a\" * AND \"\u{95}7\""
        );
        assert_eq!(
            Language::Tsquery.expression(&search, any, category),
            "('not':*) & ('100' <-> '\u{91}25':*) & ('tea' <-> '\u{91}2a':*) & ('\u{95}7')"
        );
        let named = Language::Fts5.expression(&Search::read("tea"), Tier::Named, None);
        assert_eq!(named, "(\"\u{92}tea\" * OR \"\u{93}tea\" *)");
    }
}
