//! As much of a browser as a check needs: cookies, forms, no redirect that was not asked for.
//!
//! Invariant: it sends what browsers send with a form (`Origin`, cookies) and trusts the roots the machine trusts. It does not know
//! what it is used for.

use crate::cli::Failure;
use crate::config::is_loopback;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use ureq::http::{HeaderMap, Response};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Body};
use url::Url;

/// More of a page than this is not ours.
const LONGEST: u64 = 1024 * 1024;

/// A browser at one site; a clone is another tab with a copy of its cookies.
#[derive(Clone)]
pub struct Browser {
    agent: Agent,
    site: Url,
    cookies: BTreeMap<String, String>,
}

/// What came back.
pub struct Answer {
    /// The status code.
    pub status: u16,
    headers: HeaderMap,
    body: String,
}

impl Browser {
    /// One that has never been anywhere.
    pub fn new(site: &Url) -> Result<Self, Failure> {
        if !matches!(site.scheme(), "http" | "https") || site.host().is_none() {
            return Err(Failure::Told(format!("--url {site}: a shop has an address like https://shop.example")));
        }
        if site.scheme() == "http" && !is_loopback(site) {
            return Err(Failure::Told(format!("--url {site}: over plain http a password goes only to this machine itself")));
        }
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::PlatformVerifier)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .build();
        let agent = Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_idle_connections(0)
            .timeout_global(Some(Duration::from_secs(30)))
            .user_agent(concat!("latchkey-doctor/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        Ok(Self { agent, site: site.clone(), cookies: BTreeMap::new() })
    }

    /// The site, as browsers name it.
    pub fn origin(&self) -> String {
        self.site.origin().ascii_serialization()
    }

    /// A cookie's value.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    /// Forgets a cookie.
    pub fn drop_cookie(&mut self, name: &str) {
        self.cookies.remove(name);
    }

    /// Takes the cookies of an answer.
    pub fn take_cookies(&mut self, answer: &Answer) {
        for (name, value, over) in answer.cookies() {
            if over {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// Opens a page.
    pub fn get(&mut self, path: &str) -> Result<Answer, Failure> {
        let mut request = self.agent.get(self.address(path)?);
        if let Some(cookies) = self.cookie_header() {
            request = request.header("cookie", cookies);
        }
        let response = request.call();
        self.read(response)
    }

    /// Sends a form.
    pub fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Result<Answer, Failure> {
        let mut request = self.agent.post(self.address(path)?).header("origin", self.origin());
        if let Some(cookies) = self.cookie_header() {
            request = request.header("cookie", cookies);
        }
        let response = request.send_form(fields.iter().copied());
        self.read(response)
    }

    fn address(&self, path: &str) -> Result<String, Failure> {
        let joined = self.site.join(path).map_err(|cause| Failure::Told(format!("{}: {cause}", self.site)))?;
        Ok(joined.into())
    }

    fn cookie_header(&self) -> Option<String> {
        let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    fn read(&mut self, response: Result<Response<Body>, ureq::Error>) -> Result<Answer, Failure> {
        let gone = |cause: ureq::Error| Failure::Told(format!("{} cannot be reached: {cause}", self.origin()));
        let (head, mut body) = response.map_err(gone)?.into_parts();
        let body = body.with_config().limit(LONGEST).lossy_utf8(true).read_to_string().map_err(gone)?;
        let answer = Answer { status: head.status.as_u16(), headers: head.headers, body };
        self.take_cookies(&answer);
        Ok(answer)
    }
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        // One that is no text says nothing to us.
        self.headers.get(name).map_or("", |value| value.to_str().unwrap_or_default())
    }

    /// Where it sends to.
    pub fn location(&self) -> &str {
        self.header("location")
    }

    /// Another site that it sends to.
    pub fn leads_elsewhere(&self, origin: &str) -> Option<String> {
        let there = Url::parse(self.location()).map(|to| to.origin().ascii_serialization());
        there.into_iter().find(|there| (300..400).contains(&self.status) && there != origin)
    }

    /// How long to wait, in words.
    pub fn wait(&self) -> String {
        match self.header("retry-after") {
            "" => "try again later".to_owned(),
            seconds => format!("try again in {seconds} s"),
        }
    }

    /// The value of a hidden field.
    pub fn field(&self, name: &str) -> Option<String> {
        let (_, rest) = self.body.split_once(&format!("name=\"{name}\" value=\""))?;
        let (value, _) = rest.split_once('"')?;
        Some(value.to_owned())
    }

    /// The value it sets a cookie to.
    pub fn sets(&self, name: &str) -> Option<&str> {
        self.cookies().find(|(set, _, over)| *set == name && !over).map(|(_, value, _)| value)
    }

    /// Name, value, and whether it is deleted.
    fn cookies(&self) -> impl Iterator<Item = (&str, &str, bool)> {
        self.headers.get_all("set-cookie").into_iter().filter_map(|header| {
            // A cookie that is no ASCII is none of ours.
            let text = header.to_str().ok()?;
            let (pair, attributes) = text.split_once(';').unwrap_or((text, ""));
            let (name, value) = pair.split_once('=')?;
            Some((name.trim(), value.trim(), attributes.contains("Max-Age=0")))
        })
    }
}
