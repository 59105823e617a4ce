//! `/admin/payments`: what must be paid back.
//!
//! Invariant: whoever has waited longest comes first, and the list has an end. It does not know how money goes back.

use crate::clock::rfc3339;
use crate::error::Result;
use crate::shop::payment;
use crate::web::view::View;
use actix_web::HttpResponse;
use serde::Serialize;

#[derive(Serialize)]
struct Row {
    number: String,
    name: String,
    amount: i64,
    since: String,
}

/// `GET /admin/payments`.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn index(view: View) -> Result<HttpResponse> {
    #[derive(Serialize)]
    struct Page {
        owed: Vec<Row>,
        most: i64,
    }
    let load = |conn: &mut crate::db::Conn| {
        let row = |owed: payment::Owed| Row {
            number: owed.number.to_string(),
            name: owed.name,
            amount: owed.amount.minor(),
            since: rfc3339(owed.since),
        };
        Ok(Page { owed: payment::owed(conn)?.into_iter().map(row).collect(), most: payment::OWED })
    };
    view.show("admin/payments/index.html", load).await
}
