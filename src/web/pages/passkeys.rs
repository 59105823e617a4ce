//! `/account/passkeys`: keys that sign in without a password.
//!
//! Invariant: recovery codes are shown once, on the page after they were made. Making one needs a script and says so (`make`); everything
//! else does without.

pub mod make;
pub mod shown;

use crate::auth::passkey::change::{self, Outcome};
use crate::auth::passkey::{self, Passkey};
use crate::auth::second_factor::change::Changed;
use crate::auth::second_factor::{self, recovery};
use crate::clock::rfc3339;
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::ids::PasskeyId;
use crate::web::app::App;
use crate::web::form::{Fields, Form, Press, Reader, Typed};
use crate::web::identity::{CurrentUser, Visit};
use crate::web::named::Named;
use crate::web::step_up;
use crate::web::view::{Kind, View, see_other};
use actix_web::{HttpResponse, web};
use serde::Serialize;

/// Where they are looked after.
pub const PAGE: &str = "/account/passkeys";

/// What the form asks.
#[derive(Debug)]
pub struct Rename(String);

impl Fields for Rename {
    const NAME: &'static str = "rename";
    const FIELDS: &'static [&'static str] = &["name"];

    fn read(reader: &mut Reader) -> Option<Self> {
        reader.required("name", change::name).map(Self)
    }
}

/// `GET /account/passkeys`.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn index(app: web::Data<App>, user: CurrentUser, view: View) -> Result<HttpResponse> {
    show_with(&app, user, &view, Typed::blank(Rename::NAME), None).await
}

/// `POST /account/passkeys/{id}`: calls it something else.
///
/// # Errors
/// `NotFound` for one that is gone or another's; `Unavailable` from the database.
pub async fn rename(
    app: web::Data<App>,
    user: CurrentUser,
    view: View,
    Named(id): Named<PasskeyId>,
    form: Form<Rename>,
) -> Result<HttpResponse> {
    let Rename(name) = match form.parse() {
        Ok(rename) => rename,
        Err(typed) => return show_with(&app, user, &view, typed, Some(id)).await,
    };
    app.db.write(move |conn| passkey::rename(conn, user.key, id, &name)).await?;
    view.flash(Kind::Success, "The passkey has its new name.");
    Ok(see_other(PAGE))
}

/// `POST /account/passkeys/{id}/remove`.
///
/// # Errors
/// `NotFound` for one that is gone or another's; `Unavailable` from the database, and it lives on.
pub async fn remove(
    app: web::Data<App>,
    user: CurrentUser,
    visit: Visit,
    view: View,
    Named(id): Named<PasskeyId>,
    _: Press,
) -> Result<HttpResponse> {
    let wish = step_up::wish_again(&app, user, &visit).await?;
    match change::remove(&app.latch, user, id, app.config.admin_second_factor, wish).await? {
        Outcome::Done(changed) => {
            let done = if changed.still_on {
                "The passkey is gone from here, and opens nothing any more. Delete it where it is kept, too."
            } else {
                "The passkey is gone from here, and your recovery codes with it: your password alone opens your account again. \
                 Delete the passkey where it is kept, too."
            };
            land(&app, &view, &changed, done)?;
        }
        _ => view.flash(Kind::Error, "Who runs this shop needs a second step, and this passkey is your only one, so it stays."),
    }
    Ok(see_other(PAGE))
}

fn land(app: &App, view: &View, changed: &Changed, done: &str) -> Result<()> {
    view.visit().sign_in(app, &changed.tokens)?;
    view.flash_with_codes(PAGE, done, &changed.codes);
    Ok(())
}

#[derive(Serialize)]
struct Row {
    id: PasskeyId,
    name: String,
    backed_up: bool,
    created_at: String,
    last_used_at: Option<String>,
    /// The form to rename it, where something is wrong with what was typed.
    form: Option<Typed>,
}

impl Row {
    fn of(passkey: Passkey, typed: Option<(&Typed, PasskeyId)>) -> Self {
        Self {
            form: typed.filter(|(_, id)| *id == passkey.id).map(|(form, _)| form.clone()),
            id: passkey.id,
            name: passkey.name,
            backed_up: passkey.backed_up,
            created_at: rfc3339(passkey.created_at),
            last_used_at: passkey.last_used_at.map(rfc3339),
        }
    }
}

#[derive(Serialize)]
struct Page {
    form: Typed,
    passkeys: Vec<Row>,
    /// Can there be any for this shop?
    possible: bool,
    /// Is there an app that shows codes, beside them?
    app: bool,
    recovery_left: i64,
}

async fn show_with(app: &App, user: CurrentUser, view: &View, form: Typed, renamed: Option<PasskeyId>) -> Result<HttpResponse> {
    let (status, possible) = (form.status, app.latch.party.is_some());
    let load = move |conn: &mut Conn| {
        let all = passkey::list(conn, user.key)?;
        if renamed.is_some_and(|id| all.iter().all(|passkey| passkey.id != id)) {
            return Err(Error::NotFound);
        }
        let passkeys = all.into_iter().map(|passkey| Row::of(passkey, renamed.map(|id| (&form, id)))).collect();
        let app = second_factor::has_app(conn, user.key)?;
        let recovery_left = recovery::left(conn, user.key)?;
        Ok(Page { form, passkeys, possible, app, recovery_left })
    };
    view.show_as(status, "passkeys/index.html", load).await
}
