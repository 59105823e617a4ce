//! A power cut: what was answered is there afterwards, and nobody is signed out by it.
//!
//! Invariant: the server is the real binary, ended by SIGKILL while it works; what counts is what a client was told before.

use crate::support::Backend;
use crate::support::binary::Place;
use crate::support::storage::Storage;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

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
