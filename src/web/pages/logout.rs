//! `/logout`: ends the session of this browser, everywhere and at once.

use crate::audit::{self, Kind};
use crate::auth::session::Because;
use crate::error::Result;
use crate::web::app::App;
use crate::web::form::Press;
use crate::web::identity::Visit;
use crate::web::view::{self, View, see_other};
use actix_web::{HttpResponse, web};

/// `POST /logout`. Without a live session there is nothing to protect, so a stale form signs out all the same
/// (docs/SECURITY.md, "Cross-site requests").
///
/// # Errors
/// `StaleForm`; `Unavailable`, and then the session lives on and its cookies stay.
pub async fn submit(app: web::Data<App>, visit: Visit, view: View, press: Result<Press>) -> Result<HttpResponse> {
    if let Some(person) = visit.person() {
        press?;
        let (now, actor) = (app.clock.now(), visit.actor());
        let record = move |conn: &mut crate::db::Conn| audit::record(conn, now, Kind::SignOut, &actor, "");
        app.latch.end(person.session, Because::SignOut, record).await?;
        view.flash(view::Kind::Success, "You are signed out.");
    }
    Ok(leave(&visit))
}

/// The answer to whoever signed out: their cookies go, and what a page may have stored.
pub(super) fn leave(visit: &Visit) -> HttpResponse {
    visit.sign_out();
    let mut answer = see_other("/");
    // docs/TRAPS.md, "Browsers": "cookies" would take the whole registrable domain's, and "cache" can hang Chrome.
    let storage = actix_web::http::header::HeaderValue::from_static("\"storage\"");
    answer.headers_mut().insert(actix_web::http::header::HeaderName::from_static("clear-site-data"), storage);
    answer
}
