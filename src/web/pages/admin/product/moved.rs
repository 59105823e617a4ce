//! The movements of a product, in words.

use crate::auth::roll;
use crate::clock::rfc3339;
use crate::db::Conn;
use crate::error::Result;
use crate::ids::ProductKey;
use crate::shop::stock::{self, Reason};
use serde::Serialize;

/// Movements on the page.
const MOVEMENTS: i64 = 20;

/// A movement in the table.
#[derive(Serialize)]
pub(super) struct Moved {
    at: String,
    pieces: String,
    why: &'static str,
    order: Option<String>,
    note: String,
    by: String,
}

/// The latest ones, the newest first.
pub(super) fn latest(conn: &mut Conn, product: ProductKey) -> Result<Vec<Moved>> {
    let movements = stock::latest(conn, product, MOVEMENTS)?;
    let keys: Vec<_> = movements.iter().filter_map(|movement| movement.by).collect();
    let names = roll::names(conn, &keys)?;
    let moved = |movement: stock::Movement| Moved {
        at: rfc3339(movement.at),
        pieces: format!("{:+}", movement.pieces).replace('-', "\u{2212}"),
        why: said(movement.reason),
        order: movement.order.map(|number| number.to_string()),
        note: movement.note,
        by: movement.by.and_then(|key| names.get(&key).cloned()).unwrap_or_default(),
    };
    Ok(movements.into_iter().map(moved).collect())
}

const fn said(reason: Reason) -> &'static str {
    match reason {
        Reason::Opening => "There at the beginning",
        Reason::Sold => "Ordered",
        Reason::Cancelled => "Cancelled",
        Reason::Received => "Came",
        Reason::Returned => "Sent back",
        Reason::Damaged => "Broken, lost, given away",
        Reason::Counted => "Counted",
    }
}
