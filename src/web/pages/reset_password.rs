//! `/reset-password`: setting a password anew, by a link that was mailed.
//!
//! Invariant: looking spends nothing, and nobody is signed in by it.

use crate::auth::mail_link::{self, Purpose};
use crate::auth::password::Password;
use crate::auth::password_reset::{self, Outcome};
use crate::auth::user::User;
use crate::db::Conn;
use crate::error::Result;
use crate::web::app::App;
use crate::web::form::{Fields, Form, Reader, Typed};
use crate::web::identity::Visit;
use crate::web::link;
use crate::web::pages::register;
use crate::web::view::{Kind, View, see_other};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::Serialize;

/// What the form asks.
#[derive(Debug)]
pub struct NewPassword(Password);

impl Fields for NewPassword {
    const NAME: &'static str = "reset";
    const FIELDS: &'static [&'static str] = &["password"];

    fn read(reader: &mut Reader) -> Option<Self> {
        reader.secret("password").map(|text| Self(Password::typed(&text)))
    }
}

/// `GET /reset-password/{token}`: takes the token out of the address.
pub async fn carry(visit: Visit, token: web::Path<String>) -> HttpResponse {
    link::carry(&visit, &token, "/reset-password")
}

/// `GET /reset-password`: the form, while the link is good.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn show(app: web::Data<App>, visit: Visit, view: View) -> Result<HttpResponse> {
    let person = whose(&app, &visit).await?;
    show_with(&app, &view, Typed::blank(NewPassword::NAME), person).await
}

/// `POST /reset-password`: sets it. Every sign-in of the account ends.
///
/// # Errors
/// `Unavailable` when the database or the hasher is.
pub async fn submit(app: web::Data<App>, visit: Visit, view: View, form: Form<NewPassword>) -> Result<HttpResponse> {
    let person = whose(&app, &visit).await?;
    let known = person.as_ref().map_or(["", ""], |person| [person.email.as_str(), person.name.as_str()]);
    let NewPassword(password) = match form.parse() {
        Ok(password) => password,
        Err(mut typed) => {
            register::judge(&app, &form, &mut typed, "password", known).await?;
            return show_with(&app, &view, typed, person).await;
        }
    };
    if person.is_some()
        && let Err(why) = register::check(&app, &password, known).await?
    {
        return show_with(&app, &view, form.refuse("password", why), person).await;
    }
    let address = visit.address().to_string();
    let done = match visit.link() {
        Some(token) => password_reset::follow(&app.latch, token, password, address).await?,
        None => Outcome::Refused,
    };
    visit.forget_link();
    match done {
        Outcome::Changed(key) => {
            // Their session here ended with all others.
            if visit.person().is_some_and(|person| person.key == key) {
                visit.sign_out();
            }
            view.flash(Kind::Success, "Your password is changed, and you are signed out everywhere. Sign in with the new one.");
            Ok(see_other("/login"))
        }
        Outcome::Refused => show_with(&app, &view, form.as_typed(StatusCode::UNPROCESSABLE_ENTITY), None).await,
    }
}

/// Whose password the link of this browser sets, if it is good.
async fn whose(app: &App, visit: &Visit) -> Result<Option<User>> {
    match visit.link() {
        Some(token) => password_reset::look(&app.latch, token).await,
        None => Ok(None),
    }
}

async fn show_with(app: &App, view: &View, form: Typed, person: Option<User>) -> Result<HttpResponse> {
    #[derive(Serialize)]
    struct Page {
        form: Typed,
        /// Whose password it is; none when the link is good no more.
        email: Option<String>,
        password_min: usize,
        /// Was the link followed before?
        used: bool,
    }
    let (status, password_min, token) = (form.status, app.config.password_min, view.visit().link());
    let load = move |conn: &mut Conn| {
        let used = match token.filter(|_| person.is_none()) {
            Some(token) => mail_link::was_used(conn, &token, &[Purpose::Reset])?,
            None => false,
        };
        Ok(Page { form, email: person.map(|person| person.email), password_min, used })
    };
    view.show_as(status, "reset_password/show.html", load).await
}
