//! `/admin/audit.csv`: the same list as a file, however long.
//!
//! Invariant: it is read and sent in batches, so it takes no more memory for a million events than for a thousand and holds no
//! connection while the client is slow; no cell begins a formula. That somebody took it is an event itself.

use super::Wish;
use crate::audit::{self, Event, Filter, Kind, Place};
use crate::auth::roll;
use crate::clock::rfc3339;
use crate::db::{Conn, Db};
use crate::error::{Error, Result};
use crate::ids::{UserId, UserKey};
use crate::sheet;
use crate::web::app::App;
use crate::web::identity::Visit;
use actix_web::http::header;
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::stream;
use std::collections::HashMap;

/// Events a batch.
const BATCH: i64 = 1_000;

const HEAD: [&str; 8] = ["time", "event", "person", "name", "session", "client", "address", "detail"];

/// What is left to send.
struct Rest {
    db: Db,
    filter: Filter,
    after: Option<Place>,
    is_first: bool,
}

/// `GET /admin/audit.csv`.
///
/// # Errors
/// `NotFound` when nobody has the address that is asked for; `Unavailable` from the database.
pub async fn download(app: web::Data<App>, visit: Visit, request: HttpRequest) -> Result<HttpResponse> {
    let (wish, zone) = (Wish::read(request.query_string()), app.config.shop.time_zone.clone());
    let (now, actor) = (app.clock.now(), visit.actor());
    let begin = move |conn: &mut Conn| {
        let filter = wish.filter(conn, &zone)?.ok_or(Error::NotFound)?;
        // The address that was looked for stays out of the audit, as all addresses do.
        let detail = Wish { email: String::new(), ..wish }.query();
        audit::record(conn, now, Kind::AuditExported, &actor, &detail)?;
        Ok(filter)
    };
    let filter = app.db.write(begin).await?;
    let rest = Rest { db: app.db.clone(), filter, after: None, is_first: true };
    let body = stream::try_unfold(Some(rest), |rest| async {
        match rest {
            Some(rest) => rest.next().await.map(Some),
            None => Ok(None),
        }
    });
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/csv; charset=utf-8"))
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"audit.csv\""))
        .streaming::<_, Error>(body))
}

impl Rest {
    /// The next batch, and what is left behind it.
    async fn next(self) -> Result<(Bytes, Option<Self>)> {
        let Self { db, filter, after, is_first } = self;
        let load = move |conn: &mut Conn| {
            let events = audit::search(conn, &filter, after, BATCH)?;
            let keys: Vec<UserKey> = events.iter().filter_map(|event| event.user).collect();
            let people = roll::people(conn, &keys)?;
            Ok((events, people))
        };
        let (events, people) = db.read(load).await?;
        let text = text(&events, &people, is_first)?;
        let full = i64::try_from(events.len()).is_ok_and(|count| count == BATCH);
        let rest = events.last().filter(|_| full).map(|last| Self { db, filter, after: Some(last.place()), is_first: false });
        Ok((Bytes::from(text), rest))
    }
}

fn text(events: &[Event], people: &HashMap<UserKey, (UserId, String)>, with_head: bool) -> Result<Vec<u8>> {
    let mut lines = sheet::Writer::new();
    if with_head {
        lines.line(HEAD)?;
    }
    for event in events {
        let (id, name) =
            event.user.and_then(|key| people.get(&key)).map_or((String::new(), ""), |(id, name)| (id.to_string(), name));
        let session = event.session.map(|session| session.to_string()).unwrap_or_default();
        lines.line([&*rfc3339(event.at), &event.kind, &id, name, &session, &event.client, &event.address, &event.detail])?;
    }
    lines.done()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    #[test]
    fn a_cell_is_never_a_formula_nor_two_cells() {
        let text_of = str::to_owned;
        let event = |detail: &str| Event {
            id: 1,
            at: Clock::default().now(),
            kind: text_of("name_changed"),
            user: Some(UserKey(1)),
            session: None,
            address: text_of("192.0.2.1"),
            detail: text_of(detail),
            client: text_of("Firefox on Linux"),
        };
        let person = (UserId::random(), text_of("=HYPERLINK(\"http://evil.example\")"));
        let people = HashMap::from([(UserKey(1), person)]);
        let events: Vec<Event> =
            ["@SUM(1)", "+1", "-1", "a,b\r\n\"c\"", "\t=1", "a;=1"].iter().map(|detail| event(detail)).collect();
        let file = text(&events, &people, true).expect("a file");
        let mut read = csv::Reader::from_reader(&*file);
        assert_eq!(read.headers().expect("a head").len(), 8);
        let rows: Vec<csv::StringRecord> = read.records().map(|row| row.expect("a row")).collect();
        let details: Vec<&str> = rows.iter().map(|row| &row[7]).collect();
        assert_eq!(details, ["'@SUM(1)", "'+1", "'-1", "a,b\r\n\"c\"", "'\t=1", "a;'=1"]);
        assert!(rows.iter().all(|row| row[3].starts_with("'=HYPERLINK")));
    }
}
