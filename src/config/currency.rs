//! The currencies a shop can count in.
//!
//! Invariant: an amount of minor units means nothing without the number of their digits, so both stand here together (ISO 4217).
//! It does not know amounts.

use std::str::FromStr;

/// A currency and how many digits its minor unit has (ISO 4217).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Currency {
    /// Three capitals.
    pub code: &'static str,
    /// What stands before the amount.
    pub sign: &'static str,
    /// Digits of the minor unit: 2 for EUR, 0 for JPY, 3 for KWD.
    pub exponent: u32,
}

const CURRENCIES: [Currency; 14] = [
    Currency { code: "EUR", sign: "€", exponent: 2 },
    Currency { code: "USD", sign: "$", exponent: 2 },
    Currency { code: "GBP", sign: "£", exponent: 2 },
    Currency { code: "CHF", sign: "CHF\u{a0}", exponent: 2 },
    Currency { code: "JPY", sign: "¥", exponent: 0 },
    Currency { code: "KWD", sign: "KWD\u{a0}", exponent: 3 },
    Currency { code: "SEK", sign: "SEK\u{a0}", exponent: 2 },
    Currency { code: "NOK", sign: "NOK\u{a0}", exponent: 2 },
    Currency { code: "DKK", sign: "DKK\u{a0}", exponent: 2 },
    Currency { code: "PLN", sign: "PLN\u{a0}", exponent: 2 },
    Currency { code: "CZK", sign: "CZK\u{a0}", exponent: 2 },
    Currency { code: "AUD", sign: "A$", exponent: 2 },
    Currency { code: "CAD", sign: "C$", exponent: 2 },
    Currency { code: "INR", sign: "₹", exponent: 2 },
];

impl FromStr for Currency {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let known = || CURRENCIES.map(|currency| currency.code).join(", ");
        CURRENCIES
            .into_iter()
            .find(|currency| currency.code == text)
            .ok_or_else(|| format!("`{text}` is not a currency we know ({})", known()))
    }
}
