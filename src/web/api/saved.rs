//! `/api/cart/saved`: what is put aside for later. What changes the cart answers with the whole of it.

use super::cart::change;
use super::wire::WireSaved;
use crate::error::Result;
use crate::ids::ProductId;
use crate::shop::cart::{self, Saved};
use crate::web::app::App;
use crate::web::identity::CurrentUser;
use crate::web::named::Named;
use actix_web::{HttpResponse, web};
use serde::Serialize;

/// `GET /api/cart/saved`.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn index(app: web::Data<App>, user: CurrentUser) -> Result<HttpResponse> {
    Ok(answer(app.db.read(move |conn| cart::saved(conn, user.key)).await?))
}

/// `POST /api/cart/items/{product_id}/save`: from the cart to the things for later.
///
/// # Errors
/// `NotFound` for what is neither here nor there; `Unavailable` from the database.
pub async fn save(app: web::Data<App>, user: CurrentUser, Named(product): Named<ProductId>) -> Result<HttpResponse> {
    change(&app, user, move |conn| cart::save(conn, user.key, product).map(Some)).await
}

/// `POST /api/cart/saved/{product_id}/restore`: back into the cart.
///
/// # Errors
/// As `save`; `sold_out`.
pub async fn restore(app: web::Data<App>, user: CurrentUser, Named(product): Named<ProductId>) -> Result<HttpResponse> {
    let now = app.clock.now();
    change(&app, user, move |conn| cart::restore(conn, now, user.key, product).map(Some)).await
}

/// `DELETE /api/cart/saved/{product_id}`: what is left.
///
/// # Errors
/// `NotFound`; `Unavailable` from the database.
pub async fn remove(app: web::Data<App>, user: CurrentUser, Named(product): Named<ProductId>) -> Result<HttpResponse> {
    let work = move |conn: &mut crate::db::Conn| {
        cart::forget(conn, user.key, product)?;
        cart::saved(conn, user.key)
    };
    Ok(answer(app.db.write(work).await?))
}

fn answer(saved: Vec<Saved>) -> HttpResponse {
    #[derive(Serialize)]
    struct Answer {
        saved: Vec<WireSaved>,
    }
    HttpResponse::Ok().json(Answer { saved: saved.into_iter().map(WireSaved::from).collect() })
}
