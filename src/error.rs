//! The one error of the program.
//!
//! Invariant: an error says what went wrong for the one who asked, and keeps the cause for the log; the two never mix.
//! It knows no HTTP: `web/errors.rs` gives each variant its status and its words.

use std::fmt::Display;
use std::time::Duration;

/// A result of ours.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What is wrong with one field of a form or a JSON body, in a sentence for the person.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FieldError {
    /// The field's name as it was sent.
    pub field: String,
    /// A sentence that says what to do.
    pub message: String,
}

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing, or it is not theirs to see.
    #[error("not found")]
    NotFound,
    /// It needs a signed-in person, and nobody is.
    #[error("not signed in")]
    SignedOut,
    /// The access token was good once: expired, revoked, or of a key no longer known.
    #[error("access token is no longer valid")]
    StaleToken,
    /// The access token was never good: malformed, forged, for somebody else.
    #[error("access token is forged")]
    ForgedToken,
    /// The request comes from another site (docs/SECURITY.md, "Cross-site requests").
    #[error("refused: cross-site request")]
    CrossSite,
    /// The page that sent this form is too old, or was never ours: its `csrf` value does not match.
    #[error("refused: stale form")]
    StaleForm,
    /// One or more fields are not what they must be.
    #[error("invalid fields: {0:?}")]
    Invalid(Vec<FieldError>),
    /// The rules of the shop or of the account say no, and nothing was done.
    #[error("refused: {code}")]
    Refused {
        /// The machine-readable word (docs/API.md, "Problems").
        code: &'static str,
        /// The sentence for the person.
        text: String,
    },
    /// Too many of this in a short time.
    #[error("too many requests, wait {wait:?}")]
    TooMany {
        /// How long until the next one is answered.
        wait: Duration,
    },
    /// The body is larger than this place takes.
    #[error("body too large")]
    TooLarge,
    /// The body did not arrive in time.
    #[error("body too slow")]
    TooSlow,
    /// The body is of a type this place does not take.
    #[error("unsupported body type")]
    UnsupportedType,
    /// The request makes no sense in itself.
    #[error("bad request: {0}")]
    BadRequest(&'static str),
    /// Something we stand on (the database, a worker) is busy or gone; nothing was done, later it will work.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// A fault of ours.
    #[error("internal error: {0}")]
    Internal(String),
}

impl Error {
    /// One field's complaint as an error.
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError { field: field.into(), message: message.into() }])
    }

    /// A refusal by the rules, with its code and its sentence.
    pub fn refused(code: &'static str, text: impl Into<String>) -> Self {
        Self::Refused { code, text: text.into() }
    }

    /// A fault of ours, with its cause for the log.
    pub fn internal(cause: impl Display) -> Self {
        Self::Internal(cause.to_string())
    }
}
