//! A visitor's add-to-cart: signing in carries it out.
//!
//! Invariant: it is done by the very transaction that signs the person in, so both happen or neither, and once however often the
//! sign-in is sent; whatever came of it is said. It does not know passwords.

use super::{Deed, PAGE, Words, words};
use crate::auth::parking;
use crate::auth::sign_in::Errand;
use crate::clock::Moment;
use crate::config::Currency;
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::ids::UserKey;
use crate::shop::{cart, product};
use crate::web::app::App;
use crate::web::form::Form;
use crate::web::identity::Visit;
use crate::web::next::NextPath;
use crate::web::pages::cart::{Add, IN_CART, refusal, told};
use crate::web::view::{Kind, View, see_other};
use actix_web::HttpResponse;
use tokio::sync::oneshot::{self, Receiver};

const CART: &str = "/cart";

/// What came of the errands of a sign-in.
#[derive(Debug, Default)]
pub struct Outcome {
    told: Vec<(Kind, String)>,
    more: bool,
}

/// What a sign-in of this browser carries out along with it, and how to learn what came of that.
pub fn errand(app: &App, visit: &Visit) -> (Option<Errand>, Receiver<Outcome>) {
    let (tell, learn) = oneshot::channel();
    let Some(ticket) = visit.ticket() else { return (None, learn) };
    let (now, secrets, currency) = (app.clock.now(), app.latch.secrets.clone(), app.config.shop.currency);
    let work = move |conn: &mut Conn, person: UserKey| {
        let (carried, more) = parking::carry(conn, &secrets, now, &ticket, person, CART)?;
        let mut told = Vec::new();
        for form in carried {
            let Some(deed) = Deed::read(&form.content) else { continue };
            told.push(if form.before { said_before(conn, &deed)? } else { put_in(conn, now, person, &currency, &deed)? });
        }
        // Nobody listens when the request has gone away; what was done is done.
        if tell.send(Outcome { told, more }).is_err() {
            tracing::debug!("a sign-in was not waited for");
        }
        Ok(())
    };
    (Some(Errand::new(work)), learn)
}

/// Leads a sign-in that has just been made to where it goes on, with what is to be said there.
#[must_use]
pub fn land(view: &View, outcome: Receiver<Outcome>, next: Option<&NextPath>, welcome: Option<String>) -> HttpResponse {
    see_other(&place(view, outcome, next, welcome))
}

/// Where that is; what is to be said waits there.
#[must_use]
pub fn place(view: &View, mut outcome: Receiver<Outcome>, next: Option<&NextPath>, welcome: Option<String>) -> String {
    let visit = view.visit();
    let done = outcome.try_recv().unwrap_or_default();
    if !done.more && visit.ticket().is_some() {
        visit.forget_ticket();
    }
    let way = next.map(NextPath::as_str);
    let place = match way {
        None | Some(PAGE) if !done.told.is_empty() => {
            if done.more {
                PAGE
            } else {
                CART
            }
        }
        way => way.unwrap_or("/dashboard"),
    };
    let kinds = [Kind::Error, Kind::Notice];
    let kind = kinds.into_iter().find(|kind| done.told.iter().any(|(told, _)| told == kind)).unwrap_or(Kind::Success);
    let words: Vec<String> = welcome.into_iter().chain(done.told.into_iter().map(|(_, text)| text)).collect();
    if !words.is_empty() {
        view.flash(kind, words.join(" "));
    }
    place.to_owned()
}

/// Puts it into the cart, or says why not: a "no" must not keep anybody from signing in.
fn put_in(conn: &mut Conn, now: Moment, person: UserKey, currency: &Currency, deed: &Deed) -> Result<(Kind, String)> {
    let Ok(add) = Form::<Add>::of(&deed.fields)?.parse() else {
        return Ok((Kind::Error, "What you wanted to add could not be read. Please add it once more.".to_owned()));
    };
    let Ok((id, quantity)) = add.wish() else { return Ok((Kind::Error, GONE.to_owned())) };
    // In a savepoint: what it refuses has changed nothing, though the sign-in around it is committed.
    match conn.in_part(|conn| cart::add(conn, now, person, id, quantity)) {
        Ok(changed) => Ok(told(currency, &changed, IN_CART)),
        Err(Error::NotFound) => match product::title(conn, id) {
            Ok(title) => Ok((Kind::Error, format!("{title} is no longer sold."))),
            Err(Error::NotFound) => Ok((Kind::Error, GONE.to_owned())),
            Err(cause) => Err(cause),
        },
        Err(cause) => Ok((Kind::Error, refusal(cause)?)),
    }
}

const GONE: &str = "What you wanted to add is no longer sold.";

/// An earlier sign-in has done it: two were sent, and the person sees the answer to the later one.
fn said_before(conn: &mut Conn, deed: &Deed) -> Result<(Kind, String)> {
    let sent = deed.texts()?;
    let id = sent.iter().find(|(name, _)| name == "product_id").map(|(_, id)| id.parse());
    let title = match id {
        Some(Ok(id)) => product::title(conn, id),
        _ => Err(Error::NotFound),
    };
    match title {
        Ok(title) => Ok((Kind::Success, format!("{title} {IN_CART}."))),
        Err(Error::NotFound) => Ok((Kind::Error, GONE.to_owned())),
        Err(cause) => Err(cause),
    }
}

/// What the pages for signing in and registering say of what is kept.
#[derive(Debug, Default, Clone)]
pub struct Hint {
    errands: Vec<String>,
    more: bool,
}

impl Hint {
    /// The sentence; `start` is "Sign in" or "Create an account".
    #[must_use]
    pub fn sentence(&self, start: &str) -> Option<String> {
        match (self.errands.as_slice(), self.more) {
            ([], false) => None,
            ([], true) => Some(format!("{start} to continue. What you typed is kept.")),
            (errands, false) => Some(format!("{start} to {}.", errands.join(" and "))),
            (errands, true) => Some(format!("{start} to {}. What else you sent is kept as well.", errands.join(" and "))),
        }
    }
}

/// What waits in this browser, as far as a visitor may be told; no question to the database where it has no ticket.
///
/// # Errors
/// What the database says.
pub async fn hint(app: &App, visit: &Visit) -> Result<Hint> {
    let Some(ticket) = visit.ticket() else { return Ok(Hint::default()) };
    let (now, secrets, currency) = (app.clock.now(), app.latch.secrets.clone(), app.config.shop.currency);
    let look = move |conn: &mut Conn| {
        let outlook = parking::outlook(conn, &secrets, now, &ticket)?;
        let mut hint = Hint { errands: Vec::new(), more: outlook.more };
        for deed in outlook.errands.iter().filter_map(|content| Deed::read(content)) {
            let Words { act, .. } = words(conn, &currency, &deed, None)?;
            hint.errands.push(act);
        }
        Ok(hint)
    };
    app.db.read(look).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visitor_is_told_what_signing_in_will_do() {
        let said = |errands: &[&str], more| {
            Hint { errands: errands.iter().map(|text| (*text).to_owned()).collect(), more }.sentence("Sign in")
        };
        assert_eq!(said(&[], false), None);
        assert_eq!(said(&[], true).as_deref(), Some("Sign in to continue. What you typed is kept."));
        assert_eq!(said(&["add Oak Bowl to your cart"], false).as_deref(), Some("Sign in to add Oak Bowl to your cart."));
        assert!(said(&["add a", "add b"], true).is_some_and(|text| text.starts_with("Sign in to add a and add b. What else")));
    }
}
