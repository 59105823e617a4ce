//! Reads a request's body.
//!
//! Invariant: a body is whole, within its limit and here within ten seconds, or it is an error; actix alone would wait for ever. It
//! does not know what the bytes mean.

use crate::error::{Error, Result};
use actix_web::HttpRequest;
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header;
use actix_web::web::Bytes;
use bytes::BytesMut;
use futures_util::StreamExt as _;
use std::time::Duration;

/// Most bytes of a form.
pub const FORM: usize = 16 * 1024;
/// Most bytes of a JSON body.
pub const JSON: usize = 64 * 1024;
/// How long a body may take to arrive (docs/SECURITY.md, "Input and limits").
pub const DEADLINE: Duration = Duration::from_secs(10);

/// Reads all of it.
///
/// # Errors
/// `TooLarge`, `TooSlow`, `UnsupportedType` for a compressed one, `BadRequest` for one that breaks off.
pub async fn read(request: &HttpRequest, payload: Payload, limit: usize) -> Result<Bytes> {
    let headers = request.headers();
    if headers.get(header::CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
        return Err(Error::UnsupportedType);
    }
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit as u64) {
        return Err(Error::TooLarge);
    }
    within(DEADLINE, gather(payload, limit)).await
}

async fn within(deadline: Duration, arrival: impl Future<Output = Result<Bytes>>) -> Result<Bytes> {
    tokio::time::timeout(deadline, arrival).await.map_err(|_| Error::TooSlow)?
}

async fn gather(mut payload: Payload, limit: usize) -> Result<Bytes> {
    let mut whole = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|cause| match cause {
            PayloadError::Overflow => Error::TooLarge,
            _ => Error::BadRequest("The body broke off before its end."),
        })?;
        if whole.is_empty() && chunk.len() <= limit {
            whole = BytesMut::from(chunk);
        } else if whole.len() + chunk.len() <= limit {
            whole.extend_from_slice(&chunk);
        } else {
            return Err(Error::TooLarge);
        }
    }
    Ok(whole.freeze())
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;
    use futures_util::stream;

    fn payload(parts: Vec<&'static [u8]>) -> Payload {
        let parts = parts.into_iter().map(|part| Ok(Bytes::from_static(part)));
        Payload::Stream { payload: Box::pin(stream::iter(parts)) }
    }

    #[actix_web::test]
    async fn a_body_over_its_limit_is_refused_however_it_comes() {
        let request = TestRequest::default().to_http_request();
        assert_eq!(read(&request, payload(vec![b"abc", b"de"]), 5).await.expect("it fits"), Bytes::from_static(b"abcde"));
        assert!(matches!(read(&request, payload(vec![b"abc", b"def"]), 5).await, Err(Error::TooLarge)));
        assert!(matches!(read(&request, payload(vec![b"abcdef"]), 5).await, Err(Error::TooLarge)));
        let announced = TestRequest::default().insert_header((header::CONTENT_LENGTH, "99")).to_http_request();
        assert!(matches!(read(&announced, payload(vec![]), 5).await, Err(Error::TooLarge)));
        let zipped = TestRequest::default().insert_header((header::CONTENT_ENCODING, "gzip")).to_http_request();
        assert!(matches!(read(&zipped, payload(vec![]), 5).await, Err(Error::UnsupportedType)));
    }

    #[actix_web::test]
    async fn a_body_that_never_comes_is_given_up() {
        let never: Payload = Payload::Stream { payload: Box::pin(stream::pending()) };
        assert!(matches!(within(Duration::from_millis(20), gather(never, 5)).await, Err(Error::TooSlow)));
    }
}
