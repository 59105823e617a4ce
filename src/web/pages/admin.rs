//! `/admin`: the shop at a glance, for those who run it; the pages below it are in the folder.
//!
//! Invariant: what is counted is bounded by days or by a number, so the page costs the same however old the shop is. Who may see it
//! is decided in `web/routes.rs`.

pub mod audit;
pub mod categories;
pub mod category;
pub mod discounts;
pub mod export;
pub mod import;
pub mod options;
pub mod order;
pub mod orders;
pub mod payment;
pub mod payments;
pub mod people;
pub mod person;
mod plot;
pub mod product;
pub mod products;
pub mod settings;

use crate::audit::{self as events, Kind};
use crate::auth::census;
use crate::db::Conn;
use crate::error::Result;
use crate::shop::money::Money;
use crate::shop::product::{Shelf, inventory};
use crate::shop::{order as orders_of, payment as payment_of, takings};
use crate::web::app::App;
use crate::web::view::View;
use actix_web::{HttpResponse, web};
use plot::{Calendar, Plot};
use serde::Serialize;

/// Days that the plots go back.
const DAYS: usize = 30;

/// Products that are shown because few are left.
const LOW: i64 = 8;

/// Sessions and waiting orders are counted up to here.
const SESSIONS: usize = 10_000;
const WAITING: usize = 100;

#[derive(Serialize)]
struct Page {
    plots: Vec<Plot>,
    low: Vec<products::Row>,
    sessions: String,
    waiting: String,
    /// Orders to be paid back; none when there are none.
    owing: Option<String>,
}

/// `GET /admin`.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn show(app: web::Data<App>, view: View) -> Result<HttpResponse> {
    let (now, limits, shop) = (app.clock.now(), app.config.sessions.clone(), app.config.shop.clone());
    let load = move |conn: &mut Conn| {
        let calendar = Calendar::until(now, &shop.time_zone, DAYS);
        let since = calendar.since();
        let takings = takings::since(conn, since)?;
        let orders = calendar.by_day(takings.iter().map(|it| (it.quarter, it.orders)));
        let revenue = calendar.by_day(takings.iter().map(|it| (it.quarter, it.revenue.minor())));
        let sign_ins = calendar.by_day(events::tally(conn, Kind::SignIn, since)?);
        let failures = calendar.by_day(events::tally(conn, Kind::SignInFailed, since)?);
        let money = |minor: i64| Money::new(minor).unwrap_or_default().show(&shop.currency);
        let plots = vec![
            Plot::new("orders", "Orders", "Every order placed.", &calendar, &orders, |count| count.to_string()),
            Plot::new("revenue", "Revenue", "Without what was cancelled or paid back.", &calendar, &revenue, money),
            Plot::new("sign-ins", "Sign-ins", "On pages and through the API.", &calendar, &sign_ins, |count| count.to_string()),
            Plot::new("failures", "Failed sign-ins", "A wrong address or password.", &calendar, &failures, |count| {
                count.to_string()
            }),
        ];
        let sessions = up_to(census::living(conn, now, &limits, at_most(SESSIONS))?, SESSIONS);
        let waiting = up_to(orders_of::waiting(conn, at_most(WAITING))?, WAITING);
        let owing = payment_of::owing(conn, at_most(WAITING))?;
        let owing = (owing > 0).then(|| up_to(owing, WAITING));
        let low = inventory(conn, Shelf::Low, None, LOW)?.items.into_iter().map(products::Row::from).collect();
        Ok(Page { plots, low, sessions, waiting, owing })
    };
    view.show("admin/show.html", load).await
}

/// One more than is told, so that "more" is known.
fn at_most(told: usize) -> i64 {
    i64::try_from(told + 1).unwrap_or(i64::MAX)
}

fn up_to(count: usize, told: usize) -> String {
    if count > told { format!("more than {told}") } else { count.to_string() }
}
