//! Brings people who followed a link from another site in with their cookies.
//!
//! Invariant: a first request from another site carries no Strict cookie, so it looks signed out; a page that loads itself again from
//! here makes it a request of our own (docs/API.md, "Cookies"). It is offered only where the hint says that somebody is signed
//! in, never to a prefetch, and it changes nothing.

use crate::web::app::App;
use crate::web::cookies::Name;
use crate::web::identity::Visit;
use actix_web::body::BoxBody;
use actix_web::dev::ServiceRequest;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap};
use actix_web::{HttpMessage as _, HttpResponse};
use tera::Context;

/// The page, where this request needs it.
#[must_use]
pub fn answer(app: &App, request: &ServiceRequest) -> Option<HttpResponse<BoxBody>> {
    if request.method() != Method::GET || !is_led_here(request.headers()) {
        return None;
    }
    let visit = request.extensions().get::<Visit>().cloned()?;
    let has = |name| visit.cookies().get(name).is_some();
    if !has(Name::Hint) || has(Name::Access) || has(Name::Refresh) {
        return None;
    }
    let mut context = Context::new();
    context.insert_value("shop", app.templates.shop().clone());
    // The path of this very request, on this very host: two slashes at its start would be another one, and to browsers a backslash
    // is a slash.
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    context.insert("target", &format!("/{}", target.trim_start_matches(['/', '\\'])));
    match app.templates.render("bounce.html", &context) {
        Ok(body) => Some(
            HttpResponse::Ok()
                .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
                .insert_header((header::CONTENT_SECURITY_POLICY, app.policy.html("")))
                .insert_header((header::CACHE_CONTROL, "no-store"))
                .body(body),
        ),
        Err(cause) => {
            tracing::error!(%cause, "the page that loads itself again could not be drawn");
            None
        }
    }
}

/// Did a person follow a link of another site, in a window of their own?
fn is_led_here(headers: &HeaderMap) -> bool {
    let is = |name: &str, expected: &[u8]| headers.get(name).is_some_and(|value| value.as_bytes() == expected);
    let foreign = is("sec-fetch-site", b"cross-site") || is("sec-fetch-site", b"same-site");
    foreign && is("sec-fetch-mode", b"navigate") && is("sec-fetch-dest", b"document") && !headers.contains_key("sec-purpose")
}
