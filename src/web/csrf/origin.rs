//! Where a request comes from: rules 1-4 of docs/SECURITY.md, "Cross-site requests".
//!
//! Invariant: a state change that a browser was talked into by another site, a sibling subdomain or another port goes no further.
//! A GET from another site is answered only as a document of its own. It answers, and never returns an error: the cookies that
//! `identity` adds outside of it must not get lost.

use crate::audit;
use crate::error::Error;
use crate::web::app::App;
use crate::web::bounce;
use crate::web::cors;
use crate::web::errors::Refusal;
use crate::web::form::ceremony;
use crate::web::form::upload::is_upload;
use crate::web::host::{Origin, is_under};
use crate::web::identity::Visit;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName};
use actix_web::middleware::Next;
use actix_web::{HttpMessage as _, ResponseError as _, web};

/// The API's routes that set or read a cookie: only there a browser's cookie counts.
const COOKIE_ROUTES: [&str; 8] = [
    "/api/auth/register",
    "/api/register",
    "/api/auth/login",
    "/api/login",
    "/api/auth/refresh",
    "/api/refresh",
    "/api/auth/logout",
    "/api/logout",
];

/// What the rules say of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// Goes on.
    Fine,
    /// Rules 2 and 3: from elsewhere.
    CrossSite,
    /// Another site asks for a page in the background.
    Embedded,
    /// Rule 4: not a form.
    NotAForm,
}

/// The layer; it stands inside `identity`.
///
/// # Errors
/// None of its own.
pub async fn guard(
    app: web::Data<App>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let guest = is_welcome_guest(&app, request.headers());
    let answer = match judge(&app.origin, guest, request.method(), request.match_info().as_str(), request.headers()) {
        Verdict::Fine => match bounce::answer(&app, &request) {
            Some(page) => page,
            None => return Ok(next.call(request).await?.map_into_boxed_body()),
        },
        Verdict::CrossSite => {
            remember(&app, &request).await;
            Error::CrossSite.error_response()
        }
        Verdict::Embedded => Refusal::Embedded.error_response(),
        Verdict::NotAForm => Error::UnsupportedType.error_response(),
    };
    Ok(request.into_response(answer))
}

/// Somebody tried to act in a signed-in person's name. (Without a person it is noise, and noise must not cost a write.)
async fn remember(app: &App, request: &ServiceRequest) {
    let visit = request.extensions().get::<Visit>().cloned();
    let Some(visit) = visit.filter(|visit| visit.person().is_some()) else { return };
    let (actor, now) = (visit.actor(), app.clock.now());
    let detail = request.headers().get(header::ORIGIN).and_then(|origin| origin.to_str().ok()).unwrap_or("-").to_owned();
    let written = app.db.write(move |conn| audit::record(conn, now, audit::Kind::CrossSite, &actor, &detail)).await;
    if let Err(cause) = written {
        tracing::warn!(%cause, "a refused cross-site request was not written down");
    }
}

/// Does a script of an origin that the settings name ask? Only the API has anything to say to it.
fn is_welcome_guest(app: &App, headers: &HeaderMap) -> bool {
    cors::guest(app, headers).is_some() && one_site(headers)
}

/// Rule 2: `Sec-Fetch-Site` sent twice is nobody's.
fn one_site(headers: &HeaderMap) -> bool {
    headers.get_all(SITE).nth(1).is_none()
}

/// `path` is the one the router goes by, decoded: `/api/%72efresh` is `/api/refresh` to it.
fn judge(origin: &Origin, guest: bool, method: &Method, path: &str, headers: &HeaderMap) -> Verdict {
    let in_api = is_under(path, "/api");
    if guest && in_api {
        return Verdict::Fine;
    }
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return if is_embedded(headers) { Verdict::Embedded } else { Verdict::Fine };
    }
    if in_api {
        let from_browser = headers.contains_key(SITE) || headers.contains_key(header::ORIGIN);
        let guarded = COOKIE_ROUTES.contains(&path.trim_end_matches('/')) && from_browser;
        return if !guarded || comes_from_us(origin, headers) { Verdict::Fine } else { Verdict::CrossSite };
    }
    if !comes_from_us(origin, headers) {
        Verdict::CrossSite
    } else if is_form(headers)
        || (takes_uploads(path) && is_upload(headers.get(header::CONTENT_TYPE)))
        || (ceremony::is_one(path) && is_of_type(headers, "application/json"))
    {
        Verdict::Fine
    } else {
        Verdict::NotAForm
    }
}

const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Rules 2 and 3.
fn comes_from_us(origin: &Origin, headers: &HeaderMap) -> bool {
    let ours = |value: &str| value == origin.as_str();
    let mut sites = headers.get_all(SITE);
    match (sites.next().map(header::HeaderValue::as_bytes), sites.next()) {
        (Some(b"same-origin"), None) => true,
        (Some(b"none"), None) => !headers.contains_key(header::ORIGIN) || only(headers, header::ORIGIN).is_some_and(ours),
        (Some(_), _) => false,
        (None, _) if headers.contains_key(header::ORIGIN) => only(headers, header::ORIGIN).is_some_and(ours),
        (None, _) => only(headers, header::REFERER).is_some_and(|referer| {
            referer.strip_prefix(origin.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
        }),
    }
}

/// The value of a header that came exactly once, as text.
fn only(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name);
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

/// Rule 4: urlencoded, in UTF-8.
fn is_form(headers: &HeaderMap) -> bool {
    is_of_type(headers, "application/x-www-form-urlencoded")
}

fn is_of_type(headers: &HeaderMap, expected: &str) -> bool {
    only(headers, header::CONTENT_TYPE).is_some_and(|kind| is_type(kind, expected))
}

/// The pages whose form has a file; each reads it by `Upload`, which begins with the `csrf`.
fn takes_uploads(path: &str) -> bool {
    let of_product = path.strip_prefix("/admin/products/").and_then(|rest| rest.strip_suffix("/picture"));
    path == "/admin/import" || of_product.is_some_and(|slug| !slug.is_empty() && !slug.contains('/'))
}

/// Is the content type this one, in UTF-8 or silent about it?
#[must_use]
pub fn is_type(kind: &str, expected: &str) -> bool {
    let mut parts = kind.split(';').map(str::trim);
    parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case(expected))
        && parts.filter(|part| !part.is_empty()).all(|part| {
            part.split_once('=').is_some_and(|(name, value)| {
                !name.eq_ignore_ascii_case("charset") || value.trim_matches('"').eq_ignore_ascii_case("utf-8")
            })
        })
}

/// Another site asks, and not by leading the person here in a window of its own.
fn is_embedded(headers: &HeaderMap) -> bool {
    let is = |name: &str, value: &[u8]| {
        let mut values = headers.get_all(name).map(header::HeaderValue::as_bytes);
        values.next() == Some(value) && values.next().is_none()
    };
    let foreign = headers.get_all(SITE).any(|site| !matches!(site.as_bytes(), b"same-origin" | b"none"));
    foreign && !(is("sec-fetch-mode", b"navigate") && is("sec-fetch-dest", b"document"))
}

#[cfg(test)]
mod tests;
