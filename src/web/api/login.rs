//! `POST /api/auth/login` (also `/api/login`): signs an API client in.

use super::tokens::{self, Place};
use crate::auth::password::Password;
use crate::auth::session::Door;
use crate::auth::sign_in::{self, Attempt, Outcome};
use crate::error::{Error, Result};
use crate::web::app::App;
use crate::web::form::{Fields, Json, Reader};
use crate::web::identity::Visit;
use actix_web::{HttpResponse, web};

/// What the body holds.
#[derive(Debug)]
pub struct SignIn {
    email: String,
    password: String,
    place: Option<Place>,
}

impl Fields for SignIn {
    const NAME: &'static str = "login";
    const FIELDS: &'static [&'static str] = &["email", "username", "password", "code", "refresh_in"];

    fn read(reader: &mut Reader) -> Option<Self> {
        let own = |text: &str| Ok::<_, String>(text.to_owned());
        // Any text gets the answer for a wrong password, the empty one too.
        let email = match (reader.has("email"), reader.has("username")) {
            (true, true) => reader.refuse("email", "Send either email or username, not both.".to_owned()),
            (false, true) => reader.any_text("username"),
            (_, false) => reader.any_text("email"),
        };
        let password = reader.any_text("password");
        // Nobody has a second factor yet: a code is read, so that a client may always send one, and opens nothing.
        let code = reader.optional("code", own);
        let place = reader.optional("refresh_in", Place::read);
        code?;
        Some(Self { email: email?, password: password?, place: place? })
    }
}

/// Signs in.
///
/// # Errors
/// `invalid_credentials`, one for every failure; `TooMany` while the address must wait; `Unavailable` when the database or the hasher is.
pub async fn submit(app: web::Data<App>, visit: Visit, body: Json<SignIn>) -> Result<HttpResponse> {
    let Json(SignIn { email, password, place }) = body;
    // A string that is no address is no account of ours: it costs and says the same.
    let email = email.parse();
    let attempt = Attempt { email, password: Password::typed(&password), wish: visit.wish(Door::Api, false, None) };
    match sign_in::sign_in(&app.latch, attempt).await? {
        Outcome::SignedIn(tokens, _) => {
            Ok(HttpResponse::Ok().json(tokens::give(&app, &visit, &tokens, place.unwrap_or(Place::Cookie))?))
        }
        Outcome::Wait(wait) => {
            visit.note_wait();
            Err(Error::TooMany { wait })
        }
        Outcome::Refused => Err(Error::refused("invalid_credentials", crate::web::pages::login::WRONG)),
    }
}
