//! `/account/tokens`: personal API tokens.
//!
//! Invariant: a token is shown once, on the page after it was made; from then on nobody, we neither, can read it again. It does not know
//! how one is checked.

use crate::auth::api_token::{self, LONGEST_LIFE, Outcome, Scope, Scopes, Token, Wish};
use crate::clock::{Moment, rfc3339};
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::ids::ApiTokenId;
use crate::web::app::App;
use crate::web::form::{Fields, Form, Press, Reader, Typed};
use crate::web::identity::{CurrentUser, Visit};
use crate::web::named::Named;
use crate::web::view::{Kind, View, see_other};
use actix_web::{HttpResponse, web};
use serde::Serialize;

/// The page, where new tokens are shown.
pub const PAGE: &str = "/account/tokens";

/// What the page offers; any other set of scopes can be sent, with spaces between the words.
const SCOPES: [&str; 5] = ["read", "cart", "orders", "read cart", "read cart orders"];
const DAYS: [u32; 4] = [7, 30, 90, LONGEST_LIFE];

/// What the form asks.
#[derive(Debug)]
pub struct Make(Wish);

impl Fields for Make {
    const NAME: &'static str = "make";
    const FIELDS: &'static [&'static str] = &["name", "scope", "expires_in_days"];

    fn read(reader: &mut Reader) -> Option<Self> {
        let name = match reader.optional("name", api_token::name) {
            Some(None) => reader.refuse("name", api_token::name("").unwrap_or_else(|sentence| sentence)),
            name => name.flatten(),
        };
        let scopes = reader.required("scope", |text| text.parse::<Scopes>().map_err(|cause| cause.to_string()));
        let days = reader.required("expires_in_days", days);
        Some(Self(Wish { name: name?, scopes: scopes?, days: days? }))
    }
}

fn days(text: &str) -> Result<u32, String> {
    let digits = text.bytes().all(|digit| digit.is_ascii_digit()) && text.len() <= 3;
    let days = if digits { text.parse().unwrap_or(0) } else { 0 };
    if (1..=LONGEST_LIFE).contains(&days) { Ok(days) } else { Err(format!("A token lasts 1 to {LONGEST_LIFE} days.")) }
}

/// `GET /account/tokens`.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn index(app: web::Data<App>, user: CurrentUser, view: View) -> Result<HttpResponse> {
    show_with(&app, user, &view, Typed::with(Make::NAME, [("scope", "read".to_owned()), ("expires_in_days", "30".to_owned())]))
        .await
}

/// `POST /account/tokens`: makes one.
///
/// # Errors
/// `Unavailable` from the database, and there is none.
pub async fn make(app: web::Data<App>, user: CurrentUser, view: View, form: Form<Make>) -> Result<HttpResponse> {
    let Make(wish) = match form.parse() {
        Ok(make) => make,
        Err(typed) => return show_with(&app, user, &view, typed).await,
    };
    match api_token::make(&app.latch, user, wish, view.visit().actor()).await? {
        Outcome::Made(token) => {
            let done = "Your new token is below. Copy it now: it is shown only this once.";
            view.flash_with_codes(PAGE, done, &[token.expose().to_owned()]);
            Ok(see_other(PAGE))
        }
        Outcome::TooMany => {
            let sentence = format!("You have {} tokens, which is the most there can be. Revoke one first.", api_token::MOST);
            show_with(&app, user, &view, form.refuse("name", sentence)).await
        }
    }
}

/// `POST /account/tokens/{id}/revoke`.
///
/// # Errors
/// `NotFound` for one that is gone or another's; `Unavailable` from the database, and it lives on.
pub async fn revoke(
    app: web::Data<App>,
    user: CurrentUser,
    visit: Visit,
    view: View,
    Named(id): Named<ApiTokenId>,
    _: Press,
) -> Result<HttpResponse> {
    api_token::revoke(&app.latch, user, id, visit.actor()).await?;
    view.flash(Kind::Success, "That token is revoked. What used it gets no further.");
    Ok(see_other(PAGE))
}

/// What a set of scopes lets a program do, in words.
pub(in crate::web) fn may(scopes: Scopes) -> String {
    let acts = match (scopes.has(Scope::Cart), scopes.has(Scope::Orders)) {
        (false, false) => return "Look at your profile, cart and orders".to_owned(),
        (true, false) => "change your cart",
        (false, true) => "place and cancel orders",
        (true, true) => "change your cart, place and cancel orders",
    };
    if scopes.has(Scope::Read) {
        return format!("Look at everything, {acts}");
    }
    let mut letters = acts.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[derive(Serialize)]
struct Row {
    id: ApiTokenId,
    name: String,
    scope: String,
    may: String,
    created_at: String,
    expires_at: String,
    last_used_at: Option<String>,
    expired: bool,
}

impl Row {
    fn of(token: Token, now: Moment) -> Self {
        Self {
            id: token.id,
            name: token.name,
            scope: token.scopes.to_string(),
            may: may(token.scopes),
            created_at: rfc3339(token.created_at),
            expires_at: rfc3339(token.expires_at),
            last_used_at: token.last_used_at.map(rfc3339),
            expired: token.expires_at <= now,
        }
    }
}

#[derive(Serialize)]
struct Choice {
    code: String,
    name: String,
}

#[derive(Serialize)]
struct Page {
    form: Typed,
    tokens: Vec<Row>,
    scopes: Vec<Choice>,
    lives: Vec<Choice>,
}

async fn show_with(app: &App, user: CurrentUser, view: &View, form: Typed) -> Result<HttpResponse> {
    let (status, now) = (form.status, app.clock.now());
    let load = move |conn: &mut Conn| {
        let tokens = api_token::list(conn, user.key)?.into_iter().map(|token| Row::of(token, now)).collect();
        let choice = |text: &&str| Ok(Choice { code: (*text).to_owned(), name: may(text.parse().map_err(Error::internal)?) });
        let life = |days: &u32| Choice {
            code: days.to_string(),
            name: if *days == 365 { "A year".to_owned() } else { format!("{days} days") },
        };
        let scopes = SCOPES.iter().map(choice).collect::<Result<_>>()?;
        Ok(Page { form, tokens, scopes, lives: DAYS.iter().map(life).collect() })
    };
    view.show_as(status, "tokens/index.html", load).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_is_a_number_of_days() {
        assert_eq!((days("1"), days("365"), days("030")), (Ok(1), Ok(365), Ok(30)));
        for wrong in ["", "0", "366", "-1", "1.5", "٣", "9999", "30 days"] {
            assert!(days(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_offered_can_be_chosen_and_has_words_of_its_own() {
        let words: std::collections::BTreeSet<String> =
            SCOPES.iter().map(|text| may(text.parse().expect("what is offered is legal"))).collect();
        assert_eq!(words.len(), SCOPES.len());
    }
}
