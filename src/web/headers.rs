//! The security headers of every answer (docs/SECURITY.md, "Headers").
//!
//! Invariant: no answer leaves without them; an HTML page carries a Content-Security-Policy with its own nonce and no exceptions, and
//! whatever sets a cookie or was made for a signed-in person is `no-store`. It does not know what the answer says.

use crate::web::host::is_under;
use crate::web::identity::Visit;
use actix_web::HttpMessage as _;
use actix_web::body::BoxBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::header::{self, HeaderName, HeaderValue};

const ALWAYS: [(HeaderName, HeaderValue); 8] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (header::CROSS_ORIGIN_OPENER_POLICY, HeaderValue::from_static("same-origin")),
    (header::CROSS_ORIGIN_EMBEDDER_POLICY, HeaderValue::from_static("require-corp")),
    (header::CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("origin-agent-cluster"), HeaderValue::from_static("?1")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::PERMISSIONS_POLICY, HeaderValue::from_static(PERMISSIONS)),
];

/// Every feature that a browser could lend to a page is closed; passkeys are for ourselves.
const PERMISSIONS: &str = "accelerometer=(), autoplay=(), bluetooth=(), \
camera=(), compute-pressure=(), display-capture=(), encrypted-media=(), fullscreen=(), gamepad=(), geolocation=(), \
gyroscope=(), hid=(), identity-credentials-get=(), idle-detection=(), local-fonts=(), magnetometer=(), microphone=(), midi=(), \
otp-credentials=(), payment=(), picture-in-picture=(), publickey-credentials-create=(self), publickey-credentials-get=(self), \
screen-wake-lock=(), serial=(), storage-access=(), usb=(), web-share=(), window-management=(), xr-spatial-tracking=()";

/// For JSON, files and bare answers: nothing may be loaded.
const BARE: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

const TRANSPORT: HeaderValue = HeaderValue::from_static("max-age=63072000; includeSubDomains");

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");

/// The Content-Security-Policy of pages, all but the nonce written once.
#[derive(Debug, Clone)]
pub struct Policy {
    tls: bool,
}

impl Policy {
    /// The policy of a site that people reach over TLS, or not.
    #[must_use]
    pub fn new(tls: bool) -> Self {
        Self { tls }
    }

    /// The policy of one page. Without a nonce it has no script.
    ///
    /// # Panics
    /// Never for a nonce of ours, which is base64url.
    #[must_use]
    pub fn html(&self, nonce: &str) -> HeaderValue {
        let mut text = String::with_capacity(480);
        text.push_str("default-src 'none'; script-src ");
        if nonce.is_empty() {
            text.push_str("'none'");
        } else {
            text.extend(["'nonce-", nonce, "'"]);
        }
        text.push_str(
            "; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; \
             frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'; report-uri /csp-report",
        );
        if self.tls {
            text.push_str("; upgrade-insecure-requests");
        }
        HeaderValue::from_maybe_shared(text).expect("base64url and our own text make a header")
    }

    /// Adds what every answer carries.
    pub fn add(&self, response: &mut ServiceResponse<BoxBody>) {
        let personal = response.headers().contains_key(header::SET_COOKIE)
            || response.request().extensions().get::<Visit>().is_some_and(|visit| visit.person().is_some());
        // The API gives tokens away, to clients whose caches nobody knows (RFC 6749 section 5.1).
        let personal = personal || is_under(response.request().path(), "/api");
        let headers = response.headers_mut();
        for (name, value) in &ALWAYS {
            headers.insert(name.clone(), value.clone());
        }
        if self.tls {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, TRANSPORT);
        }
        if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
            headers.insert(header::CONTENT_SECURITY_POLICY, BARE);
        }
        if personal {
            headers.insert(header::CACHE_CONTROL, NO_STORE);
        } else if !headers.contains_key(header::CACHE_CONTROL) {
            headers.insert(header::CACHE_CONTROL, NO_CACHE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::HttpResponse;
    use actix_web::test::TestRequest;

    fn added(policy: &Policy, answer: HttpResponse) -> ServiceResponse {
        let mut response = TestRequest::default().to_srv_request().into_response(answer);
        policy.add(&mut response);
        response
    }

    #[test]
    fn a_page_has_its_nonce_and_no_exception() {
        let text = Policy::new(true).html("abc").to_str().expect("text").to_owned();
        assert!(text.contains("script-src 'nonce-abc';") && text.ends_with("; upgrade-insecure-requests"));
        assert!(!text.contains("unsafe") && !text.contains('*'));
        assert!(!Policy::new(false).html("abc").to_str().expect("text").contains("upgrade"));
    }

    #[test]
    fn an_answer_with_a_cookie_is_not_stored() {
        let plain = added(&Policy::new(false), HttpResponse::Ok().finish());
        assert_eq!(plain.headers().get("cache-control").expect("a header"), "no-cache");
        assert!(plain.headers().get("strict-transport-security").is_none());
        let cookie = HttpResponse::Ok().insert_header(("set-cookie", "a=b")).insert_header(("cache-control", "public")).finish();
        let cookie = added(&Policy::new(true), cookie);
        assert_eq!(cookie.headers().get("cache-control").expect("a header"), "no-store");
        assert!(cookie.headers().get("strict-transport-security").is_some());
        assert_eq!(
            cookie.headers().get("content-security-policy").expect("a header"),
            "default-src 'none'; frame-ancestors 'none'"
        );
    }
}
