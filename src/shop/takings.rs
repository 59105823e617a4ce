//! What the shop took in, day by day.
//!
//! Invariant: one statement, bounded by time, that reads the entries of one index and no row of an order. It counts in quarters of an
//! hour, because every time zone's days begin at one; whoever asks knows the zone and makes days of them.

use crate::clock::Moment;
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::shop::money::Money;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Timestamp};

/// What was ordered in a quarter of an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taking {
    /// Quarters of an hour since 1970.
    pub quarter: i64,
    /// Orders placed.
    pub orders: i64,
    /// What they come to, without those that were cancelled or paid back.
    pub revenue: Money,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    quarter: i64,
    #[diesel(sql_type = BigInt)]
    placed: i64,
    #[diesel(sql_type = BigInt)]
    revenue: i64,
}

/// Everything ordered since then.
///
/// # Errors
/// What the database says.
pub fn since(conn: &mut Conn, at: Moment) -> Result<Vec<Taking>> {
    let quarter = match conn {
        Conn::Sqlite(_) => "CAST(strftime('%s', placed_at) AS BIGINT) / 900",
        Conn::Postgres(_) => "CAST(floor(extract(epoch FROM placed_at) / 900) AS BIGINT)",
    };
    let text = format!(
        "SELECT {quarter} AS quarter, COUNT(*) AS placed,
            CAST(SUM(CASE WHEN status IN ('cancelled', 'refunded') THEN 0 ELSE total END) AS BIGINT) AS revenue
        FROM orders WHERE placed_at >= $1 GROUP BY 1 ORDER BY 1"
    );
    let rows: Vec<Row> = diesel::sql_query(text).bind::<Timestamp, _>(at).load(conn)?;
    let taking = |row: Row| {
        let revenue = Money::new(row.revenue).ok_or_else(|| Error::internal("a quarter of an hour took in less than nothing"))?;
        Ok(Taking { quarter: row.quarter, orders: row.placed, revenue })
    };
    rows.into_iter().map(taking).collect()
}
