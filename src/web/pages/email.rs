//! `/account/email`: the address of one's account, another one for it, and the link that confirms it once more.
//!
//! Invariant: who asks has proved lately who they are (`.steps_up()`); what the answer says of the other address is the same whoever has it.

use crate::auth::email::Email;
use crate::auth::email_change::{self, Asked};
use crate::auth::{email_verification, user};
use crate::error::{Error, Result};
use crate::web::app::App;
use crate::web::form::{Fields, Form, Press, Reader, Typed};
use crate::web::identity::{CurrentUser, Visit};
use crate::web::view::{Kind, View, see_other};
use actix_web::{HttpResponse, web};
use serde::Serialize;

/// What the form asks.
#[derive(Debug)]
pub struct Another(Email);

impl Fields for Another {
    const NAME: &'static str = "email";
    const FIELDS: &'static [&'static str] = &["email"];

    fn read(reader: &mut Reader) -> Option<Self> {
        reader.required("email", str::parse).map(Self)
    }
}

/// `GET /account/email`.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn show(user: CurrentUser, view: View) -> Result<HttpResponse> {
    show_with(user, &view, Typed::blank(Another::NAME)).await
}

/// `POST /account/email`: mails a link to the other address, and word of it to the one there is.
///
/// # Errors
/// `TooMany` for an address that was sent enough; `Unavailable` from the database.
pub async fn submit(
    app: web::Data<App>,
    user: CurrentUser,
    visit: Visit,
    view: View,
    form: Form<Another>,
) -> Result<HttpResponse> {
    let Another(email) = match form.parse() {
        Ok(another) => another,
        Err(typed) => return show_with(user, &view, typed).await,
    };
    let said = format!("We sent a link to {}. Your address stays as it is until you follow it, within an hour.", email.as_str());
    match email_change::ask(&app.latch, user, email, visit.address().to_string()).await? {
        Asked::Sent => {
            view.flash(Kind::Success, said);
            Ok(see_other("/account/email"))
        }
        Asked::Same => show_with(user, &view, form.refuse("email", "This is the address you have. Enter another one.")).await,
        Asked::TooOften(wait) => Err(Error::TooMany { wait }),
    }
}

/// `POST /account/email/resend`: mails the link that confirms the present address once more.
///
/// # Errors
/// `TooMany` for an address that was sent enough; `Unavailable` from the database.
pub async fn resend(app: web::Data<App>, user: CurrentUser, visit: Visit, view: View, _: Press) -> Result<HttpResponse> {
    match email_verification::ask(&app.latch, user, visit.address().to_string()).await? {
        email_verification::Asked::Sent(email) => {
            view.flash(Kind::Success, format!("We sent a link to {email}. It is good for 24 hours; earlier ones no longer are."));
        }
        email_verification::Asked::Confirmed => view.flash(Kind::Notice, "Your address is confirmed already."),
        email_verification::Asked::TooOften(wait) => return Err(Error::TooMany { wait }),
    }
    Ok(see_other("/account/email"))
}

async fn show_with(user: CurrentUser, view: &View, form: Typed) -> Result<HttpResponse> {
    #[derive(Serialize)]
    struct Page {
        form: Typed,
        email_verified: bool,
    }
    let status = form.status;
    let load = move |conn: &mut crate::db::Conn| {
        let email_verified = user::find(conn, user.key)?.email_verified_at.is_some();
        Ok(Page { form, email_verified })
    };
    view.show_as(status, "account/email.html", load).await
}
