//! `/payments/{provider}/webhook`: what payment providers tell the shop.
//!
//! Invariant: nothing is read from a message, and nothing asked of the database, before its signature is good; 200 says that it is
//! written down, so that a provider which hears anything else says it again. It reads and sets no cookies, and knows nobody.

use crate::error::{Error, Result};
use crate::shop::payment::provider::Heard;
use crate::shop::payment::settle;
use crate::web::app::App;
use crate::web::form::body;
use actix_web::{HttpRequest, HttpResponse, web};

/// `POST /payments/{provider}/webhook`.
///
/// # Errors
/// `NotFound` for a provider or a payment that we do not have; `BadRequest` for what cannot be read; `TooLarge`, `TooSlow`;
/// `Unavailable` from the database.
pub async fn receive(
    app: web::Data<App>,
    provider: web::Path<String>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse> {
    let provider = app.payments.get(&provider).filter(|provider| provider.is_online()).ok_or(Error::NotFound)?.clone();
    let body = body::read(&request, payload.into_inner(), body::FORM).await?;
    let mut sent = request.headers().get_all(provider.signature_header());
    let signature = match (sent.next(), sent.next()) {
        (Some(one), None) => one.to_str().ok(),
        _ => None,
    };
    let now = app.clock.now();
    let tidings = match provider.hear(now, signature, &body) {
        Heard::Tidings(tidings) => tidings,
        Heard::Forged => {
            tracing::warn!(provider = provider.name(), "a payment message was not signed by its provider, or too long ago");
            return Ok(HttpResponse::Forbidden().finish());
        }
        Heard::Unclear => return Err(Error::BadRequest("This message says nothing that we know.")),
    };
    let (post, name) = (app.latch.post.clone(), provider.name());
    let settled = app.db.write(move |conn| settle(conn, now, &post, name, &tidings)).await?;
    tracing::info!(provider = name, ?settled, "a payment provider said what became of a payment");
    Ok(HttpResponse::Ok().finish())
}
