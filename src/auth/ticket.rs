//! Tickets: random bits that one browser keeps, and shows again.
//!
//! Invariant: only the SHA-256 of a ticket is stored, so the database alone opens nothing; each kind is a type of its own, that of one act
//! is nothing to another, and none is ever printed. It does not know cookies, nor what tickets are good for.

use crate::ids::base64url;
use aws_lc_rs::digest;

/// What the database keeps of a text.
pub(super) fn sha256(text: &str) -> String {
    base64url(digest::digest(&digest::SHA256, text.as_bytes()))
}

/// A kind of ticket of so many bytes.
macro_rules! ticket {
    ($(#[$doc:meta])* $name:ident, $bytes:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// A new one.
            #[must_use]
            pub fn random() -> Self {
                Self(crate::ids::base64url(crate::ids::random_bytes::<$bytes>()))
            }

            /// Reads the characters of a cookie; `None` for anything that is none.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                let bytes = crate::ids::from_base64url(text)?;
                (bytes.len() == $bytes).then(|| Self(text.to_owned()))
            }

            /// The characters for the browser that it belongs to.
            #[must_use]
            pub fn expose(&self) -> &str {
                &self.0
            }

            /// What the database keeps.
            #[must_use]
            pub fn hash(&self) -> String {
                crate::auth::ticket::sha256(&self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
}

pub(super) use ticket;

#[cfg(test)]
mod tests {
    ticket!(
        /// Of the length that most have.
        Short,
        16
    );
    ticket!(
        /// Of the length of other secrets.
        Long,
        32
    );

    #[test]
    fn only_canonical_characters_of_its_length_are_a_ticket_and_none_is_printed() {
        let ticket = Short::random();
        assert_eq!(Short::parse(ticket.expose()), Some(ticket.clone()));
        assert_ne!(ticket, Short::random());
        for wrong in ["", "AAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAA+A", "AAAAAAAAAAAAAAAAAAAAAB"]
        {
            assert_eq!(Short::parse(wrong), None, "{wrong}");
        }
        assert!(!format!("{ticket:?}").contains(ticket.expose()) && !ticket.hash().contains(ticket.expose()));
        let long = Long::random();
        assert_eq!((Long::parse(long.expose()), Long::parse(ticket.expose())), (Some(long.clone()), None));
        assert_eq!((long.expose().len(), long.hash().len(), Short::parse(long.expose())), (43, 43, None));
    }
}
