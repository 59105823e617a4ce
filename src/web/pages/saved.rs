//! What a person puts aside for later, on the page of their cart.

use super::cart::{refusal, say};
use crate::error::Result;
use crate::ids::ProductId;
use crate::shop::cart;
use crate::web::app::App;
use crate::web::form::Press;
use crate::web::identity::CurrentUser;
use crate::web::named::Named;
use crate::web::view::{Kind, View, see_other};
use actix_web::{HttpResponse, web};

/// `POST /cart/items/{product_id}/save`: from the cart to the things for later.
///
/// # Errors
/// `NotFound` for what is neither here nor there; `StaleForm`; `Unavailable` from the database.
pub async fn save(
    app: web::Data<App>,
    user: CurrentUser,
    Named(product): Named<ProductId>,
    view: View,
    _: Press,
) -> Result<HttpResponse> {
    match app.db.write(move |conn| cart::save(conn, user.key, product)).await {
        Ok(changed) => view.flash(Kind::Success, format!("{} is saved for later.", changed.title)),
        Err(cause) => view.flash(Kind::Error, refusal(cause)?),
    }
    Ok(see_other("/cart"))
}

/// `POST /cart/saved/{product_id}/restore`: back into the cart.
///
/// # Errors
/// As `save`.
pub async fn restore(
    app: web::Data<App>,
    user: CurrentUser,
    Named(product): Named<ProductId>,
    view: View,
    _: Press,
) -> Result<HttpResponse> {
    let now = app.clock.now();
    match app.db.write(move |conn| cart::restore(conn, now, user.key, product)).await {
        Ok(changed) => say(&app, &view, &changed, "is back in your cart"),
        Err(cause) => view.flash(Kind::Error, refusal(cause)?),
    }
    Ok(see_other("/cart"))
}

/// `POST /cart/saved/{product_id}/remove`: not wanted any more.
///
/// # Errors
/// As `save`.
pub async fn remove(
    app: web::Data<App>,
    user: CurrentUser,
    Named(product): Named<ProductId>,
    view: View,
    _: Press,
) -> Result<HttpResponse> {
    let changed = app.db.write(move |conn| cart::forget(conn, user.key, product)).await?;
    view.flash(Kind::Success, format!("{} is no longer saved.", changed.title));
    Ok(see_other("/cart"))
}
