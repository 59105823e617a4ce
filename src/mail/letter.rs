//! What a letter can say.
//!
//! Invariant: a letter is plain values, complete when it is written, so that it says the same whenever it goes out; `Debug` shows its
//! kind alone. It does not know words or looks: those are templates/mail.

mod order;
mod warning;

pub use order::{Cancelled, Paid, Receipt, ReceiptLine, Shipped};
pub use warning::{FactorAct, FactorChange, NewDevice, NewToken, PasswordChange};

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
    PasswordChanged(PasswordChange),
    /// Is this address yours? The account is there already.
    VerifyEmail(Invitation),
    /// Is this address yours? The account will be there then.
    ConfirmRegistration(Invitation),
    /// Somebody wanted an account, or a change of address, with an address that has an account.
    AddressKnown(Change),
    /// Set a new password.
    ResetPassword(Invitation),
    /// Is this address yours? It will be that of the account then.
    ConfirmEmail(Invitation),
    /// Another address is to become that of the account: to the one it has.
    EmailChangeAsked(Move),
    /// Another address is that of the account: to the one it had.
    EmailChanged(Move),
    /// The second factor was changed, or a recovery code used.
    SecondFactorChanged(FactorChange),
    /// Somebody signed in with a browser or program that never did.
    NewDevice(NewDevice),
    /// A personal API token was made.
    ApiTokenMade(NewToken),
    /// The account was deleted.
    AccountDeleted(Change),
    /// Somebody tries whether mail works.
    Trial,
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

/// What can be done by following a link.
#[derive(Clone, Serialize, Deserialize)]
pub struct Invitation {
    /// The last part of the link.
    pub token: String,
    /// When it was asked for.
    pub at: String,
    /// From where.
    pub address: String,
}

/// A change of address.
#[derive(Clone, Serialize, Deserialize)]
pub struct Move {
    /// The other address.
    pub to: String,
    /// When.
    pub at: String,
    /// From where.
    pub address: String,
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
            Self::VerifyEmail(_) => "verify_email",
            Self::ConfirmRegistration(_) => "confirm_registration",
            Self::AddressKnown(_) => "address_known",
            Self::ResetPassword(_) => "reset_password",
            Self::ConfirmEmail(_) => "confirm_email",
            Self::EmailChangeAsked(_) => "email_change_asked",
            Self::EmailChanged(_) => "email_changed",
            Self::SecondFactorChanged(_) => "second_factor_changed",
            Self::NewDevice(_) => "new_device",
            Self::ApiTokenMade(_) => "api_token_made",
            Self::AccountDeleted(_) => "account_deleted",
            Self::Trial => "trial",
        }
    }

    /// For how long it is worth being sent. What carries a link says how long the link is good.
    #[must_use]
    pub const fn good_for(&self) -> Duration {
        match self {
            Self::ResetPassword(_) => Duration::from_mins(30),
            Self::ConfirmEmail(_) => Duration::from_hours(1),
            Self::VerifyEmail(_) | Self::ConfirmRegistration(_) => Duration::from_hours(24),
            Self::OrderPlaced(_)
            | Self::OrderPaid(_)
            | Self::OrderShipped(_)
            | Self::OrderCancelled(_)
            | Self::SignInEnded(_)
            | Self::PasswordChanged(_)
            | Self::AddressKnown(_)
            | Self::EmailChangeAsked(_)
            | Self::EmailChanged(_)
            | Self::SecondFactorChanged(_)
            | Self::NewDevice(_)
            | Self::ApiTokenMade(_)
            | Self::AccountDeleted(_)
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
    /// To whom a letter goes that nobody is to get.
    #[must_use]
    pub fn nobody() -> Self {
        Self { address: String::new(), name: String::new() }
    }

    /// Is it for nobody?
    #[must_use]
    pub fn is_nobody(&self) -> bool {
        self.address.is_empty()
    }

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
mod tests;
