//! The orders of a person, in a list.
//!
//! Invariant: the newest first, walking one index. It does not know what an order looks like alone.

use super::{Number, Status};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{order_lines, orders};
use crate::error::Result;
use crate::ids::{OrderKey, UserKey};
use crate::on_either;
use crate::shop::money::Money;
use crate::shop::paging::{PageNumber, Paging};
use diesel::prelude::*;

/// Orders on a page.
pub const PER_PAGE: i64 = 20;

/// Orders on the dashboard.
const LATEST: i64 = 5;

/// An order in a list.
#[derive(Debug, Clone)]
pub struct Summary {
    key: OrderKey,
    /// Its number.
    pub number: Number,
    /// Where it stands.
    pub status: Status,
    /// When it was placed.
    pub placed_at: Moment,
    /// The currency of its total.
    pub currency: String,
    /// What it cost.
    pub total: Money,
    /// How many different things were bought.
    pub lines_count: i64,
    /// The names of the things, in a history; empty elsewhere.
    pub titles: Vec<String>,
}

/// A page of a person's orders.
#[derive(Debug, Clone)]
pub struct History {
    /// The orders.
    pub orders: Vec<Summary>,
    /// Which page of how many.
    pub paging: Paging,
}

/// The last five orders, in one statement.
///
/// # Errors
/// What the database says.
pub fn latest(conn: &mut Conn, user: UserKey) -> Result<Vec<Summary>> {
    list(conn, user, LATEST, 0)
}

/// A page of the person's orders with what was bought, in three statements.
///
/// # Errors
/// What the database says.
pub fn history(conn: &mut Conn, user: UserKey, page: PageNumber) -> Result<History> {
    let total = orders::table.filter(orders::user_id.eq(user)).count().get_result(conn)?;
    let paging = Paging::new(page, PER_PAGE, total);
    if paging.is_past_the_end() {
        return Ok(History { orders: Vec::new(), paging });
    }
    let mut orders = list(conn, user, PER_PAGE, paging.offset())?;
    let keys: Vec<OrderKey> = orders.iter().map(|order| order.key).collect();
    let titles: Vec<(OrderKey, String)> = order_lines::table
        .filter(order_lines::order_id.eq_any(keys))
        .order(order_lines::id)
        .select((order_lines::order_id, order_lines::title))
        .load(conn)?;
    for (key, title) in titles {
        if let Some(order) = orders.iter_mut().find(|order| order.key == key) {
            order.titles.push(title);
        }
    }
    Ok(History { orders, paging })
}

fn list(conn: &mut Conn, user: UserKey, limit: i64, offset: i64) -> Result<Vec<Summary>> {
    type Row = (OrderKey, Number, Status, Moment, String, Money, Option<i64>);
    let lines = order_lines::table.filter(order_lines::order_id.eq(orders::id)).count().single_value();
    let query = orders::table
        .filter(orders::user_id.eq(user))
        .order((orders::placed_at.desc(), orders::id.desc()))
        .limit(limit)
        .offset(offset)
        .select((orders::id, orders::number, orders::status, orders::placed_at, orders::currency, orders::total, lines));
    let rows: Vec<Row> = on_either!(conn, conn => query.load(conn))?;
    let summary = |(key, number, status, placed_at, currency, total, lines): Row| {
        let lines_count = lines.unwrap_or(0);
        Summary { key, number, status, placed_at, currency, total, lines_count, titles: Vec::new() }
    };
    Ok(rows.into_iter().map(summary).collect())
}
