//! For those who watch over the shop: is it alive, is it ready?
//!
//! Invariant: `/healthz` asks nobody; `/readyz` asks the database with a real statement and fails the moment a stop has begun, so that
//! a proxy sends nobody here any more. A node whose secret is not the shop's
//! is not ready either. Neither tells a cause to strangers.

use crate::web::app::App;
use actix_web::{HttpResponse, web};
use std::time::Duration;

/// `GET /healthz`.
pub async fn alive() -> HttpResponse {
    HttpResponse::Ok().insert_header(("content-type", "text/plain")).body("ok\n")
}

/// `GET /readyz`.
pub async fn ready(app: web::Data<App>) -> HttpResponse {
    let not = |why: &'static str| {
        let mut answer = HttpResponse::ServiceUnavailable();
        answer.insert_header(("content-type", "text/plain")).insert_header(("retry-after", "3")).body(why)
    };
    if app.traffic.is_stopping() {
        return not("stopping\n");
    }
    if !app.latch.reads_all_keys() {
        return not("this node has another secret than the shop\n");
    }
    match tokio::time::timeout(Duration::from_secs(3), app.db.answers()).await {
        Ok(Ok(())) => HttpResponse::Ok().insert_header(("content-type", "text/plain")).body("ready\n"),
        Ok(Err(cause)) => {
            tracing::warn!(%cause, "not ready");
            not("the database does not answer\n")
        }
        Err(_elapsed) => not("the database is slow to answer\n"),
    }
}
