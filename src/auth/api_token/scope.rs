//! What a token opens.
//!
//! Invariant: to look is allowed by `read`, and by the scope of the room itself; to change something only by the latter. What no scope
//! names (sessions, the account itself) no token opens. It does not know routes.

use std::fmt;
use std::str::FromStr;

/// A room of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// To look: profile, dashboard, cart, orders.
    Read,
    /// To see and change the cart.
    Cart,
    /// To see, place and cancel orders.
    Orders,
}

impl Scope {
    /// Every scope, in the order they are written.
    pub const ALL: [Self; 3] = [Self::Read, Self::Cart, Self::Orders];

    /// The word in forms and in the table.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Cart => "cart",
            Self::Orders => "orders",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Read => 1,
            Self::Cart => 2,
            Self::Orders => 4,
        }
    }
}

/// One scope or more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scopes(u8);

impl Scopes {
    /// Is this one of them?
    #[must_use]
    pub const fn has(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// Do they open a room, to look or to change something?
    #[must_use]
    pub fn open(self, room: Scope, to_change: bool) -> bool {
        let looks = !to_change && self.has(Scope::Read);
        looks || (self.has(room) && !(to_change && room == Scope::Read))
    }
}

/// It is not a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Choose what the token may do: read, cart, orders, or several of them with a space between.")]
pub struct NotAScope;

impl FromStr for Scopes {
    type Err = NotAScope;
    fn from_str(text: &str) -> Result<Self, NotAScope> {
        let mut scopes = Self(0);
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            scopes.0 |= Scope::ALL.into_iter().find(|scope| scope.word() == word).ok_or(NotAScope)?.bit();
        }
        if scopes.0 == 0 { Err(NotAScope) } else { Ok(scopes) }
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = Scope::ALL.into_iter().filter(|scope| self.has(*scope)).map(Scope::word).collect();
        f.write_str(&words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn to_look_is_one_thing_and_to_change_another() {
        let scopes = |text: &str| text.parse::<Scopes>().expect("scopes");
        for room in Scope::ALL {
            assert!(scopes("read").open(room, false) && !scopes("read").open(room, true));
        }
        assert!(scopes("cart").open(Scope::Cart, true) && scopes("cart").open(Scope::Cart, false));
        assert!(!scopes("cart").open(Scope::Orders, false) && !scopes("cart").open(Scope::Read, false));
        assert!(scopes("orders read").open(Scope::Orders, true) && !scopes("orders read").open(Scope::Cart, true));
        assert_eq!(scopes("orders  read orders").to_string(), "read orders");
        for wrong in ["", " ", "admin", "read,cart", "Read", "read admin", "read\tcart"] {
            assert_eq!(wrong.parse::<Scopes>(), Err(NotAScope), "{wrong}");
        }
    }
}
