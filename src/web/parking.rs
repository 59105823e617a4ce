//! What a signed-out person was about to do, from the form they sent to the act that is carried out.
//!
//! Invariant: what is kept names a route of ours and the fields as they were sent, without `csrf` and without any secret; its path is
//! built from the route that matched, never from what a stranger wrote. It does not know what the acts mean: a route parks when its
//! line in `routes.rs` says `.parks()`, and its own handler carries it out.

mod confirm;
mod errand;
mod keep;
mod words;

pub use confirm::{Confirm, Confirmed, carry_out};
pub use errand::{Hint, errand, hint, land, place};
pub(in crate::web) use keep::keep;
pub use keep::signed_in;
pub use words::{Fact, Words, words};

use crate::auth::parking::Ticket;
use crate::error::Result;
use crate::web::cookies::{self, Name};
use crate::web::errors::form_page;
use crate::web::form::sent::{Value, from_form};
use crate::web::identity::Visit;
use actix_web::dev::ServiceRequest;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Where kept forms are looked at and confirmed.
pub const PAGE: &str = "/parked";
/// Putting something into the cart: the one act that signing in may carry out.
const ADD: &str = "/cart/items";
/// Fields that are never kept, whatever form they are in.
const NEVER: [&str; 5] = ["csrf", "password", "current_password", "new_password", "code"];

/// An act that is to be carried out: a route, and the fields of its form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deed {
    /// The route's pattern, as in `routes.rs`.
    route: String,
    /// What stands for each `{name}` of it.
    named: BTreeMap<String, String>,
    /// The fields, still encoded.
    fields: String,
}

impl Deed {
    /// What this request asks; none if its path holds what no link of ours does.
    fn of(request: &ServiceRequest, body: &[u8]) -> Option<Self> {
        let route = request.match_pattern()?;
        let named: BTreeMap<String, String> =
            request.match_info().iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let plain = |value: &String| value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        named.values().all(plain).then(|| Self { route, named, fields: kept(body) })
    }

    /// Reads what was kept; none if another version of this program wrote it.
    #[must_use]
    pub fn read(content: &[u8]) -> Option<Self> {
        match serde_json::from_slice(content) {
            Ok(deed) => Some(deed),
            Err(cause) => {
                tracing::warn!(%cause, "a parked form is of another version");
                None
            }
        }
    }

    /// The path of the act.
    #[must_use]
    pub fn path(&self) -> String {
        self.named.iter().fold(self.route.clone(), |path, (name, value)| path.replace(&format!("{{{name}}}"), value))
    }

    /// The page that has its form.
    #[must_use]
    pub fn page(&self) -> String {
        form_page(&self.path())
    }

    /// Every field that is text, in the order it was sent.
    ///
    /// # Errors
    /// `BadRequest` for more fields than any form has.
    fn texts(&self) -> Result<Vec<(String, String)>> {
        let text = |(name, value)| match value {
            Value::Text(text) => Some((name, text)),
            _ => None,
        };
        Ok(from_form(self.fields.as_bytes())?.into_iter().filter_map(text).collect())
    }
}

/// Has this form a field that is never kept, beside `csrf`?
pub(in crate::web) fn holds_a_secret(body: &[u8]) -> bool {
    form_urlencoded::parse(body).any(|(name, _)| name != "csrf" && NEVER.contains(&name.trim().to_ascii_lowercase().as_str()))
}

/// The fields of a form as they were sent, without those that are never kept. Bytes beyond ASCII are written as a browser would.
fn kept(body: &[u8]) -> String {
    let mut kept = String::with_capacity(body.len());
    for pair in body.split(|byte| *byte == b'&') {
        let never = |name: &str| NEVER.contains(&name.trim().to_ascii_lowercase().as_str());
        if !from_form(pair).is_ok_and(|sent| sent.first().is_some_and(|(name, _)| !never(name))) {
            continue;
        }
        if !kept.is_empty() {
            kept.push('&');
        }
        for byte in pair {
            if byte.is_ascii_graphic() {
                kept.push(char::from(*byte));
            } else {
                write!(kept, "%{byte:02X}").expect("a String takes every text");
            }
        }
    }
    kept
}

impl Visit {
    /// What names this browser's parked forms.
    #[must_use]
    pub fn ticket(&self) -> Option<Ticket> {
        self.cookie(Name::Park).and_then(Ticket::parse)
    }

    /// Nothing is kept of this browser any more.
    pub fn forget_ticket(&self) {
        self.set_cookie(cookies::delete(Name::Park));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_never_kept_and_everything_else_is_as_it_was_sent() {
        let body = b"csrf=x&name=Ada+L%C3%B6v&password=p&%70assword=p&Code=1&odd=%zz\xff&&name=twice&new_password=n&bare";
        assert_eq!(kept(body), "name=Ada+L%C3%B6v&odd=%zz%FF&name=twice&bare");
    }

    #[test]
    fn a_path_is_that_of_the_route() {
        let named = BTreeMap::from([("number".to_owned(), "K7QX".to_owned())]);
        let deed = Deed { route: "/orders/{number}/cancel".to_owned(), named, fields: String::new() };
        assert_eq!((deed.path().as_str(), deed.page().as_str()), ("/orders/K7QX/cancel", "/orders/K7QX"));
        let read = Deed::read(&serde_json::to_vec(&deed).expect("JSON"));
        assert_eq!(read, Some(deed));
        assert_eq!(Deed::read(b"{}"), None);
    }
}
