//! `/admin/products/{slug}/options/...`: one option in the row of all, moved or taken out.

use super::{answer, show_with};
use crate::error::Result;
use crate::shop::family;
use crate::web::app::App;
use crate::web::form::{Fields, Form, Reader};
use crate::web::pages::admin::product::whole;
use crate::web::view::View;
use actix_web::{HttpResponse, web};

/// Where it goes.
#[derive(Debug)]
pub struct Place {
    earlier: bool,
    version: i64,
}

impl Fields for Place {
    const NAME: &'static str = "place";
    const FIELDS: &'static [&'static str] = &["to", "version"];

    fn read(reader: &mut Reader) -> Option<Self> {
        let earlier = reader.required("to", |word| match word {
            "earlier" => Ok(true),
            "later" => Ok(false),
            _ => Err("Choose earlier or later.".to_owned()),
        });
        let version = reader.required("version", |text| whole(text, i64::MAX));
        Some(Self { earlier: earlier?, version: version? })
    }
}

/// That it goes.
#[derive(Debug)]
pub struct Going {
    version: i64,
}

impl Fields for Going {
    const NAME: &'static str = "going";
    const FIELDS: &'static [&'static str] = &["version"];

    fn read(reader: &mut Reader) -> Option<Self> {
        Some(Self { version: reader.required("version", |text| whole(text, i64::MAX))? })
    }
}

/// `POST /admin/products/{slug}/options/move`: one place to the front, or to the end.
///
/// # Errors
/// `NotFound`; `Unavailable` from the database.
pub async fn shift(app: web::Data<App>, slug: web::Path<String>, view: View, form: Form<Place>) -> Result<HttpResponse> {
    let slug = slug.into_inner();
    let Place { earlier, version } = match form.parse() {
        Ok(place) => place,
        Err(typed) => return show_with(&view, slug, Some(typed)).await,
    };
    let of = slug.clone();
    let changed = app.db.write(move |conn| family::shift(conn, &of, earlier, version)).await?;
    answer(&view, slug, &form, changed, ("It is moved.", "to")).await
}

/// `POST /admin/products/{slug}/options/leave`: it is a product by itself again.
///
/// # Errors
/// `NotFound`; `Unavailable` from the database.
pub async fn leave(app: web::Data<App>, slug: web::Path<String>, view: View, form: Form<Going>) -> Result<HttpResponse> {
    let slug = slug.into_inner();
    let Going { version } = match form.parse() {
        Ok(going) => going,
        Err(typed) => return show_with(&view, slug, Some(typed)).await,
    };
    let (now, actor, of) = (app.clock.now(), view.visit().actor(), slug.clone());
    let changed = app.db.write(move |conn| family::leave(conn, now, &actor, &of, version)).await?;
    answer(&view, slug, &form, changed, ("It is a product by itself again.", "version")).await
}
