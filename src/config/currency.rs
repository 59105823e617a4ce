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

impl Currency {
    /// Reads a decimal such as `24.00` into minor units: digits, and after a dot at most as many as the minor unit has.
    ///
    /// # Errors
    /// A sentence that says what is expected.
    pub fn minor_units(&self, text: &str) -> Result<i64, String> {
        let wrong = || match self.exponent {
            0 => format!("`{text}` is not an amount: {} has no decimals", self.code),
            most => format!("`{text}` is not an amount such as 1.{:0width$}", 0, width = most as usize),
        };
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let (whole, part) = match text.split_once('.') {
            Some((whole, part)) if digits(part) => (whole, part),
            None => (text, ""),
            Some(_) => return Err(wrong()),
        };
        let missing = self.exponent.checked_sub(u32::try_from(part.len()).map_err(|_| wrong())?).ok_or_else(wrong)?;
        if !digits(whole) {
            return Err(wrong());
        }
        let minor: i64 = format!("{whole}{part}").parse().map_err(|_| wrong())?;
        minor.checked_mul(10_i64.pow(missing)).ok_or_else(wrong)
    }

    /// What a price in euros and cents is called in this currency: the same digits where there is no minor unit (a yen is about a
    /// cent), a zero more where it has three digits.
    ///
    /// # Errors
    /// As `minor_units`.
    pub fn like_cents(&self, text: &str) -> Result<i64, String> {
        let cents = Self { exponent: 2, ..*self }.minor_units(text)?;
        cents.checked_mul(10_i64.pow(self.exponent.saturating_sub(2))).ok_or_else(|| format!("`{text}` is too much"))
    }
}

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
