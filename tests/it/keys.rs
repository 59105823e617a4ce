//! The life of a signing key: nobody notices a rotation.
//!
//! Invariant: a minute's upkeep is called by hand here, so that a test says when each node looks.

use crate::on_both;
use crate::support::api_client::ApiClient;
use crate::support::app::TestApp;
use crate::support::binary::Place;
use crate::support::people::{PASSWORD, Shopper};
use crate::support::storage::TestDb;
use crate::support::visitor::Visitor;
use diesel::prelude::*;
use latchkey::auth::keys::life::{self, Rotation};
use latchkey::auth::keys::stored::{self, State, StoredKey};
use latchkey::auth::secrets::Secrets;
use latchkey::clock::Clock;
use latchkey::config::Algorithm;
use latchkey::db::Db;
use latchkey::db::schema::{audit_events, refresh_tokens, sessions, signing_keys, users};
use reqwest::Method;
use std::time::Duration;

on_both! {
    a_new_key_is_published_then_signs_and_the_old_one_verifies_until_nothing_of_it_lives,
    a_rotation_is_not_noticed_at_two_nodes,
    rotations_that_begin_at_once_are_one,
    nodes_that_start_at_once_make_one_first_key,
    a_key_is_followed_by_another_after_ninety_days,
    a_key_of_a_clock_that_went_years_ahead_is_passed_over_on_command,
    an_older_backup_refuses_what_it_does_not_know_and_goes_on,
    the_command_rotates_beside_a_running_shop,
}

const MINUTE: Duration = Duration::from_mins(1);

/// The name of the key that signed a token.
pub fn kid(token: &str) -> String {
    use base64::Engine as _;
    let header = token.split('.').next().expect("a header");
    let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(header).expect("base64url");
    let header: serde_json::Value = serde_json::from_slice(&header).expect("JSON");
    header["kid"].as_str().expect("a kid").to_owned()
}

fn token_of(browser: &Visitor) -> String {
    browser.jar.borrow().value("__Host-at")
}

fn keys_of(db: &Db) -> Vec<StoredKey> {
    db.read_here(stored::list).expect("keys")
}

/// Any secret will do where only rows are looked at.
fn secrets() -> Secrets {
    Secrets::new(&"q8Vn2LxT0sRb5YwZ7mKc3JdH9fGpA1eU".parse().expect("a secret"), &[])
}

async fn a_new_key_is_published_then_signs_and_the_old_one_verifies_until_nothing_of_it_lives(app: &TestApp) {
    let latch = &app.server().latch;
    let ada = Shopper::registered(app).await;
    let old = kid(&token_of(&ada));
    let Rotation::Begun(made) = life::rotate(app.db(), &latch.secrets, app.clock.now()).expect("a rotation") else {
        panic!("none was under way")
    };
    latch.keep_keys().expect("the upkeep");
    let newcomer = Shopper::registered(app).await;
    assert_eq!(kid(&token_of(&newcomer)), old, "read by all, used by none");
    app.pass(Duration::from_secs(179));
    assert_eq!(kid(&token_of(&*Shopper::registered(app).await)), old);
    app.pass(Duration::from_secs(1));
    assert_eq!(kid(&token_of(&*Shopper::registered(app).await)), made.kid);
    ada.get("/dashboard").await.expect(200);
    assert_eq!(kid(&token_of(&ada)), old, "what the old key signed is good to its end");
    app.pass(19 * MINUTE);
    latch.keep_keys().expect("the upkeep");
    assert_eq!(keys_of(app.db()).len(), 2, "it verifies for the longest life of a token and a little");
    ada.get("/dashboard").await.expect(200);
    assert_eq!(kid(&token_of(&ada)), made.kid, "refreshed inside the request");
    app.pass(2 * MINUTE);
    latch.keep_keys().expect("the upkeep");
    let left = keys_of(app.db());
    assert_eq!((left.len(), left[0].kid.as_str()), (1, made.kid.as_str()));
    assert!(ada.is_signed_in().await && newcomer.is_signed_in().await);
    let told: Vec<String> = audit_events::table
        .filter(audit_events::kind.like("key_%"))
        .order(audit_events::id)
        .select(audit_events::kind)
        .load(&mut app.storage.second_connection())
        .expect("the audit");
    assert_eq!(told, ["key_published", "key_published", "key_deleted"]);
}

