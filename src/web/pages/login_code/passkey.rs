//! `/login/code/passkey`: a passkey as the second step of signing in, by the script of `/login/code`.
//!
//! Invariant: as with a code, it is for the browser whose password was right a moment ago, and for a passkey of that very person.

use super::GONE;
use crate::auth::half_sign_in::{self, Outcome, Ticket};
use crate::auth::passkey::{self, Act, Claim};
use crate::auth::second_factor::Proof;
use crate::auth::session::Door;
use crate::auth::sign_in::Wish;
use crate::error::{Error, Result};
use crate::web::app::App;
use crate::web::cookies::{self, Name};
use crate::web::form::ceremony::{Asked, Ceremony};
use crate::web::identity::Visit;
use crate::web::next::NextPath;
use crate::web::pages::passkeys::shown::{Shown, offered, onward, refused};
use crate::web::parking;
use crate::web::view::View;
use actix_web::{HttpResponse, web};

/// `POST /login/code/passkey/challenge`.
///
/// # Errors
/// `Refused` when there is nothing to finish; `Unavailable` from the database.
pub async fn challenge(app: web::Data<App>, visit: Visit, _: Ceremony<Asked>) -> Result<HttpResponse> {
    let (ticket, now) = (ticket(&visit)?, app.clock.now());
    let awaited = app.db.read(move |conn| half_sign_in::awaited(conn, now, &ticket)).await?.ok_or_else(gone)?;
    Ok(offered(&passkey::offer_showing(&app.latch, Act::Second, Some(awaited.user), visit.binding()).await?))
}

/// `POST /login/code/passkey`: signs in and says where to go on.
///
/// # Errors
/// 401 for a passkey that is not accepted; `Refused` when there is nothing to finish; `Unavailable` when the database is.
pub async fn submit(app: web::Data<App>, visit: Visit, view: View, sent: Ceremony<Shown>) -> Result<HttpResponse> {
    let ticket = ticket(&visit)?;
    let Shown { challenge, credential, .. } = sent.0;
    let claim = Claim::read(&app.latch, Act::Second, visit.binding(), &challenge, &credential);
    let (errand, done) = parking::errand(&app, &visit);
    let wish = visit.wish(Door::Web, false, visit.person().map(|person| person.session));
    match half_sign_in::finish(&app.latch, ticket, Proof::Passkey(claim), Wish { errand, ..wish }).await? {
        Outcome::SignedIn { tokens, next, .. } => {
            visit.set_cookie(cookies::delete(Name::Mfa));
            visit.sign_in(&app, &tokens)?;
            let next = next.and_then(|next| NextPath::parse(&next, &app.origin));
            Ok(onward(&parking::place(&view, done, next.as_ref(), None)))
        }
        Outcome::Wait(wait) => Err(Error::TooMany { wait }),
        Outcome::Wrong => Err(refused()),
        Outcome::Gone => Err(gone()),
    }
}

fn ticket(visit: &Visit) -> Result<Ticket> {
    visit.cookie(Name::Mfa).and_then(Ticket::parse).ok_or_else(gone)
}

fn gone() -> Error {
    Error::refused("session_ended", GONE)
}
