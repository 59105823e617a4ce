//! `/confirm-identity`: proving who one is, before something that matters.
//!
//! Invariant: a wrong proof changes nothing and is counted; a right one leads on to where the person was going, what they sent kept.

pub mod passkey;

use crate::auth::passkey as key;
use crate::auth::password::Password;
use crate::auth::second_factor::{self, Code, Given};
use crate::auth::session::{self, Door};
use crate::auth::step_up::{self, Outcome, Proof};
use crate::error::Result;
use crate::web::app::App;
use crate::web::errors::words;
use crate::web::form::{Fields, Form, Reader, Typed};
use crate::web::identity::{CurrentUser, Visit};
use crate::web::next::NextPath;
use crate::web::pages::{login, login_code};
use crate::web::view::{View, see_other};
use crate::web::{parking, step_up as layer};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

/// What the form asks: one of the two.
#[derive(Debug)]
pub struct Sent {
    given: Proven,
    next: Option<String>,
}

#[derive(Debug)]
enum Proven {
    Password(Password),
    Code(Code),
}

impl Fields for Sent {
    const NAME: &'static str = "confirm";
    const FIELDS: &'static [&'static str] = &["password", "code", "next"];
    const SECRET: &'static [&'static str] = &["password", "code"];

    fn read(reader: &mut Reader) -> Option<Self> {
        let password = reader.optional("password", |text| Ok(Password::typed(text)));
        let code = reader.optional("code", str::parse);
        let next = reader.optional("next", |text| Ok(text.to_owned()));
        let given = match (password?, code?) {
            (Some(password), None) => Some(Proven::Password(password)),
            (None, Some(code)) => Some(Proven::Code(code)),
            (None, None) => reader.refuse("password", "Enter your password.".to_owned()),
            (Some(_), Some(_)) => reader.refuse("code", "Enter your password or a code, not both.".to_owned()),
        };
        Some(Self { given: given?, next: next? })
    }
}

/// `GET /confirm-identity`; for who has just proved it, on to where they were going.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn show(app: web::Data<App>, user: CurrentUser, view: View, request: HttpRequest) -> Result<HttpResponse> {
    let next = login::way(&request, &app);
    if layer::is_fresh(&app, user).await? {
        return Ok(see_other(next.as_ref().map_or("/dashboard", NextPath::as_str)));
    }
    show_with(&view, user, Typed::blank(Sent::NAME), next).await
}

/// `POST /confirm-identity`: goes on with a new session; 422 with the form when it was wrong, 429 when it was too often.
///
/// # Errors
/// `Unavailable` when the database or the hasher is.
pub async fn submit(app: web::Data<App>, user: CurrentUser, visit: Visit, view: View, form: Form<Sent>) -> Result<HttpResponse> {
    let next = form.raw("next").and_then(|next| NextPath::parse(next, &app.origin));
    let sent = match form.parse() {
        Ok(sent) => sent,
        Err(typed) => return show_with(&view, user, typed, next).await,
    };
    let mut wrong = login_code::WRONG;
    let (proof, field, tries) = match sent.given {
        Proven::Password(password) => (Proof::Password(password), "password", "passwords"),
        Proven::Code(code) => {
            wrong = login_code::wrong(&code);
            (Proof::Code(Given { code, most: app.config.limits.code_account }), "code", "codes")
        }
    };
    let remember = app.db.read(move |conn| session::is_remembered(conn, user.session)).await?;
    let wish = visit.wish(Door::Web, remember, Some(user.session));
    let refused = match step_up::confirm(&app.latch, user, proof, wish).await? {
        Outcome::Confirmed(tokens) => {
            visit.sign_in(&app, &tokens)?;
            return Ok(see_other(NextPath::or_dashboard(sent.next.as_deref(), &app.origin).as_str()));
        }
        Outcome::WrongPassword => form.refuse("password", "This is not your password. Check it and try again."),
        Outcome::WrongCode | Outcome::WrongPasskey => form.refuse("code", wrong),
        Outcome::Wait(left) => {
            let mut page = show_with(&view, user, form.put_off(field, tries, left), next).await?;
            page.headers_mut().insert(header::RETRY_AFTER, words::whole_seconds(left).into());
            return Ok(page);
        }
    };
    show_with(&view, user, refused, next).await
}

async fn show_with(view: &View, user: CurrentUser, form: Typed, next: Option<NextPath>) -> Result<HttpResponse> {
    #[derive(Serialize)]
    struct Page {
        form: Typed,
        next: String,
        kept_for_you: bool,
        with_code: bool,
        with_passkey: bool,
    }
    let (status, next) = (form.status, next.map_or_else(String::new, |next| next.to_string()));
    let load = move |conn: &mut crate::db::Conn| {
        let with_code = second_factor::has_app(conn, user.key)?;
        let with_passkey = key::count(conn, user.key)? > 0;
        Ok(Page { form, kept_for_you: next == parking::PAGE, next, with_code, with_passkey })
    };
    view.show_as(status, "two_factor/confirm.html", load).await
}
