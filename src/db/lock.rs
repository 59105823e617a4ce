//! Row locks taken in one order.
//!
//! Invariant: two transactions that lock several rows of a kind never wait for each other in a circle; one
//! that counts before it inserts counts alone. SQLite has one writer at a time and needs no such lock. It does not know why the rows
//! are wanted.

use super::Conn;
use super::schema::{categories, families, orders, products, sessions, users};
use crate::error::Result;
use crate::ids::{CategoryKey, FamilyKey, OrderKey, ProductKey, SessionKey, UserKey};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;

/// Names the lock of `lock_parking`.
const PARKING: &str = "SELECT pg_advisory_xact_lock(7236849013)";
/// Names the lock of `lock_stewards`.
const STEWARDS: &str = "SELECT pg_advisory_xact_lock(7236849014)";

/// Takes the rows of these families, the lowest id first, until the transaction ends. They are taken before products, and no order
/// takes one.
///
/// # Errors
/// `Unavailable` when somebody else holds one of them for too long.
pub fn lock_families(conn: &mut Conn, keys: &[FamilyKey]) -> Result<()> {
    match conn {
        Conn::Sqlite(_) => {}
        Conn::Postgres(conn) => {
            let rows = families::table.filter(families::id.eq_any(keys)).order(families::id).select(families::id);
            rows.for_no_key_update().load::<FamilyKey>(conn)?;
        }
    }
    Ok(())
}

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

/// Takes the rows of these categories, the lowest id first, until the transaction ends. Products are taken before.
///
/// # Errors
/// `Unavailable` when somebody else holds one of them for too long.
pub fn lock_categories(conn: &mut Conn, keys: &[CategoryKey]) -> Result<()> {
    match conn {
        Conn::Sqlite(_) => {}
        Conn::Postgres(conn) => {
            let rows = categories::table.filter(categories::id.eq_any(keys)).order(categories::id).select(categories::id);
            rows.for_no_key_update().load::<CategoryKey>(conn)?;
        }
    }
    Ok(())
}

/// Takes the rows of these sessions, the newest first, until the transaction ends: a session takes its own row and then that of the
/// one it replaced, which is older.
///
/// # Errors
/// `Unavailable` when somebody else holds one of them for too long.
pub fn lock_sessions(conn: &mut Conn, keys: &[SessionKey]) -> Result<()> {
    match conn {
        Conn::Sqlite(_) => {}
        Conn::Postgres(conn) => {
            let rows = sessions::table.filter(sessions::id.eq_any(keys)).order(sessions::id.desc()).select(sessions::id);
            rows.for_no_key_update().load::<SessionKey>(conn)?;
        }
    }
    Ok(())
}

/// Takes the row of an order until the transaction ends: what becomes of its payments is decided by one at a time, and in step with
/// what becomes of the order.
///
/// # Errors
/// `Unavailable` when somebody else holds it for too long.
pub fn lock_order(conn: &mut Conn, key: OrderKey) -> Result<()> {
    match conn {
        Conn::Sqlite(_) => {}
        Conn::Postgres(conn) => {
            orders::table.find(key).select(orders::id).for_no_key_update().load::<OrderKey>(conn)?;
        }
    }
    Ok(())
}

/// Is this person's account there? If so it stays until the transaction ends: who deletes it waits, and finds what was made meanwhile.
///
/// # Errors
/// `Unavailable` when somebody else holds it for too long.
pub fn keep_person(conn: &mut Conn, key: UserKey) -> Result<bool> {
    let there = users::table.find(key).filter(users::deleted_at.is_null()).select(users::id);
    let row: Option<UserKey> = match conn {
        Conn::Sqlite(conn) => there.first(conn).optional()?,
        Conn::Postgres(conn) => there.for_share().first(conn).optional()?,
    };
    Ok(row.is_some())
}

/// Takes a person's row until the transaction ends, before rows that who changes the person takes after it.
///
/// # Errors
/// `Unavailable` when somebody else holds it for too long.
pub fn lock_person(conn: &mut Conn, key: UserKey) -> Result<()> {
    match conn {
        Conn::Sqlite(_) => {}
        Conn::Postgres(conn) => {
            users::table.find(key).select(users::id).for_no_key_update().load::<UserKey>(conn)?;
        }
    }
    Ok(())
}

/// Lets one transaction at a time count the parked forms and add one.
///
/// # Errors
/// `Unavailable` when somebody else holds it for too long.
pub fn lock_parking(conn: &mut Conn) -> Result<()> {
    match conn {
        Conn::Sqlite(_) => Ok(()),
        Conn::Postgres(conn) => Ok(conn.batch_execute(PARKING)?),
    }
}

/// Lets one transaction at a time act on who runs the shop, so that of two who would leave it to the other one stays.
///
/// # Errors
/// `Unavailable` when somebody else holds it for too long.
pub fn lock_stewards(conn: &mut Conn) -> Result<()> {
    match conn {
        Conn::Sqlite(_) => Ok(()),
        Conn::Postgres(conn) => Ok(conn.batch_execute(STEWARDS)?),
    }
}
