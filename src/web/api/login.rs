//! `POST /api/auth/login` (also `/api/login`): signs an API client in.

use super::tokens::{self, Place};
use crate::auth::password::Password;
use crate::auth::second_factor::{Code, Given};
use crate::auth::session::Door;
use crate::auth::sign_in::{self, Attempt, Outcome, Second};
use crate::error::{Error, Result};
use crate::web::app::App;
use crate::web::form::{Fields, Json, Reader};
use crate::web::identity::Visit;
use actix_web::{HttpResponse, web};

const NO_CODE: &str = "This account has a second step. Send the code of the app, or a recovery code, as `code` as well.";

/// What the body holds.
#[derive(Debug)]
pub struct SignIn {
    email: String,
    password: String,
    code: Option<Code>,
    place: Option<Place>,
}

impl Fields for SignIn {
    const NAME: &'static str = "login";
    const FIELDS: &'static [&'static str] = &["email", "username", "password", "code", "refresh_in"];

    fn read(reader: &mut Reader) -> Option<Self> {
        // Any text gets the answer for a wrong password, the empty one too.
        let email = match (reader.has("email"), reader.has("username")) {
            (true, true) => reader.refuse("email", "Send either email or username, not both.".to_owned()),
            (false, true) => reader.any_text("username"),
            (_, false) => reader.any_text("email"),
        };
        let password = reader.any_text("password");
        // A client may always send one; where there is no second factor it opens nothing.
        let code = reader.optional("code", str::parse);
        let place = reader.optional("refresh_in", Place::read);
        Some(Self { email: email?, password: password?, code: code?, place: place? })
    }
}

/// Signs in.
///
/// # Errors
/// `invalid_credentials`, one for every failure; `code_required` where a code is missing; `TooMany` while the address must wait or after
/// wrong codes; `Unavailable` when the database or the hasher is.
pub async fn submit(app: web::Data<App>, visit: Visit, body: Json<SignIn>) -> Result<HttpResponse> {
    let Json(SignIn { email, password, code, place }) = body;
    // A string that is no address is no account of ours: it costs and says the same.
    let email = email.parse();
    let second = Second::Now(code.map(|code| Given { code, most: app.config.limits.code_account }));
    let attempt = Attempt { email, password: Password::typed(&password), wish: visit.wish(Door::Api, false, None), second };
    match sign_in::sign_in(&app.latch, attempt).await? {
        Outcome::SignedIn(tokens, _) => {
            Ok(HttpResponse::Ok().json(tokens::give(&app, &visit, &tokens, place.unwrap_or(Place::Cookie))?))
        }
        Outcome::NoCode | Outcome::CodeAwaited(_) => Err(Error::refused("code_required", NO_CODE)),
        Outcome::WrongCode => Err(Error::refused("invalid_credentials", crate::web::pages::login_code::WRONG)),
        Outcome::Wait(wait) => {
            visit.note_wait();
            Err(Error::TooMany { wait })
        }
        Outcome::Refused => Err(Error::refused("invalid_credentials", crate::web::pages::login::WRONG)),
    }
}
