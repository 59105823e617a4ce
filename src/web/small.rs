//! The small addresses that programs look for without being told.
//!
//! Invariant: they read and set no cookies and ask no database.

use crate::clock::rfc3339;
use crate::error::{Error, Result};
use crate::web::api::openapi;
use crate::web::app::App;
use crate::web::form::body;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};

/// `GET /robots.txt`: the shop may be found, a person's pages need not be.
pub async fn robots() -> HttpResponse {
    let closed = [
        "/api/",
        "/cart",
        "/checkout",
        "/orders",
        "/account",
        "/dashboard",
        "/login",
        "/register",
        "/forgot-password",
        "/reset-password",
        "/verify-email",
        "/not-me",
    ];
    let text = closed.iter().fold("User-agent: *\n".to_owned(), |text, path| text + "Disallow: " + path + "\n");
    plain(text)
}

/// `GET /favicon.ico`: the icon has a name with its hash in it.
pub async fn favicon(app: web::Data<App>) -> Result<HttpResponse> {
    let url = app.assets.url("img/favicon.svg").ok_or(Error::NotFound)?;
    Ok(HttpResponse::SeeOther().insert_header((header::LOCATION, url)).finish())
}

/// `GET /.well-known/security.txt` (RFC 9116).
pub async fn security(app: web::Data<App>) -> HttpResponse {
    let expires = rfc3339(app.clock.now() + time::Duration::days(360));
    let origin = app.origin.as_str();
    plain(format!(
        "Contact: {origin}/\nExpires: {expires}\nPreferred-Languages: en\nCanonical: {origin}/.well-known/security.txt\n"
    ))
}

/// `GET /.well-known/change-password` (W3C): where password managers send people.
pub async fn change_password() -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, "/account/password")).finish()
}

/// `GET /.well-known/jwks.json` (RFC 7517): the public keys, for whoever checks our tokens without asking us. May be kept for a
/// minute: a key stands here for three before it signs.
pub async fn jwks(app: web::Data<App>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "application/jwk-set+json"))
        .insert_header((header::CACHE_CONTROL, "public, max-age=60"))
        .body(app.latch.jwks())
}

/// `GET /openapi.json`: the API, described for programs.
pub async fn openapi() -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CONTENT_TYPE, "application/json")).body(openapi::text())
}

/// `POST /csp-report`: what a browser did not load. Strangers write it, and addresses in it can be secrets: only the directive that
/// was broken is kept.
pub async fn csp_report(request: HttpRequest, payload: web::Payload) -> Result<HttpResponse> {
    let body = body::read(&request, payload.into_inner(), body::FORM).await?;
    let report: Report = serde_json::from_slice(&body).map_err(|_| Error::BadRequest("That is no report of a browser."))?;
    let Breach { effective, violated } = report.report;
    let directive = if effective.is_empty() { violated } else { effective };
    let directive: String = directive.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(64).collect();
    tracing::warn!(directive, "a browser reports a breach of the Content-Security-Policy");
    Ok(HttpResponse::NoContent().finish())
}

#[derive(serde::Deserialize)]
struct Report {
    #[serde(rename = "csp-report")]
    report: Breach,
}

/// Browsers send both names for the same thing; older ones only the second.
#[derive(serde::Deserialize)]
struct Breach {
    #[serde(rename = "effective-directive", default)]
    effective: String,
    #[serde(rename = "violated-directive", default)]
    violated: String,
}

fn plain(text: String) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CONTENT_TYPE, "text/plain; charset=utf-8")).body(text)
}
