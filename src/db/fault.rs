//! What a database's complaint means for the one who asked.
//!
//! Invariant: busy, full, slow and gone are all `Unavailable`, so that a bad day of the database never looks like a wrong password
//! or a missing page. Only a broken rule of the schema is told apart, and only by who expects it.

use crate::error::Error;
use diesel::result::{DatabaseErrorKind, Error as DieselError};

impl From<DieselError> for Error {
    fn from(cause: DieselError) -> Self {
        match cause {
            DieselError::DatabaseError(
                DatabaseErrorKind::UniqueViolation
                | DatabaseErrorKind::ForeignKeyViolation
                | DatabaseErrorKind::NotNullViolation
                | DatabaseErrorKind::CheckViolation,
                complaint,
            ) => Self::Internal(format!("a rule of the schema was broken: {}", complaint.message())),
            DieselError::NotFound
            | DieselError::QueryBuilderError(_)
            | DieselError::SerializationError(_)
            | DieselError::DeserializationError(_)
            | DieselError::InvalidCString(_) => Self::Internal(cause.to_string()),
            // SQLITE_BUSY, SQLITE_FULL, SQLITE_IOERR, a closed connection, a timeout, a deadlock.
            _ => Self::Unavailable(cause.to_string()),
        }
    }
}

/// Did the statement fail because such a row exists? (docs/TRAPS.md, "Trap 4": only Postgres says which rule it was.)
#[must_use]
pub fn is_duplicate(cause: &DieselError) -> bool {
    matches!(cause, DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _))
}
