//! Refusals that only HTTP knows: the request was turned away before, or given up after, any of our words were said.
//!
//! Invariant: each is an answer, not a broken connection.

use super::Trouble;
use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};

/// Why HTTP alone refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The address is over 2 KiB.
    #[error("address too long")]
    AddressTooLong,
    /// The headers, or the cookies, are more than any browser of ours sends.
    #[error("headers too large")]
    HeadersTooLarge,
    /// The request is for another host.
    #[error("not the host of this site")]
    WrongHost,
    /// Fifteen seconds went by; what was asked for may still happen.
    #[error("took too long")]
    TookTooLong,
    /// The handler panicked; the panic hook has logged the cause.
    #[error("a handler panicked")]
    Panicked,
    /// The server is stopping and begins nothing new.
    #[error("stopping")]
    Stopping,
    /// Another page than a document navigation asks for ours from another site.
    #[error("asked for by another site")]
    Embedded,
}

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::AddressTooLong => StatusCode::URI_TOO_LONG,
            Self::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::WrongHost => StatusCode::MISDIRECTED_REQUEST,
            Self::TookTooLong | Self::Stopping => StatusCode::SERVICE_UNAVAILABLE,
            Self::Panicked => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Embedded => StatusCode::FORBIDDEN,
        }
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        Trouble::from(*self).problem()
    }
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        let trouble = Self::of_status(refusal.status_code());
        match refusal {
            Refusal::TookTooLong => Self {
                detail: "This took longer than we let anything take. It may have gone through all the same: look before you send it again."
                    .into(),
                ..trouble
            },
            Refusal::Stopping => Self { detail: "The shop is being restarted. Please try again in a moment.".into(), ..trouble },
            Refusal::Embedded => Self {
                code: "cross_site",
                detail: "Another site asked for this page in the background. Open it yourself, in a window of its own.".into(),
                ..trouble
            },
            _ => trouble,
        }
    }
}
