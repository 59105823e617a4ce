//! `/account/activity`: what happened to one's own account.

mod words;

pub(super) use words::called;

use crate::audit::{self, Event};
use crate::auth::device;
use crate::clock::rfc3339;
use crate::db::Conn;
use crate::error::Result;
use crate::web::address;
use crate::web::identity::CurrentUser;
use crate::web::pages::place;
use crate::web::view::View;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

/// Events on a page.
const ON_A_PAGE: usize = 25;

#[derive(Serialize)]
struct Row {
    at: String,
    words: String,
    /// Is it one that a person should know of?
    odd: bool,
    client: String,
    place: Option<String>,
}

#[derive(Serialize)]
struct Page {
    events: Vec<Row>,
    first: bool,
    older: Option<String>,
}

/// `GET /account/activity`: the newest first.
///
/// # Errors
/// `NotFound` behind a place that is none; `Unavailable` from the database.
pub async fn index(user: CurrentUser, request: HttpRequest, view: View) -> Result<HttpResponse> {
    let secrets = view.app().latch.secrets.clone();
    let after = place::after(&secrets, request.query_string())?;
    let load = move |conn: &mut Conn| {
        let mut events = audit::of_account(conn, user.key, after, place::one_more(ON_A_PAGE))?;
        let more = events.len() > ON_A_PAGE;
        events.truncate(ON_A_PAGE);
        let older = events.last().filter(|_| more).map(|last| format!("/account/activity?after={}", place::name(&secrets, last)));
        let sessions: Vec<_> = events.iter().filter(|event| event.client.is_empty()).filter_map(|event| event.session).collect();
        let clients = device::clients(conn, &sessions)?;
        let row = |event: Event| Row {
            at: rfc3339(event.at),
            words: words::of(&event.kind, &event.detail),
            odd: words::is_odd(&event.kind),
            // What a node of an earlier version wrote says nothing of the browser; while the session is there, that does.
            client: match event.session.and_then(|session| clients.get(&session)) {
                Some(client) if event.client.is_empty() => client.clone(),
                _ => event.client,
            },
            place: (!event.address.is_empty()).then(|| address::place(&event.address)),
        };
        Ok(Page { events: events.into_iter().map(row).collect(), first: after.is_none(), older })
    };
    view.show("activity/index.html", load).await
}
