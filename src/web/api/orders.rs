//! `/api/orders`: placing, looking at and cancelling orders.

use super::wire::{Meta, WireCart, WireOrder, WireSummary};
use crate::error::{Error, Result};
use crate::shop::checkout::{self, Outcome, Wish};
use crate::shop::idempotency::IdempotencyKey;
use crate::shop::order::{self, Number, Order};
use crate::shop::paging::PageNumber;
use crate::web::app::App;
use crate::web::errors::Trouble;
use crate::web::form::Json;
use crate::web::identity::{CurrentUser, Visit};
use crate::web::named::Named;
use crate::web::pages::checkout::PlaceOrder;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

/// What a program calls an order, so that it may send it again without buying twice.
const KEY: &str = "Idempotency-Key";
/// Says that nothing was done, because it was done before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// `GET /api/orders`.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn index(app: web::Data<App>, user: CurrentUser, request: HttpRequest) -> Result<HttpResponse> {
    #[derive(Serialize)]
    struct Answer {
        orders: Vec<WireSummary>,
        meta: Meta,
    }
    let asked = form_urlencoded::parse(request.query_string().as_bytes()).find(|(name, _)| name == "page");
    let page = PageNumber::read(asked.map(|(_, value)| value).as_deref());
    let history = app.db.read(move |conn| order::history(conn, user.key, page)).await?;
    let meta = Meta::from(&history.paging);
    Ok(HttpResponse::Ok().json(Answer { orders: history.orders.into_iter().map(WireSummary::from).collect(), meta }))
}

/// `POST /api/orders`: 201 and the order; 200 and the same order for a cart that was ordered already. Sent again under the same
/// `Idempotency-Key`, 201 and the same order, marked as replayed.
///
/// # Errors
/// `idempotency_mismatch`; `cart_empty`; `cart_changed`, with the cart as it is; `Unavailable` from the database, and nothing was ordered.
pub async fn place(
    app: web::Data<App>,
    user: CurrentUser,
    visit: Visit,
    request: HttpRequest,
    body: Json<PlaceOrder>,
) -> Result<HttpResponse> {
    enum Done {
        New(Order),
        Known(Order),
        Replayed(Order),
        Changed(Box<checkout::Review>),
        Empty,
    }
    let Json(PlaceOrder(wish)) = body;
    let wish = Wish { key: key(&request)?, ..wish };
    let (now, actor, inner) = (app.clock.now(), visit.actor(), app.clone());
    let work = move |conn: &mut crate::db::Conn| {
        Ok(match checkout::place(conn, now, &actor, inner.house(), user.key, &wish)? {
            Outcome::Placed(number) => Done::New(order::show(conn, user.key, &number)?),
            Outcome::Already(number) => Done::Known(order::show(conn, user.key, &number)?),
            Outcome::Replayed(number) => Done::Replayed(order::show(conn, user.key, &number)?),
            Outcome::Changed(review) => Done::Changed(review),
            Outcome::Empty => Done::Empty,
        })
    };
    match app.db.write(work).await? {
        Done::New(order) => Ok(answer(StatusCode::CREATED, order)),
        Done::Known(order) => Ok(answer(StatusCode::OK, order)),
        Done::Replayed(order) => {
            let mut answer = answer(StatusCode::CREATED, order);
            answer.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
            Ok(answer)
        }
        Done::Empty => Err(Error::refused("cart_empty", "There is nothing in the cart to order.")),
        Done::Changed(review) => {
            let text = "The cart is not what this order was made from. Look at it as it is now, and order again.";
            let mut trouble = Trouble::from(&Error::refused("cart_changed", text));
            let cart = WireCart::of(review.cart, &app.config.shop.currency);
            trouble.more.insert("cart".to_owned(), serde_json::to_value(cart).map_err(Error::internal)?);
            Ok(trouble.problem())
        }
    }
}

/// The name that the program gave to its order; one that is not ASCII, or that came twice, is none.
fn key(request: &HttpRequest) -> Result<Option<IdempotencyKey>> {
    let mut sent = request.headers().get_all(KEY);
    let parsed = match (sent.next(), sent.next()) {
        (None, _) => return Ok(None),
        (Some(text), None) => text.to_str().unwrap_or_default().parse(),
        (Some(_), Some(_)) => Err("Send one key, not several.".to_owned()),
    };
    parsed.map(Some).map_err(|sentence| Error::field(KEY, sentence))
}

/// `GET /api/orders/{number}`.
///
/// # Errors
/// `NotFound`, also for another person's; `Unavailable` from the database.
pub async fn show(app: web::Data<App>, user: CurrentUser, Named(number): Named<Number>) -> Result<HttpResponse> {
    let order = app.db.read(move |conn| order::show(conn, user.key, &number)).await?;
    Ok(answer(StatusCode::OK, order))
}

/// `POST /api/orders/{number}/cancel`.
///
/// # Errors
/// `NotFound`; `not_cancellable`; `Unavailable` from the database.
pub async fn cancel(app: web::Data<App>, user: CurrentUser, visit: Visit, Named(number): Named<Number>) -> Result<HttpResponse> {
    let (now, actor, post) = (app.clock.now(), visit.actor(), app.latch.post.clone());
    let work = move |conn: &mut crate::db::Conn| {
        order::cancel(conn, now, &actor, &post, user.key, &number)?;
        order::show(conn, user.key, &number)
    };
    Ok(answer(StatusCode::OK, app.db.write(work).await?))
}

fn answer(status: StatusCode, order: Order) -> HttpResponse {
    #[derive(Serialize)]
    struct Answer {
        order: WireOrder,
    }
    HttpResponse::build(status).json(Answer { order: order.into() })
}
