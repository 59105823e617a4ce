//! `/admin/categories/{slug}`: what a category is called, where it stands, and whether it is offered at all.

use crate::db::{Conn, Db};
use crate::error::{FieldError, Result};
use crate::ids::{CategoryKey, ProductKey};
use crate::shop::category::{self, Change, Edited, Record};
use crate::web::app::App;
use crate::web::form::{Fields, Form, Reader, Typed};
use crate::web::view::{Kind, View, see_other};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::Serialize;

/// The last place there is.
const LAST: i64 = 9_999;

/// Products that are looked at in one transaction when a category is renamed.
const BATCH: i64 = 200;

/// What the form asks.
#[derive(Debug)]
pub struct Wish(Change);

impl Fields for Wish {
    const NAME: &'static str = "category";
    const FIELDS: &'static [&'static str] = &["name", "position", "archived", "version"];

    fn read(reader: &mut Reader) -> Option<Self> {
        let name = reader.text("name", 60);
        let position = reader.required("position", place);
        let archived = reader.flag("archived");
        let version = reader.required("version", |text| text.parse().map_err(|_| "Open the page again.".to_owned()));
        Some(Self(Change { name: name?, position: position?, archived: archived?, version: version? }))
    }
}

/// A place in the shop's order.
pub(super) fn place(text: &str) -> Result<i64, String> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = if digits { text.parse().ok() } else { None };
    number.filter(|number| *number <= LAST).ok_or_else(|| format!("Enter a whole number from 0 to {LAST}."))
}

/// A category in a list.
#[derive(Serialize)]
pub(super) struct Row {
    slug: String,
    name: String,
    position: i64,
    shown: i64,
    archived: bool,
    version: i64,
}

impl From<Record> for Row {
    fn from(record: Record) -> Self {
        let Record { slug, name, position, shown, archived, version, .. } = record;
        Self { slug, name, position, shown, archived, version }
    }
}

#[derive(Serialize)]
struct Page {
    category: Row,
    form: Typed,
    overtaken: bool,
}

/// `GET /admin/categories/{slug}`.
///
/// # Errors
/// `NotFound`; `Unavailable` from the database.
pub async fn show(slug: web::Path<String>, view: View) -> Result<HttpResponse> {
    show_with(&view, slug.into_inner(), None).await
}

/// `POST /admin/categories/{slug}`.
///
/// # Errors
/// `NotFound`; `Unavailable` from the database.
pub async fn submit(app: web::Data<App>, slug: web::Path<String>, view: View, form: Form<Wish>) -> Result<HttpResponse> {
    let slug = slug.into_inner();
    let Wish(change) = match form.parse() {
        Ok(wish) => wish,
        Err(typed) => return show_with(&view, slug, Some(typed)).await,
    };
    let (now, actor, of, db) = (app.clock.now(), view.visit().actor(), slug.clone(), app.db.clone());
    let edit = move |conn: &mut Conn| category::edit(conn, now, &actor, &of, &change);
    match app.db.write(edit).await? {
        Edited::Done(key) => {
            found_by_its_name(&db, key).await?;
            view.flash(Kind::Success, "It is saved.");
            Ok(see_other("/admin/categories"))
        }
        Edited::Overtaken => {
            let message =
                "Somebody changed this category while you did. Nothing was done. What it says now is above the form, what \
                you typed is in it: save it again if it is still right."
                    .to_owned();
            let errors = vec![FieldError { field: String::new(), message }];
            show_with(&view, slug, Some(Typed { errors, ..form.as_typed(StatusCode::CONFLICT) })).await
        }
        Edited::InUse(shown) => {
            let products = if shown == 1 { "1 product is".to_owned() } else { format!("{shown} products are") };
            let why =
                format!("Of this category {products} still for sale. Archive them, or move them to another, then archive it.");
            show_with(&view, slug, Some(form.refuse("archived", why))).await
        }
    }
}

/// Its products are found by the name of their category. Some at a time, so that shoppers go on ordering; if it breaks off, saving the
/// category again does the rest.
async fn found_by_its_name(db: &Db, key: CategoryKey) -> Result<()> {
    let mut after = ProductKey(0);
    while let Some(last) = db.write(move |conn| category::reword(conn, key, after, BATCH)).await? {
        after = last;
    }
    Ok(())
}

async fn show_with(view: &View, slug: String, typed: Option<Typed>) -> Result<HttpResponse> {
    let status = typed.as_ref().map_or(StatusCode::OK, |typed| typed.status);
    let load = move |conn: &mut Conn| {
        let record = category::record(conn, &slug)?;
        let stands = || {
            let archived = if record.archived { "on" } else { "" };
            let values =
                [("name", record.name.clone()), ("position", record.position.to_string()), ("archived", archived.to_owned())];
            Typed::with(Wish::NAME, values)
        };
        let form = typed.unwrap_or_else(stands);
        Ok(Page { overtaken: status == StatusCode::CONFLICT, form, category: Row::from(record) })
    };
    view.show_as(status, "admin/categories/show.html", load).await
}
