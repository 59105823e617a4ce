//! `/cart`: what the person is about to buy.

use crate::config::Currency;
use crate::error::{Error, Result};
use crate::ids::{NotAnId, ProductId};
use crate::shop::cart::{self, Changed};
use crate::shop::quantity::{Quantity, SetQuantity};
use crate::web::app::App;
use crate::web::form::{Fields, Form, Press, Reader, Typed};
use crate::web::identity::CurrentUser;
use crate::web::named::Named;
use crate::web::pages::card::{Basket, SavedItem};
use crate::web::pages::discount::Apply;
use crate::web::pages::products::{self, Wanted};
use crate::web::view::{Flash, Kind, Layout, View, see_other};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::Serialize;

/// What is said of a product that was put in.
pub(in crate::web) const IN_CART: &str = "is in your cart";

/// What the form of a product asks.
#[derive(Debug)]
pub struct Add {
    product: std::result::Result<ProductId, NotAnId>,
    quantity: Quantity,
}

impl Fields for Add {
    const NAME: &'static str = "add";
    const FIELDS: &'static [&'static str] = &["product_id", "quantity"];

    fn read(reader: &mut Reader) -> Option<Self> {
        // What is no id at all is an unknown product like any other.
        let product = reader.required("product_id", |text| Ok(text.parse()));
        let quantity = if reader.has("quantity") { reader.required("quantity", str::parse) } else { Some(Quantity::ONE) };
        Some(Self { product: product?, quantity: quantity? })
    }
}

impl Add {
    /// Which product, and how much of it.
    ///
    /// # Errors
    /// `NotFound` for what is no id.
    pub fn wish(self) -> Result<(ProductId, Quantity)> {
        Ok((self.product.map_err(|_| Error::NotFound)?, self.quantity))
    }
}

/// What the form of a line asks.
#[derive(Debug)]
pub struct Set(pub(in crate::web) SetQuantity);

impl Fields for Set {
    const NAME: &'static str = "quantity";
    const FIELDS: &'static [&'static str] = &["quantity"];

    fn read(reader: &mut Reader) -> Option<Self> {
        reader.required("quantity", str::parse).map(Self)
    }
}

/// `GET /cart`.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn show(app: web::Data<App>, user: CurrentUser, view: View) -> Result<HttpResponse> {
    show_with(&app, user, &view, Typed::blank(Set::NAME)).await
}

/// `POST /cart/items`: puts more of a product in. A form that cannot be taken comes back as the product's page.
///
/// # Errors
/// `NotFound` for what is not sold; `Unavailable` from the database.
pub async fn add(app: web::Data<App>, user: CurrentUser, view: View, form: Form<Add>) -> Result<HttpResponse> {
    let (product, quantity) = match form.parse() {
        Ok(add) => add.wish()?,
        Err(typed) => {
            return match typed.values.get("product_id").map(|id| id.parse()) {
                Some(Ok(id)) => products::show_with(&view, Wanted::Id(id), typed).await,
                Some(Err(_)) => Err(Error::NotFound),
                None if typed.status == StatusCode::FORBIDDEN => Err(Error::StaleForm),
                None => Err(Error::Invalid(typed.errors)),
            };
        }
    };
    let now = app.clock.now();
    match app.db.write(move |conn| cart::add(conn, now, user.key, product, quantity)).await {
        Ok(changed) => {
            say(&app, &view, &changed, IN_CART);
            Ok(see_other("/cart"))
        }
        Err(cause) => products::show_with(&view, Wanted::Id(product), form.refuse("quantity", refusal(cause)?)).await,
    }
}

/// `POST /cart/items/{product_id}`: sets a quantity in the cart; 0 removes.
///
/// # Errors
/// `NotFound` for what is not sold; `Unavailable` from the database.
pub async fn set(
    app: web::Data<App>,
    user: CurrentUser,
    Named(product): Named<ProductId>,
    view: View,
    form: Form<Set>,
) -> Result<HttpResponse> {
    let Set(wish) = match form.parse() {
        Ok(set) => set,
        Err(typed) => return show_with(&app, user, &view, of_line(typed, product)).await,
    };
    let now = app.clock.now();
    match app.db.write(move |conn| cart::set(conn, now, user.key, product, wish)).await {
        Ok(changed) if changed.quantity == 0 => {
            say_removed(&view, &changed);
            Ok(see_other("/cart"))
        }
        Ok(changed) => {
            say(&app, &view, &changed, "is updated");
            Ok(see_other("/cart"))
        }
        Err(cause) => show_with(&app, user, &view, of_line(form.refuse("quantity", refusal(cause)?), product)).await,
    }
}

