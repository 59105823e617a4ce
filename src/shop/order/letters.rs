//! Letters about orders.
//!
//! Invariant: each is left in the transaction that changes the order, with the amounts that stand in it. It does not know how it reads.

use super::Number;
use crate::clock::{Moment, rfc3339};
use crate::mail::letter::{Cancelled, Letter, Paid, Receipt, ReceiptLine, Shipped};
use crate::shop::address::Address;
use crate::shop::cart::Cart;
use crate::shop::money::Money;

/// The letter to who placed an order of this cart.
#[must_use]
pub fn placed(number: &Number, now: Moment, cart: &Cart, to: &Address) -> Letter {
    let line = |line: &crate::shop::cart::Line| ReceiptLine {
        title: line.title.clone(),
        quantity: line.quantity.get(),
        line_total: line.line_total.minor(),
    };
    let town = [to.postal_code.as_str(), to.city.as_str()].join(" ");
    let address = [to.name.as_str(), &to.address1, &to.address2, &town, to.country.name()];
    Letter::OrderPlaced(Box::new(Receipt {
        number: number.as_str().to_owned(),
        placed_at: rfc3339(now),
        lines: cart.lines.iter().map(line).collect(),
        subtotal: cart.sums.subtotal.minor(),
        discount: cart.sums.discount.minor(),
        delivery: cart.sums.delivery.minor(),
        total: cart.sums.total.minor(),
        address: address.into_iter().filter(|line| !line.is_empty()).map(str::to_owned).collect(),
    }))
}

/// The letter to whose order was called off.
#[must_use]
pub fn cancelled(number: &Number, placed_at: Moment, now: Moment, total: Money, owed: Money, leaving: bool) -> Letter {
    Letter::OrderCancelled(Cancelled {
        number: number.as_str().to_owned(),
        placed_at: rfc3339(placed_at),
        at: rfc3339(now),
        total: total.minor(),
        owed: owed.minor(),
        leaving,
    })
}

/// The letter to whose money is there.
#[must_use]
pub fn paid(number: &Number, placed_at: Moment, now: Moment, total: Money) -> Letter {
    Letter::OrderPaid(Paid {
        number: number.as_str().to_owned(),
        placed_at: rfc3339(placed_at),
        at: rfc3339(now),
        total: total.minor(),
    })
}

/// The letter to whose parcel is on its way.
#[must_use]
pub fn shipped(number: &Number, placed_at: Moment, now: Moment) -> Letter {
    Letter::OrderShipped(Shipped { number: number.as_str().to_owned(), placed_at: rfc3339(placed_at), at: rfc3339(now) })
}
