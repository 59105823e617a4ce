//! `/orders`: what the person bought.

pub(super) mod paying;

use crate::clock::rfc3339;
use crate::error::Result;
use crate::shop::order::{self, Number, Order};
use crate::shop::paging::PageNumber;
use crate::shop::payment;
use crate::web::app::App;
use crate::web::form::Press;
use crate::web::identity::CurrentUser;
use crate::web::named::Named;
use crate::web::pages::card::{self, Links, PageLink, image};
use crate::web::pages::row;
use crate::web::view::stencil::Mark;
use crate::web::view::{Kind, View, see_other};
use actix_web::{HttpRequest, HttpResponse, web};
use paying::Paying;
use serde::Serialize;

/// `GET /orders`.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn index(user: CurrentUser, request: HttpRequest, view: View) -> Result<HttpResponse> {
    #[derive(Serialize)]
    struct List {
        orders: Option<Mark>,
        total: Option<Mark>,
        page: Option<Mark>,
        pages: Mark,
        links: Links<Mark>,
        page_links: Vec<PageLink<Mark, Mark>>,
    }
    let asked = form_urlencoded::parse(request.query_string().as_bytes()).find(|(name, _)| name == "page");
    let page = PageNumber::read(asked.map(|(_, value)| value).as_deref());
    let url = |page: i64| if page == 1 { "/orders".to_owned() } else { format!("/orders?page={page}") };
    let (layout, history) = view.load(move |conn| order::history(conn, user.key, page)).await?;
    let paging = history.paging;
    view.sketch(("/orders", "orders/index.html"), layout, |pen| {
        let (links, page_links) = card::written(pen, &card::links(&paging, url));
        Ok(List {
            orders: row::orders(pen, &history.orders, 2)?,
            total: (paging.total > 0).then(|| pen.number(paging.total)),
            page: (paging.page > 1).then(|| pen.number(paging.page)),
            pages: pen.number(paging.pages()),
            links,
            page_links,
        })
    })
}

/// `GET /orders/{number}`.
///
/// # Errors
/// `NotFound`, also for another person's; `Unavailable` from the database.
pub async fn show(user: CurrentUser, Named(number): Named<Number>, view: View) -> Result<HttpResponse> {
    #[derive(Serialize)]
    struct Page {
        order: Shown,
        just_placed: bool,
        paying: Option<Paying>,
    }
    let providers = view.app().payments.clone();
    let now = view.app().clock.now();
    let load = move |conn: &mut crate::db::Conn| {
        let order = order::show(conn, user.key, &number)?;
        let just_placed = order.status == order::Status::Placed && now < order.placed_at + std::time::Duration::from_mins(5);
        let paying = Paying::of(&order, &payment::of(conn, &order.number)?, &providers);
        Ok(Page { order: Shown::from(order), just_placed, paying })
    };
    view.show("orders/show.html", load).await
}

/// `POST /orders/{number}/cancel`.
///
/// # Errors
/// `NotFound`; `Refused` when it is too late; `StaleForm`; `Unavailable` from the database.
pub async fn cancel(
    app: web::Data<App>,
    user: CurrentUser,
    Named(number): Named<Number>,
    view: View,
    _: Press,
) -> Result<HttpResponse> {
    let (now, actor, back) = (app.clock.now(), view.visit().actor(), format!("/orders/{}", number.as_str()));
    let post = app.latch.post.clone();
    app.db.write(move |conn| order::cancel(conn, now, &actor, &post, user.key, &number)).await?;
    view.flash(Kind::Success, "Your order is cancelled.");
    Ok(see_other(&back))
}

/// `POST /orders/{number}/reorder`: the same things into the cart, as far as they are to be had.
///
/// # Errors
/// `NotFound`; `StaleForm`; `Unavailable` from the database.
pub async fn reorder(
    app: web::Data<App>,
    user: CurrentUser,
    Named(number): Named<Number>,
    view: View,
    _: Press,
) -> Result<HttpResponse> {
    let (now, currency) = (app.clock.now(), app.config.shop.currency);
    let done = app.db.write(move |conn| order::reorder(conn, now, &currency, user.key, &number)).await?;
    match (done.added, done.words.is_empty()) {
        (_, true) => view.flash(Kind::Success, "All of it is in your cart again."),
        (0, false) => view.flash(Kind::Error, done.words.join(" ")),
        (_, false) => view.flash(Kind::Notice, done.words.join(" ")),
    }
    Ok(see_other("/cart"))
}

/// An order as its page shows it.
#[derive(Serialize)]
pub(super) struct Shown {
    number: String,
    status: &'static str,
    status_word: &'static str,
    placed_at: String,
    currency: String,
    lines: Vec<Line>,
    subtotal: i64,
    discount: i64,
    discount_code: Option<String>,
    delivery: i64,
    total: i64,
    tax: i64,
    tax_rate: String,
    address: Address,
    note: String,
    cancellable: bool,
    events: Vec<Event>,
}

#[derive(Serialize)]
#[allow(clippy::struct_field_names, reason = "docs/API.md names it `line_total`")]
struct Line {
    title: String,
    slug: String,
    unit_price: i64,
    quantity: i64,
    line_total: i64,
    image: String,
}

#[derive(Serialize)]
struct Address {
    name: String,
    address1: String,
    address2: String,
    city: String,
    postal_code: String,
    country: &'static str,
    country_name: &'static str,
    phone: String,
}

#[derive(Serialize)]
struct Event {
    word: &'static str,
    at: String,
    current: bool,
}

impl From<Order> for Shown {
    fn from(order: Order) -> Self {
        let last = order.events.len();
        let event =
            |(at, event): (usize, &order::Event)| Event { word: event.word(), at: rfc3339(event.at), current: at + 1 == last };
        let line = |line: order::Line| Line {
            title: line.title,
            slug: line.slug,
            unit_price: line.unit_price.minor(),
            quantity: line.quantity,
            line_total: line.line_total.minor(),
            image: image(line.picture),
        };
        // One order has one rate: the shop's, when it was placed.
        let rate = order.lines.first().map(|line| line.tax_rate).unwrap_or_default();
        let place = order.address;
        Self {
            number: order.number.as_str().to_owned(),
            status: order.status.code(),
            status_word: order.status.word(),
            placed_at: rfc3339(order.placed_at),
            currency: order.currency,
            lines: order.lines.into_iter().map(line).collect(),
            subtotal: order.sums.subtotal.minor(),
            discount: order.sums.discount.minor(),
            discount_code: order.discount_code,
            delivery: order.sums.delivery.minor(),
            total: order.sums.total.minor(),
            tax: order.sums.tax.minor(),
            tax_rate: rate.to_string(),
            address: Address {
                country: place.country.code(),
                country_name: place.country.name(),
                name: place.name,
                address1: place.address1,
                address2: place.address2,
                city: place.city,
                postal_code: place.postal_code,
                phone: place.phone,
            },
            note: order.note,
            cancellable: order.status.is_cancellable(),
            events: order.events.iter().enumerate().map(event).collect(),
        }
    }
}
