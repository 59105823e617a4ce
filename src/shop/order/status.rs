//! Where an order stands.
//!
//! Invariant: this is the one list of statuses, of their words, and of the moves between them. It does not know orders.

use crate::ids::column;
use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::sql_types::Text;

/// A status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub enum Status {
    /// Ordered.
    Placed,
    /// Paid for.
    Paid,
    /// In its parcel.
    Packed,
    /// On its way.
    Shipped,
    /// There.
    Delivered,
    /// Called off before it was packed.
    Cancelled,
    /// Paid back.
    Refunded,
}

impl Status {
    /// Every status, in the order of an order's life.
    pub const ALL: [Self; 7] =
        [Self::Placed, Self::Paid, Self::Packed, Self::Shipped, Self::Delivered, Self::Cancelled, Self::Refunded];

    /// The word for programs and tables.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Placed => "placed",
            Self::Paid => "paid",
            Self::Packed => "packed",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
            Self::Cancelled => "cancelled",
            Self::Refunded => "refunded",
        }
    }

    /// The word for people.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Placed => "Placed",
            Self::Paid => "Paid",
            Self::Packed => "Packed",
            Self::Shipped => "Shipped",
            Self::Delivered => "Delivered",
            Self::Cancelled => "Cancelled",
            Self::Refunded => "Refunded",
        }
    }

    /// What may come next. Pieces come back to the shelf by a cancellation alone, so money is given back after one, or once the
    /// parcel was packed.
    #[must_use]
    pub const fn next(self) -> &'static [Self] {
        match self {
            Self::Placed => &[Self::Paid, Self::Packed, Self::Cancelled],
            Self::Paid => &[Self::Packed, Self::Cancelled],
            Self::Packed => &[Self::Shipped, Self::Refunded],
            Self::Shipped => &[Self::Delivered, Self::Refunded],
            Self::Delivered | Self::Cancelled => &[Self::Refunded],
            Self::Refunded => &[],
        }
    }

    /// Is this move legal?
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        self.next().contains(&next)
    }

    /// What may come next of an order that was paid for, or was not: what was called off unpaid has nothing to be given back.
    pub fn moves(self, paid: bool) -> impl Iterator<Item = Self> {
        self.next().iter().copied().filter(move |next| paid || (self, *next) != (Self::Cancelled, Self::Refunded))
    }

    /// May the customer still call it off?
    #[must_use]
    pub fn is_cancellable(self) -> bool {
        self.may_become(Self::Cancelled)
    }
}

impl std::str::FromStr for Status {
    type Err = NoStatus;
    fn from_str(code: &str) -> Result<Self, NoStatus> {
        Self::ALL.into_iter().find(|status| status.code() == code).ok_or_else(|| NoStatus(code.to_owned()))
    }
}

/// The text is none of the words for programs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no status")]
pub struct NoStatus(String);

column!(Status: Text as str, String, |status| status.code(), |code| Ok(code.parse()?));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_called_off_only_until_it_is_packed() {
        let cancellable: Vec<Status> = Status::ALL.into_iter().filter(|status| status.is_cancellable()).collect();
        assert_eq!(cancellable, [Status::Placed, Status::Paid]);
    }

    #[test]
    fn no_move_leads_back() {
        for status in Status::ALL {
            assert!(!status.may_become(status));
            assert!(!status.may_become(Status::Placed));
            for next in status.next() {
                assert!(!next.may_become(status), "{status:?} {next:?}");
            }
        }
    }

    #[test]
    fn only_what_was_paid_is_paid_back_after_it_was_called_off() {
        assert_eq!(Status::Cancelled.moves(false).count(), 0);
        assert_eq!(Status::Cancelled.moves(true).collect::<Vec<_>>(), [Status::Refunded]);
        assert_eq!(Status::Packed.moves(false).collect::<Vec<_>>(), [Status::Shipped, Status::Refunded]);
    }
}
