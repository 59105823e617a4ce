//! What each error means over HTTP: its status, its words, its way on.
//!
//! Invariant: an answer never tells a cause; the cause of a fault of ours is logged once, here. Under `/api` an error is
//! `application/problem+json` (RFC 9457), elsewhere a page, drawn without the database. It does not know who asks.

mod page;
mod refusal;
pub mod words;

pub use page::{Again, draw, form_page};
pub use refusal::Refusal;

use crate::error::{Error, FieldError};
use actix_web::body::BoxBody;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use std::borrow::Cow;

/// Seconds after which a busy database is worth another try.
const BUSY: u64 = 3;

/// An error as HTTP tells it.
#[derive(Debug, Clone)]
pub struct Trouble {
    /// The status.
    pub status: StatusCode,
    /// The machine-readable word (docs/API.md, "Problems").
    pub code: &'static str,
    /// The sentence for the person.
    pub detail: Cow<'static, str>,
    /// Seconds to wait, for 429 and 503; never 0.
    pub wait: Option<u64>,
    /// What is wrong with which field.
    pub fields: Vec<FieldError>,
    /// Members beside the usual ones (RFC 9457 section 3.2).
    pub more: serde_json::Map<String, serde_json::Value>,
    /// What `WWW-Authenticate` says.
    pub challenge: Option<&'static str>,
    /// For the log alone.
    cause: Option<String>,
}

impl Trouble {
    /// The status and nothing beyond its usual words.
    #[must_use]
    pub fn of_status(status: StatusCode) -> Self {
        let (code, _, text) = words::of(status);
        let wait = (status == StatusCode::SERVICE_UNAVAILABLE).then_some(BUSY);
        Self {
            status,
            code,
            detail: text.into(),
            wait,
            fields: Vec::new(),
            more: serde_json::Map::new(),
            challenge: None,
            cause: None,
        }
    }

    fn new(status: StatusCode, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, detail: detail.into(), ..Self::of_status(status) }
    }

    /// The error as `application/problem+json`. It carries the trouble along for the outermost layer: `HttpResponse::error` is lost
    /// wherever a layer uses `ServiceRequest::into_response`, actix-governor's too.
    #[must_use]
    pub fn problem(self) -> HttpResponse<BoxBody> {
        #[derive(Serialize)]
        struct Problem<'a> {
            r#type: &'static str,
            title: &'a str,
            status: u16,
            detail: &'a str,
            code: &'a str,
            #[serde(skip_serializing_if = "<[_]>::is_empty")]
            errors: &'a [FieldError],
            #[serde(flatten)]
            more: &'a serde_json::Map<String, serde_json::Value>,
        }
        let problem = Problem {
            r#type: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            detail: &self.detail,
            code: self.code,
            errors: &self.fields,
            more: &self.more,
        };
        let body = serde_json::to_string(&problem).unwrap_or_default();
        let mut answer = HttpResponse::build(self.status);
        answer.insert_header((header::CONTENT_TYPE, "application/problem+json"));
        if let Some(wait) = self.wait {
            answer.insert_header((header::RETRY_AFTER, wait));
        }
        if let Some(challenge) = self.challenge {
            answer.insert_header((header::WWW_AUTHENTICATE, challenge));
        }
        let mut answer = answer.body(body);
        answer.extensions_mut().insert(self);
        answer
    }
}

