//! What the last changing part of an address names: an id, the number of an order.
//!
//! Invariant: what cannot name anything is not found, like what names something that is gone. It does not know what is named.

use crate::error::{Error, Result};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use std::future::{Ready, ready};
use std::str::FromStr;

/// What the one changing part of the address names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named<T>(pub T);

impl<T: FromStr + 'static> FromRequest for Named<T> {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let text = web::Path::<String>::from_request(request, payload).into_inner();
        ready(text.map_err(|_| Error::NotFound).and_then(|text| text.parse().map(Self).map_err(|_| Error::NotFound)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    async fn named(text: &'static str) -> Result<Named<u16>> {
        let request = TestRequest::default().param("id", text).to_http_request();
        Named::from_request(&request, &mut Payload::None).await
    }

    #[actix_web::test]
    async fn what_names_nothing_is_not_found() {
        assert_eq!(named("17").await.expect("a number"), Named(17));
        for wrong in ["", "x", "-1", "70000", "1/7"] {
            assert!(matches!(named(wrong).await, Err(Error::NotFound)), "{wrong}");
        }
    }
}
