//! Somebody who asks again and again whether they could write.
//!
//! Invariant: it never waits in the database and holds nothing for longer than the question: a time between two answers of yes is one in
//! which somebody else held the lock. It does not know who.

use crate::Open;
use crate::shop::Home;
use anyhow::Result;
use diesel::connection::SimpleConnection as _;
use latchkey::db::Conn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How often it asks.
const OFTEN: Duration = Duration::from_millis(1);

/// A connection of its own, and what it asks.
pub struct Probe {
    conn: Conn,
    question: &'static str,
}

impl Probe {
    /// On SQLite it asks for the lock of the file, on Postgres for the rows that every import and many an order change.
    ///
    /// # Errors
    /// What the database says.
    pub fn open(open: &Open, home: Home) -> Result<Self> {
        let mut conn = Conn::open(&open.shop.config()?.database)?;
        let question = match home {
            Home::Sqlite => {
                conn.batch_execute("PRAGMA busy_timeout = 0")?;
                "BEGIN IMMEDIATE"
            }
            Home::Postgres => "BEGIN; SELECT 1 FROM categories ORDER BY id FOR NO KEY UPDATE NOWAIT",
        };
        Ok(Self { conn, question })
    }

    /// The longest time that it was told no.
    ///
    /// # Errors
    /// What the database says.
    pub fn longest(&mut self, over: &AtomicBool) -> Result<Duration> {
        let (mut longest, mut since) = (Duration::ZERO, None);
        while !over.load(Ordering::Relaxed) {
            let asked = Instant::now();
            let free = self.conn.batch_execute(self.question).is_ok();
            if free {
                self.conn.batch_execute("ROLLBACK")?;
                longest = longest.max(since.take().map_or(Duration::ZERO, |since: Instant| since.elapsed()));
            } else {
                // On Postgres the transaction is there all the same, and over.
                if matches!(self.conn, Conn::Postgres(_)) {
                    self.conn.batch_execute("ROLLBACK")?;
                }
                since.get_or_insert(asked);
            }
            thread::sleep(OFTEN);
        }
        Ok(longest)
    }
}
