//! `/admin/import/{id}`: one import, from what it would change to what it changed.
//!
//! Invariant: the page says what the row says, so it is the same at every node, with its tab closed or open; while something goes on
//! it loads itself again, unless it is told not to.

use super::{counts, grouped};
use crate::auth::roll;
use crate::clock::rfc3339;
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::ids::ImportId;
use crate::shop::import::{self, Asked, Import, Progress};
use crate::web::app::App;
use crate::web::form::Press;
use crate::web::identity::CurrentUser;
use crate::web::view::{Kind, Layout, View, see_other};
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

/// After so many seconds the page is loaded again.
const REFRESH: (HeaderName, HeaderValue) = (HeaderName::from_static("refresh"), HeaderValue::from_static("2"));

#[derive(Serialize)]
struct Wrong {
    line: u64,
    why: String,
}

#[derive(Serialize)]
struct Page {
    id: ImportId,
    state: &'static str,
    by: String,
    own: bool,
    at: String,
    ended_at: Option<String>,
    percent: u64,
    lines: String,
    new: String,
    changed: String,
    same: String,
    counts: String,
    started: bool,
    to_do: String,
    wrong: String,
    told: Vec<Wrong>,
    untold: Option<String>,
    categories: Vec<String>,
    note: String,
    still: bool,
}

/// `GET /admin/import/{id}`.
///
/// # Errors
/// `NotFound`; `Unavailable` from the database.
pub async fn show(id: web::Path<String>, request: HttpRequest, view: View) -> Result<HttpResponse> {
    let id: ImportId = id.parse().map_err(|_| Error::NotFound)?;
    let (now, person) = (view.app().clock.now(), view.visit().person());
    let load = move |conn: &mut Conn| {
        let import = import::find(conn, now, id)?;
        let by = roll::names(conn, &[import.user])?.remove(&import.user).unwrap_or_default();
        Ok((Layout::load(conn, person)?, import.state.is_moving(), Page::of(import, by, person)))
    };
    let (layout, moves, page) = view.app().db.read(load).await?;
    let layout = view.told(layout).await;
    let asked = form_urlencoded::parse(request.query_string().as_bytes()).any(|(name, value)| name == "still" && value == "1");
    // What a person must be told is shown once: it may not be gone after two seconds.
    let still = asked || !layout.notices.is_empty();
    let mut answer = view.draw(StatusCode::OK, "admin/import/show.html", layout, &Page { still, ..page })?;
    if moves && !still {
        answer.headers_mut().insert(REFRESH.0, REFRESH.1);
    }
    Ok(answer)
}

impl Page {
    fn of(import: Import, by: String, person: Option<CurrentUser>) -> Self {
        let counts = counts(&import);
        let Progress { position, lines, count, wrong, told, untold, categories } = import.progress;
        let size = u64::try_from(import.size).unwrap_or_default();
        Self {
            id: import.id,
            state: import.state.code(),
            by,
            own: person.is_some_and(|person| person.key == import.user),
            at: rfc3339(import.created_at),
            ended_at: import.ended_at.map(rfc3339),
            percent: (position * 100).checked_div(size).unwrap_or(0).min(100),
            lines: grouped(lines),
            new: grouped(count.new),
            changed: grouped(count.changed),
            same: grouped(count.same),
            counts,
            started: import.started_at.is_some(),
            to_do: grouped(count.new + count.changed),
            wrong: grouped(wrong),
            told: told.into_iter().map(|it| Wrong { line: it.line, why: it.why }).collect(),
            untold: (untold > 0).then(|| grouped(untold)),
            categories,
            note: import.note,
            still: false,
        }
    }
}

/// `POST /admin/import/{id}/start`.
///
/// # Errors
/// `NotFound`; `Unavailable` from the database.
pub async fn start(app: web::Data<App>, id: web::Path<String>, view: View, _: Press) -> Result<HttpResponse> {
    let id: ImportId = id.parse().map_err(|_| Error::NotFound)?;
    let (now, person) = (app.clock.now(), view.visit().person().ok_or(Error::SignedOut)?);
    match app.db.write(move |conn| import::ask(conn, now, id, person.key)).await? {
        Asked::Heard => {}
        Asked::NotTheirs => view.flash(Kind::Error, "Only who sent the file can carry it out. Nothing was done."),
        Asked::TooLate => view.flash(Kind::Error, "This file is not there any more. Nothing was done: send it again."),
    }
    Ok(see_other(&format!("/admin/import/{id}")))
}

/// `POST /admin/import/{id}/stop`.
///
/// # Errors
/// `NotFound`; `Unavailable` from the database.
pub async fn stop(app: web::Data<App>, id: web::Path<String>, view: View, _: Press) -> Result<HttpResponse> {
    let id: ImportId = id.parse().map_err(|_| Error::NotFound)?;
    let now = app.clock.now();
    if app.db.write(move |conn| import::stop(conn, now, id)).await? == Asked::TooLate {
        view.flash(Kind::Notice, "It had ended already.");
    }
    Ok(see_other(&format!("/admin/import/{id}")))
}
