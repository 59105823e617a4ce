//! The layer that carries a confirmed form out, by sending it on to the route it was meant for.
//!
//! Invariant: `POST /parked` with a good `csrf` becomes the request it stands for, with a fresh `csrf`, before the router looks at it, so
//! the route's own handler, limit and answer are what they always are. A form is taken before it is sent on and settled after it was
//! answered, on a task of its own: a connection that breaks meanwhile changes nothing. It answers, and never returns an error.

use super::{Deed, PAGE};
use crate::auth::parking::{self, Claim, Kept, Ticket};
use crate::error::{Error, Result};
use crate::ids::ParkedId;
use crate::web::app::App;
use crate::web::csrf;
use crate::web::errors::{Again, Refusal, form_page};
use crate::web::form::{Fields, Form, Reader, body};
use crate::web::identity::{CurrentUser, Visit};
use crate::web::view::see_other;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse, Url};
use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{Method, StatusCode, Uri};
use actix_web::middleware::Next;
use actix_web::{HttpMessage as _, ResponseError as _, rt, web};
use std::time::Duration;

/// How often, and for how long in all, a second press waits for the first one's end.
const PATIENCE: (u32, Duration) = (40, Duration::from_millis(75));

/// What the form of the page asks.
#[derive(Debug)]
pub struct Confirm {
    /// Which form; none: the newest.
    pub form: Option<String>,
    /// Throw it away instead.
    pub discard: bool,
}

impl Fields for Confirm {
    const NAME: &'static str = "parked";
    const FIELDS: &'static [&'static str] = &["form", "discard"];

    fn read(reader: &mut Reader) -> Option<Self> {
        let form = reader.optional("form", |text| Ok(text.to_owned()));
        let discard = reader.flag("discard");
        Some(Self { form: form?, discard: discard? })
    }
}

/// Left on a request that stands for a confirmed form: its page need not say that the form is kept.
#[derive(Debug, Clone, Copy)]
pub struct Confirmed;

/// The layer; it stands inside of the cross-site rules and before the router.
///
/// # Errors
/// What the router's own services return, which is none.
pub async fn carry_out(
    app: web::Data<App>,
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let visit = request.extensions().get::<Visit>().cloned();
    let known = visit.filter(|_| request.method() == Method::POST && request.match_info().as_str() == PAGE);
    let Some((visit, person, ticket)) = known.and_then(|visit| Some((visit.clone(), visit.person()?, visit.ticket()?))) else {
        return Ok(next.call(request).await?.map_into_boxed_body());
    };
    let claim = match asked(&mut request).await {
        Ok(Some(Confirm { form, discard: false })) => claim(&app, &ticket, person, form).await,
        Ok(_) => Ok(Claim::Gone),
        Err(cause) => Err(cause),
    };
    let kept = match claim {
        Ok(Claim::Taken(kept)) => kept,
        Ok(Claim::Done(place)) => return Ok(request.into_response(see_other(&place))),
        // The page says so.
        Ok(Claim::Gone | Claim::Underway) => return Ok(next.call(request).await?.map_into_boxed_body()),
        Err(cause) => return Ok(request.into_response(cause.error_response())),
    };
    let fresh = csrf::value(app.csrf_key(), visit.binding());
    if let Err(cause) = become_what_was_sent(&mut request, &kept, &fresh) {
        return Ok(request.into_response(cause.error_response()));
    }
    request.extensions_mut().insert(Confirmed);
    let work = rt::spawn(async move {
        let answer = next.call(request).await?.map_into_boxed_body();
        settle(&app, &visit, &ticket, kept.id, &answer).await;
        Ok(answer)
    });
    work.await.map_err(Error::internal)?
}

