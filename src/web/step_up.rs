//! The layers before acts that ask for a proof of who one is.
//!
//! Invariant: a form that comes without a fresh proof does nothing; it is kept, and offered again once the person has confirmed who they are,
//! unless it has a secret in it: then its page is shown again. Like every layer inside of `identity` they answer, and never return an error.

use crate::auth::session::{self, Door};
use crate::auth::sign_in::Wish;
use crate::auth::{second_factor, step_up};
use crate::error::{Error, Result};
use crate::web::app::App;
use crate::web::errors::form_page;
use crate::web::form::body;
use crate::web::identity::{CurrentUser, Visit};
use crate::web::next;
use crate::web::parking;
use crate::web::view::flash::{self, Flash, Kind};
use crate::web::view::see_other;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::{HttpMessage as _, HttpResponse, web};

/// Where the second factor is looked after.
pub const TWO_FACTOR: &str = "/account/two-factor";

const FULL: &str = "We could not keep what you sent: too much is being kept for others at this moment. Do it once more.";
const REQUIRED: &str = "In this shop a second step is needed to run it. Set yours up first: it takes a minute.";

/// The session that takes the place of theirs, in a browser that goes on as it is: remembered, if it was.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn wish_again(app: &App, user: CurrentUser, visit: &Visit) -> Result<Wish> {
    let remember = app.db.read(move |conn| session::is_remembered(conn, user.session)).await?;
    Ok(visit.wish(Door::Web, remember, Some(user.session)))
}

/// Asks for a fresh proof before anything but a look.
///
/// # Errors
/// None of its own.
pub async fn confirmed(
    app: web::Data<App>,
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return Ok(next.call(request).await?.map_into_boxed_body());
    }
    let answer = match who(&request) {
        Ok((visit, person)) => match ask(&app, &visit, person, &mut request).await {
            Ok(None) => return Ok(next.call(request).await?.map_into_boxed_body()),
            Ok(Some(way)) => see_other(&way),
            Err(cause) => HttpResponse::from_error(cause),
        },
        Err(cause) => HttpResponse::from_error(cause),
    };
    Ok(request.into_response(answer))
}

/// Lets nobody run the shop without a second factor, where the settings ask for one.
///
/// # Errors
/// None of its own.
pub async fn equipped(
    app: web::Data<App>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    if !app.config.admin_second_factor {
        return Ok(next.call(request).await?.map_into_boxed_body());
    }
    let answer = match who(&request) {
        Ok((visit, person)) => match app.db.read(move |conn| second_factor::is_on(conn, person.key)).await {
            Ok(true) => return Ok(next.call(request).await?.map_into_boxed_body()),
            Ok(false) => {
                tell(&app, &visit, Kind::Notice, REQUIRED);
                see_other(TWO_FACTOR)
            }
            Err(cause) => HttpResponse::from_error(cause),
        },
        Err(cause) => HttpResponse::from_error(cause),
    };
    Ok(request.into_response(answer))
}

fn who(request: &ServiceRequest) -> Result<(Visit, CurrentUser)> {
    let visit = request.extensions().get::<Visit>().cloned().ok_or(Error::SignedOut)?;
    let person = visit.require()?;
    Ok((visit, person))
}

/// Did this person prove lately who they are?
///
/// # Errors
/// `Unavailable` from the database.
pub async fn is_fresh(app: &App, person: CurrentUser) -> Result<bool> {
    let now = app.clock.now();
    app.db.read(move |conn| step_up::is_fresh(conn, person.session, now)).await
}

/// Where to prove it, if that is needed; the form is kept until then.
async fn ask(app: &web::Data<App>, visit: &Visit, person: CurrentUser, request: &mut ServiceRequest) -> Result<Option<String>> {
    if is_fresh(app, person).await? {
        return Ok(None);
    }
    let page = form_page(request.path());
    let payload = request.take_payload();
    let sent = body::read(request.request(), payload, body::FORM).await?;
    if parking::holds_a_secret(&sent) {
        return Ok(Some(next::confirm(&page)));
    }
    request.set_payload(sent.into());
    if parking::keep(app, visit, request).await? {
        return Ok(Some(next::confirm(parking::PAGE)));
    }
    tell(app, visit, Kind::Error, FULL);
    Ok(Some(next::confirm(&page)))
}

fn tell(app: &App, visit: &Visit, kind: Kind, text: &str) {
    flash::keep(visit, app.flash_key(), app.clock.now(), Flash { kind, text: text.to_owned(), undo: None, sealed: None });
}
