//! How common words are in the catalogue, as far as a server has counted.
//!
//! Invariant: only words that a noticeable part of all products has are in it, and what is not in it is rare; each node reads the
//! server's statistics again every minute. SQLite keeps none, since FTS5 needs none. It does not know what is searched.

use crate::db::{Conn, Db};
use crate::error::Result;
use diesel::prelude::*;
use diesel::sql_types::{Double, Text};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

/// What is known; a clone knows the same.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary(Arc<RwLock<BTreeMap<String, f64>>>);

#[derive(QueryableByName)]
struct Word {
    #[diesel(sql_type = Text)]
    token: String,
    #[diesel(sql_type = Double)]
    share: f64,
}

const STATISTICS: &str = "SELECT token, share::float8 AS share
    FROM pg_stats, unnest(most_common_elems::text::text[], most_common_elem_freqs) AS word (token, share)
    WHERE schemaname = current_schema() AND tablename = 'product_words' AND attname = 'tokens' AND token IS NOT NULL";

impl Vocabulary {
    /// Learns what there is to know.
    ///
    /// # Errors
    /// What the database says.
    pub fn open(db: &Db) -> Result<Self> {
        let vocabulary = Self::default();
        vocabulary.learn(db)?;
        Ok(vocabulary)
    }

    /// Learns it anew.
    ///
    /// # Errors
    /// What the database says; then it knows what it knew.
    pub fn learn(&self, db: &Db) -> Result<()> {
        let words = db.read_here(|conn| match conn {
            Conn::Sqlite(_) => Ok(Vec::new()),
            Conn::Postgres(conn) => Ok(diesel::sql_query(STATISTICS).load::<Word>(conn)?),
        })?;
        let words = words.into_iter().map(|word| (word.token, word.share)).collect();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = words;
        Ok(())
    }

    /// Is nothing known?
    pub(super) fn is_empty(&self) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Which part of all products has these tokens, each behind the mark of where it stands, or at least no more than this part; of an
    /// open one, the last may go on. Of what is not known it is none.
    pub(super) fn share(&self, mark: &str, tokens: &[String], open: bool) -> f64 {
        let words = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let of = |(place, token): (usize, &String)| {
            let token = format!("{mark}{token}");
            if open && place + 1 == tokens.len() {
                let beginning = words.range(token.clone()..).take_while(|(word, _)| word.starts_with(&token));
                beginning.fold(0.0, |share, (_, other)| either(share, *other))
            } else {
                words.get(&token).copied().unwrap_or_default()
            }
        };
        tokens.iter().enumerate().map(of).fold(1.0, f64::min)
    }
}

/// The part that has the one or the other, if the one says nothing of the other.
pub(super) fn either(one: f64, other: f64) -> f64 {
    one + other - one * other
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::trial::on_each;
    use diesel::connection::SimpleConnection as _;

    #[test]
    fn beginnings_are_as_common_as_all_words_that_begin_so() {
        let words = [("tea", 0.5), ("teapot", 0.5), ("ten", 0.25), ("\u{92}tea", 0.125)];
        let vocabulary = Vocabulary(Arc::new(RwLock::new(words.map(|(word, share)| (word.to_owned(), share)).into())));
        let share = |mark, tokens: &[&str], open| {
            vocabulary.share(mark, &tokens.iter().map(|token| (*token).to_owned()).collect::<Vec<_>>(), open)
        };
        assert_eq!((share("", &["tea"], false), share("", &["tea"], true)), (0.5, 0.75));
        assert_eq!((share("\u{92}", &["te"], true), share("", &["none"], true)), (0.125, 0.0));
        assert_eq!((share("", &["ten", "tea"], true), share("", &["tea", "none"], false)), (0.25, 0.0));
    }

    #[test]
    fn a_server_says_which_words_are_common() {
        on_each(|db| {
            let vocabulary = Vocabulary::open(db).expect("a vocabulary");
            assert!(vocabulary.is_empty());
            crate::shop::demo::products(db, crate::shop::trial::now(), &crate::shop::trial::eur(), &mut |_, _| {})
                .expect("seeded");
            db.write_here(|conn| Ok(conn.batch_execute("ANALYZE")?)).expect("statistics");
            vocabulary.learn(db).expect("a vocabulary");
            let is_server = db.read_here(|conn| Ok(matches!(conn, Conn::Postgres(_)))).expect("a connection");
            assert_eq!(vocabulary.share("", &["and".to_owned()], false) > 0.5, is_server);
        });
    }
}
