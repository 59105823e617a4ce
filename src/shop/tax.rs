//! The tax that a price contains.
//!
//! Invariant: prices are what the customer pays, so tax is a part of an amount and never changes it. It does not know what is taxed.

use crate::error::{Error, Result};
use crate::ids::column;
use crate::shop::money::Money;
use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::sql_types::BigInt;
use std::fmt;

/// Hundredths of a percent in the whole.
const WHOLE: i64 = 10_000;

/// A rate, in hundredths of a percent: nothing to all of the price before tax.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = BigInt)]
pub struct TaxRate(i64);

impl TaxRate {
    /// So many hundredths of a percent; none over a hundred percent.
    #[must_use]
    pub const fn new(hundredths: i64) -> Option<Self> {
        if 0 <= hundredths && hundredths <= WHOLE { Some(Self(hundredths)) } else { None }
    }

    /// Hundredths of a percent, as the API counts them.
    #[must_use]
    pub const fn hundredths(self) -> i64 {
        self.0
    }

    /// The tax in an amount that contains it, rounded to the nearest minor unit, half up.
    ///
    /// # Errors
    /// None that an amount of ours can cause.
    pub fn within(self, gross: Money) -> Result<Money> {
        let (rate, whole) = (i128::from(self.0), i128::from(WHOLE + self.0));
        let tax = (i128::from(gross.minor()) * rate * 2 + whole) / (whole * 2);
        i64::try_from(tax).ok().and_then(Money::new).ok_or_else(|| Error::internal("a tax left the range of money"))
    }
}

impl fmt::Display for TaxRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0 / 100, self.0 % 100) {
            (whole, 0) => write!(f, "{whole}\u{a0}%"),
            (whole, part) if part % 10 == 0 => write!(f, "{whole}.{}\u{a0}%", part / 10),
            (whole, part) => write!(f, "{whole}.{part:02}\u{a0}%"),
        }
    }
}

column!(TaxRate: BigInt as i64, i64, |rate| &rate.0, |hundredths| Self::new(hundredths)
    .ok_or_else(|| format!("{hundredths} is no tax rate").into()));

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_price_contains_its_tax() {
        let tax = |rate, gross| TaxRate(rate).within(Money::new(gross).expect("money")).expect("a tax").minor();
        assert_eq!((tax(1900, 11_900), tax(1900, 100), tax(700, 107), tax(0, 100), tax(810, 1_081)), (1_900, 16, 7, 0, 81));
        assert_eq!(tax(10_000, i64::MAX), i64::MAX / 2 + 1);
        let words: Vec<String> = [1900, 770, 825, 0, 5].map(|rate| TaxRate(rate).to_string()).into();
        assert_eq!(words, ["19\u{a0}%", "7.7\u{a0}%", "8.25\u{a0}%", "0\u{a0}%", "0.05\u{a0}%"]);
    }

    proptest! {
        #[test]
        fn tax_is_the_rate_of_what_is_left_to_the_nearest_unit(rate in 0..=WHOLE, gross in 0..=i64::MAX / 4) {
            let tax = TaxRate(rate).within(Money::new(gross).expect("money")).expect("a tax").minor();
            let exact = i128::from(gross) * i128::from(rate);
            let distance = (i128::from(tax) * i128::from(WHOLE + rate) - exact).abs();
            prop_assert!(tax <= gross && distance * 2 <= i128::from(WHOLE + rate));
        }
    }
}
