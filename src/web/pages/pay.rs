//! `/orders/{number}/pay`: leads to where the person pays.
//!
//! Invariant: the payment is committed as begun before its provider hears of it. It does not know what comes of it: the provider tells.

use crate::error::{Error, Result};
use crate::shop::order::Number;
use crate::shop::payment;
use crate::web::app::App;
use crate::web::form::Press;
use crate::web::identity::CurrentUser;
use crate::web::named::Named;
use crate::web::view::{View, see_other};
use actix_web::{HttpResponse, web};

/// `POST /orders/{number}/pay`.
///
/// # Errors
/// `NotFound`; `Refused` when there is nothing to pay; `StaleForm`; `Unavailable` from the database or the provider: then the next try
/// goes on where this one broke off.
pub async fn begin(
    app: web::Data<App>,
    user: CurrentUser,
    Named(number): Named<Number>,
    view: View,
    _: Press,
) -> Result<HttpResponse> {
    let (now, actor, providers) = (app.clock.now(), view.visit().actor(), app.payments.clone());
    let begun = app.db.write(move |conn| payment::begin(conn, now, &actor, &providers, user.key, &number)).await?;
    let (name, bill) = begun;
    let provider = app.payments.get(&name).ok_or_else(|| Error::internal("a provider is gone"))?.clone();
    let id = bill.payment;
    let counter = web::block(move || provider.begin(&bill)).await.map_err(Error::internal)??;
    let address = counter.address.clone();
    app.db.write(move |conn| payment::remember(conn, id, &counter.reference)).await?;
    Ok(see_other(&address))
}
