//! `/admin/products/{slug}`: what a product says and costs; how many there are, and how one is made, is in the folder.

mod booking;
mod make;
mod moved;
mod picture;

pub use booking::book;
pub use make::{blank, create};
pub use picture::picture;

use crate::config::Currency;
use crate::db::Conn;
use crate::error::{FieldError, Result};
use crate::shop::money::Money;
use crate::shop::product::{self, Change, Edited, Status};
use crate::shop::stock::{Booking, Why};
use crate::shop::{category, family};
use crate::web::app::App;
use crate::web::form::{Fields, Form, Reader, Typed};
use crate::web::pages::card::image;
use crate::web::view::{Kind, View, see_other};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use moved::Moved;
use serde::Serialize;
use std::borrow::Cow;

/// The dearest thing there can be, in minor units.
const DEAREST: i64 = 1_000_000_000_000;

/// What the form asks; the price is read where the currency is known.
#[derive(Debug)]
pub struct Wish {
    title: String,
    description: String,
    price: String,
    status: Status,
    category: Option<String>,
    version: i64,
}

impl Fields for Wish {
    const NAME: &'static str = "product";
    const FIELDS: &'static [&'static str] = &["title", "description", "price", "status", "category", "version"];
    const LINES: &'static [&'static str] = &["description"];

    fn read(reader: &mut Reader) -> Option<Self> {
        let title = reader.text("title", 100);
        let description = reader.optional_text("description", 2_000);
        let price = reader.text("price", 20);
        let status = reader.required("status", |word| Status::read(word).ok_or_else(|| "Choose one of these.".to_owned()));
        let category = reader.optional_text("category", 100);
        let version = reader.required("version", |text| whole(text, i64::MAX));
        let description = description?.unwrap_or_default();
        Some(Self { title: title?, description, price: price?, status: status?, category: category?, version: version? })
    }
}

pub(super) fn whole(text: &str, most: i64) -> Result<i64, String> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = if digits { text.parse().ok() } else { None };
    number.filter(|number| *number <= most).ok_or_else(|| "Enter a whole number in digits, such as 12.".to_owned())
}

/// `GET /admin/products/{slug}`.
///
/// # Errors
/// `NotFound`; `Unavailable` from the database.
pub async fn show(slug: web::Path<String>, view: View) -> Result<HttpResponse> {
    show_with(&view, slug.into_inner(), None).await
}

/// `POST /admin/products/{slug}`: its words, price and status.
///
/// # Errors
/// `NotFound`; `Unavailable` from the database.
pub async fn submit(app: web::Data<App>, slug: web::Path<String>, view: View, form: Form<Wish>) -> Result<HttpResponse> {
    let slug = slug.into_inner();
    let wish = match form.parse() {
        Ok(wish) => wish,
        Err(typed) => return show_with(&view, slug, Some(typed)).await,
    };
    let price = match priced(&wish.price, &app.config.shop.currency) {
        Ok(price) => price,
        Err(why) => return show_with(&view, slug, Some(form.refuse("price", why))).await,
    };
    let (now, actor, of) = (app.clock.now(), view.visit().actor(), slug.clone());
    let Wish { title, description, status, category, version, .. } = wish;
    let change = Change { title, description, price, status, category, version };
    match app.db.write(move |conn| product::edit(conn, now, &actor, &of, &change)).await? {
        Edited::Done => {
            view.flash(Kind::Success, "It is saved.");
            Ok(see_other(&format!("/admin/products/{slug}")))
        }
        Edited::Overtaken => {
            let why = "Somebody changed this product while you did. Nothing was done. What it says now is above the form, what you \
                typed is in it: save it again if it is still right.";
            show_with(&view, slug, Some(told(form.as_typed(StatusCode::CONFLICT), why))).await
        }
        Edited::NoCategory => show_with(&view, slug, Some(form.refuse("category", "Choose one of these."))).await,
        Edited::NamedByFamily => {
            let why = "This is one of several options, and they share their title. Change it under Options.";
            show_with(&view, slug, Some(form.refuse("title", why))).await
        }
    }
}

