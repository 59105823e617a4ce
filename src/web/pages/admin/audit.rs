//! `/admin/audit`: everything that happened, the newest first, for those who must answer who did that.

pub mod export;

use crate::audit::{self, Event, Filter, Kind};
use crate::auth::email::Email;
use crate::auth::roll;
use crate::auth::secrets::Secrets;
use crate::auth::user;
use crate::clock::{self, Moment, rfc3339};
use crate::db::Conn;
use crate::error::Result;
use crate::ids::UserId;
use crate::web::pages::activity::called;
use crate::web::pages::place;
use crate::web::view::View;
use actix_web::{HttpRequest, HttpResponse};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;

/// Events on a page.
const ON_A_PAGE: usize = 50;

/// The query; what is not legal is as absent (docs/API.md, "General").
#[derive(Debug, Default)]
pub(super) struct Wish {
    kind: Option<Kind>,
    email: String,
    from: Option<Date>,
    to: Option<Date>,
}

impl Wish {
    pub(super) fn read(query: &str) -> Self {
        let mut wish = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "event" => wish.kind = Kind::read(&value),
                "email" => {
                    value.chars().filter(|c| !c.is_control()).take(254).collect::<String>().trim().clone_into(&mut wish.email);
                }
                "from" => wish.from = value.parse().ok(),
                "to" => wish.to = value.parse().ok(),
                _ => {}
            }
        }
        wish
    }

    /// What to look for; none when nobody has that address.
    pub(super) fn filter(&self, conn: &mut Conn, zone: &TimeZone) -> Result<Option<Filter>> {
        let person = match (self.email.is_empty(), self.email.parse::<Email>()) {
            (true, _) => None,
            (false, Err(_)) => return Ok(None),
            (false, Ok(email)) => match user::by_email(conn, &email)? {
                Some((person, _)) => Some(person.key),
                None => return Ok(None),
            },
        };
        let from = self.from.and_then(|day| start(day, zone));
        let before = self.to.and_then(|day| start(day.tomorrow().ok()?, zone));
        Ok(Some(Filter { kind: self.kind, person, from, before }))
    }

    /// The query that asks for the same.
    pub(super) fn query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let days = [("from", self.from), ("to", self.to)].map(|(name, day)| (name, day.map(|day| day.to_string())));
        let said = [("event", self.kind.map(|kind| kind.word().to_owned())), ("email", Some(self.email.clone()))];
        for (name, value) in said.into_iter().chain(days) {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                query.append_pair(name, &value);
            }
        }
        query.finish()
    }
}

/// When a day of the shop begins.
fn start(day: Date, zone: &TimeZone) -> Option<Moment> {
    day.to_zoned(zone.clone()).ok().map(|start| clock::from_unix(start.timestamp().as_second()))
}

#[derive(Serialize)]
struct Row {
    at: String,
    event: String,
    kind: String,
    who: Option<(UserId, String)>,
    client: String,
    address: String,
    detail: String,
    /// Whom the detail ends with: who did it to the account, or to whom its person did it.
    other: Option<(UserId, String)>,
}

/// The person whom a detail ends with, such as `locked, by ID`, and what stands before; a token's id looks alike, and is nobody's.
fn other(detail: &str) -> Option<(&str, UserId)> {
    let (rest, id) = detail.rsplit_once(' ')?;
    id.parse().ok().map(|id| (rest, id))
}

#[derive(Serialize)]
struct Choice {
    code: &'static str,
    name: String,
}

#[derive(Serialize)]
struct Page {
    events: Vec<Row>,
    kinds: Vec<Choice>,
    event: &'static str,
    email: String,
    from: Option<String>,
    to: Option<String>,
    unknown: bool,
    first: bool,
    query: String,
    older: Option<String>,
}

/// `GET /admin/audit`.
///
/// # Errors
/// `NotFound` behind a place that is none; `Unavailable` from the database.
pub async fn index(request: HttpRequest, view: View) -> Result<HttpResponse> {
    let app = view.app();
    let (zone, secrets) = (app.config.shop.time_zone.clone(), app.latch.secrets.clone());
    let after = place::after(&secrets, request.query_string())?;
    let wish = Wish::read(request.query_string());
    let load = move |conn: &mut Conn| {
        let filter = wish.filter(conn, &zone)?;
        let mut events = match &filter {
            Some(filter) => audit::search(conn, filter, after, place::one_more(ON_A_PAGE))?,
            None => Vec::new(),
        };
        let more = events.len() > ON_A_PAGE;
        events.truncate(ON_A_PAGE);
        let query = wish.query();
        let older = events.last().filter(|_| more).map(|last| older(&secrets, &query, last));
        let keys: Vec<_> = events.iter().filter_map(|event| event.user).collect();
        let people = roll::people(conn, &keys)?;
        let others: Vec<UserId> = events.iter().filter_map(|event| other(&event.detail)).map(|(_, id)| id).collect();
        let others = roll::by_public_names(conn, &others)?;
        let row = |event: Event| {
            let known = other(&event.detail).and_then(|(rest, id)| Some((rest.to_owned(), (id, others.get(&id)?.clone()))));
            let (detail, other) = known.map_or((event.detail, None), |(rest, other)| (rest, Some(other)));
            Row {
                at: rfc3339(event.at),
                event: called(&event.kind),
                who: event.user.and_then(|key| people.get(&key).cloned()),
                kind: event.kind,
                client: event.client,
                address: event.address,
                detail,
                other,
            }
        };
        let kinds = Kind::ALL.iter().map(|kind| Choice { code: kind.word(), name: called(kind.word()) });
        Ok(Page {
            events: events.into_iter().map(row).collect(),
            kinds: kinds.collect(),
            event: wish.kind.map_or("", Kind::word),
            from: wish.from.map(|day| day.to_string()),
            to: wish.to.map(|day| day.to_string()),
            unknown: filter.is_none(),
            first: after.is_none(),
            email: wish.email,
            query,
            older,
        })
    };
    view.show("admin/audit/index.html", load).await
}

fn older(secrets: &Secrets, query: &str, last: &Event) -> String {
    let sign = if query.is_empty() { "" } else { "&" };
    format!("/admin/audit?{query}{sign}after={}", place::name(secrets, last))
}
