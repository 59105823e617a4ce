//! Deletes what nothing in the shop can use any more.
//!
//! Invariant: by index, a few hundred rows a transaction, so that no one waits for it. It does not know when it runs.

use crate::clock::Moment;
use crate::db::Db;
use crate::error::Result;
use crate::shop::idempotency;

/// Most rows a transaction deletes.
const MOST: i64 = 500;
/// Most transactions of one round; the next round goes on.
const STEPS: usize = 50;

/// How many rows a round deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Idempotency keys after a day.
    pub idempotency_keys: usize,
}

/// One round. Run it on a blocking thread.
///
/// # Errors
/// What the database says; what was deleted until then stays deleted.
pub fn sweep(db: &Db, now: Moment) -> Result<Swept> {
    let mut swept = Swept::default();
    for _ in 0..STEPS {
        let done = db.write_here(|conn| idempotency::purge(conn, now - idempotency::LIFE, MOST))?;
        swept.idempotency_keys += done;
        if i64::try_from(done).is_ok_and(|done| done < MOST) {
            break;
        }
    }
    Ok(swept)
}
