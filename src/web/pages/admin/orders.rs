//! `/admin/orders`: everybody's orders, the newest first.

use crate::clock::rfc3339;
use crate::error::{Error, Result};
use crate::shop::order::{self, Entry, Number, Status};
use crate::web::view::{View, see_other};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

/// The query; what is not legal is as absent (docs/API.md, "General").
#[derive(Debug, Default)]
struct Wish {
    status: Option<Status>,
    after: Option<Number>,
    q: String,
}

impl Wish {
    fn read(query: &str) -> Self {
        let mut wish = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "status" => wish.status = value.parse().ok(),
                "after" => wish.after = value.parse().ok(),
                "q" => wish.q = value.chars().filter(|c| !c.is_control()).take(40).collect(),
                _ => {}
            }
        }
        wish
    }

    fn older_than(&self, last: &Entry) -> String {
        let status = self.status.map_or_else(String::new, |status| format!("status={}&", status.code()));
        format!("/admin/orders?{status}after={}", last.number)
    }
}

#[derive(Serialize)]
struct Choice {
    code: &'static str,
    name: &'static str,
}

#[derive(Serialize)]
struct Row {
    number: String,
    status: &'static str,
    status_word: &'static str,
    placed_at: String,
    total: i64,
    name: String,
    city: String,
}

impl From<Entry> for Row {
    fn from(entry: Entry) -> Self {
        Self {
            number: entry.number.to_string(),
            status: entry.status.code(),
            status_word: entry.status.word(),
            placed_at: rfc3339(entry.placed_at),
            total: entry.total.minor(),
            name: entry.name,
            city: entry.city,
        }
    }
}

#[derive(Serialize)]
struct Page {
    orders: Vec<Row>,
    statuses: Vec<Choice>,
    status: &'static str,
    q: String,
    first: bool,
    older: Option<String>,
}

/// `GET /admin/orders`; a number that is searched for leads to its order.
///
/// # Errors
/// `NotFound` behind an order that does not exist; `Unavailable` from the database.
pub async fn index(request: HttpRequest, view: View) -> Result<HttpResponse> {
    let wish = Wish::read(request.query_string());
    if let Some(number) = Number::heard(&wish.q) {
        let sought = number.clone();
        match view.app().db.read(move |conn| order::find(conn, &sought)).await {
            Ok(_) => return Ok(see_other(&format!("/admin/orders/{number}"))),
            Err(Error::NotFound) => {}
            Err(cause) => return Err(cause),
        }
    }
    let load = move |conn: &mut crate::db::Conn| {
        // A number that was not found: the list would look like an answer.
        let list = if wish.q.is_empty() {
            order::ledger(conn, wish.status, wish.after.as_ref())?
        } else {
            order::Ledger { orders: Vec::new(), more: false }
        };
        let older = list.orders.last().filter(|_| list.more).map(|last| wish.older_than(last));
        Ok(Page {
            orders: list.orders.into_iter().map(Row::from).collect(),
            statuses: Status::ALL.into_iter().map(|status| Choice { code: status.code(), name: status.word() }).collect(),
            status: wish.status.map_or("", Status::code),
            first: wish.after.is_none(),
            q: wish.q,
            older,
        })
    };
    view.show("admin/orders/index.html", load).await
}
