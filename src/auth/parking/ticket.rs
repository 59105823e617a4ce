//! The ticket: what `__Host-park` holds.
//!
//! Invariant: 128 random bits that name one browser's parked forms; only their SHA-256 is stored, so the database alone leads
//! nobody to a form. It does not know cookies.

use crate::ids::{base64url, from_base64url, random_bytes};
use aws_lc_rs::digest;
use std::fmt;

/// A ticket; never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Ticket(String);

impl Ticket {
    /// A new one.
    #[must_use]
    pub fn random() -> Self {
        Self(base64url(random_bytes::<16>()))
    }

    /// Reads the 22 characters of a cookie; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() == 22 && from_base64url(text).is_some()).then(|| Self(text.to_owned()))
    }

    /// The 22 characters for the browser it belongs to.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What the database keeps.
    #[must_use]
    pub fn hash(&self) -> String {
        base64url(digest::digest(&digest::SHA256, self.0.as_bytes()))
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ticket(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_22_canonical_characters_are_a_ticket_and_none_is_printed() {
        let ticket = Ticket::random();
        assert_eq!(Ticket::parse(ticket.expose()), Some(ticket.clone()));
        assert_ne!(ticket, Ticket::random());
        for wrong in ["", "AAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAA+A", "AAAAAAAAAAAAAAAAAAAAAB"]
        {
            assert_eq!(Ticket::parse(wrong), None, "{wrong}");
        }
        assert!(!format!("{ticket:?}").contains(ticket.expose()) && !ticket.hash().contains(ticket.expose()));
    }
}
