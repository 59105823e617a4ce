//! Which words are common in the catalogue, by a sample of it.
//!
//! Invariant: only words, and beginnings of words, that a noticeable part of the sample has are in it; what is not in it is taken to be
//! rare. Each node takes the sample again every minute; a small catalogue's is empty. It does not know what is searched.

use crate::db::{Conn, Db};
use crate::error::Result;
use diesel::prelude::*;
use diesel::sql_types::Text;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// Products in the sample, at most: two side by side from each of 250 places.
const SAMPLED: usize = 500;

/// A word that fewer of them have is not kept.
const KEPT: u32 = 5;

/// No beginning is longer; a word that is, is kept by this much of it and whole.
const LONGEST: usize = 16;

/// What is known; a clone knows the same.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary(Arc<RwLock<Sample>>);

#[derive(Debug, Default)]
struct Sample {
    size: u32,
    words: HashMap<String, Rows>,
    beginnings: HashMap<String, Rows>,
}

/// Products of the sample, a bit for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rows([u64; SAMPLED.div_ceil(64)]);

/// The tokens of a product, with spaces between them.
#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    tokens: String,
}

impl Line {
    fn each(&self) -> impl Iterator<Item = &str> + Clone {
        self.tokens.split(' ').filter(|token| !token.is_empty())
    }
}

/// A catalogue whose keys are no farther apart needs no sample.
const FEW: i64 = 10_000;

/// The ends of a table, each found by its index.
fn ends(table: &str, key: &str) -> String {
    let ends = format!("(SELECT min({key}) FROM {table}) AS low, (SELECT max({key}) FROM {table}) AS high");
    format!("SELECT low, high FROM (SELECT {ends}) AS ends WHERE high - low >= {FEW}")
}

fn of_postgres() -> String {
    format!(
        "SELECT array_to_string(tsvector_to_array(tokens), ' ') AS tokens FROM (
            SELECT DISTINCT ON (w.rowid) w.rowid, w.tokens
            FROM ({}) AS ends, generate_series(0, 249) AS place CROSS JOIN LATERAL (
                SELECT * FROM product_words WHERE rowid >= low + place * (high - low) / 249 ORDER BY rowid LIMIT 2
            ) AS w
        ) AS sample LIMIT {SAMPLED}",
        ends("product_words", "rowid")
    )
}

/// FTS5 keeps the tokens of each product as one line.
fn of_sqlite() -> String {
    let next = "SELECT min(id) FROM product_words_content WHERE id";
    format!(
        "WITH RECURSIVE places (place) AS (SELECT 0 UNION ALL SELECT place + 1 FROM places WHERE place < 249),
         firsts (first) AS (SELECT ({next} >= low + place * (high - low) / 249) FROM ({}) AS ends, places),
         chosen (id) AS (SELECT first FROM firsts UNION SELECT ({next} > first) FROM firsts)
         SELECT c0 AS tokens FROM product_words_content WHERE id IN (SELECT id FROM chosen) LIMIT {SAMPLED}",
        ends("product_words_content", "id")
    )
}

impl Vocabulary {
    /// Takes a sample of the catalogue.
    ///
    /// # Errors
    /// What the database says.
    pub fn open(db: &Db) -> Result<Self> {
        let vocabulary = Self::default();
        vocabulary.learn(db)?;
        Ok(vocabulary)
    }

    /// Takes another sample.
    ///
    /// # Errors
    /// What the database says; then it knows what it knew.
    pub fn learn(&self, db: &Db) -> Result<()> {
        let lines: Vec<Line> = db.read_here(|conn| match conn {
            Conn::Sqlite(conn) => Ok(diesel::sql_query(of_sqlite()).load(conn)?),
            Conn::Postgres(conn) => Ok(diesel::sql_query(of_postgres()).load(conn)?),
        })?;
        let sample = Sample::of(&lines);
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = sample;
        Ok(())
    }

    /// How many products the sample has.
    pub(super) fn size(&self) -> u32 {
        self.0.read().unwrap_or_else(PoisonError::into_inner).size
    }

    /// Those of the sample that have all these tokens, each behind the mark of where it stands; of an open one, the last may go on.
    pub(super) fn rows(&self, mark: &str, tokens: &[String], open: bool) -> Rows {
        let sample = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let of = |(place, token): (usize, &String)| {
            let token = format!("{mark}{token}");
            let known = if open && place + 1 == tokens.len() {
                sample.beginnings.get(token.get(..beginning(&token)).unwrap_or(&token))
            } else {
                sample.words.get(&token)
            };
            known.copied().unwrap_or(Rows::NONE)
        };
        tokens.iter().enumerate().map(of).fold(Rows::ALL, Rows::and)
    }
}

/// Where the longest beginning of a token ends that is kept.
fn beginning(token: &str) -> usize {
    token.char_indices().nth(LONGEST).map_or(token.len(), |(end, _)| end)
}

/// Every beginning of a token that is kept, the longest last.
fn beginnings(token: &str) -> impl Iterator<Item = &str> + Clone {
    let last = beginning(token);
    let ends = token.char_indices().skip(1).map(|(end, _)| end).take_while(move |end| *end < last);
    ends.chain([last]).map(|end| &token[..end])
}

