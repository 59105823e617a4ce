//! Which cart a form was drawn from, and in which state.
//!
//! Invariant: opaque to clients; a text that is no version of ours is simply a version that matches nothing.

use crate::ids::CartId;
use std::fmt;
use std::str::FromStr;

/// A cart and the count of its changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    /// The cart.
    pub cart: CartId,
    /// How often it was changed.
    pub counter: i64,
}

/// The text is no version of a cart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoVersion;

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.cart, self.counter)
    }
}

impl FromStr for Version {
    type Err = NoVersion;
    fn from_str(text: &str) -> Result<Self, NoVersion> {
        let (cart, counter) = text.split_once('.').ok_or(NoVersion)?;
        if counter.is_empty() || !counter.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NoVersion);
        }
        Ok(Self { cart: cart.parse().map_err(|_| NoVersion)?, counter: counter.parse().map_err(|_| NoVersion)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_reads_back_as_itself_and_nothing_else_is_one() {
        let version = Version { cart: CartId::random(), counter: 12 };
        assert_eq!(version.to_string().parse(), Ok(version));
        for wrong in [
            "",
            "new",
            "12",
            ".12",
            &format!("{}.", version.cart),
            &format!("{}.-1", version.cart),
            &format!("{}.1.2", version.cart),
        ] {
            assert_eq!(wrong.parse::<Version>(), Err(NoVersion), "{wrong}");
        }
    }
}
