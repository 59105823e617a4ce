//! Searching the catalogue by words.
//!
//! Invariant: the catalogue's text and the person's are folded by the same function, here, so the databases' own ideas of case
//! never matter; `%` and `_` are letters like any other. It does not know how a list is ordered when nothing is searched.

use crate::db::Conn;
use crate::error::Result;
use crate::ids::{CategoryKey, PictureId, ProductId, ProductKey};
use crate::shop::catalogue::Sort;
use crate::shop::money::Money;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
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
    patterns: Vec<String>,
}

impl Search {
    /// Reads what was typed. Any text will do: what cannot be a word (NUL, controls) is a gap between words.
    #[must_use]
    pub fn read(typed: &str) -> Self {
        let text: String = typed.chars().map(|c| if c.is_control() { ' ' } else { c }).take(CHARACTERS).collect();
        let patterns = fold(&text).split_whitespace().take(WORDS).map(pattern).collect();
        Self { text: text.trim().to_owned(), patterns }
    }

    /// Is nothing searched for?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
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

/// A word as a `LIKE` pattern, with `!` to escape.
fn pattern(word: &str) -> String {
    let mut pattern = String::from("%");
    for c in word.chars() {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// A product that matches, and how many there are in all, counted up to a bound.
#[derive(Debug, QueryableByName)]
pub(super) struct Match {
    #[diesel(sql_type = BigInt)]
    pub id: ProductKey,
    #[diesel(sql_type = Text)]
    pub public_id: ProductId,
    #[diesel(sql_type = Text)]
    pub sku: String,
    #[diesel(sql_type = Text)]
    pub slug: String,
    #[diesel(sql_type = Text)]
    pub title: String,
    #[diesel(sql_type = Text)]
    pub description: String,
    #[diesel(sql_type = BigInt)]
    pub category_id: CategoryKey,
    #[diesel(sql_type = BigInt)]
    pub price: Money,
    #[diesel(sql_type = BigInt)]
    pub stock: i64,
    #[diesel(sql_type = Nullable<Text>)]
    pub picture: Option<PictureId>,
    #[diesel(sql_type = BigInt)]
    pub matches: i64,
}

#[derive(Debug, QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    matches: i64,
}

/// The part of the catalogue that is searched, and which piece of the result is wanted.
pub(super) struct Within<'a> {
    pub search: &'a Search,
    pub category: Option<CategoryKey>,
    pub in_stock: bool,
    pub sort: Sort,
    pub limit: i64,
    pub offset: i64,
}

/// The text with the patterns bound to it; a macro, because the type of a boxed query names the database.
macro_rules! bind {
    ($text:expr, $search:expr) => {{
        let mut query = diesel::sql_query($text).into_boxed();
        for pattern in &$search.patterns {
            query = query.bind::<Text, _>(pattern);
        }
        query
    }};
}

/// Finds what matches every word: the rows wanted and the number of matches (at most `COUNTED` + 1), in one statement unless the
/// page is past the end.
pub(super) fn find(conn: &mut Conn, within: &Within) -> Result<(Vec<Match>, i64)> {
    let condition = condition(within);
    let count =
        format!("SELECT count(*) AS matches FROM (SELECT 1 FROM products p WHERE {condition} LIMIT {}) AS counted", COUNTED + 1);
    let order = match within.sort {
        Sort::Name => "p.sort_title, p.id",
        Sort::Newest => "p.created_at DESC, p.id DESC",
        Sort::Price => "p.price, p.id",
        Sort::PriceDown => "p.price DESC, p.id DESC",
    };
    let text = format!(
        "SELECT p.id, p.public_id, p.sku, p.slug, p.title, p.description, p.category_id, p.price, p.stock, p.picture, \
         ({count}) AS matches FROM products p WHERE {condition} ORDER BY {order} LIMIT {} OFFSET {}",
        within.limit, within.offset
    );
    let found: Vec<Match> = bind!(text, within.search).load(conn)?;
    if let Some(first) = found.first() {
        let matches = first.matches;
        return Ok((found, matches));
    }
    if within.offset == 0 {
        return Ok((found, 0));
    }
    let counted: Count = bind!(count, within.search).get_result(conn)?;
    Ok((found, counted.matches))
}

/// Numbers of ours stand in the text; what a person typed is bound, `$1` and on. The same `$1` may stand in it twice.
fn condition(within: &Within) -> String {
    let mut parts = vec!["p.status = 'active'".to_owned()];
    parts.extend(within.category.map(|CategoryKey(key)| format!("p.category_id = {key}")));
    parts.extend(within.in_stock.then(|| "p.stock > 0".to_owned()));
    parts.extend((1..=within.search.patterns.len()).map(|number| format!("p.words LIKE ${number} ESCAPE '!'")));
    parts.join(" AND ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_are_letters_and_every_word_counts() {
        let search = Search::read("  100% Wool_Blend \\ ! ");
        assert_eq!(search.patterns, ["%100!%%", "%wool!_blend%", "%\\%", "%!!%"]);
        assert_eq!(search.text(), "100% Wool_Blend \\ !");
    }

    #[test]
    fn case_and_accents_are_folded() {
        assert_eq!(fold("CRÈME Brûlée"), "creme brulee");
        assert_eq!(fold("ÅNGSTRÖM ﬁne"), "angstrom fine");
    }

    #[test]
    fn controls_are_gaps_and_length_is_bounded() {
        assert_eq!(Search::read("a\0b").patterns, ["%a%", "%b%"]);
        assert!(Search::read("\0\n\t ").is_empty());
        assert_eq!(Search::read(&"a ".repeat(1000)).patterns.len(), WORDS);
        assert_eq!(Search::read(&"é".repeat(1000)).text().chars().count(), CHARACTERS);
    }
}
