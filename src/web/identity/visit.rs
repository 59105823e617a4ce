//! One visit: what is known of the one who sent this request, and the cookies that go into its answer.
//!
//! Invariant: cookies are collected here by anyone and written once, by the identity layer. It does not know how a person was
//! recognised.

use crate::audit::Actor;
use crate::auth::api_token::Scopes;
use crate::auth::known_device::{self, Browser};
use crate::auth::latch::Person;
use crate::auth::session::{Door, Opening, Tokens};
use crate::auth::sign_in::Wish;
use crate::clock;
use crate::error::{Error, Result};
use crate::ids::{SessionId, base64url, random_bytes};
use crate::web::address;
use crate::web::app::App;
use crate::web::cookies::{self, Cookies, Name};
use actix_web::dev::ServiceRequest;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use std::cell::{Cell, OnceCell, RefCell};
use std::net::IpAddr;
use std::rc::Rc;

/// How the session that the cookies name came to its end, as far as the person should hear of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// An old refresh token was shown.
    Reused,
    /// Otherwise: time, sign-out elsewhere, a lock.
    Over,
    /// The database does not know it: it ended long ago, or an earlier state of the data was restored.
    Forgotten,
}

/// What was wrong with the access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Stale,
    Forged,
    /// An API token that is no good, or no good any more.
    NoToken,
}

const NO_TOKEN: &str = "This API token is unknown, expired or revoked. Its person makes another one at /account/tokens.";

/// See the module; a clone is the same visit.
#[derive(Clone)]
pub struct Visit(Rc<Inner>);

struct Inner {
    person: Cell<Option<Person>>,
    fault: Cell<Option<Fault>>,
    /// What the API token opens that was shown instead of an access token.
    scopes: Cell<Option<Scopes>>,
    ended: Cell<Option<Ended>>,
    address: IpAddr,
    user_agent: String,
    cookies: Cookies,
    binding: OnceCell<String>,
    /// What this browser proves itself with, once somebody wants to sign in with it.
    browser: OnceCell<Browser>,
    waits: Cell<bool>,
    set: RefCell<Vec<String>>,
    /// May cookies be read and set for this request?
    cookies_count: bool,
}

impl Visit {
    pub(super) fn new(app: &App, request: &ServiceRequest) -> Self {
        Self::with(app, request, Cookies::read(request.headers()), true)
    }

    /// A script of another origin asks: what the browser knows of us is not for it, and what it is given it keeps itself.
    pub(super) fn without_cookies(app: &App, request: &ServiceRequest) -> Self {
        Self::with(app, request, Cookies::default(), false)
    }

    fn with(app: &App, request: &ServiceRequest, cookies: Cookies, cookies_count: bool) -> Self {
        let agent = request.headers().get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
        Self(Rc::new(Inner {
            person: Cell::new(None),
            fault: Cell::new(None),
            scopes: Cell::new(None),
            ended: Cell::new(None),
            address: address::client(request.peer_addr().map(|peer| peer.ip()), request.headers(), &app.config.proxies),
            // It is ASCII, or it was not read.
            user_agent: agent.get(..256).unwrap_or(agent).to_owned(),
            cookies,
            binding: OnceCell::new(),
            browser: OnceCell::new(),
            waits: Cell::new(false),
            set: RefCell::default(),
            cookies_count,
        }))
    }

    /// The person, if one is signed in.
    #[must_use]
    pub fn person(&self) -> Option<Person> {
        self.0.person.get()
    }

    /// The person, or why there is none.
    ///
    /// # Errors
    /// `SignedOut`, `StaleToken`, `ForgedToken`, or `Refused` as `invalid_token` for an API token.
    pub fn require(&self) -> Result<Person> {
        match (self.person(), self.0.fault.get()) {
            (Some(person), _) => Ok(person),
            (None, None) => Err(Error::SignedOut),
            (None, Some(Fault::Stale)) => Err(Error::StaleToken),
            (None, Some(Fault::Forged)) => Err(Error::ForgedToken),
            (None, Some(Fault::NoToken)) => Err(Error::refused("invalid_token", NO_TOKEN)),
        }
    }

    /// How the session of the cookies ended, if it did.
    #[must_use]
    pub fn ended(&self) -> Option<Ended> {
        self.0.ended.get()
    }

    /// Our cookies, as they came.
    #[must_use]
    pub fn cookies(&self) -> &Cookies {
        &self.0.cookies
    }

    /// One of our cookies, unless one of them came twice.
    #[must_use]
    pub fn cookie(&self, name: Name) -> Option<&str> {
        if self.0.cookies.doubled() { None } else { self.0.cookies.get(name) }
    }

