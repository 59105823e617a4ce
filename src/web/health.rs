//! For those who watch over the shop: is it alive, is it ready?
//!
//! Invariant: `/healthz` asks nobody; `/readyz` asks the database with a real statement and fails the moment a stop has begun, so that
//! a proxy sends nobody here any more. Both say in words what is wrong, and neither tells a cause to strangers.

use crate::web::app::App;
use actix_web::{HttpResponse, web};
use std::time::Duration;

/// Clocks further apart than this make times that two nodes compare worthless.
const APART: Duration = Duration::from_secs(5);

/// Are the times that this node tells worthless to others?
pub fn is_apart(app: &App) -> bool {
    app.latch.feed.offset().unsigned_abs() > APART
}

/// `GET /healthz`.
pub async fn alive() -> HttpResponse {
    HttpResponse::Ok().insert_header(("content-type", "text/plain; charset=utf-8")).body("ok\n")
}

/// `GET /readyz`.
pub async fn ready(app: web::Data<App>) -> HttpResponse {
    match trouble(&app).await {
        None => HttpResponse::Ok().insert_header(("content-type", "text/plain; charset=utf-8")).body("ready\n"),
        Some(why) => {
            let mut answer = HttpResponse::ServiceUnavailable();
            answer.insert_header(("content-type", "text/plain; charset=utf-8")).insert_header(("retry-after", "3")).body(why)
        }
    }
}

/// What keeps this node from serving, the nearest cause first.
async fn trouble(app: &App) -> Option<&'static str> {
    if app.traffic.is_stopping() {
        return Some("stopping\n");
    }
    match tokio::time::timeout(Duration::from_secs(3), app.db.answers()).await {
        Ok(Ok(())) => {}
        Ok(Err(cause)) => {
            tracing::warn!(%cause, "not ready");
            return Some("the database does not answer\n");
        }
        Err(_elapsed) => return Some("the database is slow to answer\n"),
    }
    if !app.latch.reads_all_keys() {
        return Some("this node has another secret than the shop\n");
    }
    if app.latch.feed.is_stale() {
        return Some("the revocations of the last 5 seconds are not known\n");
    }
    if is_apart(app) {
        return Some("the clocks of this node and of the database are more than 5 seconds apart\n");
    }
    None
}
