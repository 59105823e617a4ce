//! An order, as it was placed.
//!
//! Invariant: what was bought is copied into it, so that an order says the same for ever, whatever becomes of the products; another
//! person's order is not found. It does not know how an order is made.

mod cancel;
pub mod history;
mod ledger;
pub mod letters;
mod number;
mod reorder;
mod status;
mod step;

pub use cancel::cancel;
pub(in crate::shop) use cancel::cancel_leaving;
pub use history::{History, PER_PAGE, Summary, history, latest};
pub use ledger::{Entry, Ledger, ledger, waiting};
pub use number::{NotANumber, Number};
pub use reorder::{Reordered, reorder};
pub use status::{NoStatus, Status};
pub use step::{Step, Stepped, step};
pub(super) use step::{Take, take, was_paid};

use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{order_events, order_lines, orders, products};
use crate::error::{Error, Result};
use crate::ids::{OrderKey, PictureId, ProductId, UserKey};
use crate::shop::address::Address;
use crate::shop::country::Country;
use crate::shop::money::Money;
use crate::shop::payment::State;
use crate::shop::sums::Sums;
use crate::shop::tax::TaxRate;
use diesel::prelude::*;

/// An order.
#[derive(Debug, Clone)]
pub struct Order {
    /// Its number.
    pub number: Number,
    /// Whose it is.
    pub customer: UserKey,
    /// Where it stands.
    pub status: Status,
    /// When it was placed.
    pub placed_at: Moment,
    /// The currency of its amounts.
    pub currency: String,
    /// What was bought.
    pub lines: Vec<Line>,
    /// The discount code it was placed with.
    pub discount_code: Option<String>,
    /// What it came to.
    pub sums: Sums,
    /// Where it goes.
    pub address: Address,
    /// What the customer wanted us to know.
    pub note: String,
    /// What happened to it, the oldest first.
    pub events: Vec<Event>,
}

/// One product of an order: title and price as they were, the rest as it is now.
#[derive(Debug, Clone, Queryable)]
pub struct Line {
    /// The product.
    pub product: ProductId,
    /// Its name in URLs now.
    pub slug: String,
    /// Its picture now.
    pub picture: Option<PictureId>,
    /// Its name then.
    pub title: String,
    /// Its price then.
    pub unit_price: Money,
    /// Pieces.
    pub quantity: i64,
    /// Price by quantity.
    pub line_total: Money,
    /// Its share of what was taken off.
    pub discount: Money,
    /// The rate of the tax in it, then.
    pub tax_rate: TaxRate,
}

/// A step in an order's life.
#[derive(Debug, Clone, Queryable)]
pub struct Event {
    /// What it became.
    pub status: Status,
    /// When.
    pub at: Moment,
    /// Who did it, if that was written down and they are still with us.
    pub by: Option<UserKey>,
    /// What an operator wanted to remember of it.
    pub note: String,
    /// What became of its money, where it took no step itself.
    pub payment: Option<State>,
}

impl Event {
    /// What happened, in a word for people.
    #[must_use]
    pub fn word(&self) -> &'static str {
        self.payment.map_or(self.status.word(), State::word)
    }
}

impl Order {
    /// Was it ever paid for?
    #[must_use]
    pub fn was_paid(&self) -> bool {
        self.events.iter().any(|event| event.status == Status::Paid)
    }

    /// What may come next.
    pub fn moves(&self) -> impl Iterator<Item = Status> {
        self.status.moves(self.was_paid())
    }
}

type Amounts = (String, Money, Money, Money, Money, Money);
type Where = (String, String, String, String, String, Country, String);

const WHERE: (
    orders::name,
    orders::address1,
    orders::address2,
    orders::city,
    orders::postal_code,
    orders::country,
    orders::phone,
) = (orders::name, orders::address1, orders::address2, orders::city, orders::postal_code, orders::country, orders::phone);

/// The person's order with this number, in three statements.
///
/// # Errors
/// `NotFound` if there is none, or it is somebody else's.
pub fn show(conn: &mut Conn, user: UserKey, number: &Number) -> Result<Order> {
    match find(conn, number) {
        Ok(order) if order.customer == user => Ok(order),
        Ok(_) => Err(Error::NotFound),
        Err(cause) => Err(cause),
    }
}

/// The order with this number, whoever it belongs to: for those who run the shop.
///
/// # Errors
/// `NotFound` if there is none.
pub fn find(conn: &mut Conn, number: &Number) -> Result<Order> {
    type Row = ((OrderKey, UserKey, Status, Moment, String, Option<String>), Amounts, Where);
    let row: Option<Row> = orders::table
        .filter(orders::number.eq(number))
        .select((
            (orders::id, orders::user_id, orders::status, orders::placed_at, orders::note, orders::discount_code),
            (orders::currency, orders::subtotal, orders::discount, orders::delivery, orders::total, orders::tax),
            WHERE,
        ))
        .first(conn)
        .optional()?;
    let ((key, customer, status, placed_at, note, discount_code), (currency, subtotal, discount, delivery, total, tax), place) =
        row.ok_or(Error::NotFound)?;
    let lines = order_lines::table
        .inner_join(products::table)
        .filter(order_lines::order_id.eq(key))
        .order(order_lines::id)
        .select((
            products::public_id,
            products::slug,
            products::picture,
            order_lines::title,
            order_lines::unit_price,
            order_lines::quantity,
            order_lines::line_total,
            order_lines::discount,
            order_lines::tax_rate,
        ))
        .load(conn)?;
    let events = order_events::table
        .filter(order_events::order_id.eq(key))
        .order(order_events::id)
        .select((order_events::status, order_events::at, order_events::user_id, order_events::note, order_events::payment))
        .load(conn)?;
    let (number, address) = (number.clone(), address(place));
    let sums = Sums { subtotal, discount, delivery, total, tax };
    Ok(Order { number, customer, status, placed_at, currency, lines, discount_code, sums, address, note, events })
}

/// The numbers of the person's orders, the newest first.
///
/// # Errors
/// What the database says.
pub fn numbers(conn: &mut Conn, user: UserKey) -> Result<Vec<Number>> {
    let theirs = orders::table.filter(orders::user_id.eq(user)).order((orders::placed_at.desc(), orders::id.desc()));
    Ok(theirs.select(orders::number).load(conn)?)
}

/// Where the person's last order went, to fill in the next form.
///
/// # Errors
/// What the database says.
pub fn last_address(conn: &mut Conn, user: UserKey) -> Result<Option<Address>> {
    let place: Option<Where> = orders::table
        .filter(orders::user_id.eq(user))
        .order((orders::placed_at.desc(), orders::id.desc()))
        .select(WHERE)
        .first(conn)
        .optional()?;
    Ok(place.map(address))
}

fn address((name, address1, address2, city, postal_code, country, phone): Where) -> Address {
    Address { name, address1, address2, city, postal_code, country, phone }
}

#[cfg(test)]
mod tests;
