//! Deletes what nothing in the shop can use any more, ends what a dead node left open, and keeps searches quick.
//!
//! Invariant: by index, a few hundred rows or pages a transaction, so that no one waits for it. It does not know when it runs.

use crate::clock::Moment;
use crate::db::Db;
use crate::error::Result;
use crate::shop::{idempotency, import, search};

/// What a round did: how many rows it deleted, and what it left.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Idempotency keys after a day.
    pub idempotency_keys: usize,
    /// Imports after a month.
    pub imports: usize,
    /// Is the index of words still in many pieces?
    pub scattered: bool,
}

/// One round. Run it on a blocking thread.
///
/// # Errors
/// What the database says; what was deleted until then stays deleted.
pub fn sweep(db: &Db, now: Moment) -> Result<Swept> {
    db.write_here(|conn| import::close_lost(conn, now))?;
    Ok(Swept {
        idempotency_keys: db.in_steps(|conn, most| idempotency::purge(conn, now - idempotency::LIFE, most))?,
        imports: db.in_steps(|conn, most| import::purge(conn, now - import::KEPT, most))?,
        scattered: search::merge(db)?,
    })
}
