//! The words and the way on for each status.
//!
//! Invariant: every status that we answer has a heading, a sentence that says what to do, and at least one link that leads on; none of
//! them tells a cause.

use actix_web::http::StatusCode;
use serde::Serialize;
use std::time::Duration;

/// A link on an error page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Action {
    /// What it says.
    pub label: &'static str,
    /// Where it leads.
    pub url: String,
}

/// The machine word, the heading and the sentence of a status.
#[must_use]
pub fn of(status: StatusCode) -> (&'static str, &'static str, &'static str) {
    match status.as_u16() {
        401 => ("no_token", "Sign in first", "This needs you to be signed in."),
        403 => (
            "forbidden",
            "That is not allowed",
            "Nothing was done. If you came from a page of ours, open it again and try once more.",
        ),
        404 => (
            "not_found",
            "This page is not here",
            "The address may be mistyped, or the thing may be gone. The shop itself is still open.",
        ),
        405 => (
            "method_not_allowed",
            "That does not work here",
            "This address takes another kind of request. Open the page and use its form.",
        ),
        408 => (
            "too_slow",
            "That took too long to arrive",
            "Your form did not reach us within ten seconds. Nothing was done: check the connection and send it again.",
        ),
        409 => (
            "conflict",
            "That has changed meanwhile",
            "Nothing was done, because things are no longer as they were when you opened the page. Look again.",
        ),
        413 => {
            ("too_large", "That is too much", "What you sent is larger than this page takes. Nothing was done: make it shorter.")
        }
        414 => (
            "address_too_long",
            "That address is too long",
            "The address has more characters than we read. Search with fewer words, or start at the front page.",
        ),
        415 => (
            "unsupported_type",
            "We cannot read that",
            "What you sent is not of a kind that this page takes. Nothing was done: use the form on the page.",
        ),
        421 => ("wrong_host", "This is another house", "The name you asked for is not the name of this shop."),
        422 => {
            ("invalid_fields", "Something is not right yet", "Nothing was done. Look at what you filled in and send it again.")
        }
        429 => {
            ("too_many_requests", "Too many at once", "That was more than we take in so short a time. Wait a moment, then go on.")
        }
        431 => (
            "headers_too_large",
            "Your browser sends too much",
            "It sent more cookies or headers than we read. Delete the cookies of this site and try again.",
        ),
        503 => (
            "unavailable",
            "Busy for a moment",
            "Something we need is not answering just now. Nothing was done. Please try again in a few seconds.",
        ),
        500 => {
            ("internal", "That went wrong on our side", "It is not your doing, and we have written it down. Please try again.")
        }
        code if code < 500 => {
            ("bad_request", "We did not understand that", "The request makes no sense to us. Start again at a page of the shop.")
        }
        _ => ("internal", "That went wrong on our side", "It is not your doing, and we have written it down. Please try again."),
    }
}

/// Where one can go from here; `again` is the page itself, where trying again makes sense.
#[must_use]
pub fn actions(status: StatusCode, again: Option<&str>) -> Vec<Action> {
    let mut ways = Vec::with_capacity(3);
    if let Some(page) = again.filter(|page| *page != "/") {
        let label = if matches!(status.as_u16(), 429 | 500 | 503) { "Try again" } else { "Open the page again" };
        ways.push(Action { label, url: page.to_owned() });
    }
    ways.push(Action { label: "Front page", url: "/".to_owned() });
    if status == StatusCode::NOT_FOUND {
        ways.push(Action { label: "All products", url: "/products".to_owned() });
    }
    ways
}

/// A wait in whole seconds, rounded up and never 0: for `Retry-After`, and for people.
#[must_use]
pub fn whole_seconds(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}

/// How long to wait, as one says it.
#[must_use]
pub fn wait(seconds: u64) -> String {
    match seconds {
        0 | 1 => "one second".to_owned(),
        2..=90 => format!("{seconds} seconds"),
        _ => format!("{} minutes", seconds.div_ceil(60)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_words_and_a_way_on() {
        for code in [400, 401, 403, 404, 405, 408, 409, 413, 414, 415, 421, 422, 429, 431, 500, 503] {
            let status = StatusCode::from_u16(code).expect("a status");
            let (word, heading, text) = of(status);
            assert!(!word.is_empty() && !heading.ends_with('.') && text.ends_with('.'), "{code}");
            assert!(!actions(status, None).is_empty());
        }
    }

    #[test]
    fn a_wait_is_said_in_words() {
        assert_eq!((wait(1), wait(45), wait(91)), ("one second".to_owned(), "45 seconds".to_owned(), "2 minutes".to_owned()));
    }
}
