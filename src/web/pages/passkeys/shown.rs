//! What pages and their script say to each other when a passkey is shown.
//!
//! Invariant: every refusal is the same sentence, whatever was wrong. It does not know who shows it.

use crate::auth::passkey::Offer;
use crate::error::Error;
use crate::web::form::{Fields, Reader};
use actix_web::HttpResponse;
use actix_web::http::header;
use serde_json::json;

/// A passkey as a script sends it.
#[derive(Debug)]
pub struct Shown {
    /// The challenge, as we signed it.
    pub challenge: String,
    /// `AuthenticationResponseJSON`, as text.
    pub credential: String,
    /// "Keep me signed in", where it is asked.
    pub remember: bool,
    /// Where to go on.
    pub next: Option<String>,
}

impl Fields for Shown {
    const NAME: &'static str = "passkey";
    const FIELDS: &'static [&'static str] = &["challenge", "credential", "remember", "next"];

    fn read(reader: &mut Reader) -> Option<Self> {
        let challenge = reader.secret("challenge");
        let credential = reader.secret("credential");
        let remember = reader.flag("remember");
        let next = reader.optional("next", |text| Ok(text.to_owned()));
        Some(Self { challenge: challenge?, credential: credential?, remember: remember?, next: next? })
    }
}

/// What a script needs to call `navigator.credentials` with.
#[must_use]
pub fn offered(offer: &Offer) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(json!({ "challenge": offer.challenge, "publicKey": offer.options }))
}

/// Tells a script where to go, where a form would have been sent on.
#[must_use]
pub fn onward(path: &str) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(json!({ "location": path }))
}

/// The one answer to a passkey that is not accepted.
#[must_use]
pub fn refused() -> Error {
    Error::refused("invalid_credentials", "This passkey was not accepted here. Try once more, or go on in another way.")
}
