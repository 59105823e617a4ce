//! How often something happened, by time.
//!
//! Invariant: one statement, bounded by time and kind, that reads the entries of one index. It counts in quarters of an hour, as
//! every time zone's days begin at one.

use super::Kind;
use crate::clock::Moment;
use crate::db::Conn;
use crate::error::Result;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text, Timestamp};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    quarter: i64,
    #[diesel(sql_type = BigInt)]
    times: i64,
}

/// How often this happened since then: quarters of an hour since 1970, and a count for each that has any.
///
/// # Errors
/// What the database says.
pub fn tally(conn: &mut Conn, kind: Kind, at: Moment) -> Result<Vec<(i64, i64)>> {
    let quarter = match conn {
        Conn::Sqlite(_) => "CAST(strftime('%s', at) AS BIGINT) / 900",
        Conn::Postgres(_) => "CAST(floor(extract(epoch FROM at) / 900) AS BIGINT)",
    };
    let text = format!(
        "SELECT {quarter} AS quarter, COUNT(*) AS times FROM audit_events WHERE kind = $1 AND at >= $2 GROUP BY 1 ORDER BY 1"
    );
    let rows: Vec<Row> = diesel::sql_query(text).bind::<Text, _>(kind.word()).bind::<Timestamp, _>(at).load(conn)?;
    Ok(rows.into_iter().map(|row| (row.quarter, row.times)).collect())
}
