//! `/api/dashboard`: the person, their cart, their last five orders.

use super::profile::Profile;
use super::wire::{WireCart, WireSummary};
use crate::auth::user;
use crate::error::Result;
use crate::shop::{cart, order};
use crate::web::app::App;
use crate::web::identity::CurrentUser;
use actix_web::{HttpResponse, web};
use serde::Serialize;

/// `GET /api/dashboard`.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn show(app: web::Data<App>, user: CurrentUser) -> Result<HttpResponse> {
    #[derive(Serialize)]
    struct Answer {
        user: Profile,
        cart: WireCart,
        orders: Vec<WireSummary>,
    }
    let (now, terms) = (app.clock.now(), app.config.shop.terms);
    let load = move |conn: &mut crate::db::Conn| {
        Ok((user::find(conn, user.key)?, cart::show(conn, now, &terms, user.key)?, order::latest(conn, user.key)?))
    };
    let (person, cart, orders) = app.db.read(load).await?;
    let cart = WireCart::of(cart, &app.config.shop.currency);
    let orders = orders.into_iter().map(WireSummary::from).collect();
    Ok(HttpResponse::Ok().json(Answer { user: person.into(), cart, orders }))
}
