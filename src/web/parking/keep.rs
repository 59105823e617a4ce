//! The layer before routes that park: a visitor's form is kept, and they are sent to sign in.
//!
//! Invariant: it stands behind the cross-site rules 1-4, so only a form of our own pages gets here; nothing is done for it yet. Like
//! every layer inside of `identity` it answers, and never returns an error.

use super::{ADD, Deed, PAGE};
use crate::auth::parking::{self, LIFE, MOST, NewForm, Ticket};
use crate::auth::refresh_token::RefreshToken;
use crate::auth::session::Door;
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::web::app::App;
use crate::web::cookies::{self, Name};
use crate::web::form::{Form, body};
use crate::web::identity::Visit;
use crate::web::next;
use crate::web::pages::cart::Add;
use crate::web::view::flash::{self, Flash, Kind};
use crate::web::view::see_other;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::{HttpMessage as _, HttpResponse, ResponseError as _, web};

/// Room for a `csrf` field beside what is kept, when it is sent on.
const CSRF: usize = 80;
const FULL: &str =
    "We could not keep what you sent: too much is being kept for others at this moment. Sign in, and do it once more.";

/// The layer.
///
/// # Errors
/// None of its own.
pub async fn signed_in(
    app: web::Data<App>,
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let visit = request.extensions().get::<Visit>().cloned();
    let answer = match visit.as_ref().map_or(Err(Error::SignedOut), Visit::require) {
        Ok(_) => return Ok(next.call(request).await?.map_into_boxed_body()),
        Err(error) => match visit.filter(|_| request.method() == Method::POST) {
            None => HttpResponse::from_error(error),
            Some(visit) => match keep(&app, &visit, &mut request).await {
                Ok(true) => see_other(&next::sign_in(PAGE)),
                Ok(false) => {
                    let told = Flash { kind: Kind::Error, text: FULL.to_owned(), undo: None, sealed: None };
                    flash::keep(&visit, app.flash_key(), app.clock.now(), told);
                    HttpResponse::from_error(error)
                }
                Err(cause) => cause.error_response(),
            },
        },
    };
    Ok(request.into_response(answer))
}

/// Keeps the form; false where there is no room for it.
///
/// # Errors
/// What is wrong with the form; what the database says.
pub(in crate::web) async fn keep(app: &App, visit: &Visit, request: &mut ServiceRequest) -> Result<bool> {
    let payload = request.take_payload();
    let body = body::read(request.request(), payload, body::FORM).await?;
    let Some(deed) = Deed::of(request, &body) else { return Err(Error::NotFound) };
    if deed.fields.len() + CSRF > body::FORM {
        return Err(Error::TooLarge);
    }
    deed.texts()?;
    if app.limits.parking.admit(visit.address()).is_err() {
        return Ok(false);
    }
    let ticket = visit.ticket().unwrap_or_else(Ticket::random);
    let access = visit.cookie(Name::Access);
    let session = access.and_then(|token| match app.latch.session_of(Door::Web, token) {
        Ok(id) => Some(id),
        Err(cause) => {
            tracing::debug!(%cause, "a parked form came with an access token that names no session");
            None
        }
    });
    let refresh = visit.cookie(Name::Refresh).and_then(RefreshToken::parse);
    // A form that cannot be read is shown again by its own page, once it is confirmed.
    let errand = deed.route == ADD && Form::<Add>::of(&deed.fields)?.parse().is_ok();
    let content = serde_json::to_vec(&deed).map_err(Error::internal)?;
    let (now, secrets, named) = (app.clock.now(), app.latch.secrets.clone(), ticket.clone());
    let work = move |conn: &mut Conn| {
        let holder = parking::holder(conn, session, refresh.as_ref())?;
        let form = NewForm { content, holder, at_sign_in: errand && holder.is_none() };
        parking::park(conn, &secrets, now, &named, &form, MOST)
    };
    let kept = app.db.write(work).await?;
    if kept {
        let life = i64::try_from(LIFE.as_secs()).unwrap_or(900);
        visit.set_cookie(cookies::set(Name::Park, ticket.expose(), Some(life)));
    }
    Ok(kept)
}
