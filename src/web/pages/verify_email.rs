//! `/verify-email`: confirming an address, by a link that was mailed to it.
//!
//! Invariant: looking shows what is confirmed and spends nothing, so that a scanner of mails confirms nothing; a form does.

use crate::auth::confirmation::{self, CONFIRMS, Outcome, Shown};
use crate::auth::mail_link::{self, Purpose};
use crate::auth::user;
use crate::db::Conn;
use crate::error::Result;
use crate::web::app::App;
use crate::web::form::{Fields, Form, Reader, Typed};
use crate::web::identity::Visit;
use crate::web::link;
use crate::web::view::{Kind, View, see_other};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::Serialize;

/// What is said to who is signed in to another account than the link's.
const ANOTHERS: &str = "Done, for the account that the link belongs to. In this browser you are signed in to another one.";

/// What the form asks: nothing but the button.
#[derive(Debug)]
pub struct Yes;

impl Fields for Yes {
    const NAME: &'static str = "verify";
    const FIELDS: &'static [&'static str] = &[];

    fn read(_: &mut Reader) -> Option<Self> {
        Some(Self)
    }
}

/// `GET /verify-email/{token}`: takes the token out of the address.
pub async fn carry(visit: Visit, token: web::Path<String>) -> HttpResponse {
    link::carry(&visit, &token, "/verify-email")
}

/// `GET /verify-email`: what is to be confirmed, while the link is good.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn show(app: web::Data<App>, visit: Visit, view: View) -> Result<HttpResponse> {
    show_with(&app, &visit, &view, Typed::blank(Yes::NAME)).await
}

/// `POST /verify-email`: confirms it.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn submit(app: web::Data<App>, visit: Visit, view: View, form: Form<Yes>) -> Result<HttpResponse> {
    if let Err(typed) = form.parse() {
        return show_with(&app, &visit, &view, typed).await;
    }
    let done = match visit.link() {
        Some(token) => confirmation::confirm(&app.latch, token, visit.address().to_string()).await?,
        None => Outcome::Refused,
    };
    let Outcome::Confirmed(purpose, key) = done else {
        return show_with(&app, &visit, &view, form.as_typed(StatusCode::UNPROCESSABLE_ENTITY)).await;
    };
    visit.forget_link();
    let here = visit.person().map(|person| person.key == key);
    let said = match purpose {
        _ if here == Some(false) => ANOTHERS,
        Purpose::Register => "Your account is ready. Sign in with the password you chose.",
        Purpose::Change => "Your new address is confirmed. Sign in with it from now on.",
        Purpose::Verify | Purpose::Reset => "Your address is confirmed. Thank you.",
    };
    view.flash(Kind::Success, said);
    Ok(see_other(if here == Some(true) { "/account" } else { "/login" }))
}

async fn show_with(app: &App, visit: &Visit, view: &View, form: Typed) -> Result<HttpResponse> {
    #[derive(Serialize)]
    struct Page {
        form: Typed,
        /// The address; none when the link is good no more.
        email: Option<String>,
        name: String,
        purpose: &'static str,
        /// Was the link followed before?
        used: bool,
        /// The confirmed address of who looks at it; none if nobody is signed in, or theirs is not confirmed.
        confirmed: Option<String>,
    }
    let shown = match visit.link() {
        Some(token) => confirmation::look(&app.latch, token).await?,
        None => None,
    };
    let status = form.status;
    let (token, person) = (visit.link(), visit.person());
    let load = move |conn: &mut Conn| {
        if let Some(Shown { purpose, email, name }) = shown {
            return Ok(Page { form, email: Some(email), name, purpose: purpose.word(), used: false, confirmed: None });
        }
        let used = match token {
            Some(token) => mail_link::was_used(conn, &token, &CONFIRMS)?,
            None => false,
        };
        let confirmed = match person {
            Some(person) => Some(user::find(conn, person.key)?).filter(|user| user.email_verified_at.is_some()),
            None => None,
        };
        let confirmed = confirmed.map(|user| user.email);
        Ok(Page { form, email: None, name: String::new(), purpose: "", used, confirmed })
    };
    view.show_as(status, "verify_email/show.html", load).await
}
