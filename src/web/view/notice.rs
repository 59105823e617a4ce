//! What a person must be told, as a page shows it.
//!
//! Invariant: it is taken only for a page that a person really opens: a prefetch and a HEAD leave it where it is. A database that
//! cannot give it now keeps it for the next page, and spoils none.

use crate::auth::notice::{self, Notice};
use crate::auth::session::{Door, MOST};
use crate::clock::rfc3339;
use crate::web::address;
use crate::web::app::App;
use crate::web::identity::CurrentUser;
use serde::Serialize;

/// A notice in the words of the layout.
#[derive(Debug, Clone, Serialize)]
pub struct Told {
    kind: &'static str,
    /// `browsers` or `programs`.
    devices: &'static str,
    most: usize,
    client: String,
    place: String,
    at: String,
    last_seen_at: String,
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
            at: rfc3339(notice.at),
            last_seen_at: rfc3339(notice.last_seen_at),
        }
    }
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
