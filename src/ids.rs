//! Typed identifiers.
//!
//! Invariant: whatever a stranger may see is 128 random bits in 22 characters of base64url (`UserId`, `ProductId`, ...);
//! row numbers (`UserKey`, `ProductKey`, ...) never leave the server. A value of either kind cannot be mistaken for another.
//! This file does not know what the identified things are.

mod column;

pub(crate) use column::column;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::sql_types::{BigInt, Text};
use std::fmt;
use std::str::FromStr;

/// Fills an array with bytes from the operating system's generator.
///
/// # Panics
/// Where the system has no randomness to give: nothing safe can follow.
#[must_use]
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).expect("the operating system gives randomness");
    bytes
}

/// Encodes bytes as unpadded base64url.
pub fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Decodes strict, unpadded, canonical base64url; `None` for anything else.
#[must_use]
pub fn from_base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// The bits of an identifier's text, which was checked when it became one.
fn bits(text: &[u8; 22]) -> [u8; 16] {
    // The decoder wants room for whole groups of four letters.
    let mut room = [0; 18];
    URL_SAFE_NO_PAD.decode_slice(text, &mut room).expect("22 letters of base64url");
    let mut bits = [0; 16];
    bits.copy_from_slice(&room[..16]);
    bits
}

/// The text is not an identifier of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier")]
pub struct NotAnId;

macro_rules! public_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, AsExpression, FromSqlRow)]
        #[diesel(sql_type = Text)]
        pub struct $name([u8; 22]);

        impl $name {
            /// A new identifier of 128 random bits.
            #[must_use]
            pub fn random() -> Self {
                let mut text = [0; 22];
                text.copy_from_slice(base64url(random_bytes::<16>()).as_bytes());
                Self(text)
            }

            /// The 22 characters.
            #[must_use]
            pub fn as_str(&self) -> &str {
                std::str::from_utf8(&self.0).unwrap_or_default()
            }

            /// The 128 bits themselves.
            #[must_use]
            pub fn bits(&self) -> [u8; 16] {
                bits(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;
            fn from_str(text: &str) -> Result<Self, NotAnId> {
                let bytes: [u8; 22] = text.as_bytes().try_into().map_err(|_| NotAnId)?;
                URL_SAFE_NO_PAD.decode_slice(text, &mut [0; 18]).map_err(|_| NotAnId)?;
                Ok(Self(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                // Read where it stands: every access token has two of these.
                struct Text;
                impl serde::de::Visitor<'_> for Text {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("an identifier")
                    }
                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$name, E> {
                        text.parse().map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Text)
            }
        }

        column!($name: Text as str, String, |id| id.as_str(), |text| Ok(text.parse()?));
    };
}

macro_rules! row_key {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, AsExpression, FromSqlRow)]
        #[diesel(sql_type = BigInt)]
        pub struct $name(pub i64);

        column!($name: BigInt as i64, i64, |key| &key.0, |row| Ok(Self(row)));
    };
}

public_id!(
    /// A person, as tokens (`sub`) and the API name them.
    UserId
);
public_id!(
    /// A session, as tokens (`sid`) name it.
    SessionId
);
public_id!(
    /// A product, as forms and the API name it.
    ProductId
);
public_id!(
    /// A picture, as `/pictures/{id}` names it.
    PictureId
);
public_id!(
    /// A letter, as its Message-ID names it.
    LetterId
);
public_id!(
    /// A parked form, as the page that shows it names it.
    ParkedId
);
public_id!(
    /// A personal API token, as its page names it.
    ApiTokenId
);
public_id!(
    /// A passkey, as its page names it.
    PasskeyId
);
public_id!(
    /// A payment, as its provider is told to name it.
    PaymentId
);
public_id!(
    /// An import, as the address of its page names it.
    ImportId
);
public_id!(
    /// A bill of the trial provider, as the address of its page names it.
    BillId
);
public_id!(
    /// A cart, as `cart_version` names it.
    CartId
);

row_key!(
    /// The row of a person.
    UserKey
);
row_key!(
    /// The row of a session.
    SessionKey
);
row_key!(
    /// The row of a product.
    ProductKey
);
row_key!(
    /// The row of a category.
    CategoryKey
);
row_key!(
    /// The row of a family of products.
    FamilyKey
);
row_key!(
    /// The row of a cart.
    CartKey
);
row_key!(
    /// The row of a discount code.
    DiscountKey
);
row_key!(
    /// The row of a letter.
    LetterKey
);
row_key!(
    /// The row of an order.
    OrderKey
);
row_key!(
    /// The row of a payment.
    PaymentKey
);
row_key!(
    /// The row of an import.
    ImportKey
);
row_key!(
    /// The row of a mail link.
    LinkKey
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_as_itself_and_nothing_else_is_one() {
        let id = UserId::random();
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(base64url(id.bits()), id.as_str());
        for wrong in
            ["", "1", "AAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAA=", "AAAAAAAAAAAAAAAAAAAA+A"]
        {
            assert_eq!(wrong.parse::<UserId>(), Err(NotAnId), "{wrong}");
        }
        assert_eq!("AAAAAAAAAAAAAAAAAAAAAB".parse::<UserId>(), Err(NotAnId), "loose bits at the end are not canonical");
    }
}
