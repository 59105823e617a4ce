//! `/forgot-password`: asking for a mail to set a password anew.
//!
//! Invariant: the answer is the same for every address, whoever has an account; it does not wait for the mail.

use crate::auth::email::Email;
use crate::auth::mail_link::budget::Budget;
use crate::auth::password_reset;
use crate::error::{Error, Result};
use crate::web::app::App;
use crate::web::form::{Fields, Form, Reader, Typed};
use crate::web::identity::Visit;
use crate::web::view::{View, see_other};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

/// What the form asks.
#[derive(Debug)]
pub struct Forgotten(Email);

impl Fields for Forgotten {
    const NAME: &'static str = "forgotten";
    const FIELDS: &'static [&'static str] = &["email"];

    fn read(reader: &mut Reader) -> Option<Self> {
        reader.required("email", str::parse).map(Self)
    }
}

/// `GET /forgot-password`: the form, or where to look for the mail.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn show(view: View, request: HttpRequest) -> Result<HttpResponse> {
    if is_sent(&request) {
        return look(&view, "/forgot-password").await;
    }
    show_with(&view, Typed::blank(Forgotten::NAME)).await
}

/// `POST /forgot-password`: sends a mail to who has an account.
///
/// # Errors
/// `TooMany` for an address that was sent enough, known or not; `Unavailable` from the database.
pub async fn submit(app: web::Data<App>, visit: Visit, view: View, form: Form<Forgotten>) -> Result<HttpResponse> {
    let Forgotten(email) = match form.parse() {
        Ok(forgotten) => forgotten,
        Err(typed) => return show_with(&view, typed).await,
    };
    match password_reset::ask(&app.latch, email, visit.address().to_string()).await? {
        Budget::Taken => Ok(see_other("/forgot-password?sent=1")),
        Budget::Empty(wait) => Err(Error::TooMany { wait }),
    }
}

async fn show_with(view: &View, form: Typed) -> Result<HttpResponse> {
    #[derive(Serialize)]
    struct Page {
        form: Typed,
    }
    view.show_as(form.status, "forgot_password/show.html", move |_| Ok(Page { form })).await
}

/// Was a mail just asked for?
pub(super) fn is_sent(request: &HttpRequest) -> bool {
    form_urlencoded::parse(request.query_string().as_bytes()).any(|(name, value)| name == "sent" && value == "1")
}

/// "Look in your mail", said to everybody alike; `again` is where to ask once more.
pub(super) async fn look(view: &View, again: &'static str) -> Result<HttpResponse> {
    #[derive(Serialize)]
    struct Page {
        again: &'static str,
    }
    view.show("forgot_password/sent.html", move |_| Ok(Page { again })).await
}
