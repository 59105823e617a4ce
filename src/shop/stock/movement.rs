//! A movement of stock: so many pieces came or went, and why.
//!
//! Invariant: movements are only ever added. It does not know how the stock itself is changed.

use super::Pieces;
use crate::audit::Actor;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{orders, stock_movements};
use crate::error::Result;
use crate::ids::{OrderKey, ProductKey, UserKey, column};
use crate::on_either;
use crate::shop::order::Number;
use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::prelude::*;
use diesel::sql_types::Text;

/// Why pieces came or went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub enum Reason {
    /// There when the product was put into the catalogue.
    Opening,
    /// Ordered.
    Sold,
    /// An order was called off.
    Cancelled,
    /// New pieces came.
    Received,
    /// A customer sent them back.
    Returned,
    /// Broken, lost, given away.
    Damaged,
    /// The shelf was counted.
    Counted,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 7] =
        [Self::Opening, Self::Sold, Self::Cancelled, Self::Received, Self::Returned, Self::Damaged, Self::Counted];

    /// The word for programs and tables.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::Sold => "sold",
            Self::Cancelled => "cancelled",
            Self::Received => "received",
            Self::Returned => "returned",
            Self::Damaged => "damaged",
            Self::Counted => "counted",
        }
    }
}

column!(Reason: Text as str, String, |reason| reason.code(), |code| Self::ALL
    .into_iter()
    .find(|reason| reason.code() == code)
    .ok_or_else(|| format!("`{code}` is no reason").into()));

/// A movement as it is shown.
#[derive(Debug, Clone, Queryable)]
pub struct Movement {
    /// More or fewer.
    pub pieces: i64,
    /// Why.
    pub reason: Reason,
    /// The order it belongs to.
    pub order: Option<Number>,
    /// Who did it.
    pub by: Option<UserKey>,
    /// What they wanted to remember of it.
    pub note: String,
    /// When.
    pub at: Moment,
}

/// The latest movements of a product, the newest first.
///
/// # Errors
/// What the database says.
pub fn latest(conn: &mut Conn, product: ProductKey, most: i64) -> Result<Vec<Movement>> {
    Ok(stock_movements::table
        .left_join(orders::table)
        .filter(stock_movements::product_id.eq(product))
        .order(stock_movements::id.desc())
        .limit(most)
        .select((
            stock_movements::pieces,
            stock_movements::reason,
            orders::number.nullable(),
            stock_movements::user_id,
            stock_movements::note,
            stock_movements::at,
        ))
        .load(conn)?)
}

/// Writes down what an order took, or gave back.
pub(super) fn of_order(
    conn: &mut Conn,
    now: Moment,
    actor: &Actor,
    order: OrderKey,
    reason: Reason,
    pieces: &[Pieces],
) -> Result<()> {
    let row = |piece: &Pieces| {
        (
            stock_movements::product_id.eq(piece.key),
            stock_movements::pieces.eq(if reason == Reason::Sold { -piece.count } else { piece.count }),
            stock_movements::reason.eq(reason),
            stock_movements::order_id.eq(order),
            stock_movements::user_id.eq(actor.user),
            stock_movements::note.eq(""),
            stock_movements::at.eq(now),
        )
    };
    let rows: Vec<_> = pieces.iter().map(row).collect();
    on_either!(conn, conn => diesel::insert_into(stock_movements::table).values(rows).execute(conn))?;
    Ok(())
}

/// Writes down what an operator booked, of some products in one statement; none of a product means that nothing moved.
pub(super) fn of_operator(
    conn: &mut Conn,
    now: Moment,
    actor: &Actor,
    moved: &[(ProductKey, i64)],
    reason: Reason,
    note: &str,
) -> Result<()> {
    let row = |(product, pieces): &(ProductKey, i64)| {
        (
            stock_movements::product_id.eq(*product),
            stock_movements::pieces.eq(*pieces),
            stock_movements::reason.eq(reason),
            stock_movements::user_id.eq(actor.user),
            stock_movements::note.eq(note),
            stock_movements::at.eq(now),
        )
    };
    let rows: Vec<_> = moved.iter().filter(|(_, pieces)| *pieces != 0).map(row).collect();
    if !rows.is_empty() {
        on_either!(conn, conn => diesel::insert_into(stock_movements::table).values(rows).execute(conn))?;
    }
    Ok(())
}

/// Writes down what new products start with.
pub(in crate::shop) fn open(conn: &mut Conn, now: Moment, actor: &Actor, stocks: &[(ProductKey, i64)]) -> Result<()> {
    of_operator(conn, now, actor, stocks, Reason::Opening, "")
}
