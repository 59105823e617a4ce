//! `/cart/discount`: a discount code on the cart, and off it again.

use super::cart::show_with;
use crate::error::{Error, Result};
use crate::shop::cart;
use crate::shop::discount::Code;
use crate::web::app::App;
use crate::web::form::{Fields, Form, Press, Reader};
use crate::web::identity::CurrentUser;
use crate::web::view::{Kind, View, see_other};
use actix_web::{HttpResponse, web};

/// What the form asks; the API asks the same.
#[derive(Debug)]
pub struct Apply(pub Code);

impl Fields for Apply {
    const NAME: &'static str = "discount";
    const FIELDS: &'static [&'static str] = &["code"];

    fn read(reader: &mut Reader) -> Option<Self> {
        reader.required("code", str::parse).map(Self)
    }
}

/// `POST /cart/discount`.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn apply(app: web::Data<App>, user: CurrentUser, view: View, form: Form<Apply>) -> Result<HttpResponse> {
    let Apply(code) = match form.parse() {
        Ok(apply) => apply,
        Err(typed) => return show_with(&app, user, &view, typed).await,
    };
    let (now, said) = (app.clock.now(), format!("The code {code} is on your cart."));
    match app.db.write(move |conn| cart::apply(conn, now, user.key, &code)).await {
        Ok(()) => {
            view.flash(Kind::Success, said);
            Ok(see_other("/cart"))
        }
        Err(Error::Invalid(fields)) => {
            let sentence = fields.into_iter().map(|field| field.message).collect::<Vec<_>>().join(" ");
            show_with(&app, user, &view, form.refuse("code", sentence)).await
        }
        Err(cause) => Err(cause),
    }
}

/// `POST /cart/discount/remove`.
///
/// # Errors
/// `StaleForm`; `Unavailable` from the database.
pub async fn remove(app: web::Data<App>, user: CurrentUser, view: View, _: Press) -> Result<HttpResponse> {
    app.db.write(move |conn| cart::without_discount(conn, user.key)).await?;
    view.flash(Kind::Success, "Your cart has no discount code any more.");
    Ok(see_other("/cart"))
}
