//! What a person should know about a line of their cart.
//!
//! Invariant: each notice has a word for programs and a sentence for people. It does not know how it is shown.

use crate::config::Currency;
use crate::shop::money::Money;
use crate::shop::quantity::{MOST, Quantity};

/// Something about a line that is not as it was, or not as it was wished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// The price is another one than when it was put in.
    PriceChanged {
        /// The price then.
        old: Money,
        /// The price now.
        new: Money,
    },
    /// Fewer are left than are wanted.
    StockFell {
        /// Pieces wanted.
        wanted: i64,
        /// Pieces left.
        left: i64,
    },
    /// None are left.
    SoldOut,
    /// The shop does not sell it any longer.
    NoLongerSold,
    /// The wish was lowered to what is in stock.
    LoweredToStock {
        /// Pieces in the cart now.
        left: i64,
    },
    /// The wish was lowered to the most that a line can hold.
    LoweredToMost,
}

impl Notice {
    /// The word for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::PriceChanged { .. } => "price_changed",
            Self::StockFell { .. } => "stock_fell",
            Self::SoldOut => "sold_out",
            Self::NoLongerSold => "no_longer_sold",
            Self::LoweredToStock { .. } => "lowered_to_stock",
            Self::LoweredToMost => "lowered_to_limit",
        }
    }

    /// The sentence for people.
    #[must_use]
    pub fn message(&self, currency: &Currency) -> String {
        match self {
            Self::PriceChanged { old, new } => {
                format!("The price changed from {} to {} since you put it in.", old.show(currency), new.show(currency))
            }
            Self::StockFell { wanted, left: 1 } => format!("Only 1 is left, and you have {wanted} in your cart."),
            Self::StockFell { wanted, left } => format!("Only {left} are left, and you have {wanted} in your cart."),
            Self::SoldOut => "This is sold out now.".to_owned(),
            Self::NoLongerSold => "We no longer sell this.".to_owned(),
            Self::LoweredToStock { left: 1 } => "Only 1 is in stock, so that is how many you have.".to_owned(),
            Self::LoweredToStock { left } => format!("Only {left} are in stock, so that is how many you have."),
            Self::LoweredToMost => format!("{MOST} is the most of one thing in a cart, so that is how many you have."),
        }
    }
}

/// What there is to say about a line as it stands.
pub(super) fn of_line(sold: bool, stock: i64, quantity: Quantity, seen: Money, now: Money) -> Vec<Notice> {
    if !sold {
        return vec![Notice::NoLongerSold];
    }
    if stock == 0 {
        return vec![Notice::SoldOut];
    }
    let price = (seen != now).then_some(Notice::PriceChanged { old: seen, new: now });
    let short = (stock < quantity.get()).then_some(Notice::StockFell { wanted: quantity.get(), left: stock });
    price.into_iter().chain(short).collect()
}
