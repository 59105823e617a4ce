//! `POST /api/auth/logout` (also `/api/logout`): ends the session that the first token presented names.

use super::refresh::{Shown, unknown};
use crate::audit::{self, Actor, Kind};
use crate::auth::refresh_token::RefreshToken;
use crate::auth::rotation;
use crate::auth::session::{Because, Door};
use crate::error::{Error, Result};
use crate::web::app::App;
use crate::web::cookies::{self, Name};
use crate::web::form::Json;
use crate::web::identity::{Visit, bearer};
use actix_web::{HttpRequest, HttpResponse, web};

/// Signs out; 204 also when the session had ended.
///
/// # Errors
/// `no_token` when nothing was presented; `ForgedToken`, `unknown_token`; `Unavailable`, and the session lives on.
pub async fn submit(app: web::Data<App>, visit: Visit, request: HttpRequest, body: Json<Shown>) -> Result<HttpResponse> {
    let Json(Shown { refresh_token }) = body;
    let session = match (bearer(request.headers()), refresh_token.as_deref().or_else(|| visit.cookie(Name::ApiRefresh))) {
        (Some(access), _) => Some(app.latch.session_of(Door::Api, access)?),
        (None, Some(text)) => {
            let token = RefreshToken::parse(text).ok_or_else(unknown)?;
            let found = app.db.read(move |conn| rotation::session_of(conn, Door::Api, &token)).await?;
            Some(found.ok_or_else(unknown)?)
        }
        (None, None) => None,
    };
    let Some(session) = session else {
        return Err(Error::refused("no_token", "Nothing says which session to end: send the access token or the refresh token."));
    };
    let (now, actor) = (app.clock.now(), Actor { session: Some(session), ..visit.actor() });
    let record = move |conn: &mut crate::db::Conn| audit::record(conn, now, Kind::SignOut, &actor, "");
    app.latch.end(session, Because::SignOut, record).await?;
    visit.set_cookie(cookies::delete(Name::ApiRefresh));
    Ok(HttpResponse::NoContent().finish())
}
