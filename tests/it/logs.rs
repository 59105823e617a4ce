//! Logs: lines of JSON that tell what happened and nothing that opens a door.
//!
//! Invariant: whatever secret goes through the program, by every road it can take, none of it comes out in the log.

use crate::support::binary::Place;
use crate::support::page::Page;
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder};
use serde_json::json;
use std::fs;
use std::time::{Duration, Instant};

/// Values that would be seen at once.
const PASSWORD: &str = "canary-password-xk29-vw";
const WRONG: &str = "canary-wrong-password-77q";
const EMAIL: &str = "canary.person@example.com";
const QUERY: &str = "canaryquery";
const NOTE: &str = "canary-note-ring-twice";
/// Where links in letters lead.
const LINKS: [&str; 3] = ["/verify-email", "/reset-password", "/not-me"];
const SECRET: &str = "q8Vn2LxT0sRb5YwZ7mKc3JdH9fGpA1eUzz";

async fn sent(request: RequestBuilder) -> Page {
    let answer = request.send().await.expect("the shop answers");
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    Page::new("", status, headers, answer.text().await.expect("a text"))
}

/// The tokens of all links in the shop's letters, once there are so many.
async fn tokens(place: &Place, count: usize) -> Vec<(&'static str, String)> {
    let since = Instant::now();
    loop {
        let files = fs::read_dir(place.path("var/outbox")).into_iter().flatten().map(|file| file.expect("a file").path());
        let letters = files.filter(|path| path.extension().is_some_and(|end| end == "eml"));
        let texts = letters.map(|path| fs::read_to_string(path).expect("a text").replace("=\r\n", ""));
        let mut found: Vec<_> = texts.filter_map(|text| token(&text)).collect();
        if found.len() >= count {
            // Each is followed before what ends it: a new password ends all others but the one that disowns.
            found.sort_by_key(|(page, _)| LINKS.iter().position(|known| known == page));
            return found;
        }
        assert!(since.elapsed() < Duration::from_secs(10), "{count} links: {found:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn token(letter: &str) -> Option<(&'static str, String)> {
    LINKS.into_iter().find_map(|page| {
        let (_, rest) = letter.split_once(&format!("{page}/"))?;
        Some((page, rest.get(..43)?.to_owned()))
    })
}

#[test]
fn no_secret_comes_out_in_the_log() {
    let place = Place::new(&[("LATCHKEY_LOG", "trace,json"), ("LATCHKEY_SECRET", SECRET), ("LATCHKEY_ACCESS_TTL", "2s")]);
    let serving = place.serve();
    let origin = serving.origin.as_str().trim_end_matches('/').to_owned();
    let mut canaries =
        [PASSWORD, WRONG, EMAIL, QUERY, NOTE, SECRET, "canary-cookie", "canary-bearer", "canarypath"].map(str::to_owned).to_vec();
    actix_web::rt::System::new().block_on(async {
        let http = Client::builder().redirect(Policy::none()).build().expect("a client");
        let at = |path: &str| format!("{origin}{path}");
        let api = |path: &str, body: serde_json::Value| http.post(at(path)).json(&body);
        let made =
            sent(api("/api/register", json!({"name": "Canary", "email": EMAIL, "password": PASSWORD, "refresh_in": "body"})))
                .await
                .expect(201)
                .json();
        for name in ["access_token", "refresh_token"] {
            canaries.push(made[name].as_str().expect("a token").to_owned());
        }
        let access = made["access_token"].as_str().expect("a token");
        sent(api("/api/login", json!({"email": EMAIL, "password": WRONG}))).await.expect(401);
        sent(api("/api/login", json!({"email": PASSWORD, "password": EMAIL}))).await.expect(401);
        sent(api("/api/login", json!({"email": EMAIL, "password": PASSWORD, WRONG: 1}))).await.expect(422);
        sent(api("/api/refresh", json!({"refresh_token": "canary-bearer"}))).await.expect(403);
        sent(http.get(at("/api/profile")).bearer_auth(access)).await.expect(200);
        sent(http.get(at("/api/profile")).bearer_auth("canary-bearer.x.y")).await.expect(403);
        sent(http.get(at(&format!("/products?q={QUERY}")))).await.expect(200);
        for page in LINKS {
            sent(http.get(at(&format!("{page}/canarypath")))).await.expect(303);
        }
        sent(
            http.get(at("/dashboard")).header("cookie", "__Host-at=canary-cookie; __Host-rt=canary-cookie; other=canary-cookie"),
        )
        .await
        .expect(303);
        let login = sent(http.get(at("/login"))).await.expect(200);
        let cookie = login
            .cookies_set()
            .first()
            .and_then(|cookie| cookie.split(';').next())
            .expect("the cookie before sign-in")
            .to_owned();
        let csrf = login.value("csrf");
        canaries.push(csrf.clone());
        let form = |password: &str| {
            [("email", EMAIL), ("password", password), ("csrf", csrf.as_str()), ("next", "/canarypath")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
        };
        let post =
            |password: &str| http.post(at("/login")).header("origin", &origin).header("cookie", &cookie).form(&form(password));
        sent(post(WRONG)).await.expect(401);
        let signed_in = sent(post(PASSWORD)).await.expect(303);
        for cookie in signed_in.cookies_set() {
            let value = cookie.split(';').next().and_then(|pair| pair.split_once('=')).map_or("", |(_, value)| value);
            if value.len() > 8 {
                canaries.push(value.to_owned());
            }
        }
        sent(http.post(at("/login")).header("origin", "https://evil.example").form(&form(PASSWORD))).await.expect(403);
        sent(http.get(at("/checkout")).header("cookie", NOTE)).await.expect(303);
        let form = [("email", EMAIL), ("csrf", csrf.as_str())];
        let ask = http.post(at("/forgot-password")).header("origin", &origin).header("cookie", &cookie).form(&form);
        sent(ask).await.expect(303);
        for (page, token) in tokens(&place, 3).await {
            sent(http.get(at(&format!("{page}/{token}")))).await.expect(303);
            let both = format!("{cookie}; __Host-link={token}");
            sent(http.get(at(page)).header("cookie", &both)).await.expect(200);
            let form = [("password", WRONG), ("csrf", csrf.as_str())];
            let form = if page == "/reset-password" { &form[..] } else { &form[1..] };
            sent(http.post(at(page)).header("origin", &origin).header("cookie", &both).form(form)).await.expect(303);
            sent(http.post(at(page)).header("origin", &origin).header("cookie", &both).form(form)).await.expect(422);
            canaries.push(token);
        }
    });
    let log = serving.log();
    assert_eq!(serving.stop(), Some(0));
    assert!(log.lines().count() > 10, "it does log: {log}");
    for canary in canaries {
        assert!(!log.contains(&canary), "{canary} came out: {:?}", log.lines().find(|line| line.contains(&canary)));
    }
    for line in log.lines().filter(|line| line.starts_with('{')) {
        let line: serde_json::Value = serde_json::from_str(line).expect("a line is one JSON object");
        assert!(line["timestamp"].is_string() || line["time"].is_string(), "{line}");
    }
}

#[test]
fn what_strangers_write_cannot_forge_a_line() {
    let place = Place::new(&[("LATCHKEY_LOG", "debug,json")]);
    let serving = place.serve();
    let origin = serving.origin.as_str().trim_end_matches('/').to_owned();
    actix_web::rt::System::new().block_on(async {
        let http = Client::builder().redirect(Policy::none()).build().expect("a client");
        let forged = "x%0a{\"level\":\"FORGED\"}%0d";
        for path in [format!("/products?q={forged}"), format!("/{forged}"), format!("/orders/{forged}")] {
            sent(http.get(format!("{origin}{path}")).header("user-agent", "a\u{1b}[31mb".replace('\u{1b}', "\t"))).await;
        }
        let report = json!({"csp-report": {"effective-directive": "script-src\n{\"level\":\"FORGED\"}", "blocked-uri": "x"}});
        sent(http.post(format!("{origin}/csp-report")).header("content-type", "application/csp-report").body(report.to_string()))
            .await;
    });
    let log = serving.log();
    serving.stop();
    for line in log.lines().filter(|line| line.starts_with('{')) {
        let line: serde_json::Value = serde_json::from_str(line).expect("a line is one JSON object");
        assert_ne!(line["level"], "FORGED");
    }
    assert!(!log.contains("\"FORGED\""), "{log}");
}
