//! `POST /api/auth/register` (also `/api/register`): a new account and its first tokens; where addresses are confirmed first, a mail.

use super::profile::Profile;
use super::tokens::{self, Place};
use crate::auth::email::Email;
use crate::auth::mail_link::budget::Budget;
use crate::auth::password::Password;
use crate::auth::registration::{self, Applicant, Outcome, TAKEN, pending};
use crate::auth::session::Door;
use crate::auth::user;
use crate::config::Registration;
use crate::error::{Error, Result};
use crate::web::app::App;
use crate::web::form::{Fields, Json, Reader};
use crate::web::identity::Visit;
use crate::web::pages::register::{check, open};
use actix_web::{HttpResponse, web};
use serde::Serialize;

/// What the body holds.
#[derive(Debug)]
pub struct NewAccount {
    name: String,
    email: Email,
    password: String,
    place: Option<Place>,
}

impl Fields for NewAccount {
    const NAME: &'static str = "register";
    const FIELDS: &'static [&'static str] = &["name", "email", "password", "refresh_in"];

    fn read(reader: &mut Reader) -> Option<Self> {
        let name = reader.required("name", user::name);
        let email = reader.required("email", str::parse);
        let password = reader.secret("password");
        let place = reader.optional("refresh_in", Place::read);
        Some(Self { name: name?, email: email?, password: password?, place: place? })
    }
}

/// Makes the account.
///
/// # Errors
/// `registration_closed`; `Invalid` on `email` for a known address and on `password` for a weak one; `Unavailable`.
pub async fn submit(app: web::Data<App>, visit: Visit, body: Json<NewAccount>) -> Result<HttpResponse> {
    #[derive(Serialize)]
    struct Answer {
        user: Profile,
        #[serde(flatten)]
        given: tokens::Given,
    }
    open(&app)?;
    let Json(NewAccount { name, email, password, place }) = body;
    let password = Password::typed(&password);
    check(&app, &password, [email.as_str(), &name]).await?.map_err(|why| Error::field("password", why))?;
    if app.config.registration == Registration::Confirm {
        let applicant = Applicant { name, email, password };
        return match pending::ask(&app.latch, applicant, visit.address().to_string()).await? {
            Budget::Taken => Ok(HttpResponse::Accepted().json(serde_json::json!({}))),
            Budget::Empty(wait) => Err(Error::TooMany { wait }),
        };
    }
    let wish = visit.wish(Door::Api, false, None);
    match registration::register(&app.latch, Applicant { name, email, password }, wish).await? {
        Outcome::Registered(tokens, user) => {
            let given = tokens::give(&app, &visit, &tokens, place.unwrap_or(Place::Cookie))?;
            Ok(HttpResponse::Created().json(Answer { user: Profile::from(*user), given }))
        }
        Outcome::Taken => Err(Error::field("email", TAKEN)),
        Outcome::TooOften(wait) => Err(Error::TooMany { wait }),
    }
}
