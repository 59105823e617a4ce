//! `/api/cart/discount`: a discount code on the cart, and off it again.

use super::cart::change;
use crate::error::Result;
use crate::shop::cart;
use crate::web::app::App;
use crate::web::form::Json;
use crate::web::identity::CurrentUser;
use crate::web::pages::discount::Apply;
use actix_web::{HttpResponse, web};

/// `POST /api/cart/discount`.
///
/// # Errors
/// `Invalid` for a code that is not known or may not be used; `Unavailable` from the database.
pub async fn apply(app: web::Data<App>, user: CurrentUser, body: Json<Apply>) -> Result<HttpResponse> {
    let (now, Json(Apply(code))) = (app.clock.now(), body);
    change(&app, user, move |conn| cart::apply(conn, now, user.key, &code).map(|()| None)).await
}

/// `DELETE /api/cart/discount`.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn remove(app: web::Data<App>, user: CurrentUser) -> Result<HttpResponse> {
    change(&app, user, move |conn| cart::without_discount(conn, user.key).map(|()| None)).await
}
