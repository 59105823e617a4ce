//! `/admin/categories`: every category, and a new one.

use super::category::{Row, place};
use crate::db::Conn;
use crate::error::Result;
use crate::shop::category;
use crate::web::app::App;
use crate::web::form::{Fields, Form, Reader, Typed};
use crate::web::view::{Kind, View, see_other};
use actix_web::{HttpResponse, web};
use serde::Serialize;

/// What the form asks.
#[derive(Debug)]
pub struct Wish {
    name: String,
    position: Option<i64>,
}

impl Fields for Wish {
    const NAME: &'static str = "category";
    const FIELDS: &'static [&'static str] = &["name", "position"];

    fn read(reader: &mut Reader) -> Option<Self> {
        let name = reader.text("name", 60);
        let position = reader.optional("position", place);
        Some(Self { name: name?, position: position? })
    }
}

#[derive(Serialize)]
struct Page {
    categories: Vec<Row>,
    form: Typed,
}

/// `GET /admin/categories`.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn index(view: View) -> Result<HttpResponse> {
    show_with(&view, Typed::blank(Wish::NAME)).await
}

/// `POST /admin/categories`: a new one, behind the others unless a place is named.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn create(app: web::Data<App>, view: View, form: Form<Wish>) -> Result<HttpResponse> {
    let Wish { name, position } = match form.parse() {
        Ok(wish) => wish,
        Err(typed) => return show_with(&view, typed).await,
    };
    let (now, actor) = (app.clock.now(), view.visit().actor());
    let make = move |conn: &mut Conn| {
        let place = position.map_or_else(|| category::behind(conn), Ok)?;
        category::make(conn, now, &actor, &name, place)
    };
    if app.db.write(make).await?.is_none() {
        let why = "There is a category of this name already, perhaps an archived one. Choose another name.";
        return show_with(&view, form.refuse("name", why)).await;
    }
    view.flash(Kind::Success, "It is made. Shoppers see it as soon as something in it is for sale.");
    Ok(see_other("/admin/categories"))
}

async fn show_with(view: &View, form: Typed) -> Result<HttpResponse> {
    let status = form.status;
    let load = move |conn: &mut Conn| {
        let categories = category::records(conn)?.into_iter().map(Row::from).collect();
        Ok(Page { categories, form })
    };
    view.show_as(status, "admin/categories/index.html", load).await
}
