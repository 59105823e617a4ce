//! Keeping SQLite's index of words in few pieces.
//!
//! Invariant: by and by, a few pages a transaction, so that no one waits for it. Each edit adds a piece to the index, and each search
//! looks into every piece: FTS5 itself keeps no more of them than grow with the logarithm of the catalogue, which is three times the
//! work of one. It does not know when it runs.

use crate::db::{Conn, Db};
use crate::error::Result;
use crate::on_either;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use std::time::Instant;

/// So many pieces are not worth the work.
const FEW: i64 = 8;

/// Pages of the index that a transaction writes.
const PAGES: i64 = 100;

#[derive(QueryableByName)]
struct Pieces {
    #[diesel(sql_type = BigInt)]
    pieces: i64,
}

/// Makes one piece of many, or goes on with it; is there more to do the next time? A server's index is in one piece.
///
/// # Errors
/// What the database says; the index is whole at any time.
pub fn merge(db: &Db) -> Result<bool> {
    for _ in 0..Db::STEPS {
        if db.read_here(pieces)? <= FEW {
            return Ok(false);
        }
        let start = Instant::now();
        // Less than nothing: all pieces, also those that FTS5 would leave alone. One that was begun is gone on with.
        let text = format!("INSERT INTO product_words (product_words, rank) VALUES ('merge', -{PAGES})");
        db.write_here(|conn| Ok(on_either!(conn, conn => diesel::sql_query(&text).execute(conn))?))?;
        db.give_way(start.elapsed());
    }
    Ok(true)
}

/// Looks each piece up: the index of pieces has a row for every page of the words.
fn pieces(conn: &mut Conn) -> Result<i64> {
    match conn {
        Conn::Sqlite(conn) => Ok(diesel::sql_query(
            "WITH RECURSIVE piece (id) AS (SELECT min(segid) FROM product_words_idx UNION ALL
             SELECT (SELECT min(segid) FROM product_words_idx WHERE segid > id) FROM piece WHERE id IS NOT NULL)
             SELECT count(id) AS pieces FROM piece",
        )
        .get_result::<Pieces>(conn)?
        .pieces),
        Conn::Postgres(_) => Ok(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::catalogue::{self, Query};
    use crate::shop::search::Search;
    use crate::shop::trial::{on_each, product};

    #[test]
    fn many_pieces_of_the_index_become_one_and_find_the_same() {
        on_each(|db| {
            let on_sqlite = db.read_here(|conn| Ok(matches!(conn, Conn::Sqlite(_)))).expect("a connection");
            if on_sqlite {
                let automerge = "INSERT INTO product_words (product_words, rank) VALUES ('automerge', 0)";
                db.write_here(|conn| Ok(on_either!(conn, conn => diesel::sql_query(automerge).execute(conn))?)).expect("off");
            }
            for number in 0..=FEW {
                product(db, &format!("Oak Bowl {number}"), 100, 1);
            }
            let found = |q: &str| {
                let query = Query { q: Search::read(q), ..Query::default() };
                db.read_here(|conn| catalogue::page(conn, &query)).expect("a page").products.len()
            };
            let before = (found("oak"), found("bow 7"), found("elm"));
            assert_eq!(before, (9, 1, 0));
            assert!(!on_sqlite || db.read_here(pieces).expect("a count") > FEW);
            assert!(!merge(db).expect("merged"));
            assert_eq!(db.read_here(pieces).expect("a count"), 1);
            assert_eq!((found("oak"), found("bow 7"), found("elm")), before);
        });
    }
}
