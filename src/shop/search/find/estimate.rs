//! Whether very many products match, without reading them.
//!
//! Invariant: a server's estimate is believed of one whole word alone, which its statistics know. Of several words it only multiplies, so
//! they are asked one by one; what it says of words that it does not know is no knowledge. The statistics may be of an earlier day; then
//! pages past the real end find it out, because they stay short. It does not know what is done with the matches.

use super::{Tier, Within};
use crate::db::Conn;
use crate::error::Result;
use crate::shop::search::expression::Language;
use crate::shop::search::{COUNTED, Search};
use diesel::prelude::*;
use diesel::sql_types::Text;

/// So many times what is counted leaves room for statistics of an earlier day.
const MANY: i64 = 10 * COUNTED;

/// Of a word that is in no statistics the server says one in 200: twice as many are knowledge.
const KNOWN: i64 = 100;

/// More words are rare, and each is a question.
const MOST_WORDS: usize = 3;

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    plan: String,
}

/// About how many have the very words, if they are very many; as many match at least. FTS5 has a list of each word's matches and counts
/// faster than it could guess; a server would first collect all of them.
pub(super) fn of(conn: &mut Conn, within: &Within) -> Result<Option<i64>> {
    if Language::of(conn) == Language::Fts5 || within.category.is_some() || within.in_stock || within.among <= MANY {
        return Ok(None);
    }
    if !within.search.is_plain() || within.search.words.len() > MOST_WORDS {
        return Ok(None);
    }
    let each = within.search.one_by_one().map(|word| of_one(conn, &word, within)).collect::<Result<Option<Vec<i64>>>>()?;
    Ok(each.map(|each| with_all(&each, within.among)).filter(|matches| *matches > MANY))
}

/// How many of all have every word at least, whichever those are that have each.
fn with_all(each: &[i64], among: i64) -> i64 {
    each.iter().fold(among, |left, have| left - (among - among.min(*have)))
}

fn of_one(conn: &mut Conn, word: &Search, within: &Within) -> Result<Option<i64>> {
    let language = Language::of(conn);
    let plan: Vec<Line> =
        diesel::sql_query(format!("EXPLAIN SELECT w.rowid FROM product_words w WHERE {}", language.condition()))
            .bind::<Text, _>(language.expression(word, Tier::Words, None))
            .load(conn)?;
    let rows = plan.first().and_then(|line| rows(&line.plan));
    Ok(rows.filter(|rows| *rows > MANY.max(within.among / KNOWN)))
}

/// Reads what the first line of a plan says: `Seq Scan on product_words w  (cost=0.00..95.50 rows=960 width=8)`.
fn rows(plan: &str) -> Option<i64> {
    plan.split_once(" rows=")?.1.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_exclude_each_other_are_not_taken_to_meet() {
        assert_eq!(with_all(&[30_000], 100_000), 30_000);
        assert_eq!(with_all(&[100_000, 30_000], 100_000), 30_000);
        assert!(with_all(&[50_000, 50_000], 100_000) <= 0);
        assert_eq!(with_all(&[120_000, 90_000, 80_000], 100_000), 70_000);
    }

    #[test]
    fn the_rows_of_a_plan_are_read() {
        let plan = "Bitmap Heap Scan on product_words w  (cost=820.81..65275.74 rows=99666 width=8)";
        assert_eq!(rows(plan), Some(99_666));
        assert_eq!(rows("Seq Scan"), None);
    }
}
