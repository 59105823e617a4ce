//! What a letter can say.
//!
//! Invariant: a letter is plain values, complete when it is written, so that it says the same whenever it goes out; `Debug` shows its
//! kind alone. It does not know words or looks: those are templates/mail.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// A kind of letter with all it says. Times are RFC 3339, amounts minor units.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Letter {
    /// An order was placed.
    OrderPlaced(Box<Receipt>),
    /// The money for an order is there.
    OrderPaid(Paid),
    /// An order is on its way.
    OrderShipped(Shipped),
    /// An order was called off.
    OrderCancelled(Cancelled),
    /// A sign-in was ended, because an old copy of its key was shown.
    SignInEnded(EndedSignIn),
    /// The password was changed.
    PasswordChanged(Change),
    /// The second factor was changed, or a recovery code used.
    SecondFactorChanged(FactorChange),
    /// Somebody signed in with a browser or program that never did.
    NewDevice(NewDevice),
    /// Somebody tries whether mail works.
    Trial,
}

/// An order as it was placed.
#[derive(Clone, Serialize, Deserialize)]
pub struct Receipt {
    /// Its number.
    pub number: String,
    /// When.
    pub placed_at: String,
    /// What was bought.
    pub lines: Vec<ReceiptLine>,
    /// The sum of the lines.
    pub subtotal: i64,
    /// What was taken off.
    pub discount: i64,
    /// What the delivery costs.
    pub delivery: i64,
    /// All together.
    pub total: i64,
    /// Where it goes, line by line.
    pub address: Vec<String>,
}

/// A line of it.
#[derive(Clone, Serialize, Deserialize)]
pub struct ReceiptLine {
    /// The product's name then.
    pub title: String,
    /// Pieces.
    pub quantity: i64,
    /// What they cost.
    pub line_total: i64,
}

/// An order that was called off.
#[derive(Clone, Serialize, Deserialize)]
pub struct Cancelled {
    /// Its number.
    pub number: String,
    /// When it was placed.
    pub placed_at: String,
    /// When it was called off.
    pub at: String,
    /// What it would have cost.
    pub total: i64,
    /// What was paid for it and goes back. (Letters from before there were payments do not say.)
    #[serde(default)]
    pub owed: i64,
}

/// An order that is paid.
#[derive(Clone, Serialize, Deserialize)]
pub struct Paid {
    /// Its number.
    pub number: String,
    /// When it was placed.
    pub placed_at: String,
    /// When the money came.
    pub at: String,
    /// How much it was.
    pub total: i64,
}

/// An order on its way.
#[derive(Clone, Serialize, Deserialize)]
pub struct Shipped {
    /// Its number.
    pub number: String,
    /// When it was placed.
    pub placed_at: String,
    /// When it went.
    pub at: String,
}

/// A sign-in that was ended.
#[derive(Clone, Serialize, Deserialize)]
pub struct EndedSignIn {
    /// When.
    pub at: String,
    /// Where the old copy was shown.
    pub address: String,
    /// When somebody had signed in with it.
    pub signed_in_at: String,
    /// And from where.
    pub signed_in_from: String,
    /// And with which browser or program.
    pub client: String,
}

/// A change to an account.
#[derive(Clone, Serialize, Deserialize)]
pub struct Change {
    /// When.
    pub at: String,
    /// From where.
    pub address: String,
}

/// A sign-in from elsewhere.
#[derive(Clone, Serialize, Deserialize)]
pub struct NewDevice {
    /// When.
    pub at: String,
    /// From where.
    pub address: String,
    /// With which browser or program.
    pub client: String,
}

/// What was done to a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactorAct {
    /// It was turned on.
    On,
    /// It was turned off.
    Off,
    /// There are new recovery codes.
    Codes,
    /// A recovery code was used.
    Used,
    /// Those who run the shop took it away.
    Removed,
}

