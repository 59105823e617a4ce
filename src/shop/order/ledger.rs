//! The orders of everybody, for those who run the shop.
//!
//! Invariant: the newest first, a page at a time, each found by walking one index from where the page before it ended, so the last
//! page of a million orders costs what the first does. It does not know who may look.

use super::{Number, Status};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::orders;
use crate::error::{Error, Result};
use crate::ids::OrderKey;
use crate::on_either;
use crate::shop::money::Money;
use diesel::prelude::*;

/// Orders on a page.
pub const ON_A_PAGE: i64 = 25;

/// An order in the list.
#[derive(Debug, Clone, Queryable)]
pub struct Entry {
    /// Its number.
    pub number: Number,
    /// Where it stands.
    pub status: Status,
    /// When it was placed.
    pub placed_at: Moment,
    /// What it cost.
    pub total: Money,
    /// Whom it goes to.
    pub name: String,
    /// Where.
    pub city: String,
}

/// A page of the list.
#[derive(Debug, Clone)]
pub struct Ledger {
    /// The orders.
    pub orders: Vec<Entry>,
    /// Are there older ones?
    pub more: bool,
}

/// The orders placed before `after`, or the newest; of one status, or of all.
///
/// # Errors
/// `NotFound` when there is no order `after`.
pub fn ledger(conn: &mut Conn, status: Option<Status>, after: Option<&Number>) -> Result<Ledger> {
    let from: Option<(Moment, OrderKey)> = match after {
        None => None,
        Some(number) => {
            let place = orders::table.filter(orders::number.eq(number)).select((orders::placed_at, orders::id));
            Some(place.first(conn).optional()?.ok_or(Error::NotFound)?)
        }
    };
    let mut found: Vec<Entry> = on_either!(conn, conn => {
        let mut list = orders::table
            .select((orders::number, orders::status, orders::placed_at, orders::total, orders::name, orders::city))
            .order((orders::placed_at.desc(), orders::id.desc()))
            .limit(ON_A_PAGE + 1)
            .into_boxed();
        if let Some(status) = status {
            list = list.filter(orders::status.eq(status));
        }
        if let Some((at, key)) = from {
            // The first condition is where the index is entered; the second leaves out what was shown of the same moment.
            list = list.filter(orders::placed_at.le(at)).filter(orders::placed_at.lt(at).or(orders::id.lt(key)));
        }
        list.load(conn)
    })?;
    let page = usize::try_from(ON_A_PAGE).unwrap_or(usize::MAX);
    let more = found.len() > page;
    found.truncate(page);
    Ok(Ledger { orders: found, more })
}

/// How many orders wait for somebody to pack them, counted up to `most`.
///
/// # Errors
/// What the database says.
pub fn waiting(conn: &mut Conn, most: i64) -> Result<usize> {
    let mut found = 0;
    for status in [Status::Placed, Status::Paid] {
        let some = orders::table.filter(orders::status.eq(status)).select(orders::id).limit(most);
        found += some.load::<OrderKey>(conn)?.len();
    }
    Ok(found.min(usize::try_from(most).unwrap_or(usize::MAX)))
}
