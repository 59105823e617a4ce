//! What somebody who runs the shop does to the stock: pieces come, come back, break, or are counted.
//!
//! Invariant: a booking is one conditional UPDATE and one movement, so sales that go on meanwhile are not lost; a count is taken only
//! while the stock is still what the one who counted saw. It does not know who may book.

use super::movement::{Reason, of_operator};
use crate::audit::{self, Actor, Kind};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::products;
use crate::error::{Error, Result};
use crate::ids::ProductKey;
use diesel::prelude::*;

/// Most pieces of a product.
pub const MOST: i64 = 1_000_000_000;

/// Why an operator books.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// New pieces came.
    Received,
    /// A customer sent pieces back.
    Returned,
    /// Pieces broke, were lost, or were given away.
    Damaged,
    /// The shelf was counted: so many there are.
    Counted,
}

impl Why {
    /// Every reason.
    pub const ALL: [Self; 4] = [Self::Received, Self::Returned, Self::Damaged, Self::Counted];

    /// The reason of the movement.
    #[must_use]
    pub const fn reason(self) -> Reason {
        match self {
            Self::Received => Reason::Received,
            Self::Returned => Reason::Returned,
            Self::Damaged => Reason::Damaged,
            Self::Counted => Reason::Counted,
        }
    }
}

/// A booking to be.
#[derive(Debug, Clone)]
pub struct Booking {
    /// Why.
    pub why: Why,
    /// How many came or went; of a count, how many there are.
    pub count: i64,
    /// The stock that the operator saw.
    pub seen: i64,
    /// What they want to remember of it.
    pub note: String,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Booked {
    /// There are so many now.
    Done(i64),
    /// There are fewer than were to go, or too many would be there. Nothing was done.
    Impossible(i64),
    /// The stock moved while the shelf was counted. Nothing was done.
    Overtaken(i64),
}

/// Books it.
///
/// # Errors
/// `NotFound` when there is no such product.
pub fn book(conn: &mut Conn, now: Moment, actor: &Actor, slug: &str, booking: &Booking) -> Result<Booked> {
    let product = products::table.filter(products::slug.eq(slug));
    let found: Option<(ProductKey, i64)> = product.select((products::id, products::stock)).first(conn).optional()?;
    let (key, stock) = found.ok_or(Error::NotFound)?;
    let counted = booking.why == Why::Counted;
    if counted && booking.seen != stock {
        return Ok(Booked::Overtaken(stock));
    }
    let pieces = match booking.why {
        Why::Received | Why::Returned => booking.count,
        Why::Damaged => -booking.count,
        Why::Counted => booking.count - booking.seen,
    };
    if pieces == 0 {
        return Ok(Booked::Done(stock));
    }
    // What the stock must be for it, at the moment of the UPDATE: a count stands for itself, anything else must stay in bounds.
    let (least, most) = if counted { (booking.seen, booking.seen) } else { ((-pieces).max(0), MOST - pieces.max(0)) };
    let there = products::table.filter(products::id.eq(key)).filter(products::stock.between(least, most));
    let changed: Option<i64> = diesel::update(there)
        .set(products::stock.eq(products::stock + pieces))
        .returning(products::stock)
        .get_result(conn)
        .optional()?;
    let Some(left) = changed else {
        let stock = product.select(products::stock).first(conn)?;
        return Ok(if counted { Booked::Overtaken(stock) } else { Booked::Impossible(stock) });
    };
    let reason = booking.why.reason();
    of_operator(conn, now, actor, &[(key, pieces)], reason, &booking.note)?;
    audit::record(conn, now, Kind::StockChanged, actor, &format!("{slug} {pieces:+} {}", reason.code()))?;
    Ok(Booked::Done(left))
}

/// Writes down that products were counted by a file, which the caller has taken into the stock: so many more, or fewer.
pub(in crate::shop) fn counted(
    conn: &mut Conn,
    now: Moment,
    actor: &Actor,
    moved: &[(ProductKey, i64)],
    note: &str,
) -> Result<()> {
    of_operator(conn, now, actor, moved, Reason::Counted, note)
}
