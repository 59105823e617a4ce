//! Other origins whose scripts may use the API.
//!
//! Invariant: an origin is kept exactly as browsers write it in `Origin`, so that comparing is comparing bytes; there is no pattern and
//! no wildcard. It does not know what they may do.

use std::str::FromStr;
use url::{Host, Url};

/// An exact list of origins; most shops have none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins(Vec<String>);

impl Origins {
    /// Is this one of them?
    #[must_use]
    pub fn contains(&self, origin: &str) -> bool {
        self.0.iter().any(|known| known == origin)
    }

    /// Is the list empty?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first one that anybody on the way could speak for: plain http, and not on this machine.
    #[must_use]
    pub fn unsafe_one(&self) -> Option<&str> {
        let plain =
            |origin: &&String| origin.starts_with("http://") && !Url::parse(origin).is_ok_and(|url| super::is_loopback(&url));
        self.0.iter().find(plain).map(String::as_str)
    }
}

impl FromStr for Origins {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(origin).collect::<Result<_, _>>().map(Self)
    }
}

fn origin(text: &str) -> Result<String, String> {
    if text.contains('*') {
        return Err(format!("`{text}` is a pattern: every origin is named in full"));
    }
    let url = Url::parse(text).map_err(|_| format!("`{text}` is no origin"))?;
    if !matches!(url.scheme(), "http" | "https") || matches!(url.host(), None | Some(Host::Domain(""))) {
        return Err(format!("`{text}` is no origin of the web"));
    }
    let written = url.origin().ascii_serialization();
    if written == text { Ok(written) } else { Err(format!("`{text}` is not as browsers write it: `{written}`")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_exact() {
        let origins: Origins = "https://app.example, http://localhost:5173,,https://[::1]:8443".parse().expect("origins");
        for known in ["https://app.example", "http://localhost:5173", "https://[::1]:8443"] {
            assert!(origins.contains(known), "{known}");
        }
        for other in
            ["https://app.example:8443", "http://app.example", "https://APP.example", "https://app.example.evil", "null", ""]
        {
            assert!(!origins.contains(other), "{other}");
        }
        assert!("".parse::<Origins>().expect("none").is_empty());
    }

    #[test]
    fn what_no_browser_sends_is_refused() {
        for wrong in [
            "*",
            "https://*.example",
            "null",
            "app.example",
            "https://app.example/",
            "https://app.example:443",
            "https://APP.example",
            "https://app.example/x",
            "https://me@app.example",
            "file:///x",
            "data:text/html,x",
            "https://b\u{fc}cher.example",
        ] {
            assert!(wrong.parse::<Origins>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_plain_origin_is_safe_on_this_machine_alone() {
        let unsafe_one = |text: &str| text.parse::<Origins>().expect("origins").unsafe_one().map(str::to_owned);
        assert_eq!(unsafe_one("https://app.example,http://localhost:5173,http://127.0.0.1"), None);
        assert_eq!(unsafe_one("http://app.example").as_deref(), Some("http://app.example"));
    }
}
