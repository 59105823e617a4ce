//! The refresh inside a request: its access token is dead, its refresh token may not be.
//!
//! Invariant: no answer leaves before the exchange is committed, and none is a person's whose exchange was refused. A page that
//! is only asked for is drawn beside the exchange, as soon as a look says whose request it is likely to be; whatever else a request
//! does begins after it. It does not know the rules of an exchange.

use crate::auth::latch::Person;
use crate::auth::refresh_token::RefreshToken;
use crate::auth::rotation::{Exchange, Refusal};
use crate::auth::session::Door;
use crate::error::Result;
use crate::web::app::App;
use crate::web::identity::is_prefetch;
use crate::web::identity::visit::{Ended, Visit};
use crate::web::next::NextPath;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::middleware::Next;
use actix_web::{HttpResponse, ResponseError as _};
use futures_util::future::{Either, join, select};
use std::pin::pin;
use tokio::sync::oneshot;

/// Exchanges the token and goes on with the request.
///
/// # Errors
/// None of its own: an `Err` would lose the cookies.
pub(super) async fn go_on(
    app: &App,
    visit: &Visit,
    token: RefreshToken,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let prefetch = is_prefetch(request.headers());
    let (tell, told) = oneshot::channel();
    let tell = (request.method().is_safe() && !prefetch).then_some(tell);
    let mut exchange = pin!(app.latch.refresh(Door::Web, token, visit.address().to_string(), !prefetch, tell));
    let exchanged = match select(exchange.as_mut(), told).await {
        Either::Left((exchanged, _)) => exchanged,
        Either::Right((Err(_), exchange)) => exchange.await,
        Either::Right((Ok(person), exchange)) => {
            visit.admit(person);
            let (answer, exchanged) = join(next.call(request), exchange).await;
            return Ok(settle(app, visit, person, answer?.map_into_boxed_body(), exchanged));
        }
    };
    match exchanged.and_then(|exchange| accept(app, visit, exchange)) {
        // Seen and judged like any other (no header switches that off), but the exchange waits for the real navigation
        // (docs/SECURITY.md, "Sessions").
        Ok(()) if prefetch => {
            let not_yet = HttpResponse::ServiceUnavailable().insert_header((header::CACHE_CONTROL, "no-store")).finish();
            Ok(request.into_response(not_yet))
        }
        Ok(()) => Ok(next.call(request).await?.map_into_boxed_body()),
        Err(cause) => Ok(request.into_response(cause.error_response())),
    }
}

/// The page was drawn beside the exchange: it is the answer if the exchange says of the person what the look said. If not, nobody sees
/// it, and the browser asks once more.
fn settle(
    app: &App,
    visit: &Visit,
    drawn_for: Person,
    answer: ServiceResponse<BoxBody>,
    exchanged: Result<Exchange>,
) -> ServiceResponse<BoxBody> {
    let of_the_page = visit.dismiss();
    match exchanged.and_then(|exchange| accept(app, visit, exchange)) {
        Ok(()) if visit.person() == Some(drawn_for) => {
            of_the_page.into_iter().for_each(|cookie| visit.set_cookie(cookie));
            answer
        }
        Ok(()) => {
            let asked = answer.request().uri().path_and_query().map(|asked| asked.as_str());
            let again = NextPath::or_dashboard(asked, &app.origin);
            let once_more = HttpResponse::SeeOther()
                .insert_header((header::LOCATION, again.as_str()))
                .insert_header((header::CACHE_CONTROL, "no-store"))
                .finish();
            answer.into_response(once_more)
        }
        Err(cause) => answer.into_response(cause.error_response()),
    }
}

/// What an exchange makes of the visit.
fn accept(app: &App, visit: &Visit, exchange: Exchange) -> Result<()> {
    match exchange {
        Exchange::Renewed(tokens) => visit.sign_in(app, &tokens)?,
        Exchange::Straggler { owner, session, .. } => {
            visit.admit(Person::of(owner, session));
        }
        Exchange::Reuse | Exchange::Refused(Refusal::Reused) => visit.note_end(Ended::Reused),
        Exchange::Refused(Refusal::Ended) => visit.note_end(Ended::Over),
        Exchange::Refused(Refusal::Unknown) => visit.note_end(Ended::Forgotten),
        Exchange::Kept => {}
    }
    Ok(())
}
