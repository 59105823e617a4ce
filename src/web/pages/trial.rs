//! `/pay/trial/{reference}`: the page of the trial provider, where a person says what shall become of the payment.
//!
//! Invariant: it acts as a stranger's page would: it knows its bill alone, and the shop hears of it by a signed message, or not at all.
//! Whoever knows the address (128 random bits) may open it.

mod courier;

use crate::error::{Error, Result};
use crate::ids::BillId;
use crate::shop::payment::provider::Verdict;
use crate::shop::payment::trial::{Trial, TrialBill};
use crate::web::app::App;
use crate::web::form::{Fields, Form, Reader, Typed};
use crate::web::view::{View, see_other};
use actix_web::{HttpResponse, web};
use serde::Serialize;
use std::sync::Arc;

/// What the person answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The money is there, and the shop is told.
    Approve,
    /// The same, told twice.
    Twice,
    /// The money is there, and the shop is not told: it must ask.
    Silent,
    /// There will be no money.
    Decline,
}

impl Answer {
    const ALL: [(&'static str, Self); 4] =
        [("approve", Self::Approve), ("twice", Self::Twice), ("silent", Self::Silent), ("decline", Self::Decline)];

    const fn verdict(self) -> Verdict {
        match self {
            Self::Decline => Verdict::Declined,
            _ => Verdict::Paid,
        }
    }

    const fn times(self) -> usize {
        match self {
            Self::Silent => 0,
            Self::Twice => 2,
            _ => 1,
        }
    }
}

impl Fields for Answer {
    const NAME: &'static str = "trial";
    const FIELDS: &'static [&'static str] = &["answer"];

    fn read(reader: &mut Reader) -> Option<Self> {
        reader.required("answer", |word| {
            let known = Self::ALL.into_iter().find(|(known, _)| *known == word);
            known.map(|(_, answer)| answer).ok_or_else(|| "Choose one of the answers.".to_owned())
        })
    }
}

/// `GET /pay/trial/{reference}`.
///
/// # Errors
/// `NotFound`, also where the shop is not paid so; `Unavailable` from the database.
pub async fn show(app: web::Data<App>, reference: web::Path<String>, view: View) -> Result<HttpResponse> {
    show_with(&app, &reference, &view, Typed::blank(Answer::NAME)).await
}

/// `POST /pay/trial/{reference}`: decides, tells the shop, and leads back to the order.
///
/// # Errors
/// As `show`.
pub async fn submit(app: web::Data<App>, reference: web::Path<String>, view: View, form: Form<Answer>) -> Result<HttpResponse> {
    let answer = match form.parse() {
        Ok(answer) => answer,
        Err(typed) => return show_with(&app, &reference, &view, typed).await,
    };
    let (trial, id) = find(&app, &reference)?;
    let decided = web::block(move || {
        let bill = trial.decide(id, answer.verdict())?;
        Ok::<_, Error>((trial, bill))
    });
    let (trial, bill) = decided.await.map_err(Error::internal)??;
    courier::carry(&app, &trial, &bill, answer.times()).await?;
    Ok(see_other(&format!("/orders/{}", bill.number)))
}

async fn show_with(app: &App, reference: &str, view: &View, form: Typed) -> Result<HttpResponse> {
    #[derive(Serialize)]
    struct Page {
        reference: String,
        number: String,
        amount: i64,
        decided: &'static str,
        form: Typed,
    }
    let (trial, id) = find(app, reference)?;
    let bill: TrialBill = web::block(move || trial.bill(id)).await.map_err(Error::internal)??;
    let status = form.status;
    let page = Page {
        reference: bill.reference.to_string(),
        number: bill.number.clone(),
        amount: bill.amount.minor(),
        decided: bill.tidings().map_or("", |tidings| tidings.verdict.code()),
        form,
    };
    view.show_as(status, "pay/trial.html", move |_| Ok(page)).await
}

fn find(app: &App, reference: &str) -> Result<(Arc<Trial>, BillId)> {
    let trial = app.payments.trial().ok_or(Error::NotFound)?.clone();
    Ok((trial, reference.parse().map_err(|_| Error::NotFound)?))
}
