//! A power cut: what was answered is there afterwards, and nobody is signed out by it.
//!
//! Invariant: the server is the real binary, ended by SIGKILL while it works; what counts is what a client was told before.

use crate::support::Backend;
use crate::support::binary::Place;
use crate::support::jar::Jar;
use crate::support::storage::Storage;
use crate::support::visitor::Visitor;
use diesel::prelude::*;
use latchkey::clock::Clock;
use latchkey::db::Conn;
use latchkey::db::schema::{audit_events, refresh_tokens};
use serde_json::{Value, json};
use std::io::Write as _;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use url::Url;

const PASSWORD: &str = "correct-wagon-lantern-42";

#[test]
fn what_was_answered_survives_a_kill() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let storage = Storage::empty(backend);
        let off = ["REGISTER", "API", "SIGN_IN", "REFRESH"].map(|act| format!("LATCHKEY_LIMIT_{act}"));
        let database = storage.text();
        let mut settings: Vec<(&str, &str)> = off.iter().map(|name| (name.as_str(), "off")).collect();
        settings.push(("DATABASE_URL", &database));
        let place = Place::new(&settings);
        let told = killed_while_people_register(&place);
        assert!(told.len() > 3, "{backend:?}: it was killed while it worked: {}", told.len());
        let serving = place.serve();
        actix_web::rt::System::new().block_on(async {
            let http = reqwest::Client::new();
            for (email, refresh) in &told {
                let login = http
                    .post(serving.origin.join("/api/login").expect("a path"))
                    .json(&json!({"email": email, "password": PASSWORD}));
                assert_eq!(
                    login.send().await.expect("an answer").status(),
                    200,
                    "{backend:?}: {email} was told that there is an account"
                );
                let refresh =
                    http.post(serving.origin.join("/api/refresh").expect("a path")).json(&json!({"refresh_token": refresh}));
                assert_eq!(refresh.send().await.expect("an answer").status(), 200, "{backend:?}: {email} is still signed in");
            }
        });
        assert_eq!(serving.stop(), Some(0));
    }
}

#[test]
fn a_node_killed_between_commit_and_answer_signs_nobody_out() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let storage = Storage::empty(backend);
        let off = ["REGISTER", "SIGN_IN"].map(|act| format!("LATCHKEY_LIMIT_{act}"));
        let database = storage.text();
        let mut settings: Vec<(&str, &str)> = off.iter().map(|name| (name.as_str(), "off")).collect();
        settings.push(("DATABASE_URL", &database));
        let place = Place::new(&settings);
        let mut serving = place.serve();
        let system = actix_web::rt::System::new();
        let mut jars = system.block_on(registered(&serving.origin, 8));
        let mut conn = storage.second_connection();
        for round in 1..=4 {
            // Each browser's access token is dead; its one request is sent, and the answer never read.
            let open: Vec<TcpStream> = jars.iter().map(|jar| ask_and_hear_nothing(&serving.origin, jar)).collect();
            let asked = Instant::now();
            while committed(&mut conn, round + 1) == 0 {
                assert!(asked.elapsed() < Duration::from_secs(10), "{backend:?}: somebody's exchange is committed");
            }
            serving.kill();
            drop(open);
            let lost = committed(&mut conn, round + 1);
            serving = place.serve();
            system.block_on(async {
                for jar in &mut jars {
                    let browser = Visitor::at(&serving.origin, jar.clone());
                    let page = browser.get("/account").await;
                    assert_eq!(page.status, 200, "{backend:?}, round {round}: {lost} answers were lost, nobody is signed out");
                    *jar = browser.jar.borrow().clone();
                }
            });
            assert_eq!(committed(&mut conn, round + 1), 8, "{backend:?}: each went on by one generation and no more");
        }
        let reuse = audit_events::table.filter(audit_events::kind.eq("token_reuse")).count();
        assert_eq!(reuse.get_result::<i64>(&mut conn), Ok(0), "{backend:?}");
        assert_eq!(serving.stop(), Some(0));
    }
}

/// Registers one after another in four tasks until the server dies; those who were answered, with their refresh tokens.
fn killed_while_people_register(place: &Place) -> Vec<(String, String)> {
    let serving = place.serve();
    let address = serving.origin.join("/api/register").expect("a path");
    let dead = AtomicBool::new(false);
    actix_web::rt::System::new().block_on(async {
        let people = (0..4).map(|task| {
            let (http, address, dead) = (reqwest::Client::new(), address.clone(), &dead);
            async move {
                let mut told = Vec::new();
                for number in 0.. {
                    let email = format!("person-{task}-{number}@example.com");
                    let body = json!({"name": "Ada", "email": email, "password": PASSWORD, "refresh_in": "body"});
                    let answer = match http.post(address.clone()).json(&body).send().await {
                        Ok(answer) if answer.status() == 201 => answer.json::<Value>().await,
                        Ok(answer) => panic!("{}", answer.status()),
                        Err(cause) => Err(cause),
                    };
                    match answer {
                        Ok(answer) => told.push((email, answer["refresh_token"].as_str().expect("a token").to_owned())),
                        Err(cause) => {
                            assert!(dead.load(Ordering::SeqCst), "{cause:?}");
                            break;
                        }
                    }
                }
                told
            }
        });
        let kill = async {
            tokio::time::sleep(Duration::from_millis(1_500)).await;
            dead.store(true, Ordering::SeqCst);
            serving.kill();
        };
        let (told, ()) = futures_util::future::join(futures_util::future::join_all(people), kill).await;
        told.concat()
    })
}

/// So many people, each with a browser of their own.
async fn registered(origin: &Url, many: usize) -> Vec<Jar> {
    let mut jars = Vec::new();
    for number in 0..many {
        let browser = Visitor::at(origin, Jar::new(Clock::default()));
        let email = format!("person{number}@example.com");
        let fields = [("name", "Ada"), ("email", email.as_str()), ("password", PASSWORD)];
        browser.submit("/register", &fields).await.expect_to("/dashboard");
        jars.push(browser.jar.borrow().clone());
    }
    jars
}

/// Sends a request with the refresh token alone and does not read what comes.
fn ask_and_hear_nothing(origin: &Url, jar: &Jar) -> TcpStream {
    let address = (origin.host_str().expect("a host"), origin.port().expect("a port"));
    let mut stream = TcpStream::connect(address).expect("it listens");
    let (host, refresh) = (origin.authority(), jar.value("__Host-rt"));
    let request = format!("GET /account HTTP/1.1\r\nhost: {host}\r\ncookie: __Host-rt={refresh}\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("it can be sent");
    stream
}

/// How many sessions have reached this generation, as a second connection sees it.
fn committed(conn: &mut Conn, generation: i64) -> i64 {
    let there = refresh_tokens::table.filter(refresh_tokens::generation.eq(generation)).count();
    there.get_result(conn).expect("a count")
}
