//! An amount of money, in the minor units of the shop's one currency.
//!
//! Invariant: never negative, and no sum wraps: every step is checked (docs/TRAPS.md, "Trap 3": SQLite would wrap in silence, so
//! sums are made here).
//! It does not know which currency it is in until it is read or written as text.

use crate::config::Currency;
use crate::error::{Error, Result};
use crate::ids::column;
use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::sql_types::BigInt;

/// An amount, zero or more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = BigInt)]
pub struct Money(i64);

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// So many minor units; none if it is less than nothing.
    #[must_use]
    pub const fn new(minor: i64) -> Option<Self> {
        if minor < 0 { None } else { Some(Self(minor)) }
    }

    /// The minor units, as the API and templates count them.
    #[must_use]
    pub const fn minor(self) -> i64 {
        self.0
    }

    /// Both together.
    ///
    /// # Errors
    /// A sum that no shop has.
    pub fn plus(self, other: Self) -> Result<Self> {
        self.0.checked_add(other.0).map(Self).ok_or_else(too_much)
    }

    /// What is left after `other` is taken away.
    ///
    /// # Errors
    /// When that would be less than nothing.
    pub fn minus(self, other: Self) -> Result<Self> {
        self.0.checked_sub(other.0).and_then(Self::new).ok_or_else(too_much)
    }

    /// So many times the amount.
    ///
    /// # Errors
    /// A product that no shop has, or a count below zero.
    pub fn times(self, count: i64) -> Result<Self> {
        self.0.checked_mul(count).and_then(Self::new).ok_or_else(too_much)
    }

    /// All of them together.
    ///
    /// # Errors
    /// A sum that no shop has.
    pub fn sum(amounts: impl IntoIterator<Item = Self>) -> Result<Self> {
        amounts.into_iter().try_fold(Self::ZERO, Self::plus)
    }

    /// Reads a decimal such as `24.00`: digits, and after a dot at most as many as the currency's minor unit has.
    ///
    /// # Errors
    /// A sentence that says what is expected.
    pub fn parse(text: &str, currency: &Currency) -> Result<Self, String> {
        currency.minor_units(text).map(Self)
    }

    /// The amount as `parse` reads it, for export.
    #[must_use]
    pub fn decimal(self, currency: &Currency) -> String {
        self.written(currency, "", "")
    }

    /// The amount as people read it: `€1,024.00`.
    #[must_use]
    pub fn show(self, currency: &Currency) -> String {
        self.written(currency, currency.sign, ",")
    }

    fn written(self, currency: &Currency, sign: &str, between: &str) -> String {
        let part = currency.exponent as usize;
        let digits = format!("{:0least$}", self.0, least = part + 1);
        let (whole, rest) = digits.split_at(digits.len() - part);
        let mut text = String::with_capacity(sign.len() + digits.len() * 2);
        text.push_str(sign);
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (whole.len() - index).is_multiple_of(3) {
                text.push_str(between);
            }
            text.push(digit);
        }
        if part > 0 {
            text.push('.');
            text.push_str(rest);
        }
        text
    }
}

fn too_much() -> Error {
    Error::internal("an amount of money left the range that a shop has")
}

column!(Money: BigInt as i64, i64, |money| &money.0, |minor| Self::new(minor)
    .ok_or_else(|| format!("{minor} is no amount of money").into()));

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn currency(code: &str) -> Currency {
        code.parse().expect("a currency we know")
    }

    fn any_currency() -> impl Strategy<Value = Currency> {
        prop_oneof![Just(currency("EUR")), Just(currency("JPY")), Just(currency("KWD"))]
    }

    #[test]
    fn an_amount_is_shown_as_its_currency_is_written() {
        assert_eq!(Money(2400).show(&currency("EUR")), "€24.00");
        assert_eq!(Money(5).show(&currency("EUR")), "€0.05");
        assert_eq!(Money(123_456_789).show(&currency("EUR")), "€1,234,567.89");
        assert_eq!(Money(1234).show(&currency("JPY")), "¥1,234");
        assert_eq!(Money(1_234_567).show(&currency("KWD")), "KWD\u{a0}1,234.567");
    }

    #[test]
    fn only_plain_decimals_are_read() {
        let eur = currency("EUR");
        assert_eq!(Money::parse("24", &eur), Ok(Money(2400)));
        assert_eq!(Money::parse("24.5", &eur), Ok(Money(2450)));
        for wrong in ["", ".", "24.", ".5", "-1", "+1", "1,000.00", "24.001", "٢٤", "1e3", " 1", "99999999999999999999"] {
            assert!(Money::parse(wrong, &eur).is_err(), "{wrong}");
        }
        assert!(Money::parse("24.00", &currency("JPY")).is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(minor in 0..=i64::MAX, currency in any_currency()) {
            let amount = Money(minor);
            prop_assert_eq!(Money::parse(&amount.decimal(&currency), &currency), Ok(amount));
        }

        #[test]
        fn any_text_is_read_or_refused_and_never_panics(text in ".{0,40}", currency in any_currency()) {
            if let Ok(amount) = Money::parse(&text, &currency) {
                prop_assert!(amount.minor() >= 0);
            }
        }

        #[test]
        fn lines_sum_to_the_total(lines in prop::collection::vec((0..=1_000_000_000_000_i64, 1..=99_i64), 0..50)) {
            let totals = lines.iter().map(|(price, count)| Money(*price).times(*count).expect("a line fits"));
            let total = Money::sum(totals).expect("a cart fits");
            let exact: i128 = lines.iter().map(|(price, count)| i128::from(*price) * i128::from(*count)).sum();
            prop_assert_eq!(i128::from(total.minor()), exact);
        }

        #[test]
        fn arithmetic_is_right_or_refused(a in 0..=i64::MAX, b in 0..=i64::MAX, count in any::<i64>()) {
            let (wide_a, wide_b) = (i128::from(a), i128::from(b));
            let fits = |wide: i128| i64::try_from(wide).ok().filter(|minor| *minor >= 0).map(Money);
            prop_assert_eq!(Money(a).plus(Money(b)).ok(), fits(wide_a + wide_b));
            prop_assert_eq!(Money(a).minus(Money(b)).ok(), fits(wide_a - wide_b));
            prop_assert_eq!(Money(a).times(count).ok(), fits(wide_a * i128::from(count)));
        }
    }
}
