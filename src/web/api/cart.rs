//! `/api/cart`: the cart; every change answers with the whole of it.

use super::wire::WireCart;
use crate::error::Result;
use crate::ids::ProductId;
use crate::shop::cart::{self, Cart, Changed};
use crate::web::app::App;
use crate::web::form::Json;
use crate::web::identity::CurrentUser;
use crate::web::named::Named;
use crate::web::pages::cart::{Add, Set};
use actix_web::{HttpResponse, web};
use serde::Serialize;

/// `GET /api/cart`.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn show(app: web::Data<App>, user: CurrentUser) -> Result<HttpResponse> {
    let (now, terms) = (app.clock.now(), app.config.shop.terms);
    let cart = app.db.read(move |conn| cart::show(conn, now, &terms, user.key)).await?;
    Ok(answer(&app, cart))
}

/// `POST /api/cart/items`: puts more of a product in.
///
/// # Errors
/// `sold_out`; `NotFound` for what is not sold; `Unavailable` from the database.
pub async fn add(app: web::Data<App>, user: CurrentUser, body: Json<Add>) -> Result<HttpResponse> {
    let (now, (product, quantity)) = (app.clock.now(), body.0.wish()?);
    change(&app, user, move |conn| cart::add(conn, now, user.key, product, quantity).map(Some)).await
}

/// `PUT /api/cart/items/{product_id}`: sets a quantity.
///
/// # Errors
/// As `add`.
pub async fn set(
    app: web::Data<App>,
    user: CurrentUser,
    Named(product): Named<ProductId>,
    body: Json<Set>,
) -> Result<HttpResponse> {
    let (now, Json(Set(wish))) = (app.clock.now(), body);
    change(&app, user, move |conn| cart::set(conn, now, user.key, product, wish).map(Some)).await
}

/// `DELETE /api/cart/items/{product_id}`.
///
/// # Errors
/// `NotFound`; `Unavailable` from the database.
pub async fn remove(app: web::Data<App>, user: CurrentUser, Named(product): Named<ProductId>) -> Result<HttpResponse> {
    change(&app, user, move |conn| cart::remove(conn, user.key, product).map(Some)).await
}

/// `POST /api/cart/undo`: puts back what was taken out last; without such a thing the cart stays as it is.
///
/// # Errors
/// As `add`.
pub async fn undo(app: web::Data<App>, user: CurrentUser) -> Result<HttpResponse> {
    change(&app, user, move |conn| cart::undo(conn, user.key)).await
}

/// Changes the cart and reads it again, in one transaction.
pub(super) async fn change(
    app: &App,
    user: CurrentUser,
    work: impl FnOnce(&mut crate::db::Conn) -> Result<Option<Changed>> + Send + 'static,
) -> Result<HttpResponse> {
    let (now, terms) = (app.clock.now(), app.config.shop.terms);
    let changed = move |conn: &mut crate::db::Conn| {
        let changed = work(conn)?;
        let cart = cart::show(conn, now, &terms, user.key)?;
        Ok(match changed {
            Some(changed) => cart.said(changed),
            None => cart,
        })
    };
    Ok(answer(app, app.db.write(changed).await?))
}

fn answer(app: &App, cart: Cart) -> HttpResponse {
    #[derive(Serialize)]
    struct Answer {
        cart: WireCart,
    }
    HttpResponse::Ok().json(Answer { cart: WireCart::of(cart, &app.config.shop.currency) })
}
