//! What is not as the person saw it.
//!
//! Invariant: a review names at least one change, old and new. It does not know how it is shown.

use crate::config::Currency;
use crate::shop::cart::{Cart, Notice, Version};
use crate::shop::discount::Refusal;
use crate::shop::money::Money;

/// The cart as it stands now, and how that differs from what the person saw.
#[derive(Debug, Clone)]
pub struct Review {
    /// The cart now, with the version and the total for the next try.
    pub cart: Cart,
    /// What changed.
    pub changes: Vec<Change>,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// What a line says: another price, less in stock, no longer sold.
    Line {
        /// The product's name.
        title: String,
        /// Pieces wanted.
        wanted: i64,
        /// What happened.
        notice: Notice,
    },
    /// The discount code is good no longer.
    Discount {
        /// What was typed.
        code: String,
        /// Why.
        refusal: Refusal,
    },
    /// The total is another one.
    Total {
        /// What they saw.
        old: Money,
        /// What it is.
        new: Money,
    },
    /// The cart was changed elsewhere, at the same total.
    Cart,
}

/// A change in words: the line's name, what about it changed, what it was and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The product, or the order as a whole.
    pub title: String,
    /// Which side of it.
    pub what: &'static str,
    /// As it was.
    pub old: String,
    /// As it is.
    pub new: String,
}

impl Review {
    pub(super) fn of(cart: Cart, seen: Option<Version>, expected: Money) -> Self {
        let other_total = cart.sums.total != expected;
        // A price that had changed before the person looked is part of the total they agreed to.
        let matters = |notice: &Notice| other_total || !matches!(notice, Notice::PriceChanged { .. });
        let of_lines = cart.lines.iter().flat_map(|line| {
            let change =
                |notice: &Notice| Change::Line { title: line.title.clone(), wanted: line.quantity.get(), notice: *notice };
            line.notices.iter().filter(|notice| matters(notice)).map(change)
        });
        let mut changes: Vec<Change> = of_lines.collect();
        // A code that took nothing off when they looked is part of the total they agreed to.
        if let Some((code, refusal)) = cart.discount.as_ref().and_then(|it| Some((it.code.clone(), it.refusal?)))
            && other_total
        {
            changes.push(Change::Discount { code, refusal });
        }
        if other_total {
            changes.push(Change::Total { old: expected, new: cart.sums.total });
        }
        if changes.is_empty() || (seen.is_none_or(|seen| cart.version != Some(seen)) && !other_total) {
            changes.push(Change::Cart);
        }
        Self { cart, changes }
    }
}

impl Change {
    /// The change in words.
    #[must_use]
    pub fn told(&self, currency: &Currency) -> Told {
        let told = |title: &str, what, old, new| Told { title: title.to_owned(), what, old, new };
        match self {
            Self::Line { title, wanted, notice } => match notice {
                Notice::PriceChanged { old, new } => told(title, "price", old.show(currency), new.show(currency)),
                Notice::StockFell { left, .. } | Notice::LoweredToStock { left } => {
                    told(title, "in stock", format!("{wanted} wanted"), format!("{left} left"))
                }
                Notice::SoldOut => told(title, "in stock", format!("{wanted} wanted"), "sold out".to_owned()),
                Notice::NoLongerSold | Notice::LoweredToMost => {
                    told(title, "for sale", "yes".to_owned(), "no longer sold".to_owned())
                }
            },
            Self::Discount { code, refusal } => told(
                &format!("Code {code}"),
                "discount",
                "taken off".to_owned(),
                format!("nothing, because it {}", refusal.reason()),
            ),
            Self::Total { old, new } => told("Your order", "total", old.show(currency), new.show(currency)),
            Self::Cart => told("Your cart", "contents", "as you saw them".to_owned(), "changed in another window".to_owned()),
        }
    }
}
