//! Keeping SQLite's index of words in few pieces.
//!
//! Invariant: by and by, some pages a transaction (or the list of one word, which FTS5 writes in one go), so that nobody waits for it; and
//! pieces are joined with others of their size, so that an edit does not cost the large one that most of the catalogue is in. It does not
//! know when it runs.

use crate::db::{Conn, Db};
use crate::error::Result;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use std::time::Instant;

/// So many pieces are not worth the work. Each search looks into every piece; FTS5 itself leaves 16 of a million products, which makes
/// a search three times the work of one piece.
const FEW: i64 = 4;

/// Pages of the index that a transaction writes.
const PAGES: i64 = 100;

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// Joins pieces of about the same size, or goes on with it; is there more to do the next time? A server's index is in one piece.
///
/// # Errors
/// What the database says; the index is whole at any time.
pub fn merge(db: &Db) -> Result<bool> {
    for _ in 0..Db::STEPS {
        if db.read_here(pieces)? <= FEW {
            return Ok(false);
        }
        let start = Instant::now();
        if !db.write_here(step)? {
            return Ok(false);
        }
        db.give_way(start.elapsed());
    }
    Ok(true)
}

/// One transaction of it; was there anything to do?
fn step(conn: &mut Conn) -> Result<bool> {
    let Conn::Sqlite(conn) = conn else { return Ok(false) };
    // Two of a size are joined; by itself FTS5 waits for four.
    let known = "SELECT count(*) AS number FROM product_words_config WHERE k = 'usermerge'";
    if diesel::sql_query(known).get_result::<Number>(conn)?.number == 0 {
        diesel::sql_query("INSERT INTO product_words (product_words, rank) VALUES ('usermerge', 2)").execute(conn)?;
    }
    let before = changes(conn)?;
    diesel::sql_query(format!("INSERT INTO product_words (product_words, rank) VALUES ('merge', {PAGES})")).execute(conn)?;
    // The command itself counts as one.
    Ok(changes(conn)? - before > 1)
}

fn changes(conn: &mut SqliteConnection) -> Result<i64> {
    Ok(diesel::sql_query("SELECT total_changes() AS number").get_result::<Number>(conn)?.number)
}

/// Looks each piece up: the index of pieces has a row for every page of the words.
fn pieces(conn: &mut Conn) -> Result<i64> {
    match conn {
        Conn::Sqlite(conn) => Ok(diesel::sql_query(
            "WITH RECURSIVE piece (id) AS (SELECT min(segid) FROM product_words_idx UNION ALL
             SELECT (SELECT min(segid) FROM product_words_idx WHERE segid > id) FROM piece WHERE id IS NOT NULL)
             SELECT count(id) AS number FROM piece",
        )
        .get_result::<Number>(conn)?
        .number),
        Conn::Postgres(_) => Ok(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::on_either;
    use crate::shop::catalogue::{self, Query};
    use crate::shop::search::Search;
    use crate::shop::trial::{on_each, product};

    #[test]
    fn many_pieces_of_the_index_become_few_and_find_the_same() {
        on_each(|db| {
            let on_sqlite = db.read_here(|conn| Ok(matches!(conn, Conn::Sqlite(_)))).expect("a connection");
            if on_sqlite {
                let automerge = "INSERT INTO product_words (product_words, rank) VALUES ('automerge', 0)";
                db.write_here(|conn| Ok(on_either!(conn, conn => diesel::sql_query(automerge).execute(conn))?)).expect("off");
            }
            for number in 0..9 {
                product(db, &format!("Oak Bowl {number}"), 100, 1);
            }
            let found = |q: &str| {
                let query = Query { q: Search::read(q), ..Query::default() };
                db.read_here(|conn| catalogue::page(conn, &query)).expect("a page").products.len()
            };
            let before = (found("oak"), found("bow 7"), found("elm"));
            assert_eq!(before, (9, 1, 0));
            assert!(!on_sqlite || db.read_here(pieces).expect("a count") == 9);
            assert!(!merge(db).expect("merged"));
            assert!(db.read_here(pieces).expect("a count") <= FEW);
            assert_eq!((found("oak"), found("bow 7"), found("elm")), before);
        });
    }

    #[derive(QueryableByName, Debug, PartialEq)]
    struct Piece {
        #[diesel(sql_type = BigInt)]
        piece: i64,
        #[diesel(sql_type = BigInt)]
        pages: i64,
    }

    #[test]
    fn a_few_edits_leave_the_large_piece_alone() {
        on_each(|db| {
            let many = |from, to| {
                for number in from..to {
                    product(db, &format!("Bowl {number} {}", number * 7919), 100, 1);
                }
            };
            many(0, 150);
            while merge(db).expect("merged") {}
            let large = |conn: &mut Conn| match conn {
                Conn::Sqlite(conn) => {
                    let text =
                        "SELECT segid AS piece, count(*) AS pages FROM product_words_idx GROUP BY 1 ORDER BY 2 DESC LIMIT 1";
                    Ok(diesel::sql_query(text).load::<Piece>(conn)?)
                }
                Conn::Postgres(_) => Ok(Vec::new()),
            };
            let before = db.read_here(large).expect("a piece");
            many(150, 160);
            assert!(!merge(db).expect("merged"));
            assert_eq!(db.read_here(large).expect("a piece"), before);
        });
    }
}
