//! `/dashboard`: where a signed-in person lands.
//!
//! Invariant: three statements and one hop, whatever the shop has grown to: the person, their cart, their last orders; the frame of
//! the page takes its share from the same rows.

use crate::auth::alive::Alive;
use crate::auth::glance;
use crate::clock::rfc3339;
use crate::error::Result;
use crate::shop::{cart, order};
use crate::web::app::App;
use crate::web::identity::CurrentUser;
use crate::web::pages::card::{OrderRow, image};
use crate::web::view::{Layout, View};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use jiff::tz::TimeZone;
use serde::Serialize;

/// Lines of the cart that are shown.
const LINES: usize = 5;

#[derive(Serialize)]
#[allow(clippy::struct_field_names, reason = "docs/API.md names it `line_total`")]
struct Line {
    title: String,
    slug: String,
    quantity: i64,
    image: String,
    line_total: i64,
}

#[derive(Serialize)]
struct Glance {
    count: i64,
    lines: Vec<Line>,
    total: i64,
}

#[derive(Serialize)]
struct Account {
    email: String,
    email_verified: bool,
    devices: i64,
    second_factor: bool,
    last_sign_in: Option<String>,
    created_at: String,
}

#[derive(Serialize)]
struct Page {
    greeting: String,
    cart: Glance,
    orders: Vec<OrderRow>,
    account: Account,
}

/// `GET /dashboard`.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn show(app: web::Data<App>, user: CurrentUser, view: View) -> Result<HttpResponse> {
    let now = app.clock.now();
    let hour = hour(now, &app.config.shop.time_zone);
    let alive = Alive::at(now, &app.config.sessions, user.role);
    let terms = app.config.shop.terms;
    let load = move |conn: &mut crate::db::Conn| {
        let (glance, at_a_glance) = glance::with_account(conn, user.key, user.session, alive)?;
        let cart = cart::show(conn, now, &terms, user.key)?;
        let orders = order::latest(conn, user.key)?;
        let layout = Layout::of(&glance, cart.count());
        let person = glance.user;
        let greeting = format!("{}, {}", greeting(hour), person.name);
        let glance = Glance {
            count: cart.count(),
            total: cart.sums.total.minor(),
            lines: cart.lines.into_iter().take(LINES).map(line).collect(),
        };
        let account = Account {
            email: person.email,
            email_verified: person.email_verified_at.is_some(),
            devices: at_a_glance.devices,
            second_factor: at_a_glance.second_factor,
            last_sign_in: person.last_sign_in_at.map(rfc3339),
            created_at: rfc3339(person.created_at),
        };
        Ok((layout, Page { greeting, cart: glance, orders: orders.into_iter().map(OrderRow::from).collect(), account }))
    };
    let (layout, page) = app.db.read(load).await?;
    view.draw(StatusCode::OK, "dashboard/show.html", view.told(layout).await, &page)
}

fn line(line: cart::Line) -> Line {
    Line {
        title: line.title,
        slug: line.slug,
        quantity: line.quantity.get(),
        image: image(line.picture),
        line_total: line.line_total.minor(),
    }
}

/// The hour of the day in the shop.
fn hour(now: crate::clock::Moment, zone: &TimeZone) -> i8 {
    let seconds = crate::clock::unix(now);
    jiff::Timestamp::from_second(seconds).map_or(12, |at| at.to_zoned(zone.clone()).hour())
}

const fn greeting(hour: i8) -> &'static str {
    match hour {
        5..12 => "Good morning",
        12..18 => "Good afternoon",
        _ => "Good evening",
    }
}
