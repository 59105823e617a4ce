//! How many of an act one client address may do in a time (docs/SECURITY.md, "Throttling").
//!
//! Invariant: the counts are made once, outside the workers, so that all of them share one; the key is the client's address as trusted
//! proxies tell it; a refusal is our own error, so that it looks like every other, with the seconds rounded up.

mod by_token;

use by_token::ByToken;

use crate::config::{Config, Limit, Proxies};
use crate::error::Error;
use crate::web::address;
use actix_governor::governor::NotUntil;
use actix_governor::governor::clock::{Clock as _, DefaultClock, QuantaInstant};
use actix_governor::governor::middleware::NoOpMiddleware;
use actix_governor::{Governor, GovernorConfig, GovernorConfigBuilder, KeyExtractor};
use actix_web::dev::ServiceRequest;
use actix_web::http::Method;
use actix_web::middleware::Condition;
use actix_web::{HttpResponse, HttpResponseBuilder};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Counts by client address.
#[derive(Debug, Clone)]
pub struct ByAddress {
    proxies: Arc<Proxies>,
}

impl KeyExtractor for ByAddress {
    type Key = IpAddr;
    type KeyExtractionError = Error;

    fn extract(&self, request: &ServiceRequest) -> Result<IpAddr, Error> {
        let peer = request.peer_addr().map(|peer| peer.ip());
        Ok(address::household(address::client(peer, request.headers(), &self.proxies)))
    }

    fn exceed_rate_limit_response(&self, negative: &NotUntil<QuantaInstant>, _: HttpResponseBuilder) -> HttpResponse {
        HttpResponse::from_error(Error::TooMany { wait: negative.wait_time_from(DefaultClock::default().now()) })
    }
}

type Counter = GovernorConfig<ByAddress, NoOpMiddleware<QuantaInstant>>;

/// One act's limit, to be wrapped around its resource.
pub type Throttle = Condition<Governor<ByAddress, NoOpMiddleware<QuantaInstant>>>;

/// One act, counted. Wherever `throttle` is wrapped around a resource, the same count goes on.
pub struct Act {
    on: bool,
    counter: Counter,
}

impl Act {
    fn new(limit: Limit, methods: Option<Method>, proxies: &Arc<Proxies>) -> Self {
        let (on, every, burst) = match limit {
            Limit::On { every, burst } => (true, every, burst),
            Limit::Off => (false, Duration::from_secs(1), 1),
        };
        let mut builder = GovernorConfigBuilder::default().key_extractor(ByAddress { proxies: Arc::clone(proxies) });
        // The settings let no zero through, and `finish` refuses nothing else.
        builder.period(every.max(Duration::from_nanos(1))).burst_size(burst.max(1));
        if let Some(method) = methods {
            builder.methods(vec![method]);
        }
        Self { on, counter: builder.finish().expect("neither a period nor a burst of zero") }
    }

    /// The layer. Every worker wraps one around each resource of the act.
    #[must_use]
    pub fn throttle(&self) -> Throttle {
        Condition::new(self.on, Governor::new(&self.counter))
    }

    /// Counts one act of that address, where only a part of a page's requests are the act.
    ///
    /// # Errors
    /// `TooMany`.
    pub fn admit(&self, address: IpAddr) -> crate::error::Result<()> {
        if !self.on {
            return Ok(());
        }
        let refused =
            |negative: NotUntil<QuantaInstant>| Error::TooMany { wait: negative.wait_time_from(DefaultClock::default().now()) };
        self.counter.limiter().check_key(&address::household(address)).map_err(refused)
    }

    fn forget_old(&self) {
        self.counter.limiter().retain_recent();
    }
}

/// The acts that are counted.
pub struct Limits {
    /// Sign-in, page and API together.
    pub sign_in: Act,
    /// Registration, page and API together.
    pub register: Act,
    /// The API's refresh routes.
    pub refresh: Act,
    /// Placing an order.
    pub checkout: Act,
    /// The whole API, and the search.
    pub api: Act,
    /// The whole API again, for each API token.
    pub tokens: ByToken,
    /// Asking for a mail to set a password anew.
    pub reset: Act,
    /// Codes of a second step, and following a mail link.
    pub code: Act,
    /// Forms that are kept for somebody who is signed out: no address alone can fill the place there is.
    pub parking: Act,
    /// Tokens and cookies that nobody here made: what a stranger may have written down, so that noise costs no writes.
    pub noise: Act,
    /// What browsers report about the Content-Security-Policy.
    pub reports: Act,
    /// What payment providers tell: enough for one that catches up after an outage, and it says again what was told to wait.
    pub webhook: Act,
}

