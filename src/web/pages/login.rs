//! `/login`: signing in with a password.
//!
//! Invariant: every failure is the same text and the same status, whoever has an account here.

pub mod passkey;

use crate::auth::email::Email;
use crate::auth::password::Password;
use crate::auth::session::Door;
use crate::auth::sign_in::{self, Attempt, Outcome, Second, Wish};
use crate::auth::user::Role;
use crate::error::Result;
use crate::web::app::App;
use crate::web::errors::words;
use crate::web::form::{Fields, Form, Reader, Typed};
use crate::web::identity::{Ended, Visit};
use crate::web::next::NextPath;
use crate::web::pages::login_code;
use crate::web::parking;
use crate::web::step_up::TWO_FACTOR;
use crate::web::view::{Layout, View, see_other};
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use std::borrow::Cow;

/// The one text for a sign-in that failed.
pub const WRONG: &str = "The e-mail address and the password do not match an account here. Check both and try again.";
const REUSED: &str = "This sign-in was ended because an old copy of its key was used: by someone else, or by a browser restored \
                      after a crash. Sign in to see what happened.";
const FORGOTTEN: &str = "This shop no longer knows the sign-in of this browser: it ended a while ago, or the shop was restored from \
                         an older backup. Sign in again to go on.";
const CONTINUE: &str = "Sign in to continue.";

/// The sentence for an address with which too many sign-ins failed, whether it has an account or not.
#[must_use]
pub fn too_many(seconds: u64) -> String {
    let wait = words::wait(seconds);
    format!("Too many sign-ins failed with this address. Wait {wait}, then try again: until then we look at no password for it.")
}

/// What the form asks.
#[derive(Debug)]
pub struct SignIn {
    email: std::result::Result<Email, String>,
    password: Password,
    remember: bool,
    next: Option<String>,
}

impl Fields for SignIn {
    const NAME: &'static str = "login";
    const FIELDS: &'static [&'static str] = &["email", "password", "remember", "next"];

    fn read(reader: &mut Reader) -> Option<Self> {
        // What is no address is no account of ours either: it gets the answer for a wrong password.
        let email = reader.required("email", |text| Ok(text.parse()));
        let password = reader.secret("password");
        let remember = reader.flag("remember");
        let next = reader.optional("next", |text| Ok(text.to_owned()));
        Some(Self { email: email?, password: Password::typed(&password?), remember: remember?, next: next? })
    }
}

/// Where to go afterwards: the first legal `next` of the address, if there is one.
pub(super) fn way(request: &HttpRequest, app: &App) -> Option<NextPath> {
    let mut query = form_urlencoded::parse(request.query_string().as_bytes());
    query.find(|(name, _)| name == "next").and_then(|(_, next)| NextPath::parse(&next, &app.origin))
}

/// `GET /login`: the form; for who is signed in already, on to where they were going.
///
/// # Errors
/// None but faults of ours.
pub async fn show(app: web::Data<App>, visit: Visit, view: View, request: HttpRequest) -> Result<HttpResponse> {
    let next = way(&request, &app);
    if visit.person().is_some() {
        return Ok(see_other(next.as_ref().map_or("/dashboard", NextPath::as_str)));
    }
    let notice = match visit.ended() {
        Some(Ended::Reused) => Notice { ended: Some(REUSED), ..Notice::default() },
        Some(Ended::Over) => Notice { problem: Some(CONTINUE.into()), ..Notice::default() },
        Some(Ended::Forgotten) => Notice { problem: Some(FORGOTTEN.into()), ..Notice::default() },
        None => Notice { problem: next.is_some().then_some(CONTINUE.into()), ..Notice::default() },
    };
    show_with(&app, &view, Typed::blank(SignIn::NAME), next, notice).await
}

/// `POST /login`: signs in and goes on; 401 with the form when it is wrong.
///
/// # Errors
/// `Unavailable` when the database or the hasher is: never a wrong password.
pub async fn submit(app: web::Data<App>, visit: Visit, view: View, form: Form<SignIn>) -> Result<HttpResponse> {
    let SignIn { email, password, remember, next } = match form.parse() {
        Ok(sign_in) => sign_in,
        // Signed in meanwhile, in another tab: nothing is left to do here.
        Err(typed) if typed.status == StatusCode::FORBIDDEN && visit.person().is_some() => {
            let next = typed.values.get("next").map(String::as_str);
            return Ok(see_other(NextPath::or_dashboard(next, &app.origin).as_str()));
        }
        Err(typed) => {
            let next = typed.values.get("next").and_then(|next| NextPath::parse(next, &app.origin));
            return show_with(&app, &view, typed, next, Notice::default()).await;
        }
    };
    let next = next.and_then(|next| NextPath::parse(&next, &app.origin));
    let (errand, outcome) = parking::errand(&app, &visit);
    let wish = visit.wish(Door::Web, remember, visit.person().map(|person| person.session));
    let wish = Wish { errand, ..wish };
    let second = Second::Later(next.as_ref().map(NextPath::to_string));
    match sign_in::sign_in(&app.latch, Attempt { email, password, wish, second }).await? {
        Outcome::SignedIn(tokens, user) => {
            visit.sign_in(&app, &tokens)?;
            // Nobody runs the shop without a second factor, where the settings ask for one: they are led to it at once.
            let bare = app.config.admin_second_factor && user.role == Role::Admin;
            let next = if bare { NextPath::parse(TWO_FACTOR, &app.origin) } else { next };
            Ok(parking::land(&view, outcome, next.as_ref(), None))
        }
        Outcome::CodeAwaited(ticket) => Ok(login_code::begin(&visit, &ticket)),
        Outcome::Refused | Outcome::NoCode | Outcome::WrongCode => {
            let wrong = Notice { problem: Some(WRONG.into()), problem_kind: "error", ended: None };
            show_with(&app, &view, form.as_typed(StatusCode::UNAUTHORIZED), next, wrong).await
        }
        Outcome::Wait(left) => {
            visit.note_wait();
            let seconds = words::whole_seconds(left);
            let wait = Notice { problem: Some(too_many(seconds).into()), problem_kind: "error", ended: None };
            let mut page = show_with(&app, &view, form.as_typed(StatusCode::TOO_MANY_REQUESTS), next, wait).await?;
            page.headers_mut().insert(header::RETRY_AFTER, seconds.into());
            Ok(page)
        }
    }
}

/// What stands above the form.
#[derive(Debug, Serialize)]
struct Notice {
    problem: Option<Cow<'static, str>>,
    problem_kind: &'static str,
    ended: Option<&'static str>,
}

impl Default for Notice {
    fn default() -> Self {
        Self { problem: None, problem_kind: "notice", ended: None }
    }
}

async fn show_with(app: &App, view: &View, form: Typed, next: Option<NextPath>, mut notice: Notice) -> Result<HttpResponse> {
    #[derive(Serialize)]
    struct Page<'a> {
        form: &'a Typed,
        next: &'a str,
        parked: Option<String>,
        /// Can there be any for this shop?
        passkeys: bool,
        #[serde(flatten)]
        notice: Notice,
    }
    let parked = parking::hint(app, view.visit()).await?.sentence("Sign in");
    if parked.is_some() && notice.problem.as_deref() == Some(CONTINUE) {
        notice.problem = None;
    }
    let (next, passkeys) = (next.as_ref().map_or("", NextPath::as_str), app.latch.party.is_some());
    let page = Page { form: &form, next, parked, passkeys, notice };
    view.draw(form.status, "login/show.html", Layout::visitor(), &page)
}
