//! Where a person goes after signing in.
//!
//! Invariant: a `NextPath` leads to a page of this site and to no other (docs/SECURITY.md, "Input and limits"): whatever a
//! stranger put into a link, it is one of our own paths or the dashboard. It does not know whether the page exists.

use crate::web::host::{Origin, is_under};
use actix_web::http::Uri;
use actix_web::http::uri::PathAndQuery;
use std::fmt::{self, Write as _};

/// A path of ours, with its query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextPath(String);

impl NextPath {
    /// Reads a path; `None` for whatever leads elsewhere, or back into signing in and out.
    #[must_use]
    pub fn parse(text: &str, origin: &Origin) -> Option<Self> {
        let rest = text.strip_prefix('/')?;
        let printable = text.bytes().all(|byte| matches!(byte, b'!'..=b'~') && byte != b'\\');
        if rest.starts_with('/') || !printable || text.len() > 1024 {
            return None;
        }
        let url = origin.url().join(text).ok()?;
        if url.origin() != origin.url().origin() || !url.username().is_empty() || url.password().is_some() {
            return None;
        }
        // Dots are gone here, as the router will see them; percent-encoded letters it decodes, so we do.
        let path = decoded(url.path());
        let closed = ["/login", "/logout", "/api", "/static"].iter().any(|room| is_under(&path.to_ascii_lowercase(), room));
        let odd = path[1..].starts_with(['/', '\\']) || path.contains('\\') || path.chars().any(char::is_control);
        if closed || odd {
            return None;
        }
        let target = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        Some(Self(target))
    }

    /// Reads what came with a form or a query; the dashboard for anything that is not a path of ours.
    #[must_use]
    pub fn or_dashboard(text: Option<&str>, origin: &Origin) -> Self {
        text.and_then(|text| Self::parse(text, origin)).unwrap_or_else(|| Self("/dashboard".to_owned()))
    }

    /// The path and query.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for NextPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The way to sign-in that comes back to `target`: `/login?next=`, percent-encoded but for "/" (docs/API.md, "General").
#[must_use]
pub fn sign_in(target: &str) -> String {
    through("/login", target)
}

/// The same way through a proof of who one is.
#[must_use]
pub fn confirm(target: &str) -> String {
    through("/confirm-identity", target)
}

fn through(door: &str, target: &str) -> String {
    let mut way = format!("{door}?next=");
    for byte in target.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/') {
            way.push(char::from(byte));
        } else {
            write!(way, "%{byte:02X}").expect("a String takes every text");
        }
    }
    way
}

/// The same, for an address that may be long: without its query, or without a way back, where the whole would be refused as too long.
#[must_use]
pub fn sign_in_short(target: &Uri) -> String {
    let whole = sign_in(target.path_and_query().map_or("/", PathAndQuery::as_str));
    let fits = |way: &String| way.len() <= 2048;
    Some(whole).filter(fits).or_else(|| Some(sign_in(target.path())).filter(fits)).unwrap_or_else(|| "/login".to_owned())
}

/// Every percent-encoded byte as the byte; what is no UTF-8 then is no path of ours and keeps a replacement that no room has.
fn decoded(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let hex = |at: usize| after.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        if let (b'%', Some(high), Some(low)) = (first, hex(0), hex(1)) {
            bytes.push(u8::try_from(high * 16 + low).unwrap_or_default());
            rest = &after[2..];
        } else {
            bytes.push(first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use url::Url;

    fn origin() -> Origin {
        Origin::new(&Url::parse("http://localhost:8080").expect("a URL"), 8080).expect("an origin")
    }

    #[test]
    fn our_own_paths_are_kept() {
        let kept = [
            "/",
            "/cart",
            "/products?q=mug&page=2",
            "/products/a-b",
            "/orders/ABC",
            "/products?next=//evil",
            "/loginx",
            "/register",
            "/account#x",
        ];
        for path in kept {
            let expected = path.split('#').next();
            assert_eq!(NextPath::parse(path, &origin()).as_ref().map(NextPath::as_str), expected, "{path}");
        }
    }

    #[test]
    fn nothing_leads_elsewhere() {
        let hostile = [
            "",
            "cart",
            "//evil.example",
            "/\\evil.example",
            "///evil",
            "/\t/evil",
            "/\n/evil",
            "/ /evil",
            "https://evil.example/",
            "http:/evil",
            "javascript:alert(1)",
            "/é",
            "/cart\u{0}",
            "/a\\b",
            "\\\\evil",
            "@evil",
            "/%5Cevil",
            "/%2F/evil",
            "/%2fevil",
            "/.//evil",
            "/a/..//evil",
            "/%0d%0aSet-Cookie:x",
            "/login",
            "/login?next=/",
            "/login/code",
            "/logout",
            "/api",
            "/api/profile",
            "/static/x",
            "/./login",
            "/x/../logout",
            "/%6cogin",
            "/LOGIN",
            "/x/%2e%2e/login",
            "/api/../api/login",
        ];
        for path in hostile {
            assert_eq!(NextPath::parse(path, &origin()), None, "{path:?}");
            assert_eq!(NextPath::or_dashboard(Some(path), &origin()).as_str(), "/dashboard");
        }
        assert_eq!(NextPath::parse(&format!("/{}", "a".repeat(2000)), &origin()), None);
    }

    #[test]
    fn the_way_to_sign_in_is_encoded_but_for_slashes() {
        assert_eq!(sign_in("/dashboard"), "/login?next=/dashboard");
        assert_eq!(sign_in("/products?q=a&b=%20é"), "/login?next=/products%3Fq%3Da%26b%3D%2520%C3%A9");
    }
}
