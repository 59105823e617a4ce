//! `/admin/products/{slug}/options`: the options that a product is one of, what they are called and how they stand.
//!
//! Invariant: each form carries the version that it was drawn from, and is shown again as typed where somebody else was faster. It does not
//! know what follows from a change.

mod add;
mod row;

pub use add::add;
pub use row::{leave, shift};

use super::product::{Choice, statuses, told, whole};
use crate::db::Conn;
use crate::error::Result;
use crate::shop::family::{self, Changed, LONGEST, MOST_NAMES, Member, Wish};
use crate::shop::product::{self, Record, Status};
use crate::web::app::App;
use crate::web::form::{Fields, Form, Reader, Typed};
use crate::web::view::{Kind, View, see_other};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::Serialize;

const NAMES: [&str; MOST_NAMES] = ["name_1", "name_2", "name_3"];
const WORDS: [&str; MOST_NAMES] = ["word_1", "word_2", "word_3"];

impl Fields for Wish {
    const NAME: &'static str = "options";
    const FIELDS: &'static [&'static str] = &["title", "name_1", "word_1", "name_2", "word_2", "name_3", "word_3", "version"];

    fn read(reader: &mut Reader) -> Option<Self> {
        let title = reader.text("title", 100);
        let pairs = NAMES.into_iter().zip(WORDS).map(|(name, word)| (short(reader, name), short(reader, word)));
        let pairs: Vec<_> = pairs.collect();
        let version = reader.required("version", |text| whole(text, i64::MAX));
        let (mut names, mut words): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
        for (at, (name, word)) in pairs.into_iter().enumerate() {
            match (name?, word?) {
                (Some(name), _) if names.iter().any(|other| other.to_lowercase() == name.to_lowercase()) => {
                    return reader.refuse(NAMES[at], "Choose another name: this one is there already.".to_owned());
                }
                (Some(name), Some(word)) => {
                    names.push(name);
                    words.push(word);
                }
                (Some(name), None) => return reader.refuse(WORDS[at], format!("Enter the {name} of this product.")),
                (None, Some(_)) => return reader.refuse(NAMES[at], "Enter what this word says, such as Colour.".to_owned()),
                (None, None) if at == 0 => {
                    return reader.refuse(NAMES[at], "Enter what the options differ in, such as Colour.".to_owned());
                }
                (None, None) => {}
            }
        }
        Some(Self { title: title?, names, words, version: version? })
    }
}

/// A name, or a word for one; `Some(None)` when it is absent.
#[expect(clippy::option_option, reason = "a wrong field, an absent one and one that is there are three things")]
fn short(reader: &mut Reader, field: &str) -> Option<Option<String>> {
    let sentence = || format!("Enter at most {LONGEST} characters, without a colon or a semicolon.");
    reader.optional(field, |text| family::plain(text).map_err(|_| sentence()))
}

/// `GET /admin/products/{slug}/options`.
///
/// # Errors
/// `NotFound`; `Unavailable` from the database.
pub async fn show(slug: web::Path<String>, view: View) -> Result<HttpResponse> {
    show_with(&view, slug.into_inner(), None).await
}

/// `POST /admin/products/{slug}/options`: what they are called; of a product that has none it makes the first.
///
/// # Errors
/// `NotFound`; `Unavailable` from the database.
pub async fn call(app: web::Data<App>, slug: web::Path<String>, view: View, form: Form<Wish>) -> Result<HttpResponse> {
    let slug = slug.into_inner();
    let wish = match form.parse() {
        Ok(wish) => wish,
        Err(typed) => return show_with(&view, slug, Some(typed)).await,
    };
    let (now, actor, of) = (app.clock.now(), view.visit().actor(), slug.clone());
    let changed = app.db.write(move |conn| family::call(conn, now, &actor, &of, &wish)).await?;
    answer(&view, slug, &form, changed, ("It is saved.", WORDS[0])).await
}

