//! `/login/code`: the second step of signing in.
//!
//! Invariant: it is there only for the browser whose password was right a moment ago; what the sign-in was to carry out, this step carries
//! out. A code is never sent back.

pub mod passkey;

use crate::auth::half_sign_in::{self, Awaited, Outcome, Ticket};
use crate::auth::second_factor::{Code, Given, Proof};
use crate::auth::session::Door;
use crate::auth::sign_in::Wish;
use crate::error::{FieldError, Result};
use crate::web::app::App;
use crate::web::cookies::{self, Name};
use crate::web::errors::words;
use crate::web::form::{Fields, Form, Reader, Typed};
use crate::web::identity::Visit;
use crate::web::next::NextPath;
use crate::web::parking;
use crate::web::view::{Kind, Layout, View, see_other};
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

/// What is said of a code that is not right.
pub const WRONG: &str = "This code is wrong, too old, or was used already. Wait for the next one and enter that. If none works, let \
                         your phone set its clock by itself.";
/// The same of a recovery code, for which no clock counts.
const WRONG_RECOVERY: &str =
    "This recovery code is wrong, or was used already. Check it letter by letter, or enter another of the ten.";
const GONE: &str = "That took too long, or was finished in another window. Sign in once more.";

/// What the form asks.
#[derive(Debug)]
pub struct Sent(Code);

impl Fields for Sent {
    const NAME: &'static str = "code";
    const FIELDS: &'static [&'static str] = &["code"];
    const SECRET: &'static [&'static str] = &["code"];

    fn read(reader: &mut Reader) -> Option<Self> {
        reader.required("code", str::parse).map(Self)
    }
}

/// Sends the browser on to this step.
pub(super) fn begin(visit: &Visit, ticket: &Ticket) -> HttpResponse {
    let life = i64::try_from(half_sign_in::LIFE.as_secs()).unwrap_or(300);
    visit.set_cookie(cookies::set(Name::Mfa, ticket.expose(), Some(life)));
    see_other("/login/code")
}

/// `GET /login/code`; with `recovery=1` for a recovery code, which is typed on another keyboard.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn show(app: web::Data<App>, visit: Visit, view: View, request: HttpRequest) -> Result<HttpResponse> {
    let Some(ticket) = visit.cookie(Name::Mfa).and_then(Ticket::parse) else { return Ok(elsewhere(&visit)) };
    let now = app.clock.now();
    let Some(awaited) = app.db.read(move |conn| half_sign_in::awaited(conn, now, &ticket)).await? else {
        return Ok(gone(&view));
    };
    let recovery =
        form_urlencoded::parse(request.query_string().as_bytes()).any(|(name, value)| name == "recovery" && value == "1");
    show_with(&app, &view, Typed::blank(Sent::NAME), recovery, Some(awaited)).await
}

/// `POST /login/code`: signs in and goes on; 401 with the form when the code is wrong.
///
/// # Errors
/// `Unavailable` when the database is: never a wrong code.
pub async fn submit(app: web::Data<App>, visit: Visit, view: View, form: Form<Sent>) -> Result<HttpResponse> {
    let Some(ticket) = visit.cookie(Name::Mfa).and_then(Ticket::parse) else { return Ok(elsewhere(&visit)) };
    // Whoever types letters has no use for a keyboard of digits.
    let recovery = form.raw("code").is_some_and(|code| code.chars().any(|c| c.is_ascii_alphabetic()));
    let Sent(code) = match form.parse() {
        Ok(sent) => sent,
        Err(typed) => return show_with(&app, &view, typed, recovery, awaited(&app, ticket).await?).await,
    };
    let sentence = wrong(&code);
    let (errand, done) = parking::errand(&app, &visit);
    let wish = visit.wish(Door::Web, false, visit.person().map(|person| person.session));
    let given = Given { code, most: app.config.limits.code_account };
    match half_sign_in::finish(&app.latch, ticket.clone(), Proof::Code(given), Wish { errand, ..wish }).await? {
        Outcome::SignedIn { tokens, next, recovery_left } => {
            visit.set_cookie(cookies::delete(Name::Mfa));
            visit.sign_in(&app, &tokens)?;
            let next = next.and_then(|next| NextPath::parse(&next, &app.origin));
            Ok(parking::land(&view, done, next.as_ref(), recovery_left.map(left)))
        }
        Outcome::Wrong => {
            let error = FieldError { field: "code".to_owned(), message: sentence.to_owned() };
            let typed = Typed { errors: vec![error], ..form.as_typed(StatusCode::UNAUTHORIZED) };
            show_with(&app, &view, typed, recovery, awaited(&app, ticket).await?).await
        }
        Outcome::Wait(left) => {
            let typed = form.put_off("code", "codes", left);
            let mut page = show_with(&app, &view, typed, recovery, awaited(&app, ticket).await?).await?;
            page.headers_mut().insert(header::RETRY_AFTER, words::whole_seconds(left).into());
            Ok(page)
        }
        Outcome::Gone => Ok(gone(&view)),
    }
}

/// The sentence for a code of that kind that is not right.
pub(super) fn wrong(code: &Code) -> &'static str {
    match code {
        Code::App(_) => WRONG,
        Code::Recovery(_) => WRONG_RECOVERY,
    }
}

fn left(left: i64) -> String {
    match left {
        0 => "That was your last recovery code: make new ones in your account.".to_owned(),
        1 => "One recovery code is left: make new ones in your account soon.".to_owned(),
        left => format!("{left} recovery codes are left."),
    }
}

/// Nobody is at this step here.
fn elsewhere(visit: &Visit) -> HttpResponse {
    see_other(if visit.person().is_some() { "/dashboard" } else { "/login" })
}

/// There is nothing to finish; for who is signed in meanwhile, in another tab, nothing is left to do.
fn gone(view: &View) -> HttpResponse {
    let visit = view.visit();
    visit.set_cookie(cookies::delete(Name::Mfa));
    if visit.person().is_none() {
        view.flash(Kind::Error, GONE);
    }
    elsewhere(visit)
}

async fn awaited(app: &App, ticket: Ticket) -> Result<Option<Awaited>> {
    let now = app.clock.now();
    app.db.read(move |conn| half_sign_in::awaited(conn, now, &ticket)).await
}

async fn show_with(app: &App, view: &View, form: Typed, recovery: bool, awaited: Option<Awaited>) -> Result<HttpResponse> {
    #[derive(Serialize)]
    struct Page<'a> {
        form: &'a Typed,
        parked: Option<String>,
        /// Is it a page for a recovery code, with letters?
        recovery: bool,
        /// Have they an app that shows codes?
        app: bool,
        /// Have they a passkey, for whose script `next` is a field that is known already?
        passkey: bool,
    }
    let (with_app, passkey) = awaited.map_or((true, false), |awaited| (awaited.app, awaited.passkey));
    let parked = parking::hint(app, view.visit()).await?.sentence("Enter the code");
    let page = Page { form: &form, parked, recovery: recovery || !with_app, app: with_app, passkey };
    view.draw(form.status, "login/code.html", Layout::visitor(), &page)
}
