//! `/account`: what we know of the person, and their name.

pub mod delete;
pub mod export;

use crate::audit::{self, Kind};
use crate::auth::alive::Alive;
use crate::auth::{glance, user};
use crate::clock::rfc3339;
use crate::error::Result;
use crate::web::app::App;
use crate::web::form::{Fields, Form, Reader, Typed};
use crate::web::identity::CurrentUser;
use crate::web::view::{self, View, see_other};
use actix_web::{HttpResponse, web};
use serde::Serialize;

/// What the form asks.
#[derive(Debug)]
pub struct Name(String);

impl Fields for Name {
    const NAME: &'static str = "name";
    const FIELDS: &'static [&'static str] = &["name"];

    fn read(reader: &mut Reader) -> Option<Self> {
        reader.required("name", user::name).map(Self)
    }
}

/// `GET /account`.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn show(app: web::Data<App>, user: CurrentUser, view: View) -> Result<HttpResponse> {
    show_with(&app, user, &view, None).await
}

/// `POST /account`: changes the name.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn submit(app: web::Data<App>, user: CurrentUser, view: View, form: Form<Name>) -> Result<HttpResponse> {
    let Name(name) = match form.parse() {
        Ok(name) => name,
        Err(typed) => return show_with(&app, user, &view, Some(typed)).await,
    };
    let (now, actor) = (app.clock.now(), view.visit().actor());
    let work = move |conn: &mut crate::db::Conn| {
        user::rename(conn, user.key, &name)?;
        audit::record(conn, now, Kind::NameChanged, &actor, "")
    };
    app.db.write(work).await?;
    view.flash(view::Kind::Success, "Your name is saved.");
    Ok(see_other("/account"))
}

#[derive(Serialize)]
struct Account {
    name: String,
    email: String,
    email_verified: bool,
    role: &'static str,
    created_at: String,
    devices: i64,
    second_factor: bool,
}

async fn show_with(app: &App, user: CurrentUser, view: &View, typed: Option<Typed>) -> Result<HttpResponse> {
    #[derive(Serialize)]
    struct Page {
        form: Typed,
        account: Account,
    }
    let alive = Alive::at(app.clock.now(), &app.config.sessions, user.role);
    let status = typed.as_ref().map_or(actix_web::http::StatusCode::OK, |typed| typed.status);
    let load = move |conn: &mut crate::db::Conn| {
        let (glance, at_a_glance) = glance::with_account(conn, user.key, user.session, alive)?;
        let person = glance.user;
        let form = typed.unwrap_or_else(|| Typed::with(Name::NAME, [("name", person.name.clone())]));
        let account = Account {
            name: person.name,
            email: person.email,
            email_verified: person.email_verified_at.is_some(),
            role: person.role.word(),
            created_at: rfc3339(person.created_at),
            devices: at_a_glance.devices,
            second_factor: at_a_glance.second_factor,
        };
        Ok(Page { form, account })
    };
    view.show_as(status, "account/show.html", load).await
}
