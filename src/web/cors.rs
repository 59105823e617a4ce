//! What a script of another origin may read of the API (the Fetch standard's CORS), where a setting names that origin.
//!
//! Invariant: nothing but the API and nobody but the origins of the list, byte for byte; never a wildcard, never with cookies: no answer
//! says `Access-Control-Allow-Credentials`, and `identity` neither reads nor sets a cookie for them. To everybody else an answer is what
//! it was. It does not decide what is done: that is `csrf::origin`.

use crate::config::Origins;
use crate::web::app::App;
use crate::web::host::Origin;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpResponse, web};

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE");
const HEADERS: HeaderValue = HeaderValue::from_static("authorization, content-type, idempotency-key");
const READABLE: HeaderValue = HeaderValue::from_static("idempotent-replayed, retry-after, www-authenticate");
/// Ten minutes: how long a browser goes on after the origin was taken off the list. The answers themselves it may no longer read.
const REMEMBERED: HeaderValue = HeaderValue::from_static("600");
const ORIGIN: HeaderValue = HeaderValue::from_static("origin");

/// The layer; it is the outermost of the API, so that a 429 can be read as well.
///
/// # Errors
/// None of its own.
pub async fn share(
    app: web::Data<App>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    if app.config.cors_origins.is_empty() {
        return Ok(next.call(request).await?.map_into_boxed_body());
    }
    let guest = guest(&app, request.headers()).cloned();
    let asks_first = request.method() == Method::OPTIONS && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = match &guest {
        Some(_) if asks_first => request.into_response(preflight()),
        _ => next.call(request).await?.map_into_boxed_body(),
    };
    let headers = response.headers_mut();
    headers.append(header::VARY, ORIGIN);
    if let Some(origin) = guest {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, READABLE);
    }
    Ok(response)
}

fn preflight() -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, METHODS))
        .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS))
        .insert_header((header::ACCESS_CONTROL_MAX_AGE, REMEMBERED))
        .finish()
}

/// The origin of the list that this request comes from.
#[must_use]
pub fn guest<'a>(app: &App, headers: &'a HeaderMap) -> Option<&'a HeaderValue> {
    listed(&app.config.cors_origins, &app.origin, headers)
}

/// The same, of a list; our own origin is no guest.
#[must_use]
pub fn listed<'a>(origins: &Origins, own: &Origin, headers: &'a HeaderMap) -> Option<&'a HeaderValue> {
    let mut sent = headers.get_all(header::ORIGIN);
    let (Some(origin), None) = (sent.next(), sent.next()) else { return None };
    let text = origin.to_str().unwrap_or_default();
    (text != own.as_str() && origins.contains(text)).then_some(origin)
}
