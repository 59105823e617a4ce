//! `/admin/products/{slug}/options/add`: another option.

use super::{answer, short, show_with};
use crate::error::Result;
use crate::shop::family::{self, Addition, MOST_NAMES};
use crate::shop::product::Status;
use crate::shop::stock::MOST;
use crate::web::app::App;
use crate::web::form::{Fields, Form, Reader};
use crate::web::pages::admin::product::{priced, whole};
use crate::web::view::View;
use actix_web::{HttpResponse, web};

const WORDS: [&str; MOST_NAMES] = ["new_1", "new_2", "new_3"];

/// What the form asks; the price is read where the currency is known.
#[derive(Debug)]
pub struct Asked {
    words: Vec<Option<String>>,
    sku: String,
    price: String,
    stock: i64,
    status: Status,
    version: i64,
}

impl Fields for Asked {
    const NAME: &'static str = "addition";
    const FIELDS: &'static [&'static str] = &["new_1", "new_2", "new_3", "sku", "price", "stock", "status", "version"];

    fn read(reader: &mut Reader) -> Option<Self> {
        let words: Vec<Option<Option<String>>> = WORDS.into_iter().map(|word| short(reader, word)).collect();
        let sku = reader.text("sku", 64);
        let price = reader.text("price", 20);
        let stock = reader.optional("stock", |text| whole(text, MOST));
        let status = reader.required("status", |word| Status::read(word).ok_or_else(|| "Choose one of these.".to_owned()));
        let version = reader.required("version", |text| whole(text, i64::MAX));
        let words = words.into_iter().collect::<Option<Vec<_>>>()?;
        let (sku, price, stock) = (sku?, price?, stock?.unwrap_or_default());
        Some(Self { words, sku, price, stock, status: status?, version: version? })
    }
}

/// `POST /admin/products/{slug}/options/add`: an option like this one, with words, code, price and stock of its own.
///
/// # Errors
/// `NotFound`; `Unavailable` from the database.
pub async fn add(app: web::Data<App>, slug: web::Path<String>, view: View, form: Form<Asked>) -> Result<HttpResponse> {
    let slug = slug.into_inner();
    let asked = match form.parse() {
        Ok(asked) => asked,
        Err(typed) => return show_with(&view, slug, Some(typed)).await,
    };
    let price = match priced(&asked.price, &app.config.shop.currency) {
        Ok(price) => price,
        Err(why) => return show_with(&view, slug, Some(form.refuse("price", why))).await,
    };
    let of = slug.clone();
    let names = app.db.read(move |conn| family::names(conn, &of)).await?;
    let mut words = Vec::new();
    for ((name, word), field) in names.iter().zip(asked.words).zip(WORDS) {
        match word {
            Some(word) => words.push(word),
            None => return show_with(&view, slug, Some(form.refuse(field, format!("Enter its {name}.")))).await,
        }
    }
    let Asked { sku, stock, status, version, .. } = asked;
    let addition = Addition { words, sku, price, stock, status, version };
    let (now, actor, of) = (app.clock.now(), view.visit().actor(), slug.clone());
    let changed = app.db.write(move |conn| family::add(conn, now, &actor, &of, &addition)).await?;
    answer(&view, slug, &form, changed, ("It is added.", WORDS[0])).await
}