/// What something may cost.
pub(super) fn priced(text: &str, currency: &Currency) -> Result<Money, String> {
    let price = Money::parse(text, currency)?;
    if price.minor() <= DEAREST { Ok(price) } else { Err("That is more than anything here can cost.".to_owned()) }
}

pub(super) fn told(typed: Typed, why: &str) -> Typed {
    Typed { errors: vec![FieldError { field: String::new(), message: why.to_owned() }], ..typed }
}

#[derive(Serialize)]
struct Shown {
    sku: String,
    slug: String,
    title: String,
    description: String,
    category: String,
    price: i64,
    stock: i64,
    status: &'static str,
    version: i64,
    image: String,
    pictured: bool,
    /// How many options there are, where it is one of several.
    options: Option<usize>,
}

#[derive(Serialize)]
pub(super) struct Choice {
    code: Cow<'static, str>,
    name: Cow<'static, str>,
}

impl Choice {
    fn of(code: &'static str, name: &'static str) -> Self {
        Self { code: code.into(), name: name.into() }
    }
}

const STATUSES: [(Status, &str); 3] =
    [(Status::Active, "For sale"), (Status::Draft, "Draft: not shown yet"), (Status::Archived, "Archived")];

pub(super) fn statuses() -> Vec<Choice> {
    STATUSES.map(|(status, name)| Choice::of(status.word(), name)).into()
}

/// The categories to choose from: those that are offered, and the one it is in.
fn categories(conn: &mut Conn, now: Option<&str>) -> Result<Vec<Choice>> {
    let offered = category::records(conn)?.into_iter().filter(|it| !it.archived || now == Some(&it.slug));
    Ok(offered.map(|it| Choice { code: it.slug.into(), name: it.name.into() }).collect())
}

#[derive(Serialize)]
struct Page {
    product: Shown,
    movements: Vec<Moved>,
    form: Option<Typed>,
    edit: Typed,
    booking: Typed,
    hang: Typed,
    overtaken: bool,
    statuses: Vec<Choice>,
    categories: Vec<Choice>,
    reasons: Vec<Choice>,
    currency: &'static str,
}

async fn show_with(view: &View, slug: String, form: Option<Typed>) -> Result<HttpResponse> {
    let status = form.as_ref().map_or(StatusCode::OK, |typed| typed.status);
    let currency = view.app().config.shop.currency;
    let load = move |conn: &mut Conn| {
        let record = product::record(conn, &slug)?;
        let movements = moved::latest(conn, record.key)?;
        let typed = |name| form.clone().filter(|form| form.name == name);
        let stands = || {
            let values = [
                ("title", record.title.clone()),
                ("description", record.description.clone()),
                ("price", record.price.decimal(&currency)),
                ("status", record.status.word().to_owned()),
                ("category", record.category_slug.clone()),
            ];
            Typed::with(Wish::NAME, values)
        };
        let edit = typed(Wish::NAME).unwrap_or_else(stands);
        let booking = typed(Booking::NAME).unwrap_or_else(|| Typed::blank(Booking::NAME));
        let hang = typed(picture::Wish::NAME)
            .unwrap_or_else(|| Typed::with(picture::Wish::NAME, [("alt", record.picture_alt.as_str())]));
        let overtaken = edit.status == StatusCode::CONFLICT;
        let categories = categories(conn, Some(&record.category_slug))?;
        let options = record.family.map(|key| family::whole(conn, key)).transpose()?.map(|(_, members)| members.len());
        Ok(Page {
            product: Shown {
                sku: record.sku,
                slug: record.slug,
                title: record.title,
                description: record.description,
                category: record.category,
                price: record.price.minor(),
                stock: record.stock,
                status: record.status.word(),
                version: record.version,
                image: image(record.picture),
                pictured: record.picture.is_some(),
                options,
            },
            movements,
            edit,
            booking,
            hang,
            overtaken,
            statuses: statuses(),
            categories,
            reasons: Why::ALL.map(|why| Choice::of(why.reason().code(), booking::asked(why))).into(),
            currency: currency.code,
            form,
        })
    };
    view.show_as(status, "admin/products/show.html", load).await
}
