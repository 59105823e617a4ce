//! Do the movements add up to the stock?
//!
//! Invariant: it reads, some products at a time, and repairs nothing: a difference is somebody's to explain.

use crate::db::Conn;
use crate::error::{Error, Result};
use crate::ids::ProductKey;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

/// A product whose movements say something else than its stock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// Its name in URLs.
    pub slug: String,
    /// What its row says.
    pub stock: i64,
    /// What its movements say.
    pub moved: i64,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    slug: String,
    #[diesel(sql_type = BigInt)]
    stock: i64,
    #[diesel(sql_type = BigInt)]
    moved: i64,
}

/// One statement reads both, so a sale in between is in both or in neither.
const SOME: &str = "SELECT p.id, p.slug, p.stock,
        CAST(COALESCE((SELECT SUM(m.pieces) FROM stock_movements m WHERE m.product_id = p.id), 0) AS BIGINT) AS moved
    FROM products p WHERE p.id > $1 ORDER BY p.id LIMIT $2";

/// Looks at `most` products behind `after`: those that do not add up, and where to go on; none when that was all.
///
/// # Errors
/// What the database says.
pub fn drift(conn: &mut Conn, after: ProductKey, most: i64) -> Result<(Vec<Drift>, Option<ProductKey>)> {
    if most < 1 {
        return Err(Error::internal("a check looks at one product at least"));
    }
    let rows: Vec<Row> = diesel::sql_query(SOME).bind::<BigInt, _>(after.0).bind::<BigInt, _>(most).load(conn)?;
    let last = rows.last().map(|row| ProductKey(row.id));
    let off = rows.into_iter().filter(|row| row.stock != row.moved);
    Ok((off.map(|row| Drift { slug: row.slug, stock: row.stock, moved: row.moved }).collect(), last))
}