async fn a_rotation_is_not_noticed_at_two_nodes(app: &TestApp) {
    let second = app.second_node().await;
    let (ada, eve) = (Shopper::registered(app).await, Shopper::registered(app).await);
    let api = ApiClient::signed_in(app, &eve.email, PASSWORD).await;
    life::rotate(app.db(), &app.server().latch.secrets, app.clock.now()).expect("a rotation");
    app.server().latch.keep_keys().expect("the upkeep of the first node");
    // Its upkeep is late: the second node never looked.
    app.pass(4 * MINUTE);
    let new = ada.elsewhere(app).await;
    assert_ne!(kid(&token_of(&new)), kid(&token_of(&ada)));
    new.is_sent_to(second.address);
    ada.is_sent_to(second.address);
    new.get("/dashboard").await.expect(200);
    let before = token_of(&new);
    new.get("/account").await.expect(200);
    assert_eq!(token_of(&new), before, "an unknown key is looked up, not taken for the end of the session");
    ada.get("/dashboard").await.expect(200);
    api.get("/api/profile").await.expect(200);
    for _ in 0..4 {
        app.pass(10 * MINUTE);
        second.app.latch.keep_keys().expect("the upkeep of the second node");
        ada.get("/dashboard").await.expect(200);
        new.get("/dashboard").await.expect(200);
    }
    second.stop().await.expect("it closes");
    ada.is_sent_to(app.address());
    assert!(ada.is_signed_in().await && eve.is_signed_in().await);
    let ended = sessions::table.filter(sessions::ended_at.is_not_null()).count();
    assert_eq!(ended.get_result::<i64>(&mut app.storage.second_connection()), Ok(0));
}

async fn rotations_that_begin_at_once_are_one(storage: &TestDb) {
    let (secrets, now) = (secrets(), Clock::default().now());
    life::prepare(&storage.db, &secrets, now, Algorithm::Hs256).expect("a first key");
    for algorithm in [Algorithm::Hs256, Algorithm::Es256] {
        let before = keys_of(&storage.db).len();
        let at = now + 10 * MINUTE * u32::try_from(before).expect("a few");
        let begun = std::thread::scope(|scope| {
            let nodes: Vec<_> = (0..12)
                .map(|_| {
                    let (db, secrets) = (storage.storage.doors(), secrets.clone());
                    scope.spawn(move || match algorithm {
                        Algorithm::Hs256 => {
                            matches!(life::rotate(&db, &secrets, at).expect("a rotation"), Rotation::Begun(_))
                        }
                        other => life::prepare(&db, &secrets, at, other).is_ok(),
                    })
                })
                .collect();
            nodes.into_iter().map(|node| node.join().expect("no panic")).filter(|begun| *begun).count()
        });
        let keys = keys_of(&storage.db);
        assert_eq!(keys.len(), before + 1, "{keys:?}");
        assert_eq!(begun, if algorithm == Algorithm::Hs256 { 1 } else { 12 });
        let newest = keys.last().expect("keys");
        assert_eq!((newest.algorithm.as_str(), newest.state(at)), (algorithm.word(), State::Published));
        assert_eq!(keys.iter().filter(|key| key.state(at) == State::Signs).count(), 1, "{keys:?}");
        assert_eq!(keys.iter().filter(|key| key.state(at + 3 * MINUTE) == State::Signs).count(), 1, "{keys:?}");
    }
}

async fn nodes_that_start_at_once_make_one_first_key(storage: &TestDb) {
    let (secrets, now) = (secrets(), Clock::default().now());
    std::thread::scope(|scope| {
        for _ in 0..12 {
            let (db, secrets) = (storage.storage.doors(), secrets.clone());
            scope.spawn(move || life::prepare(&db, &secrets, now, Algorithm::EdDsa).expect("a first key"));
        }
    });
    let keys = keys_of(&storage.db);
    assert_eq!(keys.len(), 1, "{keys:?}");
    assert_eq!(keys[0].state(now), State::Signs, "there is nothing to wait for");
}

async fn a_key_is_followed_by_another_after_ninety_days(storage: &TestDb) {
    let (secrets, clock) = (secrets(), Clock::default());
    let (db, first) = (&storage.db, clock.now());
    let day = Duration::from_hours(24);
    life::prepare(db, &secrets, first, Algorithm::EdDsa).expect("a first key");
    let keep = |at| life::keep(db, &secrets, at, Algorithm::Hs256).expect("the upkeep");
    keep(first + 90 * day - MINUTE);
    assert_eq!(keys_of(db).len(), 1);
    keep(first + 90 * day);
    keep(first + 90 * day + MINUTE);
    let keys = keys_of(db);
    assert_eq!(keys.len(), 2);
    assert_eq!(keys[1].algorithm, "EdDSA", "only a start changes the algorithm: a node with an old setting does not");
    assert_eq!(keys[1].signs_from, first + 90 * day + 3 * MINUTE);
    keep(first + 90 * day + 23 * MINUTE - Duration::from_secs(1));
    assert_eq!(keys_of(db).len(), 2);
    keep(first + 90 * day + 23 * MINUTE);
    assert_eq!(keys_of(db), [keys[1].clone()]);
}

