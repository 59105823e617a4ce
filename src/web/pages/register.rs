//! `/register`: a new account, signed in at once; where addresses are confirmed first, a mail.
//!
//! Invariant: nothing is made while a field is wrong, and the typed name and address come back.

use crate::auth::email::Email;
use crate::auth::mail_link::budget::Budget;
use crate::auth::password::Password;
use crate::auth::registration::{self, Applicant, Outcome, TAKEN, pending};
use crate::auth::session::Door;
use crate::auth::sign_in::Wish;
use crate::auth::user;
use crate::config::Registration;
use crate::error::{Error, FieldError, Result};
use crate::web::app::App;
use crate::web::form::{Fields, Form, Reader, Typed};
use crate::web::identity::Visit;
use crate::web::next::NextPath;
use crate::web::pages::forgot_password;
use crate::web::pages::login::way;
use crate::web::parking;
use crate::web::view::{Layout, View, see_other};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

/// What the form asks.
#[derive(Debug)]
pub struct NewAccount {
    name: String,
    email: Email,
    password: Password,
    next: Option<String>,
}

impl Fields for NewAccount {
    const NAME: &'static str = "register";
    const FIELDS: &'static [&'static str] = &["name", "email", "password", "next"];

    fn read(reader: &mut Reader) -> Option<Self> {
        let name = reader.required("name", user::name);
        let email = reader.required("email", str::parse);
        let password = reader.secret("password");
        let next = reader.optional("next", |text| Ok(text.to_owned()));
        Some(Self { name: name?, email: email?, password: Password::typed(&password?), next: next? })
    }
}

/// `GET /register`: the form.
///
/// # Errors
/// `Refused` when only operators make accounts.
pub async fn show(app: web::Data<App>, visit: Visit, view: View, request: HttpRequest) -> Result<HttpResponse> {
    let next = way(&request, &app);
    if visit.person().is_some() {
        return Ok(see_other(next.as_ref().map_or("/dashboard", NextPath::as_str)));
    }
    open(&app)?;
    if app.config.registration == Registration::Confirm && forgot_password::is_sent(&request) {
        return forgot_password::look(&view, "/register").await;
    }
    show_with(&app, &view, &Typed::blank(NewAccount::NAME), next.as_ref()).await
}

/// `POST /register`: makes the account, signs in, goes on.
///
/// # Errors
/// `Refused` when only operators make accounts; `Unavailable` when the database or the hasher is.
pub async fn submit(app: web::Data<App>, visit: Visit, view: View, form: Form<NewAccount>) -> Result<HttpResponse> {
    open(&app)?;
    let NewAccount { name, email, password, next } = match form.parse() {
        Ok(account) => account,
        // Signed in meanwhile, in another tab: nothing is left to do here.
        Err(typed) if typed.status == StatusCode::FORBIDDEN && visit.person().is_some() => {
            let next = typed.values.get("next").map(String::as_str);
            return Ok(see_other(NextPath::or_dashboard(next, &app.origin).as_str()));
        }
        Err(mut typed) => {
            let next = typed.values.get("next").and_then(|next| NextPath::parse(next, &app.origin));
            let known = [form.raw("email"), form.raw("name")].map(Option::unwrap_or_default);
            judge(&app, &form, &mut typed, "password", known).await?;
            return show_with(&app, &view, &typed, next.as_ref()).await;
        }
    };
    let next = next.and_then(|next| NextPath::parse(&next, &app.origin));
    if let Err(why) = check(&app, &password, [email.as_str(), &name]).await? {
        return show_with(&app, &view, &form.refuse("password", why), next.as_ref()).await;
    }
    if app.config.registration == Registration::Confirm {
        let applicant = Applicant { name, email, password };
        return match pending::ask(&app.latch, applicant, visit.address().to_string()).await? {
            Budget::Taken => Ok(see_other("/register?sent=1")),
            Budget::Empty(wait) => Err(Error::TooMany { wait }),
        };
    }
    let (errand, outcome) = parking::errand(&app, &visit);
    let wish = visit.wish(Door::Web, false, visit.person().map(|person| person.session));
    let wish = Wish { errand, ..wish };
    match registration::register(&app.latch, Applicant { name, email, password }, wish).await? {
        Outcome::Registered(tokens, user) => {
            visit.sign_in(&app, &tokens)?;
            let welcome = format!("Welcome, {}. Your account is ready.", user.name);
            Ok(parking::land(&view, outcome, next.as_ref(), Some(welcome)))
        }
        Outcome::Taken => show_with(&app, &view, &form.refuse("email", TAKEN), next.as_ref()).await,
        Outcome::TooOften(wait) => Err(Error::TooMany { wait }),
    }
}

/// Checks a password by the rules, away from the threads that answer: judging a long one takes milliseconds.
/// `known` is what an attacker would try first: e-mail and name.
pub(in crate::web) async fn check(app: &App, password: &Password, known: [&str; 2]) -> Result<std::result::Result<(), String>> {
    let (password, least) = (password.clone(), app.config.password_min);
    let context = [app.config.shop.name.clone(), known[0].to_owned(), known[1].to_owned()];
    let check = move || password.check(least, &context.each_ref().map(String::as_str));
    tokio::task::spawn_blocking(check).await.map_err(Error::internal)
}

/// Adds the password's own fault to a form that is wrong elsewhere, so that everything is said at once.
pub(super) async fn judge<T: Fields>(
    app: &App,
    form: &Form<T>,
    typed: &mut Typed,
    field: &'static str,
    known: [&str; 2],
) -> Result<()> {
    let said = typed.status == StatusCode::FORBIDDEN || typed.errors.iter().any(|error| error.field == field);
    let Some(password) = form.raw(field).filter(|text| !said && !text.is_empty()) else { return Ok(()) };
    if let Err(message) = check(app, &Password::typed(password), known).await? {
        typed.errors.push(FieldError { field: field.to_owned(), message });
    }
    Ok(())
}

/// Is registration open?
pub(in crate::web) fn open(app: &App) -> Result<()> {
    match app.config.registration {
        Registration::Open | Registration::Confirm => Ok(()),
        Registration::Closed => Err(Error::refused(
            "registration_closed",
            "New accounts are made by the shop. Ask there for one, or sign in with yours.",
        )),
    }
}

async fn show_with(app: &App, view: &View, form: &Typed, next: Option<&NextPath>) -> Result<HttpResponse> {
    #[derive(Serialize)]
    struct Page<'a> {
        form: &'a Typed,
        next: &'a str,
        parked: Option<String>,
        password_min: usize,
    }
    let parked = parking::hint(app, view.visit()).await?.sentence("Create an account");
    let page = Page { form, next: next.map_or("", NextPath::as_str), parked, password_min: app.config.password_min };
    view.draw(form.status, "register/show.html", Layout::visitor(), &page)
}
