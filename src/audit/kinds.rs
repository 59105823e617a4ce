//! The kinds of event in lists.
//!
//! Invariant: every kind is in `ALL`, so that it can be searched for. It does not know what they mean to people.

use super::Kind;

impl Kind {
    /// Every kind, in the order of the table's words below.
    pub const ALL: &[Self] = &[
        Self::SignIn,
        Self::SignInFailed,
        Self::SignInThrottled,
        Self::Registered,
        Self::SignOut,
        Self::SessionEnded,
        Self::TokenReuse,
        Self::DuplicateCookie,
        Self::ForgedToken,
        Self::CrossSite,
        Self::PasswordChanged,
        Self::ResetAsked,
        Self::RegistrationAsked,
        Self::EmailVerified,
        Self::EmailChangeAsked,
        Self::EmailChanged,
        Self::LinkRefused,
        Self::Disowned,
        Self::SecondFactorChanged,
        Self::SteppedUp,
        Self::ApiTokenMade,
        Self::ApiTokenRevoked,
        Self::AccountExported,
        Self::AccountDeleted,
        Self::LockChanged,
        Self::RoleChanged,
        Self::NameChanged,
        Self::KeyPublished,
        Self::KeyDeleted,
        Self::KeysResealed,
        Self::OrderPlaced,
        Self::OrderCancelled,
        Self::OrderMoved,
        Self::PaymentMoved,
        Self::ProductChanged,
        Self::CategoryChanged,
        Self::StockChanged,
        Self::DiscountChanged,
        Self::ImportStarted,
        Self::Imported,
        Self::Exported,
        Self::PersonChanged,
        Self::AuditExported,
        Self::Started,
        Self::Stopped,
    ];

    /// What somebody did for the shop or bought in it, or the shop did by itself: no matter of their account's safety.
    pub const OF_THE_SHOP: &[Self] = &[
        Self::OrderPlaced,
        Self::OrderCancelled,
        Self::OrderMoved,
        Self::PaymentMoved,
        Self::ProductChanged,
        Self::CategoryChanged,
        Self::StockChanged,
        Self::DiscountChanged,
        Self::ImportStarted,
        Self::Imported,
        Self::Exported,
        Self::PersonChanged,
        Self::AuditExported,
        Self::KeyPublished,
        Self::KeyDeleted,
        Self::KeysResealed,
        Self::Started,
        Self::Stopped,
    ];

    /// Reads the word in the table.
    #[must_use]
    pub fn read(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.word() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_in_the_list_once() {
        let written = include_str!("../audit.rs").lines().filter(|line| line.contains("=> \"")).count();
        assert_eq!(Kind::ALL.len(), written, "a kind has a word and is not in ALL");
        for &kind in Kind::ALL {
            assert_eq!(Kind::read(kind.word()), Some(kind));
        }
        assert_eq!(Kind::read("nonsense"), None);
    }
}
