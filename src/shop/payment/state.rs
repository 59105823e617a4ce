//! Where a payment stands.
//!
//! Invariant: this is the one list of states, of their words, and of the moves between them; no move leads back, so tidings that come
//! out of order change nothing. It does not know payments.

use crate::ids::column;
use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::sql_types::Text;

/// A state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub enum State {
    /// To be paid; nobody began to.
    Due,
    /// Somebody was led to the provider, which has not said what became of it.
    Pending,
    /// The provider said no. Another try is another payment.
    Declined,
    /// The money is there.
    Paid,
    /// The order was called off, or paid for in another way, before the money came.
    Cancelled,
    /// The money is there, and is not ours: it must go back.
    RefundDue,
    /// It went back.
    Refunded,
}

impl State {
    /// Every state, in the order of a payment's life.
    pub const ALL: [Self; 7] =
        [Self::Due, Self::Pending, Self::Declined, Self::Paid, Self::Cancelled, Self::RefundDue, Self::Refunded];

    /// The word in the table.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Pending => "pending",
            Self::Declined => "declined",
            Self::Paid => "paid",
            Self::Cancelled => "cancelled",
            Self::RefundDue => "refund_due",
            Self::Refunded => "refunded",
        }
    }

    /// The word for people.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Due => "To be paid",
            Self::Pending => "Payment begun",
            Self::Declined => "Payment declined",
            Self::Paid => "Paid",
            Self::Cancelled => "Not to be paid any more",
            Self::RefundDue => "To be paid back",
            Self::Refunded => "Paid back",
        }
    }

    /// What may come next. Money that comes after all is never lost: from wherever it finds us, a move leads to `Paid` or to
    /// `RefundDue`.
    #[must_use]
    pub const fn next(self) -> &'static [Self] {
        match self {
            Self::Due => &[Self::Pending, Self::Paid, Self::Cancelled, Self::RefundDue],
            Self::Pending => &[Self::Declined, Self::Paid, Self::Cancelled, Self::RefundDue],
            Self::Declined => &[Self::Paid, Self::Cancelled, Self::RefundDue],
            Self::Paid => &[Self::RefundDue, Self::Refunded],
            Self::Cancelled => &[Self::RefundDue],
            Self::RefundDue => &[Self::Refunded],
            Self::Refunded => &[],
        }
    }

    /// Is this move legal?
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        self.next().contains(&next)
    }

    /// May it still become paid by what somebody does now?
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Due | Self::Pending)
    }

    /// Did its money come?
    #[must_use]
    pub const fn has_come(self) -> bool {
        matches!(self, Self::Paid | Self::RefundDue | Self::Refunded)
    }
}

column!(State: Text as str, String, |state| state.code(), |code| Self::ALL
    .into_iter()
    .find(|state| state.code() == code)
    .ok_or_else(|| format!("`{code}` is no state of a payment").into()));

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn no_move_leads_back_and_every_way_ends() {
        for state in State::ALL {
            assert!(!state.may_become(state) && !state.may_become(State::Due));
            for next in state.next() {
                assert!(!next.may_become(state), "{state:?} {next:?}");
            }
        }
        assert!(State::Refunded.next().is_empty());
    }

    #[test]
    fn money_is_taken_in_from_every_state_where_it_has_not_come_and_never_forgotten() {
        for state in State::ALL {
            if state.has_come() {
                assert!(state.next().iter().all(|next| next.has_come()), "{state:?}");
            } else {
                assert!(state.may_become(State::RefundDue), "{state:?}");
            }
        }
        assert!(!State::Cancelled.may_become(State::Paid), "an order that was called off is not sent");
    }

    proptest! {
        #[test]
        fn whatever_is_asked_in_whatever_order_a_life_is_short(wishes in prop::collection::vec(0..State::ALL.len(), 0..60)) {
            let (mut state, mut moves) = (State::Due, 0);
            for wish in wishes {
                let next = State::ALL[wish];
                if state.may_become(next) {
                    prop_assert!(!state.has_come() || next.has_come());
                    (state, moves) = (next, moves + 1);
                }
            }
            prop_assert!(moves <= 5);
        }
    }
}
