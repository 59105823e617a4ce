//! A mail link's token on its way from the mail to the form.
//!
//! Invariant: the address with the token in it is left at once for one without, so that it stands in no history, log or `Referer`, and no
//! page is drawn at it; meanwhile the token is in `__Host-link`, which is SameSite=Lax because its first way leads here from a mailbox.
//! Nothing is asked of the session. It does not know what links are good for.

use crate::auth::mail_link::LinkToken;
use crate::web::cookies::{self, Name};
use crate::web::identity::Visit;
use crate::web::view::see_other;
use actix_web::HttpResponse;

/// How long it is kept, in seconds.
const LIFE: i64 = 15 * 60;

/// Takes the token out of the address, and goes on to the page.
#[must_use]
pub fn carry(visit: &Visit, token: &str, page: &str) -> HttpResponse {
    match LinkToken::parse(token) {
        Some(token) => visit.set_cookie(cookies::set(Name::Link, &token.expose(), Some(LIFE))),
        // A mail program broke it: whatever was here before is not what this link is for.
        None => visit.forget_link(),
    }
    see_other(page)
}

impl Visit {
    /// The token of the link that led here.
    #[must_use]
    pub fn link(&self) -> Option<LinkToken> {
        self.cookie(Name::Link).and_then(LinkToken::parse)
    }

    /// It has done its work.
    pub fn forget_link(&self) {
        self.set_cookie(cookies::delete(Name::Link));
    }
}
