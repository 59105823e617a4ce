//! `/admin/people/{id}`: one person, and what can be done to them.

use crate::auth::alive::Alive;
use crate::auth::device;
use crate::auth::roll;
use crate::auth::second_factor;
use crate::auth::stewardship::{self, Act, Outcome};
use crate::auth::user::Role;
use crate::db::Conn;
use crate::error::{Error, FieldError, Result};
use crate::ids::UserId;
use crate::web::app::App;
use crate::web::form::{Fields, Form, Reader, Typed};
use crate::web::identity::CurrentUser;
use crate::web::pages::admin::people::Row;
use crate::web::view::{Kind, View, see_other};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::Serialize;

/// What the form asks.
#[derive(Debug)]
pub struct Wish(Act);

impl Fields for Wish {
    const NAME: &'static str = "person";
    const FIELDS: &'static [&'static str] = &["act"];

    fn read(reader: &mut Reader) -> Option<Self> {
        let named = |word: &str| Act::ALL.into_iter().find(|act| act.word() == word);
        reader.required("act", |word| named(word).ok_or_else(|| "Choose one of these.".to_owned())).map(Self)
    }
}

#[derive(Serialize)]
struct Choice {
    code: &'static str,
    name: &'static str,
}

#[derive(Serialize)]
struct Page {
    person: Row,
    sessions: usize,
    second_factor: bool,
    acts: Vec<Choice>,
    form: Typed,
}

/// `GET /admin/people/{id}`.
///
/// # Errors
/// `NotFound`; `Unavailable` from the database.
pub async fn show(user: CurrentUser, id: web::Path<String>, view: View) -> Result<HttpResponse> {
    show_with(&view, user, read(&id)?, Typed::blank(Wish::NAME)).await
}

/// `POST /admin/people/{id}`: does it; the operator has proved lately who they are.
///
/// # Errors
/// `NotFound`; `Unavailable` from the database.
pub async fn submit(
    app: web::Data<App>,
    user: CurrentUser,
    id: web::Path<String>,
    view: View,
    form: Form<Wish>,
) -> Result<HttpResponse> {
    let id = read(&id)?;
    let Wish(act) = match form.parse() {
        Ok(wish) => wish,
        Err(typed) => return show_with(&view, user, id, typed).await,
    };
    let typed = match stewardship::act(&app.latch, user, id, act, view.visit().actor()).await? {
        Outcome::Done => {
            view.flash(Kind::Success, done(act));
            return Ok(see_other(&format!("/admin/people/{id}")));
        }
        Outcome::Already => {
            let message = "Somebody was faster: this is how they stand already. Nothing was done.".to_owned();
            let errors = vec![FieldError { field: String::new(), message }];
            Typed { errors, ..form.as_typed(StatusCode::CONFLICT) }
        }
        Outcome::Oneself => form.refuse("act", "This is you. Ask somebody else who runs the shop, or use the command line."),
    };
    show_with(&view, user, id, typed).await
}

async fn show_with(view: &View, user: CurrentUser, id: UserId, form: Typed) -> Result<HttpResponse> {
    let (status, app, own) = (form.status, view.app(), user.id == id);
    let (now, limits) = (app.clock.now(), app.config.sessions.clone());
    let load = move |conn: &mut Conn| {
        let person = roll::by_id(conn, id)?.ok_or(Error::NotFound)?;
        let sessions = device::list(conn, person.key, Alive::at(now, &limits, person.role))?.len();
        let second_factor = second_factor::is_on(conn, person.key)?;
        let of_use = Act::ALL.into_iter().filter(|act| !own && act.is_of_use(&person, second_factor));
        let acts = of_use.map(|act| Choice { code: act.word(), name: asked(act) }).collect();
        Ok(Page { person: Row::from(person), sessions, second_factor, acts, form })
    };
    view.show_as(status, "admin/people/show.html", load).await
}

pub(in crate::web) const fn asked(act: Act) -> &'static str {
    match act {
        Act::SignOut => "Sign them out everywhere",
        Act::Lock => "Lock them out",
        Act::Unlock => "Let them in again",
        Act::Give(Role::Admin) => "Let them run the shop",
        Act::Give(Role::Shopper) => "Take the shop from them",
        Act::DropSecondFactor => "Turn their two-step sign-in off",
    }
}

const fn done(act: Act) -> &'static str {
    match act {
        Act::SignOut => "They are signed out everywhere.",
        Act::Lock => "They are locked out, and signed out everywhere.",
        Act::Unlock => "They can sign in again.",
        Act::Give(Role::Admin) => "They run the shop from now on.",
        Act::Give(Role::Shopper) => "They are a shopper from now on.",
        Act::DropSecondFactor => {
            "App and passkeys are forgotten: their password alone lets them in from now on, and they are signed out everywhere."
        }
    }
}

fn read(id: &str) -> Result<UserId> {
    id.parse().map_err(|_| Error::NotFound)
}
