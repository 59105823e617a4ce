//! A cookie jar that keeps to the byte what it was sent.
//!
//! Invariant: a `__Host-` cookie that a browser would refuse is refused here, loudly. It lives by the shop's clock, so that a
//! cookie dies when a test moves the time.

use latchkey::clock::{Clock, Moment};
use std::collections::BTreeMap;
use std::time::Duration;

/// A cookie as it was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cookie {
    /// Its value.
    pub value: String,
    /// Its attributes as they came, lower-cased: `path=/`, `secure`, `samesite=strict`, ...
    pub attributes: Vec<String>,
    dies: Option<Moment>,
}

/// What one browser keeps.
#[derive(Debug, Clone, Default)]
pub struct Jar {
    clock: Clock,
    cookies: BTreeMap<String, Cookie>,
}

impl Jar {
    /// An empty one.
    pub fn new(clock: Clock) -> Self {
        Self { clock, cookies: BTreeMap::new() }
    }

    /// Takes one `Set-Cookie` header.
    pub fn take(&mut self, header: &str) {
        let mut parts = header.split(';').map(str::trim);
        let (name, value) = parts.next().and_then(|pair| pair.split_once('=')).unwrap_or_else(|| panic!("no cookie: {header}"));
        let attributes: Vec<String> = parts.map(str::to_ascii_lowercase).collect();
        let has = |attribute: &str| attributes.iter().any(|found| found == attribute);
        let prefixed = name.starts_with("__Host-")
            && has("secure")
            && has("path=/")
            && !attributes.iter().any(|found| found.starts_with("domain"));
        assert!(prefixed, "a browser would refuse this cookie: {header}");
        assert!(has("httponly"), "no script may read this cookie: {header}");
        let age = attributes
            .iter()
            .find_map(|found| found.strip_prefix("max-age="))
            .map(|age| age.parse::<i64>().expect("whole seconds"));
        match age {
            Some(age) if age <= 0 => {
                self.cookies.remove(name);
            }
            age => {
                let dies = age.map(|age| self.clock.now() + Duration::from_secs(age.unsigned_abs()));
                self.cookies.insert(name.to_owned(), Cookie { value: value.to_owned(), attributes, dies });
            }
        }
    }

    /// The living cookie of this name.
    pub fn get(&self, name: &str) -> Option<&Cookie> {
        self.cookies.get(name).filter(|cookie| cookie.dies.is_none_or(|dies| self.clock.now() < dies))
    }

    /// Its value.
    ///
    /// # Panics
    /// When there is none.
    pub fn value(&self, name: &str) -> String {
        self.get(name).unwrap_or_else(|| panic!("there is no cookie {name}")).value.clone()
    }

    /// Is there such a cookie?
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Puts a cookie in by hand.
    pub fn put(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), Cookie { value: value.to_owned(), attributes: Vec::new(), dies: None });
    }

    /// Takes one out by hand.
    pub fn remove(&mut self, name: &str) {
        self.cookies.remove(name);
    }

    /// The browser is closed: what was for its session only is gone.
    pub fn close_browser(&mut self) {
        self.cookies.retain(|_, cookie| cookie.dies.is_some());
    }

    /// The `Cookie` header, if there is one to send.
    pub fn header(&self) -> Option<String> {
        let pairs: Vec<String> =
            self.cookies.keys().filter_map(|name| Some(format!("{name}={}", self.get(name)?.value))).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }
}
