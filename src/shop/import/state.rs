//! Where an import stands.
//!
//! Invariant: this is the one list of states and of their words. It does not know files.

use crate::ids::column;
use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::sql_types::Text;

/// A state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub enum State {
    /// Its file is read, and nothing is changed.
    Checking,
    /// It can be carried out; somebody has yet to say so.
    Ready,
    /// Somebody said so; the node that has the file has yet to hear of it.
    Asked,
    /// Its lines are taken.
    Running,
    /// Somebody wants it to end; the node that has the file has yet to hear of it.
    Stopping,
    /// Its file has lines that cannot be taken, so none was.
    Wrong,
    /// Every line was taken.
    Done,
    /// Somebody ended it, or nobody wanted it.
    Stopped,
    /// It could not go on.
    Failed,
    /// The node that had the file is gone.
    Interrupted,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 10] = [
        Self::Checking,
        Self::Ready,
        Self::Asked,
        Self::Running,
        Self::Stopping,
        Self::Wrong,
        Self::Done,
        Self::Stopped,
        Self::Failed,
        Self::Interrupted,
    ];

    /// The word for programs and tables.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Checking => "checking",
            Self::Ready => "ready",
            Self::Asked => "asked",
            Self::Running => "running",
            Self::Stopping => "stopping",
            Self::Wrong => "wrong",
            Self::Done => "done",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }

    /// Does it go on by itself, so that it is worth looking again?
    #[must_use]
    pub const fn is_moving(self) -> bool {
        matches!(self, Self::Checking | Self::Asked | Self::Running | Self::Stopping)
    }

    /// Is nothing to come any more?
    #[must_use]
    pub const fn is_over(self) -> bool {
        !self.is_moving() && !matches!(self, Self::Ready)
    }
}

column!(State: Text as str, String, |state| state.code(), |code| Self::ALL
    .into_iter()
    .find(|state| state.code() == code)
    .ok_or_else(|| format!("`{code}` is no state").into()));