async fn a_key_of_a_clock_that_went_years_ahead_is_passed_over_on_command(storage: &TestDb) {
    let (secrets, now) = (secrets(), Clock::default().now());
    let (db, years) = (&storage.db, Duration::from_hours(4 * 365 * 24));
    life::prepare(db, &secrets, now, Algorithm::EdDsa).expect("a first key");
    life::keep(db, &secrets, now + years, Algorithm::EdDsa).expect("the upkeep of a wrong clock");
    let (began, soon) = (life::rotate(db, &secrets, now).expect("a rotation"), now + 3 * MINUTE);
    assert!(matches!(&began, Rotation::Begun(key) if key.signs_from == soon), "{began:?}");
    let again = life::rotate(db, &secrets, now + MINUTE).expect("a rotation");
    assert!(matches!(again, Rotation::UnderWay(_)), "{again:?}");
    assert_eq!(keys_of(db)[0].signs_until, Some(soon), "the first one signs until then, not for years");
    life::keep(db, &secrets, soon + 20 * MINUTE, Algorithm::EdDsa).expect("the upkeep");
    assert_eq!(keys_of(db).iter().map(|key| key.signs_from).collect::<Vec<_>>(), [soon]);
}

async fn an_older_backup_refuses_what_it_does_not_know_and_goes_on(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let mut api = ApiClient::new(app);
    let body = serde_json::json!({"email": ada.email, "password": PASSWORD, "refresh_in": "body"});
    let pair = api.post("/api/login", body).await.expect(200).json();
    api.token = pair["access_token"].as_str().map(str::to_owned);
    // Yesterday there was neither Ada nor today's key.
    let restored = app.db().write_here(|conn| {
        diesel::delete(refresh_tokens::table).execute(conn)?;
        diesel::delete(sessions::table).execute(conn)?;
        diesel::delete(users::table).execute(conn)?;
        Ok(diesel::delete(signing_keys::table).execute(conn)?)
    });
    assert_eq!(restored.expect("a backup"), 1);
    let node = app.second_node().await;
    let at = |path: &str| format!("http://{}{path}", node.address);
    let host = app.origin.authority();
    let bearer = api.token.clone().unwrap_or_default();
    let profile = app.http.get(at("/api/profile")).header("host", host).bearer_auth(bearer).send().await.expect("an answer");
    assert_eq!(profile.status(), 401);
    let said = profile.headers()["www-authenticate"].to_str().expect("text");
    assert!(said.contains("invalid_token"), "expired, not forged: {said}");
    let body = serde_json::json!({"refresh_token": pair["refresh_token"]});
    let refresh = app.http.post(at("/api/refresh")).header("host", host).json(&body).send().await.expect("an answer");
    assert_eq!(refresh.status(), 403);
    let code: serde_json::Value = refresh.json().await.expect("JSON");
    assert_eq!(code["code"], "unknown_token");
    ada.is_sent_to(node.address);
    assert_eq!(ada.get("/dashboard").await.expect(303).location(), "/login?next=/dashboard");
    let page = ada.get("/register").await.expect(200);
    let again = [("name", "Ada"), ("email", &*ada.email), ("password", PASSWORD)];
    ada.press(&page, "/register", &again).await.expect_to("/dashboard");
    assert!(ada.is_signed_in().await);
    node.stop().await.expect("it closes");
}

async fn the_command_rotates_beside_a_running_shop(app: &TestApp) {
    let place = Place::new(&[
        ("DATABASE_URL", &app.storage.text()),
        ("LATCHKEY_VAR", &app.storage.folder.path().join("var").display().to_string()),
    ]);
    let run = |word: &str| {
        let told = place.run(&["keys", word], "");
        assert_eq!(told.code, Some(0), "{word}: {told:?}");
        told.output
    };
    let ada = Shopper::registered(app).await;
    let old = kid(&token_of(&ada));
    let list = run("list");
    assert!(list.lines().count() == 1 && list.contains(&old) && list.contains("HS256") && list.contains("signs"), "{list}");
    assert!(run("rotate").contains("is published"));
    assert!(run("rotate").contains("nothing was done"), "one is on its way");
    let list = run("list");
    assert!(list.lines().count() == 2 && list.contains("published") && list.contains("until"), "{list}");
    assert!(run("reencrypt").starts_with("0 signing keys"), "they are sealed with the present secret");
    app.pass(24 * MINUTE);
    app.server().latch.keep_keys().expect("the upkeep");
    assert!(!run("list").contains(&old));
    assert!(ada.is_signed_in().await);
    assert!(place.run(&["keys", "--help"], "").output.contains("reencrypt"));
    let empty = Place::new(&[]);
    assert_eq!(empty.run(&["keys", "list"], "").code, Some(2), "a typing error makes no shop");
    assert_eq!(
        app.http.request(Method::GET, app.origin.join("/readyz").expect("a path")).send().await.expect("an answer").status(),
        200
    );
}
