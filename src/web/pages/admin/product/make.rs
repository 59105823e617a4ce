//! `/admin/products/new`: a product is made.

use super::{Choice, categories, priced, statuses, whole};
use crate::db::Conn;
use crate::error::Result;
use crate::shop::product::{self, Draft, Made, Status};
use crate::shop::stock::MOST;
use crate::web::app::App;
use crate::web::form::{Fields, Form, Reader, Typed};
use crate::web::view::{Kind, View, see_other};
use actix_web::{HttpResponse, web};
use serde::Serialize;

/// What the form asks; the price is read where the currency is known.
#[derive(Debug)]
pub struct Wish {
    sku: String,
    title: String,
    description: String,
    category: String,
    price: String,
    stock: i64,
    status: Status,
}

impl Fields for Wish {
    const NAME: &'static str = "make";
    const FIELDS: &'static [&'static str] = &["sku", "title", "description", "category", "price", "stock", "status"];
    const LINES: &'static [&'static str] = &["description"];

    fn read(reader: &mut Reader) -> Option<Self> {
        let sku = reader.text("sku", 64);
        let title = reader.text("title", 100);
        let description = reader.optional_text("description", 2_000);
        let category = reader.text("category", 100);
        let price = reader.text("price", 20);
        let stock = reader.optional("stock", |text| whole(text, MOST));
        let status = reader.required("status", |word| Status::read(word).ok_or_else(|| "Choose one of these.".to_owned()));
        let (description, stock) = (description?.unwrap_or_default(), stock?.unwrap_or_default());
        Some(Self { sku: sku?, title: title?, description, category: category?, price: price?, stock, status: status? })
    }
}

#[derive(Serialize)]
struct Page {
    form: Typed,
    statuses: Vec<Choice>,
    categories: Vec<Choice>,
    currency: &'static str,
}

/// `GET /admin/products/new`.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn blank(view: View) -> Result<HttpResponse> {
    show_with(&view, Typed::with(Wish::NAME, [("status", Status::Draft.word())])).await
}

/// `POST /admin/products/new`: it is there, for sale or not.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn create(app: web::Data<App>, view: View, form: Form<Wish>) -> Result<HttpResponse> {
    let wish = match form.parse() {
        Ok(wish) => wish,
        Err(typed) => return show_with(&view, typed).await,
    };
    let price = match priced(&wish.price, &app.config.shop.currency) {
        Ok(price) => price,
        Err(why) => return show_with(&view, form.refuse("price", why)).await,
    };
    let Wish { sku, title, description, category, stock, status, .. } = wish;
    let draft = Draft { sku, title, description, category, price, stock, status };
    let (now, actor) = (app.clock.now(), view.visit().actor());
    match app.db.write(move |conn| product::make(conn, now, &actor, &draft)).await? {
        Made::Done(slug) => {
            view.flash(Kind::Success, "It is made.");
            Ok(see_other(&format!("/admin/products/{slug}")))
        }
        Made::CodeTaken => {
            let why = "Another product has this code already. Find it in the list, or choose another code.";
            show_with(&view, form.refuse("sku", why)).await
        }
        Made::NoCategory => show_with(&view, form.refuse("category", "Choose one of these.")).await,
    }
}

async fn show_with(view: &View, form: Typed) -> Result<HttpResponse> {
    let (status, currency) = (form.status, view.app().config.shop.currency.code);
    let load = move |conn: &mut Conn| Ok(Page { categories: categories(conn, None)?, statuses: statuses(), currency, form });
    view.show_as(status, "admin/products/new.html", load).await
}
