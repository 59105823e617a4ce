//! What letters say that warn a person of something done to their account.
//!
//! Invariant: each carries a link of its own by which its reader says that it was not them (`auth/disown.rs`); one that an older version
//! wrote, or that goes to somebody who is locked out, carries none. It does not know what the link does.

use serde::{Deserialize, Serialize};

/// A change of a password.
#[derive(Clone, Serialize, Deserialize)]
pub struct PasswordChange {
    /// When.
    pub at: String,
    /// From where.
    pub address: String,
    /// Are there passkeys, which open the account as before? (Letters from before this was told do not say.)
    #[serde(default)]
    pub passkeys: bool,
    /// The last part of the link that says it was not them.
    #[serde(default)]
    pub disown: Option<String>,
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
    /// The last part of the link that says it was not them.
    #[serde(default)]
    pub disown: Option<String>,
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
    /// There is a passkey more.
    PasskeyAdded,
    /// There is a passkey less.
    PasskeyRemoved,
    /// A passkey was refused that somebody has a copy of.
    PasskeyCopied,
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
            Self::PasskeyAdded => "passkey added",
            Self::PasskeyRemoved => "passkey removed",
            Self::PasskeyCopied => "passkey copied",
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
    /// Is there still a second factor? (Letters from before this was told do not say.)
    #[serde(default)]
    pub still_on: Option<bool>,
    /// The last part of the link that says it was not them.
    #[serde(default)]
    pub disown: Option<String>,
}

/// A personal API token that was made. The token itself is in no letter.
#[derive(Clone, Serialize, Deserialize)]
pub struct NewToken {
    /// When.
    pub at: String,
    /// From where.
    pub address: String,
    /// What it opens: words with a space between them.
    pub scope: String,
    /// For how many days.
    pub days: u32,
    /// The last part of the link that says it was not them.
    #[serde(default)]
    pub disown: Option<String>,
}