/// What a change came to: on to the page, or the page with what was typed and why not. The field is that of the words.
async fn answer<T: Fields>(
    view: &View,
    slug: String,
    form: &Form<T>,
    changed: Changed,
    (said, words): (&'static str, &'static str),
) -> Result<HttpResponse> {
    let typed = match changed {
        Changed::Done => {
            view.flash(Kind::Success, said);
            return Ok(see_other(&format!("/admin/products/{slug}/options")));
        }
        Changed::Overtaken => {
            let why = "Somebody changed these options while you did. Nothing was done. This page shows them as they are now: look at \
                them, then send it again if it is still right.";
            told(form.as_typed(StatusCode::CONFLICT), why)
        }
        Changed::WordsTaken => form.refuse(words, "Another option is called so already. Choose other words."),
        Changed::CodeTaken => form.refuse("sku", "Another product has this code already. Choose another code."),
        Changed::Full => told(
            form.as_typed(StatusCode::UNPROCESSABLE_ENTITY),
            &format!("There are {} options, which is all there can be.", family::MOST),
        ),
    };
    show_with(view, slug, Some(typed)).await
}

#[derive(Serialize)]
struct Shown {
    slug: String,
    title: String,
    version: i64,
    currency: &'static str,
}

#[derive(Serialize)]
struct Together {
    title: String,
    names: Vec<String>,
}

#[derive(Serialize)]
struct One {
    slug: String,
    words: String,
    sku: String,
    price: i64,
    stock: i64,
    status: Option<&'static str>,
    current: bool,
}

impl One {
    fn of(member: Member, product: &Record) -> Self {
        let status = match member.status {
            Status::Active => None,
            Status::Draft => Some("Draft"),
            Status::Archived => Some("Archived"),
        };
        Self {
            current: member.key == product.key,
            slug: member.slug,
            words: family::said(&member.words),
            sku: member.sku,
            price: member.price.minor(),
            stock: member.stock,
            status,
        }
    }
}

#[derive(Serialize)]
struct Page {
    product: Shown,
    family: Option<Together>,
    members: Vec<One>,
    form: Option<Typed>,
    call: Typed,
    addition: Typed,
    statuses: Vec<Choice>,
}

async fn show_with(view: &View, slug: String, form: Option<Typed>) -> Result<HttpResponse> {
    let status = form.as_ref().map_or(StatusCode::OK, |typed| typed.status);
    let currency = view.app().config.shop.currency;
    let load = move |conn: &mut Conn| {
        let record = product::record(conn, &slug)?;
        let whole = record.family.map(|key| family::whole(conn, key)).transpose()?;
        let mut values = vec![("title", whole.as_ref().map_or_else(|| record.title.clone(), |(family, _)| family.title.clone()))];
        if let Some((family, members)) = &whole {
            let own = members.iter().find(|it| it.key == record.key).map(|it| it.words.clone()).unwrap_or_default();
            values.extend(NAMES.into_iter().zip(family.names.clone()));
            values.extend(WORDS.into_iter().zip(own));
        }
        let typed = |name| form.clone().filter(|form| form.name == name);
        let call = typed(Wish::NAME).unwrap_or_else(|| Typed::with(Wish::NAME, values));
        let first = || {
            let values = [("price", record.price.decimal(&currency)), ("status", record.status.word().to_owned())];
            Typed::with(add::Asked::NAME, values)
        };
        let addition = typed(add::Asked::NAME).unwrap_or_else(first);
        let version = whole.as_ref().map_or(record.version, |(family, _)| family.version);
        let (family, members) = whole.map_or((None, Vec::new()), |(family, members)| {
            let members = members.into_iter().map(|member| One::of(member, &record)).collect();
            (Some(Together { title: family.title, names: family.names }), members)
        });
        let product = Shown { slug: record.slug, title: record.title, version, currency: currency.code };
        Ok(Page { product, family, members, form, call, addition, statuses: statuses() })
    };
    view.show_as(status, "admin/options/show.html", load).await
}
