//! `/login/passkey`: signing in with a passkey, by the script of `/login`.
//!
//! Invariant: every failure is the same text and the same status; what the sign-in was to carry out, this one carries out.

use crate::auth::passkey::sign_in::{self, Outcome};
use crate::auth::passkey::{self, Act, Claim};
use crate::auth::session::Door;
use crate::auth::sign_in::Wish;
use crate::error::{Error, Result};
use crate::web::app::App;
use crate::web::form::ceremony::{Asked, Ceremony};
use crate::web::identity::Visit;
use crate::web::next::NextPath;
use crate::web::pages::passkeys::shown::{Shown, offered, onward, refused};
use crate::web::parking;
use crate::web::view::View;
use actix_web::{HttpResponse, web};

/// `POST /login/passkey/challenge`.
///
/// # Errors
/// `Refused` where there are no passkeys.
pub async fn challenge(app: web::Data<App>, visit: Visit, _: Ceremony<Asked>) -> Result<HttpResponse> {
    Ok(offered(&passkey::offer_showing(&app.latch, Act::SignIn, None, visit.binding()).await?))
}

/// `POST /login/passkey`: signs in and says where to go on.
///
/// # Errors
/// 401 for any passkey that is not accepted; `TooMany` while the account waits; `Unavailable` when the database is.
pub async fn submit(app: web::Data<App>, visit: Visit, view: View, sent: Ceremony<Shown>) -> Result<HttpResponse> {
    let Shown { challenge, credential, remember, next } = sent.0;
    let claim = Claim::read(&app.latch, Act::SignIn, visit.binding(), &challenge, &credential);
    let (errand, done) = parking::errand(&app, &visit);
    let wish = visit.wish(Door::Web, remember, visit.person().map(|person| person.session));
    match sign_in::sign_in(&app.latch, claim, Wish { errand, ..wish }).await? {
        Outcome::SignedIn(tokens) => {
            visit.sign_in(&app, &tokens)?;
            let next = next.and_then(|next| NextPath::parse(&next, &app.origin));
            Ok(onward(&parking::place(&view, done, next.as_ref(), None)))
        }
        Outcome::Wait(wait) => {
            visit.note_wait();
            Err(Error::TooMany { wait })
        }
        Outcome::Refused => Err(refused()),
    }
}
