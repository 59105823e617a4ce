//! `/confirm-identity/passkey`: proving once more who one is with a passkey, by the script of `/confirm-identity`.
//!
//! Invariant: as with a password, a wrong one changes nothing, and a right one leads on to where the person was going.

use crate::auth::passkey::{self, Act, Claim};
use crate::auth::step_up::{self, Outcome, Proof};
use crate::error::{Error, Result};
use crate::web::app::App;
use crate::web::form::ceremony::{Asked, Ceremony};
use crate::web::identity::{CurrentUser, Visit};
use crate::web::next::NextPath;
use crate::web::pages::passkeys::shown::{Shown, offered, onward, refused};
use crate::web::step_up as proof;
use actix_web::{HttpResponse, web};

/// `POST /confirm-identity/passkey/challenge`.
///
/// # Errors
/// `Refused` where there are no passkeys; `Unavailable` from the database.
pub async fn challenge(app: web::Data<App>, user: CurrentUser, visit: Visit, _: Ceremony<Asked>) -> Result<HttpResponse> {
    Ok(offered(&passkey::offer_showing(&app.latch, Act::Confirm, Some(user.key), visit.binding()).await?))
}

/// `POST /confirm-identity/passkey`: goes on with a new session.
///
/// # Errors
/// 401 for a passkey that is not accepted; `Unavailable` when the database is.
pub async fn submit(app: web::Data<App>, user: CurrentUser, visit: Visit, sent: Ceremony<Shown>) -> Result<HttpResponse> {
    let Shown { challenge, credential, next, .. } = sent.0;
    let claim = Claim::read(&app.latch, Act::Confirm, visit.binding(), &challenge, &credential);
    let wish = proof::wish_again(&app, user, &visit).await?;
    match step_up::confirm(&app.latch, user, Proof::Passkey(claim), wish).await? {
        Outcome::Confirmed(tokens) => {
            visit.sign_in(&app, &tokens)?;
            Ok(onward(NextPath::or_dashboard(next.as_deref(), &app.origin).as_str()))
        }
        Outcome::Wait(wait) => Err(Error::TooMany { wait }),
        Outcome::WrongPasskey | Outcome::WrongPassword | Outcome::WrongCode => Err(refused()),
    }
}