/// What the page's form says, if it is one of ours that is fresh. The body can be read once more afterwards.
async fn asked(request: &mut ServiceRequest) -> Result<Option<Confirm>> {
    let payload = request.take_payload();
    let body = body::read(request.request(), payload, body::FORM).await?;
    request.set_payload(body.clone().into());
    let form = request.extract::<Form<Confirm>>().await?;
    request.set_payload(body.into());
    // What is wrong with it, the page says.
    Ok(form.parse().ok())
}

/// Takes the form; a second press of the button waits until it is known where the first one led.
async fn claim(app: &App, ticket: &Ticket, person: CurrentUser, form: Option<String>) -> Result<Claim> {
    let (tries, pause) = PATIENCE;
    for _ in 0..tries {
        let (now, secrets, ticket, form) = (app.clock.now(), app.latch.secrets.clone(), ticket.clone(), form.clone());
        let claim = move |conn: &mut crate::db::Conn| parking::claim(conn, &secrets, now, &ticket, person.key, form.as_deref());
        match app.db.write(claim).await? {
            Claim::Underway => tokio::time::sleep(pause).await,
            decided => return Ok(decided),
        }
    }
    Ok(Claim::Underway)
}

/// Path, type and body are those of the form that was sent first.
fn become_what_was_sent(request: &mut ServiceRequest, kept: &Kept, csrf: &str) -> Result<()> {
    let deed = Deed::read(&kept.content).ok_or_else(|| Error::internal("a parked form cannot be read"))?;
    let uri: Uri = deed.path().parse().map_err(Error::internal)?;
    let separator = if deed.fields.is_empty() { "" } else { "&" };
    let body = format!("{}{separator}csrf={csrf}", deed.fields);
    // Nobody holds a clone of the request at this place: actix would panic on it, as its own `NormalizePath` would.
    request.match_info_mut().set(Url::new(uri.clone()));
    let head = request.head_mut();
    head.uri = uri;
    head.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    request.set_payload(body.into_bytes().into());
    Ok(())
}

/// A fault of ours, or a handler that was given up: its transaction may be committed all the same.
fn is_uncertain(answer: &ServiceResponse<BoxBody>) -> bool {
    let refusal = answer.response().error().and_then(|error| error.as_error::<Refusal>());
    answer.status() == StatusCode::INTERNAL_SERVER_ERROR || matches!(refusal, Some(Refusal::TookTooLong | Refusal::Panicked))
}

/// Writes down what became of it. What was not even looked at (a limit, a busy database) goes back, and the error page leads to it;
/// what may have been done or not counts as interrupted half a minute from now, and is offered with these words.
async fn settle(app: &App, visit: &Visit, ticket: &Ticket, id: ParkedId, answer: &ServiceResponse<BoxBody>) {
    let place = match answer.headers().get(header::LOCATION).and_then(|place| place.to_str().ok()) {
        Some(place) => place.to_owned(),
        // A file leads nowhere, and the browser stays at the page with its button: pressed again, that leads to where it came from.
        None if answer.status() == StatusCode::OK => form_page(answer.request().path()),
        None => String::new(),
    };
    let answered = matches!(
        answer.status(),
        StatusCode::OK
            | StatusCode::SEE_OTHER
            | StatusCode::FORBIDDEN
            | StatusCode::NOT_FOUND
            | StatusCode::CONFLICT
            | StatusCode::UNPROCESSABLE_ENTITY
    );
    if is_uncertain(answer) {
        answer.request().extensions_mut().insert(Again(PAGE));
        return;
    }
    let (now, ticket) = (app.clock.now(), ticket.clone());
    let more = if answered {
        app.db.write(move |conn| parking::settle(conn, now, &ticket, id, &place)).await
    } else {
        answer.request().extensions_mut().insert(Again(PAGE));
        app.db.write(move |conn| parking::put_back(conn, id)).await.map(|()| true)
    };
    match more {
        Ok(true) => {}
        Ok(false) => visit.forget_ticket(),
        // It counts as interrupted half a minute from now, and is offered once more.
        Err(cause) => tracing::error!(%cause, "what became of a parked form could not be written down"),
    }
}