impl Sample {
    fn of(lines: &[Line]) -> Self {
        let sampled = &lines[..lines.len().min(SAMPLED)];
        let each = || sampled.iter().enumerate().flat_map(|(row, line)| line.each().map(move |token| (row, token)));
        let size = u32::try_from(sampled.len()).unwrap_or_default();
        let words = in_several(each());
        let beginnings = in_several(each().flat_map(|(row, token)| beginnings(token).map(move |beginning| (row, beginning))));
        Self { size, words, beginnings }
    }
}

/// Of words with the rows that they are in, those that are in several: most are in one only, and are not written down first.
fn in_several<'a>(each: impl Iterator<Item = (usize, &'a str)> + Clone) -> HashMap<String, Rows> {
    let mut times: HashMap<&str, u32> = HashMap::new();
    for (_, word) in each.clone() {
        *times.entry(word).or_default() += 1;
    }
    times.retain(|_, times| *times >= KEPT);
    let mut known: HashMap<String, Rows> = HashMap::new();
    for (row, word) in each.filter(|(_, word)| times.contains_key(word)) {
        match known.get_mut(word) {
            Some(rows) => rows.add(row),
            None => known.entry(word.to_owned()).or_insert(Rows::NONE).add(row),
        }
    }
    known.retain(|_, rows| rows.count() >= KEPT);
    known.shrink_to_fit();
    known
}

impl Rows {
    pub const NONE: Self = Self([0; SAMPLED.div_ceil(64)]);
    pub const ALL: Self = Self([u64::MAX; SAMPLED.div_ceil(64)]);

    fn add(&mut self, row: usize) {
        self.0[row / 64] |= 1 << (row % 64);
    }

    pub fn and(self, other: Self) -> Self {
        Self(std::array::from_fn(|at| self.0[at] & other.0[at]))
    }

    pub fn or(self, other: Self) -> Self {
        Self(std::array::from_fn(|at| self.0[at] | other.0[at]))
    }

    pub fn count(self) -> u32 {
        self.0.iter().map(|bits| bits.count_ones()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::demo;
    use crate::shop::search::token::TITLE;
    use crate::shop::trial::{eur, now, on_each};

    fn line(text: &str) -> Line {
        Line { tokens: text.to_owned() }
    }

    fn tokens(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn a_beginning_has_the_rows_of_all_words_that_begin_so_once() {
        let texts = ["tea teapot \u{92}tea", "teapot teahouse", "ten 茶碗", "rare"];
        let rows: Vec<_> = (0..40).map(|row| line(if row < 3 { texts[3] } else { texts[row % 3] })).collect();
        let vocabulary = Vocabulary(Arc::new(RwLock::new(Sample::of(&rows))));
        let count = |mark, text: &str, open| vocabulary.rows(mark, &tokens(text), open).count();
        assert_eq!(vocabulary.size(), 40);
        assert_eq!((count("", "tea", false), count("", "tea", true)), (13, 25));
        assert_eq!((count("", "teapot", false), count("", "te", true)), (25, 37));
        assert_eq!((count("\u{92}", "te", true), count("", "茶", true)), (13, 12));
        assert_eq!((count("", "rare", false), count("", "none", true)), (0, 0));
        assert_eq!((count("", "tea teapot", false), count("", "ten te", true)), (13, 12));
    }

    #[test]
    fn a_long_word_is_known_by_its_beginning() {
        let long = "teahouseteahouseteahouse".to_owned();
        let vocabulary = Vocabulary(Arc::new(RwLock::new(Sample::of(&[(); 9].map(|()| line(&long))))));
        let count = |word: &str, open| vocabulary.rows("", &[word.to_owned()], open).count();
        assert_eq!((count(&long, true), count(&long, false), count(&long[..20], true)), (9, 9, 9));
        assert_eq!(count(&long[..20], false), 0);
    }

    #[test]
    fn a_sample_has_products_from_all_over_a_catalogue_that_is_not_small() {
        on_each(|db| {
            demo::products(db, now(), &eur(), &mut |_, _| {}).expect("seeded");
            let vocabulary = Vocabulary::open(db).expect("a vocabulary");
            assert_eq!(vocabulary.size(), 0);
            db.write_here(|conn| {
                let given = if matches!(conn, Conn::Postgres(_)) { "OVERRIDING SYSTEM VALUE" } else { "" };
                let far = format!(
                    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)
                     INSERT INTO products (id, public_id, sku, slug, title, words, sort_title, description, category_id, price, stock, status,
                     created_at) {given}
                     SELECT 100 * i, 'P' || (1000000000 + i) || '0123456789A', 'c-' || i, 'c-' || i, 'Crowd', 'heron 100%', 'crowd', '',
                     category_id, 1, 1, 'active', created_at FROM n, products p WHERE p.id = 1"
                );
                Ok(crate::on_either!(conn, conn => diesel::sql_query(far).execute(conn))?)
            })
            .expect("products");
            vocabulary.learn(db).expect("a vocabulary");
            let count = |mark, text: &str, open| vocabulary.rows(mark, &tokens(text), open).count();
            assert!((200..=340).contains(&vocabulary.size()), "{}", vocabulary.size());
            assert!((200..=300).contains(&count("", "heron", false)), "{}", count("", "heron", false));
            assert_eq!(count("", "heron", false), count(TITLE, "cro", true));
            assert_eq!(count("", "heron", false), count("", "100 \u{91}25", false));
            assert_eq!(count("", "her", false), 0);
        });
    }
}
