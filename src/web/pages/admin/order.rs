//! `/admin/orders/{number}`: one order, whoever it belongs to, and its next step.

use crate::auth::{roll, user};
use crate::clock::rfc3339;
use crate::error::{Error, FieldError, Result};
use crate::shop::order::{self, Number, Order, Status, Step, Stepped};
use crate::shop::payment;
use crate::web::app::App;
use crate::web::form::{Fields, Form, Reader, Typed};
use crate::web::pages::admin::payment::Attempt;
use crate::web::pages::orders::Shown;
use crate::web::view::{Kind, View, see_other};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::Serialize;

/// A note has at most so many characters.
const NOTE: usize = 500;

impl Fields for Step {
    const NAME: &'static str = "move";
    const FIELDS: &'static [&'static str] = &["from", "to", "note"];

    fn read(reader: &mut Reader) -> Option<Self> {
        let status = |text: &str| text.parse::<Status>().map_err(|_| "This is no status of an order.".to_owned());
        let from = reader.optional("from", status);
        let to = reader.required("to", status);
        let note = reader.optional_text("note", NOTE);
        Some(Self { from: from?, to: to?, note: note?.unwrap_or_default() })
    }
}

#[derive(Serialize)]
struct Done {
    word: &'static str,
    at: String,
    by: String,
    note: String,
    current: bool,
}

#[derive(Serialize)]
struct Next {
    code: &'static str,
    label: &'static str,
}

#[derive(Serialize)]
struct Page {
    order: Shown,
    email: Option<String>,
    steps: Vec<Done>,
    moves: Vec<Next>,
    payments: Vec<Attempt>,
    form: Typed,
}

/// `GET /admin/orders/{number}`.
///
/// # Errors
/// `NotFound`; `Unavailable` from the database.
pub async fn show(number: web::Path<String>, view: View) -> Result<HttpResponse> {
    show_with(&view, read(&number)?, Typed::blank(Step::NAME)).await
}

/// `POST /admin/orders/{number}/move`.
///
/// # Errors
/// `NotFound`; `Unavailable` from the database.
pub async fn step(app: web::Data<App>, number: web::Path<String>, view: View, form: Form<Step>) -> Result<HttpResponse> {
    let number = read(&number)?;
    let wish = match form.parse() {
        Ok(wish) => wish,
        Err(typed) => return show_with(&view, number, typed).await,
    };
    let (now, actor, to, of) = (app.clock.now(), view.visit().actor(), wish.to, number.clone());
    let post = app.latch.post.clone();
    let why = match app.db.write(move |conn| order::step(conn, now, &actor, &post, &of, &wish)).await? {
        Stepped::Done => {
            view.flash(Kind::Success, format!("Order {number} is {} now.", to.word().to_lowercase()));
            return Ok(see_other(&format!("/admin/orders/{number}")));
        }
        Stepped::Overtaken(status) => {
            let status = status.word().to_lowercase();
            format!("Somebody was faster: this order is {status} now. Nothing was done. Look at it again before you go on.")
        }
        Stepped::Illegal(status) => {
            let (from, to) = (status.word().to_lowercase(), to.word().to_lowercase());
            format!("An order that is {from} cannot become {to}. Nothing was done.")
        }
    };
    let errors = vec![FieldError { field: String::new(), message: why }];
    show_with(&view, number, Typed { errors, ..form.as_typed(StatusCode::CONFLICT) }).await
}

pub(super) async fn show_with(view: &View, number: Number, form: Typed) -> Result<HttpResponse> {
    let (status, providers) = (form.status, view.app().payments.clone());
    let load = move |conn: &mut crate::db::Conn| {
        let order = order::find(conn, &number)?;
        let email = Some(user::find(conn, order.customer)?).filter(|person| !person.is_deleted()).map(|person| person.email);
        let keys: Vec<_> = order.events.iter().filter_map(|event| event.by).collect();
        let names = roll::names(conn, &keys)?;
        let last = order.events.len();
        let done = |(at, event): (usize, &order::Event)| Done {
            word: event.word(),
            at: rfc3339(event.at),
            by: event.by.and_then(|key| names.get(&key).cloned()).unwrap_or_default(),
            note: event.note.clone(),
            current: at + 1 == last,
        };
        let steps = order.events.iter().enumerate().map(done).collect();
        let moves = moves(&order);
        let payments = payment::of(conn, &order.number)?.iter().map(|it| Attempt::of(it, &order, &providers)).collect();
        Ok(Page { order: Shown::from(order), email, steps, moves, payments, form })
    };
    view.show_as(status, "admin/orders/show.html", load).await
}

/// What the buttons say.
fn moves(order: &Order) -> Vec<Next> {
    let label = |status: Status| match status {
        Status::Placed => "Placed",
        Status::Paid => "It is paid",
        Status::Packed => "It is packed",
        Status::Shipped => "It is shipped",
        Status::Delivered => "It is delivered",
        Status::Cancelled => "Cancel it",
        Status::Refunded => "It is refunded",
    };
    order.moves().map(|status| Next { code: status.code(), label: label(status) }).collect()
}

pub(super) fn read(number: &str) -> Result<Number> {
    number.parse().map_err(|_| Error::NotFound)
}
