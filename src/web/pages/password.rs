//! `/account/password`: changing one's own password.

use crate::auth::password::Password;
use crate::auth::password_change::{self, Outcome};
use crate::auth::user;
use crate::error::Result;
use crate::web::app::App;
use crate::web::errors::words;
use crate::web::form::{Fields, Form, Reader, Typed};
use crate::web::identity::{CurrentUser, Visit};
use crate::web::pages::register;
use crate::web::step_up;
use crate::web::view::{Kind, View, see_other};
use actix_web::http::header;
use actix_web::{HttpResponse, web};
use serde::Serialize;

/// What the form asks.
#[derive(Debug)]
pub struct Change {
    current: Password,
    new: Password,
}

impl Fields for Change {
    const NAME: &'static str = "password";
    const FIELDS: &'static [&'static str] = &["current_password", "new_password"];

    fn read(reader: &mut Reader) -> Option<Self> {
        let current = reader.secret("current_password");
        let new = reader.secret("new_password");
        Some(Self { current: Password::typed(&current?), new: Password::typed(&new?) })
    }
}

/// `GET /account/password`.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn show(app: web::Data<App>, _: CurrentUser, view: View) -> Result<HttpResponse> {
    show_with(&app, &view, Typed::blank(Change::NAME)).await
}

/// `POST /account/password`: changes it; every other session ends, and this browser goes on with a new one.
///
/// # Errors
/// `Unavailable` when the database or the hasher is.
pub async fn submit(
    app: web::Data<App>,
    user: CurrentUser,
    visit: Visit,
    view: View,
    form: Form<Change>,
) -> Result<HttpResponse> {
    let Change { current, new } = match form.parse() {
        Ok(change) => change,
        Err(mut typed) => {
            register::judge(&app, &form, &mut typed, "new_password", ["", ""]).await?;
            return show_with(&app, &view, typed).await;
        }
    };
    let person = app.db.read(move |conn| user::find(conn, user.key)).await?;
    if let Err(why) = register::check(&app, &new, [&person.email, &person.name]).await? {
        return show_with(&app, &view, form.refuse("new_password", why)).await;
    }
    if new.is_same_as(&current) {
        return show_with(&app, &view, form.refuse("new_password", "This is the password you have. Choose another.")).await;
    }
    let wish = step_up::wish_again(&app, user, &visit).await?;
    match password_change::change(&app.latch, user, current, new, wish).await? {
        Outcome::Changed { tokens, passkeys } => {
            visit.sign_in(&app, &tokens)?;
            let done = "Your password is changed. Everywhere else you are signed out.";
            let stay = "Your passkeys still sign you in: look at them under Passkeys, and remove any that you do not know.";
            view.flash(Kind::Success, if passkeys { format!("{done} {stay}") } else { done.to_owned() });
            Ok(see_other("/account"))
        }
        Outcome::WrongPassword => {
            let why = "This is not your present password. Check it and try again.";
            show_with(&app, &view, form.refuse("current_password", why)).await
        }
        Outcome::Wait(left) => {
            let mut page = show_with(&app, &view, form.put_off("current_password", "passwords", left)).await?;
            page.headers_mut().insert(header::RETRY_AFTER, words::whole_seconds(left).into());
            Ok(page)
        }
    }
}

async fn show_with(app: &App, view: &View, form: Typed) -> Result<HttpResponse> {
    #[derive(Serialize)]
    struct Page {
        form: Typed,
        password_min: usize,
    }
    let (status, password_min) = (form.status, app.config.password_min);
    view.show_as(status, "account/password.html", move |_| Ok(Page { form, password_min })).await
}
