//! Locks taken in one order.
//!
//! Invariant: two transactions that lock several products never wait for each other in a circle; one that counts before it inserts
//! counts alone. SQLite has one writer at a time and needs no such lock. It does not know why they are wanted.

use super::Conn;
use super::schema::products;
use crate::error::Result;
use crate::ids::ProductKey;
use diesel::prelude::*;

/// Takes the rows of these products, the lowest id first, until the transaction ends.
///
/// # Errors
/// `Unavailable` when somebody else holds one of them for too long.
pub fn lock_products(conn: &mut Conn, keys: &[ProductKey]) -> Result<()> {
    match conn {
        Conn::Sqlite(_) => {}
        Conn::Postgres(conn) => {
            let rows = products::table.filter(products::id.eq_any(keys)).order(products::id).select(products::id);
            rows.for_no_key_update().load::<ProductKey>(conn)?;
        }
    }
    Ok(())
}

/// Names the lock of `lock_parking` among the server's advisory locks.
const PARKING: &str = "SELECT pg_advisory_xact_lock(7021202602)";

/// Lets one transaction at a time count the parked forms and add one.
///
/// # Errors
/// `Unavailable` when somebody else holds it for too long.
pub fn lock_parking(conn: &mut Conn) -> Result<()> {
    match conn {
        Conn::Sqlite(_) => {}
        Conn::Postgres(conn) => {
            diesel::sql_query(PARKING).execute(conn)?;
        }
    }
    Ok(())
}
