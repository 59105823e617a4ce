//! `POST /api/auth/refresh` (also `/api/refresh`): the next pair of tokens.

use super::tokens::{self, Place};
use crate::auth::refresh_token::RefreshToken;
use crate::auth::rotation::{Exchange, Refusal};
use crate::auth::session::Door;
use crate::error::{Error, Result};
use crate::web::app::App;
use crate::web::cookies::Name;
use crate::web::form::{Fields, Json, Reader};
use crate::web::identity::Visit;
use actix_web::{HttpResponse, web};

/// What the body may hold.
#[derive(Debug)]
pub struct Shown {
    pub(super) refresh_token: Option<String>,
}

impl Fields for Shown {
    const NAME: &'static str = "refresh";
    const FIELDS: &'static [&'static str] = &["refresh_token"];

    fn read(reader: &mut Reader) -> Option<Self> {
        Some(Self { refresh_token: reader.optional("refresh_token", |text| Ok(text.to_owned()))? })
    }
}

/// Exchanges the token of the body, else of the cookie; the new one goes where the old one came from.
///
/// # Errors
/// `no_token`, `unknown_token`, `session_ended`, `already_refreshed`; `Unavailable`, and the token is as good as before.
pub async fn submit(app: web::Data<App>, visit: Visit, body: Json<Shown>) -> Result<HttpResponse> {
    let Json(Shown { refresh_token }) = body;
    let (text, place) = match (refresh_token, visit.cookie(Name::ApiRefresh)) {
        (Some(text), _) => (text, Place::Body),
        (None, Some(cookie)) => (cookie.to_owned(), Place::Cookie),
        (None, None) => return Err(Error::refused("no_token", "No refresh token came with this. Sign in to get one.")),
    };
    let token = RefreshToken::parse(&text).ok_or_else(unknown)?;
    match app.latch.refresh(Door::Api, token, visit.address().to_string(), true, None).await? {
        Exchange::Renewed(tokens) => Ok(HttpResponse::Ok().json(tokens::give(&app, &visit, &tokens, place)?)),
        Exchange::Straggler { .. } | Exchange::Kept => Err(Error::refused(
            "already_refreshed",
            "This token was exchanged already, and its successor is in use. Go on with that one.",
        )),
        Exchange::Reuse | Exchange::Refused(Refusal::Reused) => {
            Err(Error::refused("session_ended", "This session was ended because an old copy of its key was used. Sign in again."))
        }
        Exchange::Refused(Refusal::Ended) => Err(Error::refused("session_ended", "This session has ended. Sign in again.")),
        Exchange::Refused(Refusal::Unknown) => Err(unknown()),
    }
}

pub(super) fn unknown() -> Error {
    Error::refused("unknown_token", "This is not a refresh token of an API session of this shop.")
}
