//! The handler's deadline, and what becomes of a panic.
//!
//! Invariant: every request is answered within fifteen seconds of its handler's start (but for a file that is still arriving), even if
//! the handler never ends or falls over;
//! the cookies that outer layers add are on that answer too. It stands on each resource, behind the router: an outer layer could not
//! keep the request for the answer.

use crate::web::errors::Refusal;
use actix_web::HttpResponse;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use futures_util::FutureExt as _;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

/// docs/SECURITY.md, "Input and limits".
const DEADLINE: Duration = Duration::from_secs(15);

/// For a file that arrives: the slowest that `form::pace` lets through, twice over.
const UPLOAD: Duration = Duration::from_hours(18);

/// Sends the cause of every panic to the log, once a program. The answer to the person has none of it.
pub fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, cause = panic.payload_as_str().unwrap_or("-"), "a panic");
    }));
}

/// The layer.
///
/// # Errors
/// None: what a layer inside returns becomes an answer.
pub async fn limit(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    answered_within(DEADLINE, request, next).await
}

/// The layer of a page that takes a file: while it arrives, its own pace is the limit (`form::pace`).
///
/// # Errors
/// As `limit`.
pub async fn limit_upload(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    answered_within(UPLOAD, request, next).await
}

async fn answered_within(
    deadline: Duration,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let kept = request.request().clone();
    // A handler that panicked is never polled again, and what it held is dropped with it.
    let work = AssertUnwindSafe(next.call(request)).catch_unwind();
    let answer = match tokio::time::timeout(deadline, work).await {
        Ok(Ok(Ok(response))) => return Ok(response.map_into_boxed_body()),
        Ok(Ok(Err(error))) => HttpResponse::from_error(error),
        Ok(Err(_panic)) => HttpResponse::from_error(Refusal::Panicked),
        Err(_elapsed) => {
            tracing::warn!(route = kept.match_pattern().as_deref().unwrap_or("-"), "a handler was given up");
            HttpResponse::from_error(Refusal::TookTooLong)
        }
    };
    Ok(ServiceResponse::new(kept, answer))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::middleware::from_fn;
    use actix_web::{App, test, web};

    async fn status(path: &str) -> u16 {
        let soon = |request: ServiceRequest, next: Next<BoxBody>| answered_within(Duration::from_millis(30), request, next);
        let site = App::new().service(
            web::scope("")
                .service(web::resource("/never").wrap(from_fn(soon)).to(std::future::pending::<HttpResponse>))
                .service(web::resource("/panic").wrap(from_fn(soon)).to(|| async { HttpResponse::Ok().body(panic_now()) }))
                .service(web::resource("/fine/{id}").wrap(from_fn(soon)).to(|| async { HttpResponse::Ok().finish() })),
        );
        let site = test::init_service(site).await;
        test::call_service(&site, test::TestRequest::get().uri(path).to_request()).await.status().as_u16()
    }

    fn panic_now() -> &'static str {
        panic!("on purpose")
    }

    #[actix_web::test]
    async fn every_handler_is_answered_for() {
        assert_eq!(status("/fine/7").await, 200);
        assert_eq!(status("/never").await, 503);
        assert_eq!(status("/panic").await, 500);
    }
}
