//! `/account/export`: everything that is kept of a person, as a file of JSON.
//!
//! Invariant: it is sent in pieces, each from a look of its own, so that ten thousand orders cost no more memory than fifty; nothing in it
//! opens anything. That it was taken stands in the audit before the first byte goes out.

mod wire;

use crate::audit::{self, Event, Filter, Kind, Place};
use crate::auth::kept;
use crate::clock::{Moment, rfc3339};
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::ids::UserKey;
use crate::shop::cart;
use crate::shop::order::{self, Number};
use crate::web::api::wire::{WireCart, WireOrder, WireSaved};
use crate::web::app::App;
use crate::web::form::Press;
use crate::web::identity::{CurrentUser, Visit};
use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{self, Bytes};
use futures_util::stream;
use serde::Serialize;

/// Orders a piece.
const ORDERS: usize = 50;
/// Events a piece.
const EVENTS: i64 = 500;

/// What is left to send.
enum Rest {
    Orders { left: Vec<Number>, is_first: bool },
    Events { after: Option<Place>, is_first: bool },
}

/// `POST /account/export`.
///
/// # Errors
/// `StaleForm`; `Unavailable` from the database.
pub async fn download(app: web::Data<App>, user: CurrentUser, visit: Visit, _: Press) -> Result<HttpResponse> {
    let (now, actor) = (app.clock.now(), visit.actor());
    app.db.write(move |conn| audit::record(conn, now, Kind::AccountExported, &actor, "")).await?;
    let site = app.clone();
    let (head, left) = app.db.read(move |conn| head(conn, &site, now, user.key)).await?;
    let first = (Some(Bytes::from(head)), Some(Rest::Orders { left, is_first: true }));
    let body = stream::try_unfold(first, move |(ready, rest)| {
        let app = app.clone();
        async move {
            match (ready, rest) {
                (Some(bytes), rest) => Ok(Some((bytes, (None, rest)))),
                (None, Some(rest)) => rest.next(&app, user.key).await.map(|(bytes, rest)| Some((bytes, (None, rest)))),
                (None, None) => Ok(None),
            }
        }
    });
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "application/json"))
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"my-data.json\""))
        .streaming::<_, Error>(body))
}

/// All but orders and events, which may be many, up to where they begin; and which orders those are.
fn head(conn: &mut Conn, app: &App, now: Moment, key: UserKey) -> Result<(String, Vec<Number>)> {
    #[derive(Serialize)]
    struct Head {
        shop: String,
        exported_at: String,
        #[serde(flatten)]
        account: wire::Account,
        cart: WireCart,
        saved: Vec<WireSaved>,
    }
    let cart = cart::show(conn, now, &app.config.shop.terms, key)?;
    let head = Head {
        shop: app.config.shop.name.clone(),
        exported_at: rfc3339(now),
        account: wire::Account::from(kept::of(conn, key)?),
        cart: WireCart::of(cart, &app.config.shop.currency),
        saved: cart::saved(conn, key)?.into_iter().map(WireSaved::from).collect(),
    };
    let mut text = json(&head)?;
    // The object goes on.
    text.pop();
    text.push_str(",\"orders\":[");
    Ok((text, order::numbers(conn, key)?))
}

impl Rest {
    /// The next piece, and what is left behind it.
    async fn next(self, app: &App, key: UserKey) -> Result<(Bytes, Option<Self>)> {
        let (text, rest) = match self {
            Self::Orders { mut left, is_first } => {
                let behind = left.split_off(left.len().min(ORDERS));
                let load =
                    move |conn: &mut Conn| left.iter().map(|number| order::show(conn, key, number)).collect::<Result<Vec<_>>>();
                let orders = app.db.read(load).await?;
                let mut text = joined(orders.into_iter().map(WireOrder::from), is_first)?;
                let rest = if behind.is_empty() {
                    text.push_str("],\"events\":[");
                    Self::Events { after: None, is_first: true }
                } else {
                    Self::Orders { left: behind, is_first: false }
                };
                (text, Some(rest))
            }
            Self::Events { after, is_first } => {
                let filter = Filter { person: Some(key), ..Filter::default() };
                let events = app.db.read(move |conn| audit::search(conn, &filter, after, EVENTS)).await?;
                let full = i64::try_from(events.len()).is_ok_and(|count| count == EVENTS);
                let after = events.last().filter(|_| full).map(Event::place);
                let mut text = joined(events.into_iter().map(wire::Happened::from), is_first)?;
                if after.is_none() {
                    text.push_str("]}\n");
                }
                (text, after.map(|place| Self::Events { after: Some(place), is_first: false }))
            }
        };
        Ok((Bytes::from(text), rest))
    }
}

/// Members of a list that goes on.
fn joined(members: impl Iterator<Item = impl Serialize>, is_first: bool) -> Result<String> {
    let mut text = String::new();
    for (at, member) in members.enumerate() {
        if at > 0 || !is_first {
            text.push(',');
        }
        text.push_str(&json(&member)?);
    }
    Ok(text)
}

fn json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(Error::internal)
}
