//! Where an order goes.
//!
//! Invariant: every field of an `Address` has passed its own rule, so a label can be printed from it as it stands: no control
//! characters, no text that turns the writing direction, nothing over its length. It does not know who lives there.

use crate::shop::country::Country;

/// An address, and what the customer wants us to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The person's full name.
    pub name: String,
    /// Street and number.
    pub address1: String,
    /// Flat, floor or company; empty if there is none.
    pub address2: String,
    /// Town or city.
    pub city: String,
    /// Postal code.
    pub postal_code: String,
    /// Country.
    pub country: Country,
    /// For the carrier; empty if not given.
    pub phone: String,
}

/// Reads a full name.
///
/// # Errors
/// A sentence for the person.
pub fn name(text: &str) -> Result<String, String> {
    line(text, 100, "the name", "Enter the full name of who receives it.")
}

/// Reads street and number.
///
/// # Errors
/// A sentence for the person.
pub fn address1(text: &str) -> Result<String, String> {
    line(text, 100, "the street", "Enter a street and number.")
}

/// Reads the second line of an address, which may be empty.
///
/// # Errors
/// A sentence for the person.
pub fn address2(text: &str) -> Result<String, String> {
    optional(text, |text| line(text, 100, "this line", ""))
}

/// Reads a town.
///
/// # Errors
/// A sentence for the person.
pub fn city(text: &str) -> Result<String, String> {
    line(text, 100, "the town", "Enter a town or city.")
}

/// Reads a postal code: letters, digits, spaces and dashes.
///
/// # Errors
/// A sentence for the person.
pub fn postal_code(text: &str) -> Result<String, String> {
    let code = line(text, 16, "the postal code", "Enter a postal code.")?;
    let legal = code.chars().all(|c| c.is_ascii_alphanumeric() || c == ' ' || c == '-');
    if legal { Ok(code) } else { Err("Enter a postal code with letters, digits, spaces and dashes only.".to_owned()) }
}

/// Reads a country's code.
///
/// # Errors
/// A sentence for the person.
pub fn country(text: &str) -> Result<Country, String> {
    text.parse()
}

/// Reads a telephone number, which may be empty.
///
/// # Errors
/// A sentence for the person.
pub fn phone(text: &str) -> Result<String, String> {
    optional(text, |text| {
        let number = line(text, 32, "the phone number", "")?;
        let legal = number.chars().all(|c| c.is_ascii_digit() || " +-()./".contains(c));
        let digits = number.bytes().filter(u8::is_ascii_digit).count();
        if legal && digits >= 5 {
            Ok(number)
        } else {
            Err("Enter a phone number with digits, such as +49 30 123456, or leave it empty.".to_owned())
        }
    })
}

/// Reads a note to the shop: several lines, or none.
///
/// # Errors
/// A sentence for the person.
pub fn note(text: &str) -> Result<String, String> {
    let text = text.replace("\r\n", "\n");
    let text = text.trim();
    if text.chars().count() > 500 {
        return Err("Shorten the note to at most 500 characters.".to_owned());
    }
    if text.chars().any(|c| c != '\n' && is_unprintable(c)) {
        return Err("Remove the characters from the note that cannot be printed.".to_owned());
    }
    Ok(text.to_owned())
}

fn optional(text: &str, read: impl FnOnce(&str) -> Result<String, String>) -> Result<String, String> {
    if text.trim().is_empty() && !text.chars().any(is_unprintable) { Ok(String::new()) } else { read(text) }
}

fn line(text: &str, most: usize, what: &str, missing: &str) -> Result<String, String> {
    if text.chars().any(is_unprintable) {
        return Err(format!("Write {what} in one line, without characters that cannot be printed."));
    }
    let text = text.trim();
    if text.is_empty() {
        return Err(missing.to_owned());
    }
    if text.chars().count() > most {
        return Err(format!("Shorten {what} to at most {most} characters."));
    }
    Ok(text.to_owned())
}

/// Controls, line separators, and the marks that turn the writing direction of what follows.
fn is_unprintable(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_field_says_what_is_wrong_with_it() {
        assert_eq!(name("  Ada Lovelace "), Ok("Ada Lovelace".to_owned()));
        assert_eq!(name(" ").unwrap_err(), "Enter the full name of who receives it.");
        assert!(name("Ada\nLovelace").is_err());
        assert!(name("Ada\0").is_err());
        assert!(city("\u{202e}nilreB").is_err());
        assert!(address1(&"x".repeat(101)).is_err());
        assert_eq!(address2("  "), Ok(String::new()));
        assert_eq!(postal_code("SW1A 1AA"), Ok("SW1A 1AA".to_owned()));
        assert!(postal_code("10115;DROP").is_err());
        assert_eq!(phone("+49 (30) 12-34"), Ok("+49 (30) 12-34".to_owned()));
        assert_eq!(phone(""), Ok(String::new()));
        for wrong in ["call me", "++++++", "12", "٠١٢٣٤٥"] {
            assert!(phone(wrong).is_err(), "{wrong}");
        }
        assert_eq!(note("one\r\ntwo "), Ok("one\ntwo".to_owned()));
        assert!(note("a\tb").is_err());
        assert!(note(&"x".repeat(501)).is_err());
    }

    proptest! {
        #[test]
        fn what_is_read_can_be_printed_and_is_read_again_as_itself(text in any::<String>()) {
            for read in [name, address1, address2, city, postal_code, phone] {
                if let Ok(value) = read(&text) {
                    prop_assert!(!value.chars().any(is_unprintable));
                    prop_assert_eq!(read(&value), Ok(value.clone()));
                }
            }
        }
    }
}
