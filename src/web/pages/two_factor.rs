//! `/account/two-factor`: a code from an app, asked after the password.
//!
//! Invariant: the key is shown only to who has just proved who they are, and recovery codes once, on the page after they were made. It does
//! not know how codes are checked.

mod picture;

use crate::auth::passkey;
use crate::auth::second_factor::change::{self, Outcome};
use crate::auth::second_factor::{self, Code, Seed, recovery};
use crate::auth::user::{self, Role};
use crate::clock::rfc3339;
use crate::db::Conn;
use crate::error::Result;
use crate::web::app::App;
use crate::web::form::{Fields, Form, Press, Reader, Typed};
use crate::web::identity::{CurrentUser, Visit};
use crate::web::next;
use crate::web::step_up::{self, TWO_FACTOR};
use crate::web::view::{Kind, View, see_other};
use actix_web::{HttpResponse, web};
use serde::Serialize;

/// What the form asks.
#[derive(Debug)]
pub struct Enable(Code);

impl Fields for Enable {
    const NAME: &'static str = "enable";
    const FIELDS: &'static [&'static str] = &["code"];
    const SECRET: &'static [&'static str] = &["code"];

    fn read(reader: &mut Reader) -> Option<Self> {
        reader.required("code", str::parse).map(Self)
    }
}

/// `GET /account/two-factor`. What it shows before it is on is worth a proof.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn show(app: web::Data<App>, user: CurrentUser, view: View) -> Result<HttpResponse> {
    let on = app.db.read(move |conn| second_factor::has_app(conn, user.key)).await?;
    if !on && !step_up::is_fresh(&app, user).await? {
        return Ok(see_other(&next::confirm(TWO_FACTOR)));
    }
    show_with(&app, user, &view, Typed::blank(Enable::NAME)).await
}

/// `POST /account/two-factor/enable`: turns it on, if the code is the app's.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn enable(
    app: web::Data<App>,
    user: CurrentUser,
    visit: Visit,
    view: View,
    form: Form<Enable>,
) -> Result<HttpResponse> {
    let Enable(code) = match form.parse() {
        Ok(enable) => enable,
        Err(typed) => return show_with(&app, user, &view, typed).await,
    };
    let outcome = change::enable(&app.latch, user, code, step_up::wish_again(&app, user, &visit).await?).await?;
    if let Outcome::Wrong(off_by) = outcome {
        return show_with(&app, user, &view, form.refuse("code", wrong(off_by))).await;
    }
    let done = match &outcome {
        Outcome::Done(changed) if changed.codes.is_empty() => {
            "Codes of your app are asked from now on. Your recovery codes stay as they are."
        }
        _ => "Two-step sign-in is on. Keep the recovery codes below where you find them without your phone.",
    };
    land(&app, &view, outcome, done, "It was on already.")
}

/// `POST /account/two-factor/disable`.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn disable(app: web::Data<App>, user: CurrentUser, visit: Visit, view: View, _: Press) -> Result<HttpResponse> {
    let admins_need_one = app.config.admin_second_factor;
    let outcome = change::disable(&app.latch, user, admins_need_one, step_up::wish_again(&app, user, &visit).await?).await?;
    let done = match &outcome {
        Outcome::Done(changed) if changed.still_on => {
            "No code of an app is asked any more. Your passkeys are the second step, and your recovery codes stay as they are."
        }
        _ => {
            "No code of an app is asked any more, and the recovery codes are gone: your password alone opens your account again."
        }
    };
    land(&app, &view, outcome, done, "It was off already.")
}

/// `POST /account/two-factor/recovery-codes`: new ones in place of all earlier ones.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn renew(app: web::Data<App>, user: CurrentUser, visit: Visit, view: View, _: Press) -> Result<HttpResponse> {
    let outcome = change::renew(&app.latch, user, step_up::wish_again(&app, user, &visit).await?).await?;
    let done = "These are your new recovery codes. The earlier ones are worth nothing any more.";
    land(&app, &view, outcome, done, "Two-step sign-in is off, so there are no recovery codes.")
}

fn land(app: &App, view: &View, outcome: Outcome, done: &str, already: &str) -> Result<HttpResponse> {
    match outcome {
        Outcome::Done(changed) => {
            view.visit().sign_in(app, &changed.tokens)?;
            view.flash_with_codes(TWO_FACTOR, done, &changed.codes);
        }
        Outcome::Needed => view.flash(Kind::Error, "Who runs this shop needs a second step, so yours stays on."),
        Outcome::Already | Outcome::Wrong(_) => view.flash(Kind::Notice, already),
    }
    Ok(see_other(TWO_FACTOR))
}

/// The person sees the key, so they may hear how far their clock is off.
fn wrong(off_by: Option<i64>) -> String {
    match off_by {
        Some(ahead) => {
            let (way, minutes) = (if ahead > 0 { "ahead" } else { "behind" }, (ahead.abs() + 30) / 60);
            let length = if minutes <= 1 { "about a minute".to_owned() } else { format!("about {minutes} minutes") };
            format!("The clock of your phone is {length} {way}. Let it set itself by the network, then enter the next code.")
        }
        None => {
            "This code does not belong to the key above. Wait for the next one, and check that you scanned this page.".to_owned()
        }
    }
}

#[derive(Serialize)]
struct Offer {
    key: String,
    url: String,
    picture: picture::Picture,
}

#[derive(Serialize)]
struct Page {
    form: Typed,
    since: Option<String>,
    recovery_left: i64,
    /// Are there passkeys, which are a second step too?
    passkeys: i64,
    required: bool,
    offer: Option<Offer>,
}

async fn show_with(app: &App, user: CurrentUser, view: &View, form: Typed) -> Result<HttpResponse> {
    let (status, now, secrets) = (form.status, app.clock.now(), app.latch.secrets.clone());
    let required = app.config.admin_second_factor && user.role == Role::Admin;
    let shop = app.config.shop.name.clone();
    let load = move |conn: &mut Conn| {
        let since = second_factor::since(conn, user.key)?.map(rfc3339);
        let offer = if since.is_none() {
            let person = user::find(conn, user.key)?;
            let seed = Seed::offered(&secrets, person.id, person.epoch, now);
            let url = seed.url(&shop, &person.email);
            Some(Offer { key: grouped(&seed.key()), picture: picture::Picture::of(&url)?, url })
        } else {
            None
        };
        let recovery_left = recovery::left(conn, user.key)?;
        let passkeys = passkey::count(conn, user.key)?;
        Ok(Page { form, since, recovery_left, passkeys, required: required && passkeys == 0, offer })
    };
    view.show_as(status, "two_factor/show.html", load).await
}

/// In groups of four, as keys are typed.
fn grouped(key: &str) -> String {
    let letters: Vec<char> = key.chars().collect();
    letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}
