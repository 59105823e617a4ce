//! `/admin/orders/{number}/payment`: what those who run the shop write down about an order's money.
//!
//! Invariant: a button stands only where its act is possible, and of two who press it the second is told. It does not know gateways.

use super::order::{read, show_with};
use crate::clock::rfc3339;
use crate::error::{FieldError, Result};
use crate::ids::PaymentId;
use crate::shop::order::{Order, Status, Step};
use crate::shop::payment::{self, Act, Marked, Payment, Providers};
use crate::web::app::App;
use crate::web::form::{Fields, Form, Reader, Typed};
use crate::web::pages::orders::paying::came;
use crate::web::view::{Kind, View, see_other};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::Serialize;

/// What the form says.
#[derive(Debug)]
pub struct Note {
    payment: PaymentId,
    act: Act,
}

impl Fields for Note {
    const NAME: &'static str = "payment";
    const FIELDS: &'static [&'static str] = &["payment", "act"];

    fn read(reader: &mut Reader) -> Option<Self> {
        let payment = reader.required("payment", |id| id.parse().map_err(|_| "This is no payment of ours.".to_owned()));
        let act = reader.required("act", |word| Act::read(word).ok_or_else(|| "Choose one of the buttons.".to_owned()));
        Some(Self { payment: payment?, act: act? })
    }
}

/// A payment, as an order's page lists it.
#[derive(Serialize)]
pub struct Attempt {
    id: String,
    provider: String,
    reference: String,
    state_word: &'static str,
    amount: String,
    /// What came, where it is not what was asked.
    came: String,
    at: String,
    acts: Vec<Choice>,
}

#[derive(Serialize)]
struct Choice {
    word: &'static str,
    label: &'static str,
}

impl Attempt {
    /// The payment, and what may be said of it.
    #[must_use]
    pub fn of(payment: &Payment, order: &Order, providers: &Providers) -> Self {
        let label = |act: Act| match act {
            Act::Paid => "It is paid",
            Act::Refunded => "It is paid back",
        };
        // Where giving back is the order's own next step, one button is enough.
        let a_step = order.status == Status::Cancelled && order.was_paid();
        let acts = [Act::Paid, Act::Refunded].into_iter();
        let acts = acts.filter(|act| act.fits(payment.state, &payment.provider, order.status) && !a_step);
        let plain = Payment { received: None, received_currency: None, ..payment.clone() };
        Self {
            id: payment.id.to_string(),
            provider: providers.get(&payment.provider).map_or_else(|| payment.provider.clone(), |it| it.word().to_owned()),
            reference: payment.reference.clone().unwrap_or_default(),
            state_word: payment.state.word(),
            amount: came(&plain),
            came: payment.received.map(|_| came(payment)).unwrap_or_default(),
            at: rfc3339(payment.updated_at),
            acts: acts.map(|act| Choice { word: act.word(), label: label(act) }).collect(),
        }
    }
}

/// `POST /admin/orders/{number}/payment`.
///
/// # Errors
/// `NotFound`; `Unavailable` from the database.
pub async fn mark(app: web::Data<App>, number: web::Path<String>, view: View, form: Form<Note>) -> Result<HttpResponse> {
    let number = read(&number)?;
    let blank = |status, errors| Typed { status, errors, ..Typed::blank(Step::NAME) };
    let note = match form.parse() {
        Ok(note) => note,
        Err(typed) => return show_with(&view, number, blank(typed.status, typed.errors)).await,
    };
    let (now, actor, of) = (app.clock.now(), view.visit().actor(), number.clone());
    let marked = app.db.write(move |conn| payment::mark(conn, now, &actor, &of, note.payment, note.act)).await?;
    match marked {
        Marked::Done => {
            let told = match note.act {
                Act::Paid => "is paid",
                Act::Refunded => "is paid back",
            };
            view.flash(Kind::Success, format!("The money of order {number} {told}."));
            Ok(see_other(&format!("/admin/orders/{number}")))
        }
        Marked::Elsewhere(state) => {
            let word = state.word().to_lowercase();
            let message = format!("That cannot be said of this payment, which stands here: {word}. Nothing was done.");
            let errors = vec![FieldError { field: String::new(), message }];
            show_with(&view, number, blank(StatusCode::CONFLICT, errors)).await
        }
    }
}
