//! What the script of a page sends when it speaks of passkeys: JSON, with a `csrf` value like a form.
//!
//! Invariant: the addresses below are the only pages that take JSON, and whatever is sent to one of them is answered to a script, not
//! drawn. It does not know passkeys.

use super::{Fields, body, read, sent};
use crate::error::{Error, Result};
use crate::web::app::App;
use crate::web::csrf;
use crate::web::csrf::origin::is_type;
use crate::web::form::sent::Value;
use crate::web::identity::Visit;
use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, web};
use futures_util::future::LocalBoxFuture;

const PATHS: [&str; 4] = ["/login/passkey", "/login/code/passkey", "/confirm-identity/passkey", "/account/passkeys/new"];

/// Does a script post to this address, or ask for a challenge below it?
#[must_use]
pub fn is_one(path: &str) -> bool {
    PATHS.contains(&path.strip_suffix("/challenge").unwrap_or(path))
}

/// A `T` of such a body, checked like a form.
#[derive(Debug)]
pub struct Ceremony<T>(pub T);

impl<T: Fields> FromRequest for Ceremony<T> {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let body = body::read(&request, payload, body::JSON).await?;
            let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
            if !kind.is_some_and(|kind| is_type(kind, "application/json")) {
                return Err(Error::UnsupportedType);
            }
            let sent = sent::from_json(&body)?;
            let app = request.app_data::<web::Data<App>>().ok_or_else(|| Error::internal("a ceremony without an App"))?;
            let visit = request.extensions().get::<Visit>().cloned();
            let visit = visit.ok_or_else(|| Error::internal("a ceremony without a Visit"))?;
            let mut values = sent.iter().filter(|(name, _)| name == "csrf");
            let good = match (values.next(), values.next()) {
                (Some((_, Value::Text(value))), None) => app.csrf_keys().any(|key| csrf::is_good(key, visit.binding(), value)),
                _ => false,
            };
            if !good {
                return Err(Error::StaleForm);
            }
            read::<T>(&sent, Some("csrf")).map(Self).map_err(Error::Invalid)
        })
    }
}

/// Nothing but the `csrf` value: a script asks for a challenge.
#[derive(Debug)]
pub struct Asked;

impl Fields for Asked {
    const NAME: &'static str = "challenge";
    const FIELDS: &'static [&'static str] = &[];

    fn read(_: &mut super::Reader) -> Option<Self> {
        Some(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ceremony_is_known_by_its_address() {
        for path in ["/login/passkey", "/login/passkey/challenge", "/account/passkeys/new", "/account/passkeys/new/challenge"] {
            assert!(is_one(path), "{path}");
        }
        for path in ["/login", "/challenge", "/account/passkeys", "/login/passkey/challenge/challenge", "/login/passkeys", ""] {
            assert!(!is_one(path), "{path}");
        }
    }
}
