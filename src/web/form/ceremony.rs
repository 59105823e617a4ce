//! What the script of a page sends when it speaks of passkeys: JSON, with a `csrf` value like a form.
//!
//! Invariant: the addresses below are the only pages that take JSON, and whatever is sent to one of them is answered to a script, not
//! drawn. It does not know passkeys.

use super::{Fields, read, receive_json, stamp};
use crate::error::{Error, Result};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
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
            let sent = receive_json(&request, payload).await?;
            if !stamp::is_on(&request, &sent)? {
                return Err(Error::StaleForm);
            }
            read::<T>(&sent, Some(stamp::NAME)).map(Self).map_err(Error::Invalid)
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
