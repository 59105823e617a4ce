//! `latchkey doctor sessions`, run by an operator against a shop that is open.
//!
//! Invariant: it is the program itself against the program itself, over HTTP; what it could not find out it says in a sentence.

use crate::support::Backend;
use crate::support::binary::{Ended, Place};
use crate::support::storage::Storage;
use diesel::prelude::*;
use latchkey::db::schema::{audit_events, refresh_tokens, sessions};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

const PASSWORD: &str = "correct-wagon-lantern-42\n";

fn races(place: &Place, url: &str, email: &str, password: &str, parallel: &str) -> Ended {
    let arguments = ["doctor", "sessions", "--url", url, "--email", email, "--password-stdin", "--parallel", parallel];
    place.run(&arguments, password)
}

fn adds_grace(place: &Place) {
    let add = ["user", "add", "--email", "grace@example.com", "--name", "Grace Hopper", "--password-stdin"];
    assert_eq!(place.run(&add, PASSWORD).code, Some(0));
}

#[test]
fn a_race_at_an_open_shop_ends_with_one_successor_and_no_session() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let storage = Storage::empty(backend);
        let place = Place::new(&[("DATABASE_URL", &storage.text())]);
        let serving = place.serve();
        adds_grace(&place);
        let told = races(&place, serving.origin.as_str(), "grace@example.com", PASSWORD, "50");
        assert_eq!(told.code, Some(0), "{backend:?}: {told:?}");
        for line in ["50 requests showed one refresh token at once", "answered 200: 50", "distinct successors: 1"] {
            assert!(told.output.lines().any(|said| said == line), "{backend:?}: {line}: {}", told.output);
        }
        assert!(told.output.contains("the successor works\nsigned out"), "{}", told.output);
        let mut conn = storage.second_connection();
        let open = sessions::table.filter(sessions::ended_at.is_null()).count();
        assert_eq!(open.get_result::<i64>(&mut conn), Ok(0), "it leaves no session behind");
        assert_eq!(refresh_tokens::table.count().get_result::<i64>(&mut conn), Ok(3), "the race, and one look at its outcome");
        let reuse = audit_events::table.filter(audit_events::kind.eq("token_reuse")).count();
        assert_eq!(reuse.get_result::<i64>(&mut conn), Ok(0));
        assert_eq!(serving.stop(), Some(0));
    }
}

#[test]
fn what_keeps_it_from_racing_is_said() {
    let place = Place::new(&[("LATCHKEY_LIMIT_SIGN_IN", "2/1h")]);
    let serving = place.serve();
    adds_grace(&place);
    let said = |url: &str, email: &str, password: &str, words: &str| {
        let told = races(&place, url, email, password, "2");
        assert_eq!(told.code, Some(1), "{words}: {told:?}");
        assert!(told.errors.contains(words), "{words}: {}", told.errors);
        assert!(!told.errors.contains(PASSWORD.trim()), "{}", told.errors);
    };
    let origin = serving.origin.to_string();
    let origin = origin.as_str();
    said(origin, "grace@example.com", "something else\n", "do not match an account there");
    said(origin, "nobody@example.com", PASSWORD, "do not match an account there");
    said(origin, "grace@example.com", PASSWORD, "too many sign-ins: try again in ");
    let alias = format!("http://127.0.0.1:{}", serving.origin.port().expect("a port"));
    said(&alias, "grace@example.com", PASSWORD, &format!("sends to {}", origin.trim_end_matches('/')));
    assert_eq!(serving.stop(), Some(0));
    said(origin, "grace@example.com", PASSWORD, "cannot be reached");
    said("ftp://localhost", "grace@example.com", PASSWORD, "https://shop.example");
    let stranger = pretends(|_, _| answer("200 OK", "", "<h1>It works!</h1>"));
    said(&stranger, "grace@example.com", PASSWORD, "not as a Latchkey shop");
    let told = races(&place, origin, "grace@example.com", PASSWORD, "1");
    assert_eq!(told.code, Some(2), "one alone is no race: {told:?}");
}

#[test]
fn a_shop_that_gives_out_two_successors_is_found_out() {
    let shop = |same: bool, fails: bool| {
        pretends(move |request, number| match request {
            "GET /login" => answer(
                "200 OK",
                "set-cookie: __Host-pre=AAAA; Path=/; Secure\r\n",
                "<input type=\"hidden\" name=\"csrf\" value=\"x\">",
            ),
            "POST /login" => {
                answer("303 See Other", "location: /dashboard\r\nset-cookie: __Host-rt=first; Path=/; Secure\r\n", "")
            }
            "GET /account" if fails && number % 3 == 0 => answer("503 Service Unavailable", "", ""),
            "GET /account" => {
                let successor = if same { 0 } else { number % 2 };
                answer("200 OK", &format!("set-cookie: __Host-rt=next{successor}; Path=/; Secure\r\n"), "")
            }
            _ => answer("404 Not Found", "", ""),
        })
    };
    let place = Place::new(&[]);
    let told = races(&place, &shop(false, false), "grace@example.com", PASSWORD, "8");
    assert!(told.code == Some(1) && told.output.contains("distinct successors: 2"), "{told:?}");
    let told = races(&place, &shop(true, true), "grace@example.com", PASSWORD, "9");
    assert!(told.code == Some(1) && told.output.contains("answered 503: ") && told.output.contains("successors: 1"), "{told:?}");
    let told = races(&place, &shop(true, false), "grace@example.com", PASSWORD, "8");
    assert_eq!(told.code, Some(0), "{told:?}");
}

/// Something that listens and answers each `METHOD /path` with what it is told to, numbered as they come.
fn pretends(says: impl Fn(&str, u32) -> String + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let (says, number) = (Arc::new(says), Arc::new(AtomicU32::new(0)));
    std::thread::spawn(move || {
        for visitor in listener.incoming() {
            let (says, number) = (Arc::clone(&says), Arc::clone(&number));
            std::thread::spawn(move || {
                let number = number.fetch_add(1, Ordering::Relaxed);
                if let Err(cause) = visitor.and_then(|stream| serves(stream, &*says, number)) {
                    eprintln!("a visitor was lost: {cause}");
                }
            });
        }
    });
    format!("http://{address}")
}

/// Reads one request, head and body, and answers it.
fn serves(mut stream: TcpStream, says: &dyn Fn(&str, u32) -> String, number: u32) -> std::io::Result<()> {
    let (mut request, mut part) = (Vec::new(), [0; 4096]);
    loop {
        let read = stream.read(&mut part)?;
        request.extend_from_slice(&part[..read]);
        let text = String::from_utf8_lossy(&request).to_ascii_lowercase();
        let length = text.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.trim().parse::<usize>().ok());
        let complete = text.split_once("\r\n\r\n").is_some_and(|(_, body)| body.len() >= length.unwrap_or(0));
        if complete || read == 0 {
            let head = String::from_utf8_lossy(&request).into_owned();
            let mut words = head.split_ascii_whitespace();
            let asked = format!("{} {}", words.next().unwrap_or_default(), words.next().unwrap_or_default());
            return stream.write_all(says(&asked, number).as_bytes());
        }
    }
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}
