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
use crate::shop::import::{self, Asked, State};
use crate::web::app::App;
use crate::web::form::Press;
use crate::web::view::{Kind, View, see_other};
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
    to_do: String,
    wrong: String,
    told: Vec<Wrong>,
    untold: Option<String>,
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
    let still = form_urlencoded::parse(request.query_string().as_bytes()).any(|(name, value)| name == "still" && value == "1");
    let import = view.app().db.read(move |conn| import::find(conn, now, id)).await?;
    let moves = import.state.is_moving();
    let load = move |conn: &mut Conn| {
        let by = roll::names(conn, &[import.user])?.remove(&import.user).unwrap_or_default();
        let counts = counts(&import);
        let progress = import.progress;
        let size = u64::try_from(import.size).unwrap_or_default();
        Ok(Page {
            id,
            state: import.state.code(),
            by,
            own: person.is_some_and(|person| person.key == import.user),
            at: rfc3339(import.created_at),
            ended_at: import.ended_at.map(rfc3339),
            percent: if import.state == State::Asked {
                0
            } else {
                (progress.position * 100).checked_div(size).unwrap_or(0).min(100)
            },
            lines: grouped(progress.lines),
            new: grouped(progress.count.new),
            changed: grouped(progress.count.changed),
            same: grouped(progress.count.same),
            counts,
            to_do: grouped(progress.count.new + progress.count.changed),
            wrong: grouped(progress.wrong),
            told: progress.told.into_iter().map(|it| Wrong { line: it.line, why: it.why }).collect(),
            untold: (progress.untold > 0).then(|| grouped(progress.untold)),
            note: import.note,
            still,
        })
    };
    let mut page = view.show("admin/import/show.html", load).await?;
    if moves && !still {
        page.headers_mut().insert(REFRESH.0, REFRESH.1);
    }
    Ok(page)
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
