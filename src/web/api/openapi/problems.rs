//! What can be wrong: every code, its status, and when it is said (docs/API.md, "Problems").
//!
//! Invariant: a code stands here once for each status it comes with.

use super::{named, shaped};
use serde_json::{Value, json};
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::{Components, ContentBuilder};

/// Status, code, and when.
const CODES: [(u16, &str, &str); 28] = [
    (400, "bad_request", "the body is not a JSON object, or broke off"),
    (401, "no_token", "no token came with the request"),
    (401, "invalid_token", "the access token is over: refresh it, or sign in"),
    (401, "invalid_credentials", "the address, the password or the code is wrong"),
    (401, "code_required", "the account has a second step: send `code` as well"),
    (401, "session_ended", "the session of the refresh token is over: sign in"),
    (403, "invalid_token", "this is no access token of this shop"),
    (403, "insufficient_scope", "the personal token is not for this"),
    (403, "unknown_token", "this is no refresh token of an API session"),
    (403, "registration_closed", "only the shop makes accounts"),
    (403, "cross_site", "a browser sent this from another site"),
    (404, "not_found", "there is no such thing, or it is another person's"),
    (408, "too_slow", "the body did not arrive within ten seconds"),
    (409, "already_refreshed", "this token was exchanged a moment ago, and its successor is in use: go on with that one"),
    (409, "cart_changed", "the cart, a price or the stock is not as it was seen; `cart` is how it is now"),
    (409, "not_cancellable", "the order is packed already"),
    (413, "too_large", "the body has more than 64 KiB"),
    (414, "address_too_long", "the address has more than 2 KiB"),
    (415, "unsupported_type", "the body is not `application/json`"),
    (421, "wrong_host", "the request is for another host"),
    (422, "invalid_fields", "`errors` names each field that is wrong"),
    (422, "sold_out", "there is nothing left of it"),
    (422, "cart_empty", "there is nothing in the cart to order"),
    (422, "idempotency_mismatch", "this `Idempotency-Key` made an order from something else"),
    (429, "too_many_requests", "too many of these in so short a time; `Retry-After` says how long to wait"),
    (431, "headers_too_large", "the headers have more than 16 KiB"),
    (500, "internal", "a fault of ours, and we have written it down"),
    (503, "unavailable", "something is busy or gone; `Retry-After` says when to try again"),
];

/// Those that any operation may answer, whatever it is asked.
const ANY: [u16; 5] = [421, 429, 431, 500, 503];
/// Those that any body may be answered with.
const BODY: [u16; 4] = [400, 408, 413, 415];

/// The answers that are the same everywhere, each under its status.
pub(super) fn responses(mut components: Components) -> Components {
    for status in ANY.into_iter().chain(BODY).chain([414]) {
        let codes: Vec<&str> = CODES.iter().filter(|(of, ..)| *of == status).map(|(_, code, _)| *code).collect();
        components.responses.insert(name(status), response(status, &codes).into());
    }
    components
}

/// The name of an answer that is the same everywhere.
fn name(status: u16) -> String {
    format!("Problem{status}")
}

/// The answers of an operation that are the same everywhere: statuses and names.
pub(super) fn usual(body: bool, query: bool) -> impl Iterator<Item = (u16, String)> {
    let (of_body, of_query) = (BODY.into_iter().filter(move |_| body), [414].into_iter().filter(move |_| query));
    ANY.into_iter().chain(of_body).chain(of_query).map(|status| (status, name(status)))
}

/// The answers for these codes, one for each status.
pub(super) fn own(codes: &[(u16, &'static str)]) -> Vec<(u16, Response)> {
    let mut statuses: Vec<u16> = codes.iter().map(|(status, _)| *status).collect();
    statuses.sort_unstable();
    statuses.dedup();
    let of = |status: u16| codes.iter().filter(move |(of, _)| *of == status).map(|(_, code)| *code).collect::<Vec<_>>();
    statuses.into_iter().map(|status| (status, response(status, &of(status)))).collect()
}

/// The status that a code comes with; a token that is not accepted has two.
pub(super) fn status(code: &str) -> u16 {
    CODES.iter().find(|(_, known, _)| *known == code).map_or(500, |(status, ..)| *status)
}

fn response(status: u16, codes: &[&str]) -> Response {
    let when = |code: &&str| CODES.iter().find(|(of, known, _)| *of == status && known == code).map_or("", |(.., when)| *when);
    let text = codes.iter().map(|code| format!("`{code}`: {}", when(code))).collect::<Vec<_>>().join("; ");
    let content = ContentBuilder::new().schema(Some(shaped(shape(status, codes)))).build();
    let mut response = ResponseBuilder::new().description(text).content("application/problem+json", content);
    let header = |about: &str, kind: &str| {
        HeaderBuilder::new().schema(Some(shaped(json!({"type": kind})))).description(Some(about)).build()
    };
    if matches!(status, 429 | 503) {
        response = response.header("Retry-After", header("Seconds to wait, never 0", "integer"));
    }
    if status == 401 {
        response = response.header("WWW-Authenticate", header("`Bearer`, and what is wrong with the token", "string"));
    }
    response.build()
}

fn shape(status: u16, codes: &[&str]) -> Value {
    let mut own = json!({"status": {"type": "integer", "enum": [status]}, "code": {"type": "string", "enum": codes}});
    let mut required = vec!["status", "code"];
    if codes == ["invalid_fields"] {
        required.push("errors");
    }
    if codes.contains(&"cart_changed") {
        own["cart"] = named("Cart");
        required.push("cart");
    }
    json!({"allOf": [named("Problem"), {"type": "object", "properties": own, "required": required}]})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use actix_web::ResponseError as _;

    #[test]
    fn a_code_has_the_status_that_is_answered() {
        for code in [
            "no_token",
            "invalid_credentials",
            "code_required",
            "session_ended",
            "unknown_token",
            "registration_closed",
            "already_refreshed",
            "cart_changed",
            "not_cancellable",
            "sold_out",
            "cart_empty",
            "idempotency_mismatch",
            "invalid_fields",
        ] {
            assert_eq!(Error::refused(code, "").status_code().as_u16(), status(code), "{code}");
        }
    }
}