impl FactorAct {
    /// The word in the audit.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
            Self::Codes => "new recovery codes",
            Self::Used => "recovery code used",
            Self::Removed => "removed",
        }
    }
}

/// A change to a second factor.
#[derive(Clone, Serialize, Deserialize)]
pub struct FactorChange {
    /// When.
    pub at: String,
    /// From where.
    pub address: String,
    /// What.
    pub act: FactorAct,
    /// Recovery codes that are left, where one was used.
    pub left: Option<i64>,
}

impl Letter {
    /// The word in the table and in the log.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::OrderPlaced(_) => "order_placed",
            Self::OrderPaid(_) => "order_paid",
            Self::OrderShipped(_) => "order_shipped",
            Self::OrderCancelled(_) => "order_cancelled",
            Self::SignInEnded(_) => "sign_in_ended",
            Self::PasswordChanged(_) => "password_changed",
            Self::SecondFactorChanged(_) => "second_factor_changed",
            Self::NewDevice(_) => "new_device",
            Self::Trial => "trial",
        }
    }

    /// For how long it is worth being sent. What carries a link says how long the link is good.
    #[must_use]
    pub const fn good_for(&self) -> Duration {
        match self {
            Self::OrderPlaced(_)
            | Self::OrderPaid(_)
            | Self::OrderShipped(_)
            | Self::OrderCancelled(_)
            | Self::SignInEnded(_)
            | Self::PasswordChanged(_)
            | Self::SecondFactorChanged(_)
            | Self::NewDevice(_)
            | Self::Trial => Duration::from_hours(72),
        }
    }
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind())
    }
}

/// To whom a letter goes.
#[derive(Clone, Serialize, Deserialize)]
pub struct Recipient {
    /// Their address, in its canonical form.
    pub address: String,
    /// What they call themselves.
    pub name: String,
}

impl Recipient {
    /// How a letter may greet them: not with a name that looks like a link, for anybody can register somebody else's address and
    /// would have us send it.
    #[must_use]
    pub fn greeting(&self) -> Option<&str> {
        let name = self.name.trim();
        let link = name.contains(['/', ':', '@', '<', '>', '\\']) || name.chars().any(char::is_control);
        let domain = name.split('.').skip(1).any(|rest| !rest.is_empty() && !rest.starts_with(' '));
        (!name.is_empty() && name.chars().count() <= 60 && !link && !domain).then_some(name)
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recipient(…)")
    }
}

/// A letter with its address, as it lies in the outbox.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Addressed {
    /// To whom.
    pub to: Recipient,
    /// What.
    pub letter: Letter,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_a_link_is_not_repeated() {
        let greeting = |name: &str| Recipient { address: String::new(), name: name.to_owned() }.greeting().map(str::to_owned);
        for name in ["Ada Lovelace", "J. R. R. Tolkien", "Ada L.", "Zoë", "王小明"] {
            assert_eq!(greeting(name).as_deref(), Some(name));
        }
        for name in ["evil.example", "Win at evil.example now", "http://evil", "a@b", "Ada <b>", "", "x".repeat(61).as_str()] {
            assert_eq!(greeting(name), None, "{name}");
        }
    }

    #[test]
    fn a_letter_reads_back_as_itself_and_shows_nothing() {
        let change = Change { at: "2026-11-22T10:00:00Z".to_owned(), address: "192.0.2.7".to_owned() };
        let to = Recipient { address: "ada@example.com".to_owned(), name: "Ada".to_owned() };
        let sealed = serde_json::to_string(&Addressed { to, letter: Letter::PasswordChanged(change) }).expect("JSON");
        let opened: Addressed = serde_json::from_str(&sealed).expect("what was written");
        assert_eq!(opened.letter.kind(), "password_changed");
        assert!(sealed.contains("\"kind\":\"password_changed\"") && opened.to.address == "ada@example.com");
        assert_eq!(format!("{opened:?}"), "Addressed { to: Recipient(…), letter: password_changed }");
    }
}
