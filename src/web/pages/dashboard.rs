//! `/dashboard`: where a signed-in person lands.
//!
//! Invariant: three statements and one hop, whatever the shop has grown to: the person, their cart, their last orders; the frame of
//! the page takes its share from the same rows.

use crate::auth::alive::Alive;
use crate::auth::glance;
use crate::error::Result;
use crate::shop::cart::{self, Cart};
use crate::shop::order;
use crate::web::app::App;
use crate::web::identity::CurrentUser;
use crate::web::pages::card::image;
use crate::web::pages::row;
use crate::web::view::pen::{Count, Pen, When};
use crate::web::view::stencil::Mark;
use crate::web::view::{Layout, View};
use actix_web::{HttpResponse, web};
use jiff::tz::TimeZone;
use serde::Serialize;

/// Lines of the cart that are shown.
const LINES: usize = 5;

#[derive(Serialize)]
struct Line {
    title: Mark,
    slug: Mark,
    quantity: Count<Mark>,
    image: Mark,
    total: Mark,
}

#[derive(Serialize)]
struct Basket {
    count: Count<Mark>,
    lines: Option<Mark>,
    total: Mark,
}

#[derive(Serialize)]
struct Account {
    email: Mark,
    email_verified: bool,
    devices: Count<Mark>,
    second_factor: bool,
    last_sign_in: Option<When>,
    created: When,
}

#[derive(Serialize)]
struct Page {
    greeting: Mark,
    cart: Option<Basket>,
    orders: Option<Mark>,
    account: Account,
}

/// `GET /dashboard`.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn show(app: web::Data<App>, user: CurrentUser, view: View) -> Result<HttpResponse> {
    let now = app.clock.now();
    let greeting = greeting(hour(now, &app.config.shop.time_zone));
    let alive = Alive::at(now, &app.config.sessions, user.role);
    let terms = app.config.shop.terms;
    let load = move |conn: &mut crate::db::Conn| {
        let (person, account) = glance::with_account(conn, user.key, user.session, alive)?;
        Ok((person, account, cart::show(conn, now, &terms, user.key)?, order::latest(conn, user.key)?))
    };
    let (glance, account, cart, orders) = app.db.read(load).await?;
    let layout = view.told(Layout::of(&glance, cart.count())).await;
    let person = glance.user;
    view.sketch(("/dashboard", "dashboard/show.html"), layout, |pen| {
        Ok(Page {
            greeting: pen.text(&format!("{greeting}, {}", person.name)),
            cart: (cart.count() > 0).then(|| basket(pen, &cart)).transpose()?,
            orders: row::orders(pen, &orders, 3)?,
            account: Account {
                email: pen.text(person.email.as_str()),
                email_verified: person.email_verified_at.is_some(),
                devices: pen.count(account.devices),
                second_factor: account.second_factor,
                last_sign_in: person.last_sign_in_at.map(|at| pen.moment(at)),
                created: pen.day(person.created_at),
            },
        })
    })
}

fn basket(pen: &mut Pen, cart: &Cart) -> Result<Basket> {
    let line = |pen: &mut Pen, line: &cart::Line| Line {
        title: pen.text(&line.title),
        slug: pen.text(&line.slug),
        quantity: pen.count(line.quantity.get()),
        image: pen.text(&image(line.picture)),
        total: pen.money(line.line_total),
    };
    Ok(Basket {
        count: pen.count(cart.count()),
        lines: pen.rows("dashboard/line.html", cart.lines.iter().take(LINES), line)?,
        total: pen.money(cart.sums.total),
    })
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
