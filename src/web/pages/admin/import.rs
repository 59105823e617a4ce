//! `/admin/import`: a CSV file of products comes in.
//!
//! Invariant: a file that came is only read, beside every request; what it would change is shown on the import's own page, and
//! nothing is changed before somebody says so there.

pub mod one;

use crate::auth::roll;
use crate::clock::rfc3339;
use crate::db::Conn;
use crate::error::{Error, FieldError, Result};
use crate::ids::{ImportId, ImportKey};
use crate::shop::import::{self, Claim, Import, Job, State};
use crate::web::app::App;
use crate::web::form::upload::Upload;
use crate::web::form::{Fields, Form, Reader, Typed};
use crate::web::health;
use crate::web::spool::{self, Spooled};
use crate::web::view::{View, see_other};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::Serialize;
use std::thread;

/// Most bytes of a file (docs/SECURITY.md, "Input and limits").
const MOST: u64 = 200 * 1024 * 1024;

/// Imports that are listed.
const LISTED: i64 = 8;

/// The form asks for nothing but the file.
struct Wish;

impl Fields for Wish {
    const NAME: &'static str = "import";
    const FIELDS: &'static [&'static str] = &[];

    fn read(_: &mut Reader) -> Option<Self> {
        Some(Self)
    }
}

/// An import in a list.
#[derive(Serialize)]
struct Row {
    id: ImportId,
    by: String,
    at: String,
    outcome: &'static str,
    counts: String,
}

#[derive(Serialize)]
struct Page {
    form: Typed,
    open: Option<Row>,
    past: Vec<Row>,
}

/// `GET /admin/import`.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn show(view: View) -> Result<HttpResponse> {
    show_with(&view, Typed::blank(Wish::NAME)).await
}

async fn show_with(view: &View, form: Typed) -> Result<HttpResponse> {
    let (now, status) = (view.app().clock.now(), form.status);
    let load = move |conn: &mut Conn| {
        let imports = import::newest(conn, now, LISTED)?;
        let names = roll::names(conn, &imports.iter().map(|import| import.user).collect::<Vec<_>>())?;
        let row = |import: &Import| Row {
            id: import.id,
            by: names.get(&import.user).cloned().unwrap_or_default(),
            at: rfc3339(import.created_at),
            outcome: outcome(import.state),
            counts: counts(import),
        };
        let open = imports.iter().find(|import| !import.state.is_over()).map(row);
        let past = imports.iter().filter(|import| import.state.is_over()).map(row).collect();
        Ok(Page { form, open, past })
    };
    view.show_as(status, "admin/import/index.html", load).await
}

/// `POST /admin/import`.
///
/// # Errors
/// `TooLarge`, `TooSlow` for the file; `Unavailable` from the database or the disk.
pub async fn submit(app: web::Data<App>, view: View, upload: Upload) -> Result<HttpResponse> {
    let (form, file) = upload.read::<Wish>().await?;
    if let Err(typed) = form.parse() {
        return show_with(&view, typed).await;
    }
    let Some(file) = file else {
        return show_with(&view, form.refuse("file", "Choose a CSV file.")).await;
    };
    let person = view.visit().person().ok_or(Error::SignedOut)?;
    let now = app.clock.now();
    // By its clock this node says whose import is dead: with a wrong one it would end another's that lives.
    if health::is_apart(&app) {
        return Err(Error::Unavailable("the clocks of this node and of the database are too far apart for an import".to_owned()));
    }
    let is_open = app.db.read(move |conn| import::open(conn, now)).await?.is_some();
    // Files that come at once would fill the disk before the first of them is claimed.
    let Some(_room) = app.spool.try_acquire().ok().filter(|_| !is_open) else {
        spool::discard(file, MOST).await?;
        return show_with(&view, refused(&form)).await;
    };
    let Some(spooled) = spool::keep(&app.config.var, file, MOST).await? else {
        let why = "This file has more than 200 MiB, and nothing of it was read. Cut it into several files, each with the line that \
            names the columns, and import one after the other.";
        return show_with(&view, form.refuse("file", why)).await;
    };
    let size = i64::try_from(spooled.size).map_err(Error::internal)?;
    let (now, actor, shop) = (app.clock.now(), view.visit().actor(), app.clone());
    // Once the row is there its work begins, whatever becomes of the request.
    let begin = move |claim: &Claim| {
        if let Claim::Made(key, _) = *claim {
            let job = Job { key, actor, currency: shop.config.shop.currency, stands: roll::runs_the_shop };
            start(shop, job, spooled);
        }
    };
    match app.db.write_then(move |conn| import::claim(conn, now, person.key, size), begin).await? {
        Claim::Made(_, id) => Ok(see_other(&format!("/admin/import/{id}"))),
        Claim::Taken(_) => show_with(&view, refused(&form)).await,
    }
}

/// Somebody else was first.
fn refused(form: &Form<Wish>) -> Typed {
    let why = "Another import is open. Nothing was done, and your file was not kept.";
    let error = FieldError { field: String::new(), message: why.to_owned() };
    Typed { errors: vec![error], ..form.as_typed(StatusCode::CONFLICT) }
}

/// A thread of its own: it may wait for half an hour, and those that answer requests are few.
fn start(app: web::Data<App>, job: Job, spooled: Spooled) {
    let key: ImportKey = job.key;
    let work = move || {
        let _working = app.traffic.work();
        import::work(&app.db, &app.clock, &job, &spooled.file, || app.traffic.is_stopping());
    };
    if let Err(cause) = thread::Builder::new().name("import".to_owned()).spawn(work) {
        tracing::error!(%cause, ?key, "there is no thread for an import");
    }
}

fn outcome(state: State) -> &'static str {
    match state {
        State::Checking => "Being checked",
        State::Ready => "Waits for a word",
        State::Asked | State::Running => "Going on",
        State::Stopping => "About to stop",
        State::Wrong => "Could not be taken",
        State::Done => "Done",
        State::Stopped => "Stopped",
        State::Failed => "Broke off",
        State::Interrupted => "Interrupted",
    }
}

fn counts(import: &Import) -> String {
    let count = import.progress.count;
    match import.state {
        State::Stopped | State::Failed | State::Interrupted if import.started_at.is_none() => "Nothing was changed".to_owned(),
        State::Wrong if import.progress.lines == 0 => "Not a list of products".to_owned(),
        State::Wrong => format!("{} of {} lines are wrong", grouped(import.progress.wrong), grouped(import.progress.lines)),
        _ => format!("{} new, {} changed, {} as they were", grouped(count.new), grouped(count.changed), grouped(count.same)),
    }
}

/// A number as people write it: `1,234,567`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn numbers_are_written_in_groups() {
        let written = [0, 999, 1_000, 1_234_567].map(super::grouped);
        assert_eq!(written, ["0", "999", "1,000", "1,234,567"]);
    }
}
