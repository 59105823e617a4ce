//! What a person must be told, as a page shows it.
//!
//! Invariant: it is taken only for a page that a person really opens: a prefetch and a HEAD leave it where it is. A database that
//! cannot give it now keeps it for the next page, and spoils none.

use crate::auth::notice::{self, Notice};
use crate::auth::session::{Door, MOST};
use crate::clock::Moment;
use crate::error::Result;
use crate::web::address;
use crate::web::app::App;
use crate::web::identity::CurrentUser;
use crate::web::view::pen::{Pen, When};
use crate::web::view::stencil::Mark;
use serde::Serialize;

/// A notice, as far as a page shows it.
#[derive(Debug, Clone)]
pub struct Told {
    kind: &'static str,
    /// `browsers` or `programs`.
    devices: &'static str,
    most: usize,
    client: String,
    place: String,
    at: Moment,
    last_seen_at: Moment,
}

impl From<Notice> for Told {
    fn from(notice: Notice) -> Self {
        let devices = match notice.door {
            Door::Web => "browsers",
            Door::Api => "programs",
        };
        Self {
            kind: notice.kind.word(),
            devices,
            most: MOST,
            client: notice.client().words(notice.door),
            place: address::place(&notice.address),
            at: notice.at,
            last_seen_at: notice.last_seen_at,
        }
    }
}

#[derive(Serialize)]
struct Row {
    notice: Shown,
}

#[derive(Serialize)]
struct Shown {
    kind: &'static str,
    devices: &'static str,
    most: usize,
    client: Mark,
    place: Mark,
    at: When,
    last_seen_at: When,
}

/// The notices in words.
///
/// # Errors
/// `Internal`, when the template is wrong.
pub fn rows(pen: &mut Pen, notices: &[Told]) -> Result<Option<Mark>> {
    pen.rows("account/told.html", notices, |pen, told| Row {
        notice: Shown {
            kind: told.kind,
            devices: told.devices,
            most: told.most,
            client: pen.text(&told.client),
            place: pen.text(&told.place),
            at: pen.moment(told.at),
            last_seen_at: pen.day(told.last_seen_at),
        },
    })
}

/// Takes what is to be told in this session.
pub async fn take(app: &App, person: CurrentUser) -> Vec<Told> {
    let now = app.clock.now();
    match app.db.write(move |conn| notice::take(conn, now, person.session)).await {
        Ok(notices) => notices.into_iter().map(Told::from).collect(),
        Err(cause) => {
            tracing::warn!(%cause, "a notice waits for the next page");
            Vec::new()
        }
    }
}
