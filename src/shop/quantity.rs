//! How many pieces.
//!
//! Invariant: a `Quantity` is 1 to 99, a `SetQuantity` 0 to 99, and both are read from ASCII digits only.
//! It does not know what is in stock.

use crate::ids::column;
use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::sql_types::BigInt;
use std::str::FromStr;

/// The most pieces of one product in a cart.
pub const MOST: i64 = 99;

/// One to 99 pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, AsExpression, FromSqlRow)]
#[diesel(sql_type = BigInt)]
pub struct Quantity(i64);

impl Quantity {
    /// One piece: what is meant when nothing is said.
    pub const ONE: Self = Self(1);

    /// So many pieces; none outside 1 to 99.
    #[must_use]
    pub const fn new(count: i64) -> Option<Self> {
        if 1 <= count && count <= MOST { Some(Self(count)) } else { None }
    }

    /// The count.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

/// What a line is to be set to: no pieces at all, or a quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetQuantity(pub Option<Quantity>);

impl FromStr for Quantity {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        digits(text).and_then(Self::new).ok_or_else(|| "Enter a quantity from 1 to 99, in digits.".to_owned())
    }
}

impl FromStr for SetQuantity {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match digits(text) {
            Some(0) => Ok(Self(None)),
            Some(count @ 1..=MOST) => Ok(Self(Quantity::new(count))),
            _ => Err("Enter a quantity from 0 to 99, in digits.".to_owned()),
        }
    }
}

/// ASCII digits only: `i64::from_str` would take a sign.
fn digits(text: &str) -> Option<i64> {
    let plain = (1..=6).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain {
        text.bytes().try_fold(0_i64, |sum, digit| sum.checked_mul(10)?.checked_add(i64::from(digit - b'0')))
    } else {
        None
    }
}

column!(Quantity: BigInt as i64, i64, |quantity| &quantity.0, |count| Self::new(count)
    .ok_or_else(|| format!("{count} is no quantity").into()));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_is_one_to_ninety_nine_in_ascii_digits() {
        assert_eq!("1".parse(), Ok(Quantity(1)));
        assert_eq!("099".parse(), Ok(Quantity(99)));
        for wrong in ["", "0", "100", "-1", "+1", "1.0", " 1", "1 ", "1e1", "٣", "９", "99999999999999999999", "0x1", "\0"] {
            assert!(wrong.parse::<Quantity>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn setting_takes_zero_as_well() {
        assert_eq!("0".parse(), Ok(SetQuantity(None)));
        assert_eq!("00".parse(), Ok(SetQuantity(None)));
        assert_eq!("99".parse(), Ok(SetQuantity(Some(Quantity(99)))));
        for wrong in ["", "100", "-0", "+0", "O"] {
            assert!(wrong.parse::<SetQuantity>().is_err(), "{wrong:?}");
        }
    }
}