/// `POST /cart/items/{product_id}/remove`.
///
/// # Errors
/// `StaleForm`; `Unavailable` from the database.
pub async fn remove(
    app: web::Data<App>,
    user: CurrentUser,
    Named(product): Named<ProductId>,
    view: View,
    _: Press,
) -> Result<HttpResponse> {
    let changed = app.db.write(move |conn| cart::remove(conn, user.key, product)).await?;
    say_removed(&view, &changed);
    Ok(see_other("/cart"))
}

/// `POST /cart/undo`: puts back what was taken out last.
///
/// # Errors
/// `StaleForm`; `Unavailable` from the database.
pub async fn undo(app: web::Data<App>, user: CurrentUser, view: View, _: Press) -> Result<HttpResponse> {
    match app.db.write(move |conn| cart::undo(conn, user.key)).await {
        Ok(Some(changed)) => say(&app, &view, &changed, "is back in your cart"),
        Ok(None) => {
            view.flash(Kind::Notice, "There is nothing to put back: you took nothing out of this cart, or it is back already.");
        }
        Err(Error::NotFound) => view.flash(Kind::Error, "We no longer sell this, so it cannot be put back."),
        Err(cause) => view.flash(Kind::Error, refusal(cause)?),
    }
    Ok(see_other("/cart"))
}

pub(super) fn say(app: &App, view: &View, changed: &Changed, done: &str) {
    let (kind, text) = told(&app.config.shop.currency, changed, done);
    view.flash(kind, text);
}

/// What became of a wish: why it is less, or that it is done.
pub(in crate::web) fn told(currency: &Currency, changed: &Changed, done: &str) -> (Kind, String) {
    let reasons: Vec<String> = changed.notices.iter().map(|notice| notice.message(currency)).collect();
    if reasons.is_empty() {
        (Kind::Success, format!("{} {done}.", changed.title))
    } else {
        (Kind::Notice, format!("{}: {}", changed.title, reasons.join(" ")))
    }
}

fn say_removed(view: &View, changed: &Changed) {
    let text = format!("{} is out of your cart.", changed.title);
    view.leave(Flash { kind: Kind::Success, text, undo: Some("/cart/undo".to_owned()), sealed: None });
}

/// The sentence of a "no" that belongs beside the quantity.
pub(in crate::web) fn refusal(cause: Error) -> Result<String> {
    match cause {
        Error::Refused { text, .. } => Ok(text),
        Error::Invalid(fields) => Ok(fields.into_iter().map(|field| field.message).collect::<Vec<_>>().join(" ")),
        other => Err(other),
    }
}

/// The form of that line.
fn of_line(mut typed: Typed, product: ProductId) -> Typed {
    typed.values.insert("product_id".into(), product.to_string());
    typed
}

pub(super) async fn show_with(app: &App, user: CurrentUser, view: &View, form: Typed) -> Result<HttpResponse> {
    #[derive(Serialize)]
    struct Page {
        cart: Basket,
        saved: Vec<SavedItem>,
        form: Typed,
        code_form: Typed,
    }
    // Two kinds of form are on the page: what was typed into one of them is not shown in the other.
    let code_form = if form.name == Apply::NAME { form.clone() } else { Typed::blank(Apply::NAME) };
    let (status, now, shop) = (form.status, app.clock.now(), app.config.shop.clone());
    // Three statements, whatever is in the cart: the frame takes its count from the same rows.
    let load = move |conn: &mut crate::db::Conn| {
        let cart = cart::show(conn, now, &shop.terms, user.key)?;
        let saved = cart::saved(conn, user.key)?.into_iter().map(SavedItem::from).collect();
        let layout = Layout::beside(conn, user, cart.count())?;
        Ok((layout, Page { cart: Basket::of(cart, &shop), saved, form, code_form }))
    };
    let (layout, page) = app.db.read(load).await?;
    view.draw(status, "cart/show.html", view.told(layout).await, &page)
}
