//! The one origin of the site, and who may be called by it.
//!
//! Invariant: a request for another host is answered 421 and reaches no page; links and redirects are built from the origin here,
//! never from what a request says of itself. It does not know cookies.

use crate::config::is_loopback;
use crate::error::{Error, Result};
use crate::web::errors::Refusal;
use actix_web::HttpResponse;
use actix_web::body::BoxBody;
use actix_web::dev::ServiceRequest;
use actix_web::http::header::{self, HeaderMap};
use actix_web::http::{Method, Uri};
use url::Url;

/// The public origin, taken apart once.
#[derive(Debug, Clone)]
pub struct Origin {
    url: Url,
    text: String,
    authority: String,
    others: Vec<String>,
    tls: bool,
}

impl Origin {
    /// Takes the public URL apart. On a loopback one the other names of this machine are served too, at the bound port.
    ///
    /// # Errors
    /// `Internal`, when the URL is no origin; the settings let none such through.
    pub fn new(url: &Url, port: u16) -> Result<Self> {
        let host = url.host_str().ok_or_else(|| Error::internal("the public URL has no host"))?;
        let authority = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let names = ["localhost", "127.0.0.1", "[::1]"];
        let others = if is_loopback(url) {
            let with_port = names.iter().map(|name| format!("{name}:{port}"));
            let bare = names.iter().filter(|_| port == 80).map(|name| (*name).to_owned());
            with_port.chain(bare).filter(|other| *other != authority).collect()
        } else {
            Vec::new()
        };
        Ok(Self { text: url.origin().ascii_serialization(), authority, others, tls: url.scheme() == "https", url: url.clone() })
    }

    /// As browsers write it in `Origin`: scheme, host and port, no slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The public URL.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Do people reach the site over TLS?
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.tls
    }

    fn place(&self, authority: &str) -> Place {
        let default_port = if self.tls { ":443" } else { ":80" };
        // Only a public URL without a port of its own may be named with the default one.
        let has_port = self.url.port().is_some();
        let bare = authority.strip_suffix(default_port).filter(|_| !has_port).unwrap_or(authority);
        if bare.eq_ignore_ascii_case(&self.authority) {
            Place::Ours
        } else if self.others.iter().any(|other| authority.eq_ignore_ascii_case(other)) {
            Place::ThisMachine
        } else {
            Place::Elsewhere
        }
    }
}

/// Whom a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The public URL.
    Ours,
    /// Another name of this machine, on a loopback shop.
    ThisMachine,
    /// Somebody else.
    Elsewhere,
}

fn asked(origin: &Origin, uri: &Uri, headers: &HeaderMap) -> Place {
    let mut hosts = headers.get_all(header::HOST);
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return Place::Elsewhere };
    let Ok(host) = host.to_str() else { return Place::Elsewhere };
    // An absolute target must name the same host: a cache between us could believe either.
    if uri.authority().is_some_and(|target| !target.as_str().eq_ignore_ascii_case(host)) {
        return Place::Elsewhere;
    }
    origin.place(host)
}

/// The answer to a request that is not for us, or none when it is.
#[must_use]
pub fn refuse(origin: &Origin, request: &ServiceRequest) -> Option<HttpResponse<BoxBody>> {
    let path = request.path();
    if matches!(path, "/healthz" | "/readyz") {
        return None;
    }
    match asked(origin, request.uri(), request.headers()) {
        Place::Elsewhere => Some(HttpResponse::from_error(Refusal::WrongHost)),
        Place::ThisMachine if is_page(path) && matches!(*request.method(), Method::GET | Method::HEAD) => {
            // Leading slashes are cut to one, so that the target stays on this host whatever the path is.
            let rest = request.uri().path_and_query().map_or("/", |target| target.as_str()).trim_start_matches(['/', '\\']);
            let target = format!("{}/{rest}", origin.as_str());
            Some(HttpResponse::TemporaryRedirect().insert_header((header::LOCATION, target)).finish())
        }
        Place::Ours | Place::ThisMachine => None,
    }
}

/// Is this a page, and not a file, a picture or an answer to a program?
#[must_use]
pub fn is_page(path: &str) -> bool {
    !["/api", "/static", "/pictures", "/.well-known"].iter().any(|room| is_under(path, room))
        && !matches!(path, "/healthz" | "/readyz" | "/robots.txt" | "/favicon.ico" | "/openapi.json" | "/csp-report")
}

/// Is the path that of the room, or one below it?
#[must_use]
pub fn is_under(path: &str, room: &str) -> bool {
    path.strip_prefix(room).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn answer(url: &str, host: &str, path: &str) -> Option<u16> {
        let origin = Origin::new(&Url::parse(url).expect("a URL"), 8080).expect("an origin");
        let request = TestRequest::get().uri(path).insert_header(("host", host)).to_srv_request();
        refuse(&origin, &request).map(|answer| answer.status().as_u16())
    }

    #[test]
    fn only_the_public_host_is_served() {
        let url = "https://shop.example/";
        assert_eq!(answer(url, "shop.example", "/"), None);
        assert_eq!(answer(url, "SHOP.example:443", "/"), None);
        for other in [
            "evil.example",
            "shop.example:8443",
            "shop.example.evil",
            "",
            "localhost:8080",
            "shop.example:443:443",
            "a@shop.example",
        ] {
            assert_eq!(answer(url, other, "/"), Some(421), "{other}");
        }
        assert_eq!(answer(url, "10.0.0.7:8080", "/healthz"), None, "a probe knows only our address");
    }

    #[test]
    fn on_this_machine_pages_lead_to_the_public_url() {
        let url = "http://localhost:8080/";
        assert_eq!(answer(url, "localhost:8080", "/"), None);
        assert_eq!(answer(url, "127.0.0.1:8080", "/cart?x=1"), Some(307));
        assert_eq!(answer(url, "[::1]:8080", "/api/products"), None);
        assert_eq!(answer(url, "127.0.0.1:8081", "/"), Some(421));
        assert_eq!(answer(url, "127.0.0.1", "/"), Some(421));
    }

    #[test]
    fn an_absolute_target_must_agree_with_the_host() {
        let origin = Origin::new(&Url::parse("http://localhost:8080").expect("a URL"), 8080).expect("an origin");
        let request = TestRequest::get().uri("http://evil.example/").insert_header(("host", "localhost:8080")).to_srv_request();
        assert!(refuse(&origin, &request).is_some());
    }
}