    /// Where the request comes from.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        self.0.address
    }

    /// Who acts, for the audit.
    #[must_use]
    pub fn actor(&self) -> Actor {
        let person = self.person();
        Actor {
            user: person.map(|person| person.key),
            session: person.map(|person| person.session),
            address: self.0.address.to_string(),
        }
    }

    /// The session that somebody here wants; it replaces the one they have.
    #[must_use]
    pub fn wish(&self, door: Door, remember: bool, replaces: Option<SessionId>) -> Wish {
        let opening = Opening {
            door,
            remember,
            user_agent: self.0.user_agent.clone(),
            address: self.0.address.to_string(),
            browser: (door == Door::Web).then(|| self.browser().clone()),
            replaces: None,
        };
        Wish { opening, replaces, errand: None }
    }

    fn browser(&self) -> &Browser {
        self.0.browser.get_or_init(|| self.cookie(Name::Device).and_then(Browser::parse).unwrap_or_else(Browser::random))
    }

    /// Notes that somebody was told to wait because of their account: that was written down when the wait began.
    pub fn note_wait(&self) {
        self.0.waits.set(true);
    }

    /// Was somebody told so?
    #[must_use]
    pub fn is_told_to_wait(&self) -> bool {
        self.0.waits.get()
    }

    /// What CSRF values are bound to: the session, or before there is one a random value of this browser.
    #[must_use]
    pub fn binding(&self) -> &str {
        self.0.binding.get_or_init(|| {
            if let Some(person) = self.person() {
                return person.session.to_string();
            }
            if let Some(pre) = self.cookie(Name::Pre).filter(|pre| pre.len() == 22) {
                return pre.to_owned();
            }
            let made = base64url(random_bytes::<16>());
            self.set_cookie(cookies::set(Name::Pre, &made, None));
            made
        })
    }

    /// Can a cookie keep anything for the one who asks?
    #[must_use]
    pub fn takes_cookies(&self) -> bool {
        self.0.cookies_count
    }

    /// Adds a cookie to whatever the answer will be, where cookies count.
    pub fn set_cookie(&self, cookie: String) {
        if self.0.cookies_count {
            self.0.set.borrow_mut().push(cookie);
        }
    }

    /// Will this browser still have that cookie when it has the answer?
    #[must_use]
    pub fn keeps(&self, name: Name) -> bool {
        let given =
            self.0.set.borrow().iter().rev().find_map(|cookie| Some(!cookie.strip_prefix(name.as_str())?.starts_with("=;")));
        given.unwrap_or_else(|| self.cookie(name).is_some())
    }

    /// Signs this browser in: its cookies, and who it is from here on.
    ///
    /// # Errors
    /// `Internal`, should signing the access token fail.
    pub fn sign_in(&self, app: &App, tokens: &Tokens) -> Result<()> {
        let grant = app.latch.grant(tokens)?;
        let left = clock::seconds_until(app.clock.now(), tokens.expires_at);
        let life = tokens.remember.then_some(left);
        self.set_cookie(cookies::set(Name::Access, &grant.token, Some(grant.expires_in)));
        self.set_cookie(cookies::set(Name::Refresh, &tokens.refresh.expose(), life));
        self.set_cookie(cookies::set(Name::Hint, "1", life));
        // A sign-in, and not an exchange of tokens: from now on the browser is known.
        if let Some(browser) = self.0.browser.get() {
            let year = i64::try_from(known_device::LIFE.as_secs()).unwrap_or(i64::MAX);
            self.set_cookie(cookies::set(Name::Device, browser.expose(), Some(year)));
        }
        self.admit(Person::of(tokens.owner, tokens.session));
        Ok(())
    }

    /// Deletes the cookies of a session that the person ended here.
    pub fn sign_out(&self) {
        for name in [Name::Access, Name::Refresh, Name::Hint, Name::Mfa, Name::Park] {
            self.set_cookie(cookies::delete(name));
        }
        self.0.person.set(None);
    }

    /// What they may do, if they showed an API token.
    #[must_use]
    pub fn scopes(&self) -> Option<Scopes> {
        self.0.scopes.get()
    }

    pub(super) fn admit_token(&self, person: Person, scopes: Scopes) {
        self.admit(person);
        self.0.scopes.set(Some(scopes));
    }

    pub(super) fn admit(&self, person: Person) {
        self.0.person.set(Some(person));
    }

    /// Takes back that there is a person, and the cookies that were set since.
    pub(super) fn dismiss(&self) -> Vec<String> {
        self.0.person.set(None);
        self.0.set.take()
    }

    pub(super) fn note_fault(&self, fault: Fault) {
        self.0.fault.set(Some(fault));
    }

    pub(super) fn note_end(&self, ended: Ended) {
        self.0.ended.set(Some(ended));
    }

    pub(super) fn add_cookies(&self, headers: &mut HeaderMap) {
        for cookie in self.0.set.borrow_mut().drain(..) {
            match HeaderValue::from_str(&cookie) {
                Ok(value) => headers.append(header::SET_COOKIE, value),
                Err(cause) => tracing::error!(%cause, "a cookie of ours is not a header value"),
            }
        }
    }
}

impl FromRequest for Visit {
    type Error = Error;
    type Future = std::future::Ready<Result<Self>>;
    fn from_request(request: &HttpRequest, _: &mut actix_web::dev::Payload) -> Self::Future {
        let visit = request.extensions().get::<Self>().cloned();
        std::future::ready(visit.ok_or_else(|| Error::internal("the identity layer does not stand before this route")))
    }
}