impl From<&Error> for Trouble {
    fn from(error: &Error) -> Self {
        const STALE: &str = "Bearer error=\"invalid_token\"";
        match error {
            Error::NotFound => Self::of_status(StatusCode::NOT_FOUND),
            Error::SignedOut => Self { challenge: Some("Bearer"), ..Self::of_status(StatusCode::UNAUTHORIZED) },
            Error::StaleToken => Self {
                challenge: Some(STALE),
                ..Self::new(
                    StatusCode::UNAUTHORIZED,
                    "invalid_token",
                    "The access token is no longer valid. Refresh it, or sign in.",
                )
            },
            Error::ForgedToken => Self {
                challenge: Some(STALE),
                ..Self::new(StatusCode::FORBIDDEN, "invalid_token", "This is not an access token of this shop.")
            },
            Error::CrossSite => Self::new(
                StatusCode::FORBIDDEN,
                "cross_site",
                "This came from another site. Nothing was done: open the page here and use its form.",
            ),
            Error::StaleForm => {
                Self::new(StatusCode::FORBIDDEN, "stale_form", "The page you sent this from was too old. Nothing was done.")
            }
            Error::Invalid(fields) => {
                let first = fields.first().map(|field| field.message.clone());
                let detail = first.map_or_else(|| words::of(StatusCode::UNPROCESSABLE_ENTITY).2.into(), Cow::Owned);
                Self { fields: fields.clone(), ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_fields", detail) }
            }
            Error::Refused { code, text } => {
                let status = refused(code);
                let challenge = match *code {
                    "invalid_token" => Some(STALE),
                    "insufficient_scope" => Some("Bearer error=\"insufficient_scope\""),
                    _ => (status == StatusCode::UNAUTHORIZED).then_some("Bearer"),
                };
                Self { challenge, ..Self::new(status, code, text.clone()) }
            }
            Error::TooMany { wait } => {
                let seconds = words::whole_seconds(*wait);
                let detail = format!("That was more than we take in so short a time. Wait {}, then go on.", words::wait(seconds));
                Self { wait: Some(seconds), ..Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail) }
            }
            Error::TooLarge => Self::of_status(StatusCode::PAYLOAD_TOO_LARGE),
            Error::TooSlow => Self::of_status(StatusCode::REQUEST_TIMEOUT),
            Error::UnsupportedType => Self::of_status(StatusCode::UNSUPPORTED_MEDIA_TYPE),
            Error::BadRequest(text) => Self::new(StatusCode::BAD_REQUEST, "bad_request", *text),
            Error::Unavailable(cause) => Self { cause: Some(cause.clone()), ..Self::of_status(StatusCode::SERVICE_UNAVAILABLE) },
            Error::Internal(cause) => Self { cause: Some(cause.clone()), ..Self::of_status(StatusCode::INTERNAL_SERVER_ERROR) },
        }
    }
}

/// The status of a rule's "no" (docs/API.md, "Problems").
fn refused(code: &str) -> StatusCode {
    match code {
        "invalid_credentials" | "invalid_token" | "code_required" | "session_ended" | "no_token" => StatusCode::UNAUTHORIZED,
        "registration_closed" | "unknown_token" | "insufficient_scope" => StatusCode::FORBIDDEN,
        "sold_out" | "cart_empty" | "idempotency_mismatch" | "invalid_fields" => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::CONFLICT,
    }
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        Trouble::from(self).status
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        Trouble::from(self).problem()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[actix_web::test]
    async fn causes_are_not_told() {
        for error in [Error::internal("hunter2"), Error::Unavailable("hunter2".to_owned())] {
            let body = actix_web::body::to_bytes(error.error_response().into_body()).await.expect("a body");
            assert!(!String::from_utf8_lossy(&body).contains("hunter2"));
        }
    }

    #[test]
    fn a_wait_is_rounded_up_and_never_nothing() {
        let wait = |millis| Trouble::from(&Error::TooMany { wait: Duration::from_millis(millis) }).wait;
        assert_eq!((wait(0), wait(1), wait(1000), wait(1001)), (Some(1), Some(1), Some(1), Some(2)));
    }

    #[test]
    fn codes_have_the_status_of_the_contract() {
        let status = |error: Error| Trouble::from(&error).status.as_u16();
        assert_eq!(status(Error::refused("sold_out", "")), 422);
        assert_eq!(status(Error::refused("cart_changed", "")), 409);
        assert_eq!(status(Error::refused("registration_closed", "")), 403);
        assert_eq!(status(Error::refused("invalid_credentials", "")), 401);
        assert_eq!(status(Error::StaleToken), 401);
        assert_eq!(status(Error::ForgedToken), 403);
    }

    #[actix_web::test]
    async fn a_problem_names_each_field() {
        let answer = Error::field("email", "That is no address.").error_response();
        assert_eq!(answer.headers().get("content-type").expect("a type"), "application/problem+json");
        let body = actix_web::body::to_bytes(answer.into_body()).await.expect("a body");
        let problem: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!(problem["type"], "about:blank");
        assert_eq!(problem["status"], 422);
        assert_eq!(problem["code"], "invalid_fields");
        assert_eq!(problem["errors"][0]["field"], "email");
    }
}
