//! The countries of the world.
//!
//! Invariant: a `Country` is one of ISO 3166-1's alpha-2 codes. It does not know where the shop delivers.

use crate::ids::column;
use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::sql_types::Text;
use std::str::FromStr;

/// `CODE Name` a line, in the order of the names.
const LIST: &str = include_str!("country.txt");

/// A country.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct Country(&'static str);

impl Country {
    /// Every country, by name.
    pub fn all() -> impl Iterator<Item = Self> {
        LIST.lines().map(Self)
    }

    /// The two capitals.
    #[must_use]
    pub fn code(self) -> &'static str {
        &self.0[..2]
    }

    /// The English name.
    #[must_use]
    pub fn name(self) -> &'static str {
        &self.0[3..]
    }
}

impl FromStr for Country {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::all().find(|country| country.code() == text).ok_or_else(|| "Choose a country from the list.".to_owned())
    }
}

column!(Country: Text as str, String, |country| country.code(), |code| Ok(code.parse()?));

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_country_has_a_code_of_its_own_and_a_name() {
        let codes: BTreeSet<&str> = Country::all().map(Country::code).collect();
        assert_eq!(codes.len(), 249);
        assert_eq!(Country::all().count(), 249);
        assert!(codes.iter().all(|code| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase())));
        assert!(Country::all().all(|country| country.name().len() > 3 && country.name().trim() == country.name()));
    }

    #[test]
    fn only_a_code_is_read() {
        assert_eq!("DE".parse().map(Country::name), Ok("Germany"));
        for wrong in ["", "de", "Germany", "DEU", "ZZ", "D", "D\u{e9}"] {
            assert!(wrong.parse::<Country>().is_err(), "{wrong}");
        }
    }
}
