//! `/checkout`: address, review, order.
//!
//! Invariant: an order is placed only as it was seen; whatever changed comes back as the review, old and new, with the form as typed.

use crate::error::Result;
use crate::shop::address::{self, Address};
use crate::shop::checkout::{self, Outcome, Wish};
use crate::shop::country::Country;
use crate::shop::money::Money;
use crate::shop::{cart, order};
use crate::web::app::App;
use crate::web::form::{Fields, Form, Reader, Typed};
use crate::web::identity::CurrentUser;
use crate::web::pages::card::Basket;
use crate::web::view::{View, see_other};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::Serialize;

/// What the form asks; the API asks the same.
#[derive(Debug)]
pub struct PlaceOrder(pub Wish);

impl Fields for PlaceOrder {
    const NAME: &'static str = "checkout";
    const FIELDS: &'static [&'static str] =
        &["name", "address1", "address2", "city", "postal_code", "country", "phone", "note", "cart_version", "expected_total"];

    fn read(reader: &mut Reader) -> Option<Self> {
        let own = |text: &str| Ok::<_, String>(text.to_owned());
        let name = required(reader, "name", address::name);
        let address1 = required(reader, "address1", address::address1);
        let address2 = reader.optional("address2", address::address2);
        let city = required(reader, "city", address::city);
        let postal_code = required(reader, "postal_code", address::postal_code);
        let country = required(reader, "country", address::country);
        let phone = reader.optional("phone", address::phone);
        let note = reader.optional("note", address::note);
        let cart_version = reader.required("cart_version", own);
        let expected_total = reader.required("expected_total", checkout::expected_total);
        let address = Address {
            name: name?,
            address1: address1?,
            address2: address2?.unwrap_or_default(),
            city: city?,
            postal_code: postal_code?,
            country: country?,
            phone: phone?.unwrap_or_default(),
        };
        let (cart_version, expected_total): (String, Money) = (cart_version?, expected_total?);
        Some(Self(Wish { address, note: note?.unwrap_or_default(), cart_version, expected_total, key: None }))
    }
}

/// A field whose own sentence also says what to enter when it is empty.
fn required<V>(reader: &mut Reader, field: &str, parse: impl Fn(&str) -> std::result::Result<V, String>) -> Option<V> {
    match reader.optional(field, &parse)? {
        Some(value) => Some(value),
        None => match parse("") {
            Ok(value) => Some(value),
            Err(sentence) => reader.refuse(field, sentence),
        },
    }
}

/// `GET /checkout`; with nothing in the cart, on to the cart.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn show(app: web::Data<App>, user: CurrentUser, view: View) -> Result<HttpResponse> {
    show_with(&app, user, &view, None, Vec::new()).await
}

/// `POST /checkout`: places the order.
///
/// # Errors
/// `Unavailable` from the database, and nothing was ordered.
pub async fn submit(app: web::Data<App>, user: CurrentUser, view: View, form: Form<PlaceOrder>) -> Result<HttpResponse> {
    let PlaceOrder(wish) = match form.parse() {
        Ok(wish) => wish,
        Err(typed) => {
            // Back, on the form of a cart that was ordered: whatever is wrong with it now, it leads to its order.
            let version = typed.values.get("cart_version").cloned().unwrap_or_default();
            let known = app.db.read(move |conn| checkout::order_of(conn, user.key, &version)).await?;
            return match known {
                Some(number) if typed.status != StatusCode::FORBIDDEN => Ok(see_other(&format!("/orders/{}", number.as_str()))),
                _ => show_with(&app, user, &view, Some(typed), Vec::new()).await,
            };
        }
    };
    let (now, actor, inner) = (app.clock.now(), view.visit().actor(), app.clone());
    match app.db.write(move |conn| checkout::place(conn, now, &actor, inner.house(), user.key, &wish)).await? {
        Outcome::Placed(number) | Outcome::Already(number) | Outcome::Replayed(number) => {
            Ok(see_other(&format!("/orders/{}", number.as_str())))
        }
        Outcome::Empty => Ok(see_other("/cart")),
        Outcome::Changed(review) => {
            let currency = app.config.shop.currency;
            let changes = review.changes.iter().map(|change| Difference::from(change.told(&currency))).collect();
            show_with(&app, user, &view, Some(form.as_typed(StatusCode::CONFLICT)), changes).await
        }
    }
}

#[derive(Serialize)]
struct Difference {
    title: String,
    what: &'static str,
    old: String,
    new: String,
}

impl From<checkout::Told> for Difference {
    fn from(told: checkout::Told) -> Self {
        Self { title: told.title, what: told.what, old: told.old, new: told.new }
    }
}

#[derive(Serialize)]
struct Choice {
    code: &'static str,
    name: &'static str,
}

async fn show_with(
    app: &App,
    user: CurrentUser,
    view: &View,
    typed: Option<Typed>,
    changes: Vec<Difference>,
) -> Result<HttpResponse> {
    #[derive(Serialize)]
    struct Page {
        form: Typed,
        countries: Vec<Choice>,
        cart_version: String,
        expected_total: i64,
        changes: Vec<Difference>,
        cart: Basket,
    }
    let (status, shop) = (typed.as_ref().map_or(StatusCode::OK, |typed| typed.status), app.config.shop.clone());
    // A form that is wrong goes on being about the cart it was drawn from: what changed since must still be shown, old and new.
    let wrong = typed.as_ref().filter(|typed| typed.status != StatusCode::CONFLICT);
    let seen = wrong.and_then(|typed| {
        let Ok(total) = checkout::expected_total(typed.values.get("expected_total")?) else { return None };
        Some((typed.values.get("cart_version")?.clone(), total.minor()))
    });
    let now = app.clock.now();
    let load = move |conn: &mut crate::db::Conn| -> Result<Option<Page>> {
        let cart = cart::show(conn, now, &shop.terms, user.key)?;
        if cart.lines.is_empty() {
            return Ok(None);
        }
        let form = match typed {
            Some(typed) => typed,
            None => filled_in(order::last_address(conn, user.key)?),
        };
        let mut countries: Vec<Choice> =
            Country::all().map(|country| Choice { code: country.code(), name: country.name() }).collect();
        countries.sort_unstable_by_key(|country| country.name);
        let (cart_version, expected_total) = seen.unwrap_or_else(|| (cart.version_text(), cart.sums.total.minor()));
        Ok(Some(Page { form, countries, cart_version, expected_total, changes, cart: Basket::of(cart, &shop) }))
    };
    let person = view.visit().person();
    let loaded = app.db.read(move |conn| Ok((crate::web::view::Layout::load(conn, person)?, load(conn)?))).await?;
    match loaded {
        (layout, Some(mut page)) => {
            // The first order: the name we know, so that nothing is asked twice.
            if page.form.errors.is_empty()
                && let Some(person) = &layout.user
            {
                page.form.values.entry("name".into()).or_insert_with(|| person.name.clone());
            }
            view.draw(status, "checkout/show.html", view.told(layout).await, &page)
        }
        (_, None) => Ok(see_other("/cart")),
    }
}

/// The form with the address of the last order, so that nothing is asked twice.
fn filled_in(last: Option<Address>) -> Typed {
    let Some(last) = last else { return Typed::blank(PlaceOrder::NAME) };
    let values = [
        ("name", last.name),
        ("address1", last.address1),
        ("address2", last.address2),
        ("city", last.city),
        ("postal_code", last.postal_code),
        ("country", last.country.code().to_owned()),
        ("phone", last.phone),
    ];
    Typed::with(PlaceOrder::NAME, values)
}
