//! `/not-me`: "This wasn't me", by a link in a letter that warned of something.
//!
//! Invariant: looking says what would happen and spends nothing, so that a scanner of mails signs nobody out; a form does. Nobody is
//! signed in by it.

use crate::auth::disown::{self, Outcome, Shown};
use crate::auth::mail_link::{self, Purpose};
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

/// What is said when it is done.
const DONE: &str = "Every sign-in to the account has ended, and its API tokens are revoked. Now look in your mail: a link there sets a \
    new password. Until then the old one still signs in.";
/// What is said when the account has another address by now.
const MOVED: &str = "Every sign-in to the account has ended, and its API tokens are revoked. But its e-mail address was changed \
    meanwhile: write to the shop, by answering the mail that told you of it.";

/// What the form asks: nothing but the button.
#[derive(Debug)]
pub struct NotMe;

impl Fields for NotMe {
    const NAME: &'static str = "not-me";
    const FIELDS: &'static [&'static str] = &[];

    fn read(_: &mut Reader) -> Option<Self> {
        Some(Self)
    }
}

/// `GET /not-me/{token}`: takes the token out of the address.
pub async fn carry(visit: Visit, token: web::Path<String>) -> HttpResponse {
    link::carry(&visit, &token, "/not-me")
}

/// `GET /not-me`: what would happen, while the link is good.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn show(app: web::Data<App>, view: View) -> Result<HttpResponse> {
    show_with(&app, &view, Typed::blank(NotMe::NAME)).await
}

/// `POST /not-me`: ends every sign-in, and sends the way to a new password.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn submit(app: web::Data<App>, visit: Visit, view: View, form: Form<NotMe>) -> Result<HttpResponse> {
    if let Err(typed) = form.parse() {
        return show_with(&app, &view, typed).await;
    }
    let done = match visit.link() {
        Some(token) => disown::follow(&app.latch, token, visit.address().to_string()).await?,
        None => Outcome::Refused,
    };
    let Outcome::Done { person, letter } = done else {
        return show_with(&app, &view, form.as_typed(StatusCode::UNPROCESSABLE_ENTITY)).await;
    };
    visit.forget_link();
    // Their session here ended with all others.
    if visit.person().is_some_and(|here| here.key == person) {
        visit.sign_out();
    }
    view.flash(if letter { Kind::Success } else { Kind::Notice }, if letter { DONE } else { MOVED });
    Ok(see_other("/login"))
}

async fn show_with(app: &App, view: &View, form: Typed) -> Result<HttpResponse> {
    #[derive(Serialize)]
    struct Page {
        form: Typed,
        /// Where its letter went; none when the link is good no more.
        email: Option<String>,
        /// Is that still the address of the account?
        still_theirs: bool,
        /// Was the link followed before?
        used: bool,
    }
    let (status, token) = (form.status, view.visit().link());
    let shown = match token.clone() {
        Some(token) => disown::look(&app.latch, token).await?,
        None => None,
    };
    let load = move |conn: &mut Conn| {
        if let Some(Shown { email, still_theirs }) = shown {
            return Ok(Page { form, email: Some(email), still_theirs, used: false });
        }
        let used = match token {
            Some(token) => mail_link::was_used(conn, &token, &[Purpose::Disown])?,
            None => false,
        };
        Ok(Page { form, email: None, still_theirs: false, used })
    };
    view.show_as(status, "not_me/show.html", load).await
}
