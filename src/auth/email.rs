//! An e-mail address in its one canonical form.
//!
//! Invariant: an `Email` is at most 254 bytes of ASCII: the local part in lower case, the domain as a lower-case A-label, so that
//! one mailbox is one account. It does not know whether anybody reads it.

use std::fmt;
use std::str::FromStr;

/// A canonical address. `Debug` does not show it: logs never carry a full address.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Email(String);

impl Email {
    /// The address as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Email {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "Enter an e-mail address like name@example.com.".to_owned();
        let text = text.trim_matches(' ');
        let (local, domain) = text.rsplit_once('@').ok_or_else(wrong)?;
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~.-".contains(&b);
        let dots = local.starts_with('.') || local.ends_with('.') || local.contains("..");
        if let Some(letter) = local.chars().find(|c| !c.is_ascii() && c.is_alphanumeric()) {
            return Err(format!(
                "Before the @ only the letters a to z and digits work: “{letter}” is another one, even if it looks alike."
            ));
        }
        if local.is_empty() || local.len() > 64 || dots || !local.bytes().all(allowed) {
            return Err(wrong());
        }
        let domain = idna::domain_to_ascii_cow(domain.as_bytes(), idna::AsciiDenyList::URL).map_err(|_| wrong())?;
        let label = |label: &str| {
            let ends = label.starts_with('-') || label.ends_with('-');
            (1..=63).contains(&label.len()) && !ends && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        if !domain.contains('.')
            || !domain.split('.').all(label)
            || domain.rsplit('.').next().is_some_and(|top| top.bytes().all(|b| b.is_ascii_digit()))
        {
            return Err(wrong());
        }
        let canonical = format!("{}@{}", local.to_ascii_lowercase(), domain.to_ascii_lowercase());
        if canonical.len() > 254 {
            return Err("This e-mail address is too long.".to_owned());
        }
        Ok(Self(canonical))
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_mailbox_has_one_form() {
        for text in ["Ada@Example.COM", " ada@example.com ", "ada@EXAMPLE.com"] {
            assert_eq!(text.parse::<Email>().map(|email| email.0), Ok("ada@example.com".to_owned()), "{text}");
        }
        assert_eq!("x@Bücher.example".parse::<Email>().map(|email| email.0), Ok("x@xn--bcher-kva.example".to_owned()));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@example.com", "a".repeat(65));
        for text in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "ada@localhost",
            "a b@example.com",
            "\"a\"@example.com",
            "a@b@example.com",
            "ada@exa_mple.com",
            "ada@-example.com",
            "ada@127.0.0.1",
            "ada@[127.0.0.1]",
            ".a@example.com",
            "a..b@example.com",
            "ada\0@example.com",
            "ada@example.com\n",
            "аda@example.com",
            &long,
        ] {
            assert!(text.parse::<Email>().is_err(), "{text}");
        }
        // Cyrillic, and looks like any other: to say "like name@example.com" would help nobody.
        let said = "аda@example.com".parse::<Email>();
        assert!(said.is_err_and(|said| said.contains("“а” is another one")));
    }
}
