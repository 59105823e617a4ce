//! Whether very many products match, without reading them.
//!
//! Invariant: only a server's own estimate is believed, and only one far above what it says of words that it knows nothing of; whoever
//! goes by it finds out when it was wrong, because a page stays short. It does not know what is done with the matches.

use super::{Tier, Within, matching};
use crate::db::Conn;
use crate::error::Result;
use crate::shop::search::COUNTED;
use crate::shop::search::expression::Language;
use diesel::prelude::*;
use diesel::sql_types::Text;

/// So many times what is counted leaves room for statistics of an earlier day.
const MANY: i64 = 10 * COUNTED;

/// Of a word that is in no statistics the server says one in 200.
const UNKNOWN: i64 = 100;

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    plan: String,
}

/// About how many match, if they are certainly very many. FTS5 has a list of each word's matches and counts faster than it could guess;
/// a server would first collect all of them.
pub(super) fn of(conn: &mut Conn, within: &Within, tier: Tier) -> Result<Option<i64>> {
    let language = Language::of(conn);
    if language == Language::Fts5 || within.in_stock || within.among <= MANY {
        return Ok(None);
    }
    let plan: Vec<Line> = diesel::sql_query(format!("EXPLAIN SELECT w.rowid FROM {}", matching(language, within)))
        .bind::<Text, _>(language.expression(within.search, tier, within.category))
        .load(conn)?;
    let rows = plan.first().and_then(|line| rows(&line.plan));
    Ok(rows.filter(|rows| *rows > MANY.max(within.among / UNKNOWN)))
}

/// Reads what the first line of a plan says: `Seq Scan on product_words w  (cost=0.00..95.50 rows=960 width=8)`.
fn rows(plan: &str) -> Option<i64> {
    plan.split_once(" rows=")?.1.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_of_a_plan_are_read() {
        let plan = "Bitmap Heap Scan on product_words w  (cost=820.81..65275.74 rows=99666 width=8)";
        assert_eq!(rows(plan), Some(99_666));
        assert_eq!(rows("Seq Scan"), None);
    }
}
