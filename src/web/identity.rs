//! Who is asking, decided once for each request, before any answer of the site leaves.
//!
//! Invariant: the refresh happens inside the request: a dead access token beside a live refresh token is exchanged, and the same
//! request goes on, body untouched; the new cookies go on whatever the answer is. A failed refresh deletes nothing, since the loser
//! of a race must not wipe the winner's cookies. It does not know what the request wants.

mod exchange;
mod visit;

pub use crate::auth::latch::Person as CurrentUser;
pub use visit::{Ended, Visit};

use crate::audit::{self, Kind};
use crate::auth::api_token;
use crate::auth::latch::{Access, Person};
use crate::auth::refresh_token::RefreshToken;
use crate::auth::session::Door;
use crate::error::{Error, Result};
use crate::web::app::App;
use crate::web::cookies::Name;
use crate::web::cors;
use crate::web::identity::visit::Fault;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap};
use actix_web::middleware::Next;
use actix_web::{HttpMessage as _, ResponseError as _, web};

/// The layer before all pages: cookies.
///
/// # Errors
/// None of its own: an `Err` would lose the cookies.
pub async fn identify(
    app: web::Data<App>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let visit = Visit::new(&app, &request);
    request.extensions_mut().insert(visit.clone());
    let mut response = match recognise(&app, &visit).await {
        Ok(None) => next.call(request).await?.map_into_boxed_body(),
        Ok(Some(token)) => exchange::go_on(&app, &visit, token, request, next).await?,
        Err(cause) => request.into_response(cause.error_response()),
    };
    visit.add_cookies(response.headers_mut());
    Ok(response)
}

/// The layer before the JSON API: `Authorization` alone. What it finds matters only to routes that need somebody.
///
/// # Errors
/// None of its own.
pub async fn identify_client(
    app: web::Data<App>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let visit = if cors::guest(&app, request.headers()).is_some() {
        Visit::without_cookies(&app, &request)
    } else {
        Visit::new(&app, &request)
    };
    if visit.cookies().doubled() {
        record(&app, &visit, Kind::DuplicateCookie, "").await;
    }
    let checked = match bearer(request.headers()) {
        Some(token) if api_token::is_one(token) => by_token(&app, &visit, token).await.map(|()| None),
        Some(token) => app.latch.access(Door::Api, token).await.map(Some),
        None => Ok(None),
    };
    request.extensions_mut().insert(visit.clone());
    let mut response = match checked {
        Ok(access) => {
            match access {
                None => {}
                Some(Access::Granted(person)) => visit.admit(person),
                Some(Access::Stale) => visit.note_fault(Fault::Stale),
                Some(Access::Forged(why)) => {
                    visit.note_fault(Fault::Forged);
                    record(&app, &visit, Kind::ForgedToken, why).await;
                }
            }
            next.call(request).await?.map_into_boxed_body()
        }
        Err(cause) => request.into_response(cause.error_response()),
    };
    visit.add_cookies(response.headers_mut());
    Ok(response)
}

/// Recognises the person of an API token, and counts the token: so many requests for each, wherever they come from.
async fn by_token(app: &App, visit: &Visit, token: &str) -> Result<()> {
    match api_token::check(&app.latch, token).await? {
        Some(shown) => {
            app.limits.tokens.admit(shown.id)?;
            visit.admit_token(shown.person, shown.scopes);
        }
        None => visit.note_fault(Fault::NoToken),
    }
    Ok(())
}

/// Finds out who it is from the cookies; if only the refresh token can tell, here it is.
async fn recognise(app: &App, visit: &Visit) -> Result<Option<RefreshToken>> {
    let cookies = visit.cookies();
    if cookies.doubled() {
        record(app, visit, Kind::DuplicateCookie, "").await;
        return Ok(None);
    }
    if let Some(token) = cookies.get(Name::Access) {
        match app.latch.access(Door::Web, token).await? {
            Access::Granted(person) => {
                visit.admit(person);
                return Ok(None);
            }
            Access::Stale => {}
            Access::Forged(why) => record(app, visit, Kind::ForgedToken, why).await,
        }
    }
    Ok(cookies.get(Name::Refresh).and_then(RefreshToken::parse))
}

/// Writes an audit event that must not decide over the request. A stranger gets a few of them written down, not the whole flood.
pub(super) async fn record(app: &App, visit: &Visit, kind: Kind, detail: &'static str) {
    if app.limits.noise.admit(visit.address()).is_err() {
        tracing::debug!(kind = kind.word(), "too many of these from one address to write down");
        return;
    }
    let (now, actor) = (app.clock.now(), visit.actor());
    if let Err(cause) = app.db.write(move |conn| audit::record(conn, now, kind, &actor, detail)).await {
        tracing::error!(%cause, kind = kind.word(), "an audit event could not be written");
    }
}

/// Does a browser only guess that somebody will want this?
pub(super) fn is_prefetch(headers: &HeaderMap) -> bool {
    headers.get_all("sec-purpose").any(|value| value.to_str().is_ok_and(|value| value.contains("prefetch")))
}

/// The token of exactly one `Authorization: Bearer` header (RFC 6750; the scheme's case does not matter).
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut lines = headers.get_all(header::AUTHORIZATION);
    let (line, more) = (lines.next()?, lines.next());
    if more.is_some() {
        // Two are as good as a malformed one: an empty text is never a token.
        return Some("");
    }
    let Ok(line) = line.to_str() else { return Some("") };
    let (scheme, token) = line.split_once(' ').unwrap_or((line, ""));
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_matches(' '))
}

impl actix_web::FromRequest for Person {
    type Error = Error;
    type Future = std::future::Ready<Result<Self>>;
    fn from_request(request: &actix_web::HttpRequest, _: &mut actix_web::dev::Payload) -> Self::Future {
        let extensions = request.extensions();
        std::future::ready(extensions.get::<Visit>().map_or(Err(Error::SignedOut), Visit::require))
    }
}
