//! `/account/passkeys/new`: making a passkey.
//!
//! Invariant: the form is shown only to who has just proved who they are, so that nothing is typed twice; who took too long over it
//! proves it again and finds the name as they typed it.

use super::shown::{offered, onward};
use super::{PAGE, land};
use crate::auth::passkey;
use crate::auth::passkey::change::{self, Made, Outcome};
use crate::error::{Error, Result};
use crate::web::app::App;
use crate::web::form::ceremony::Ceremony;
use crate::web::form::{Fields, Reader, Typed};
use crate::web::identity::{CurrentUser, Visit};
use crate::web::next;
use crate::web::step_up;
use crate::web::view::{View, see_other};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use std::borrow::Cow;

/// Where one is made.
const NEW: &str = "/account/passkeys/new";

/// What it will be called: asked before the device makes one that we would not take.
#[derive(Debug)]
pub struct Named(String);

impl Fields for Named {
    const NAME: &'static str = "make";
    const FIELDS: &'static [&'static str] = &["name"];

    fn read(reader: &mut Reader) -> Option<Self> {
        name(reader).map(Self)
    }
}

/// Also an empty one is answered in our words.
fn name(reader: &mut Reader) -> Option<String> {
    let typed = reader.any_text("name")?;
    match change::name(&typed) {
        Ok(name) => Some(name),
        Err(sentence) => reader.refuse("name", sentence),
    }
}

/// A new passkey as a script sends it.
#[derive(Debug)]
pub struct New {
    name: String,
    challenge: String,
    credential: String,
}

impl Fields for New {
    const NAME: &'static str = "make";
    const FIELDS: &'static [&'static str] = &["name", "challenge", "credential"];

    fn read(reader: &mut Reader) -> Option<Self> {
        let name = name(reader);
        let challenge = reader.secret("challenge");
        let credential = reader.secret("credential");
        Some(Self { name: name?, challenge: challenge?, credential: credential? })
    }
}

/// `GET /account/passkeys/new`; worth a proof.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn show(app: web::Data<App>, user: CurrentUser, view: View, request: HttpRequest) -> Result<HttpResponse> {
    #[derive(Serialize)]
    struct Page {
        form: Typed,
        possible: bool,
        first: bool,
    }
    let name = form_urlencoded::parse(request.query_string().as_bytes()).find(|(field, _)| field == "name");
    let name = name.map(|(_, name)| name.chars().filter(|c| !c.is_control()).take(60).collect::<String>());
    if !step_up::is_fresh(&app, user).await? {
        return Ok(see_other(&next::confirm(&again(name.as_deref().unwrap_or_default()))));
    }
    let form = Typed::with(New::NAME, name.map(|name| ("name", name)));
    let possible = app.latch.party.is_some();
    let load = move |conn: &mut crate::db::Conn| {
        let first = !crate::auth::second_factor::is_on(conn, user.key)?;
        Ok(Page { form, possible, first })
    };
    view.show("passkeys/new.html", load).await
}

/// `POST /account/passkeys/new/challenge`.
///
/// # Errors
/// `Refused` where there are no passkeys, or there would be one too many; `Unavailable` from the database.
pub async fn challenge(app: web::Data<App>, user: CurrentUser, visit: Visit, sent: Ceremony<Named>) -> Result<HttpResponse> {
    if !step_up::is_fresh(&app, user).await? {
        return Ok(see_other(&next::confirm(&again(&sent.0.0))));
    }
    Ok(offered(&passkey::offer_making(&app.latch, user.key, visit.binding()).await?))
}

/// `POST /account/passkeys/new`: keeps it.
///
/// # Errors
/// 401 for one that was not made here just now; `Refused` for one too many, or one that is kept already; `Unavailable` from the database.
pub async fn create(
    app: web::Data<App>,
    user: CurrentUser,
    visit: Visit,
    view: View,
    sent: Ceremony<New>,
) -> Result<HttpResponse> {
    let New { name, challenge, credential } = sent.0;
    if !step_up::is_fresh(&app, user).await? {
        return Ok(see_other(&next::confirm(&again(&name))));
    }
    let made = Made::read(&app.latch, visit.binding(), &challenge, &credential).ok_or_else(not_made)?;
    match change::add(&app.latch, user, made, name, step_up::wish_again(&app, user, &visit).await?).await? {
        Outcome::Done(changed) => {
            let done = if changed.codes.is_empty() {
                "The passkey is there. Every other device is signed out."
            } else {
                "The passkey is there. Keep the recovery codes below where you find them without it."
            };
            land(&app, &view, &changed, done)?;
            Ok(onward(PAGE))
        }
        Outcome::TooMany => Err(passkey::too_many()),
        Outcome::Known => Err(Error::refused("known_passkey", "This passkey is kept here already.")),
        Outcome::Wrong | Outcome::Needed => Err(not_made()),
    }
}

fn not_made() -> Error {
    Error::refused("passkey_not_made", "The passkey could not be kept: making it took too long, or went wrong. Try once more.")
}

/// The page with the name in it, for after the proof.
fn again(name: &str) -> Cow<'static, str> {
    if name.is_empty() {
        return NEW.into();
    }
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("name", name).finish();
    format!("{NEW}?{query}").into()
}
