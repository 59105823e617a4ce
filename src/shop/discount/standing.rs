//! How a code stands for a person now: what it takes off, or why it takes nothing.
//!
//! Invariant: whatever forbids its use has a word for programs and a sentence for people. It reads no row itself.

use crate::clock::Moment;
use crate::db::schema::discounts;
use crate::error::{Error, Result};
use crate::ids::DiscountKey;
use crate::shop::money::Money;
use diesel::prelude::*;

/// What a code takes off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Off {
    /// So many hundredths of the goods' price.
    Percent(i64),
    /// A fixed amount, or all of it where it is less.
    Amount(Money),
}

impl Off {
    pub(super) fn of(percent: Option<i64>, amount: Option<Money>) -> Result<Self> {
        match (percent, amount) {
            (Some(percent @ 1..=100), None) => Ok(Self::Percent(percent)),
            (None, Some(amount)) => Ok(Self::Amount(amount)),
            _ => Err(Error::internal("a discount takes off neither a percentage nor an amount")),
        }
    }

    /// What it takes off goods of this price, to the nearest minor unit, half up.
    ///
    /// # Errors
    /// None that an amount of ours can cause.
    pub fn from(self, goods: Money) -> Result<Money> {
        match self {
            Self::Amount(amount) => Ok(amount.min(goods)),
            Self::Percent(percent) => {
                let off = (i128::from(goods.minor()) * i128::from(percent) * 2 + 100) / 200;
                i64::try_from(off).ok().and_then(Money::new).ok_or_else(|| Error::internal("a discount left the range of money"))
            }
        }
    }
}

/// Why a code takes nothing off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Its time has not come.
    NotYet,
    /// Its time is over.
    Over,
    /// It was used as often as it may be.
    UsedUp,
    /// This person used it before.
    UsedBefore,
}

impl Refusal {
    /// The word for programs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotYet => "discount_not_yet",
            Self::Over => "discount_over",
            Self::UsedUp => "discount_used_up",
            Self::UsedBefore => "discount_used_before",
        }
    }

    /// The end of a sentence that begins with the code.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::NotYet => "is not valid yet",
            Self::Over => "is no longer valid",
            Self::UsedUp => "has been used up",
            Self::UsedBefore => "was used by you before, and is good for one order",
        }
    }
}

/// A code that somebody put on their cart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// Its row.
    pub key: DiscountKey,
    /// What was typed.
    pub code: String,
    /// What it takes off, if it may.
    pub off: Off,
    /// Why it may not.
    pub refusal: Option<Refusal>,
}

impl Applied {
    /// What it takes off now: nothing where it is refused.
    #[must_use]
    pub fn valid(&self) -> Option<Off> {
        if self.refusal.is_none() { Some(self.off) } else { None }
    }

    /// Why it takes nothing off, in a sentence.
    #[must_use]
    pub fn sentence(&self) -> Option<String> {
        self.refusal.map(|refusal| format!("The code {} {}.", self.code, refusal.reason()))
    }
}

/// What must be known of a code to use it.
#[derive(Debug, Clone, Queryable)]
pub(in crate::shop) struct Row {
    key: DiscountKey,
    code: String,
    percent: Option<i64>,
    amount: Option<Money>,
    starts_at: Option<Moment>,
    ends_at: Option<Moment>,
    most_uses: Option<i64>,
    uses: i64,
}

pub(in crate::shop) type Columns = (
    discounts::id,
    discounts::code,
    discounts::percent,
    discounts::amount,
    discounts::starts_at,
    discounts::ends_at,
    discounts::most_uses,
    discounts::uses,
);

pub(in crate::shop) const COLUMNS: Columns = (
    discounts::id,
    discounts::code,
    discounts::percent,
    discounts::amount,
    discounts::starts_at,
    discounts::ends_at,
    discounts::most_uses,
    discounts::uses,
);

impl Row {
    pub(in crate::shop) fn applied(self, now: Moment, used_before: bool) -> Result<Applied> {
        let refusal = if self.starts_at.is_some_and(|at| now < at) {
            Some(Refusal::NotYet)
        } else if self.ends_at.is_some_and(|at| now >= at) {
            Some(Refusal::Over)
        } else if used_before {
            Some(Refusal::UsedBefore)
        } else if self.most_uses.is_some_and(|most| self.uses >= most) {
            Some(Refusal::UsedUp)
        } else {
            None
        };
        Ok(Applied { key: self.key, code: self.code, off: Off::of(self.percent, self.amount)?, refusal })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::trial::money;
    use proptest::prelude::*;

    #[test]
    fn a_discount_is_never_more_than_the_goods() {
        assert_eq!(Off::Percent(10).from(money(1_005)).expect("an amount"), money(101));
        assert_eq!(Off::Percent(100).from(money(1)).expect("an amount"), money(1));
        assert_eq!(Off::Amount(money(500)).from(money(300)).expect("an amount"), money(300));
    }

    proptest! {
        #[test]
        fn a_percentage_is_within_half_a_unit(percent in 1..=100_i64, goods in 0..=i64::MAX / 2) {
            let off = Off::Percent(percent).from(money(goods)).expect("an amount").minor();
            let exact = i128::from(goods) * i128::from(percent);
            prop_assert!(off <= goods && (i128::from(off) * 100 - exact).abs() <= 50);
        }
    }
}