impl Limits {
    /// The limits of the settings. POST only where the act is a POST: looking at the sign-in page costs nothing.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let proxies = Arc::new(config.proxies.clone());
        let post = |limit| Act::new(limit, Some(Method::POST), &proxies);
        Self {
            sign_in: post(config.limits.sign_in),
            register: post(config.limits.register),
            refresh: post(config.limits.refresh),
            checkout: post(config.limits.checkout),
            api: Act::new(config.limits.api, None, &proxies),
            tokens: ByToken::new(config.limits.api),
            reset: post(config.limits.reset),
            code: post(config.limits.code),
            parking: Act::new(Limit::On { every: Duration::from_secs(5), burst: 60 }, None, &proxies),
            noise: Act::new(Limit::On { every: Duration::from_secs(6), burst: 10 }, None, &proxies),
            reports: post(Limit::On { every: Duration::from_secs(2), burst: 30 }),
            webhook: post(Limit::On { every: Duration::from_millis(100), burst: 300 }),
        }
    }

    /// Drops the keys that are as good as new; without it they would be kept for ever.
    pub fn forget_old(&self) {
        let (settings, own) = (
            [&self.sign_in, &self.register, &self.refresh, &self.checkout, &self.api, &self.reset, &self.code],
            [&self.parking, &self.noise, &self.reports, &self.webhook],
        );
        settings.into_iter().chain(own).for_each(Act::forget_old);
        self.tokens.forget_old();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::errors::Trouble;
    use actix_web::{App, test, web};

    fn act(limit: &str) -> Act {
        let proxies = Arc::new("10.0.0.0/8".parse().expect("a network"));
        Act::new(limit.parse().expect("a limit"), Some(Method::POST), &proxies)
    }

    async fn statuses(act: &Act, requests: &[(Method, &str, &str)]) -> Vec<u16> {
        let ok = || async { HttpResponse::Ok().finish() };
        let site = App::new()
            .service(web::resource("/login").wrap(act.throttle()).to(ok))
            .service(web::resource("/api/login").wrap(act.throttle()).to(ok));
        let site = test::init_service(site).await;
        let mut statuses = Vec::new();
        for (method, path, forwarded) in requests {
            let peer = "10.0.0.1:1".parse().expect("an address");
            let request = test::TestRequest::with_uri(path)
                .method(method.clone())
                .peer_addr(peer)
                .insert_header(("x-forwarded-for", *forwarded));
            let answer = test::call_service(&site, request.to_request()).await;
            if answer.status().as_u16() == 429 {
                let trouble = answer.response().extensions().get::<Trouble>().cloned();
                assert!(
                    trouble.is_some_and(|trouble| trouble.wait > Some(0)),
                    "it is an error of ours, so that a page can be drawn"
                );
            }
            statuses.push(answer.status().as_u16());
        }
        statuses
    }

    #[actix_web::test]
    async fn page_and_api_share_one_count_for_each_client() {
        let (post, get, one) = (Method::POST, Method::GET, "198.51.100.1");
        let requests = [
            (post.clone(), "/login", one),
            (get, "/login", one),
            (post.clone(), "/api/login", one),
            (post.clone(), "/login", one),
            (post.clone(), "/api/login", one),
            (post, "/login", "198.51.100.2"),
        ];
        assert_eq!(statuses(&act("2/1h"), &requests).await, [200, 200, 200, 429, 429, 200]);
        assert_eq!(statuses(&act("off"), &requests).await, [200; 6]);
    }

    #[actix_web::test]
    async fn a_v6_household_shares_one_count() {
        let at = |address| (Method::POST, "/login", address);
        let requests = [at("2001:db8::1"), at("2001:db8::2"), at("2001:db8:0:1::1")];
        assert_eq!(statuses(&act("1/1h"), &requests).await, [200, 429, 200]);
    }
}
