//! What an intruder tries with passkeys.
//!
//! Invariant: whatever is wrong, the answer is the same, nobody is signed in, and it stands in the audit.

use super::{NEW, PAGE, asks, csrf, details, letters, makes, offered, shown, shows, with_key};
use crate::on_both;
use crate::support::app::TestApp;
use crate::support::authenticator::Authenticator;
use crate::support::jar::Jar;
use crate::support::people::{PASSWORD, Shopper, sign_in};
use crate::support::visitor::Visitor;
use diesel::prelude::*;
use latchkey::db::schema::{sessions, users};
use latchkey::ids::{base64url, from_base64url};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

on_both! {
    every_wrong_passkey_has_one_answer,
    an_answer_is_good_once_for_its_act_and_its_browser,
    a_passkey_of_another_person_is_no_second_step,
    a_key_that_counts_back_is_refused_and_told,
    a_passkey_that_was_made_elsewhere_is_not_kept,
    what_is_no_ceremony_is_refused_before_anything_is_looked_at,
    failed_sign_ins_of_the_account_count_together with { "LATCHKEY_LIMIT_ACCOUNT" = "3/15m" },
    too_many_from_one_address_wait with { "LATCHKEY_LIMIT_SIGN_IN" = "2/1h" },
    locked_and_deleted_accounts_are_not_opened,
    a_shop_without_a_name_offers_none,
}

type Bend = fn(&mut Authenticator);

fn live(app: &TestApp) -> i64 {
    let live = sessions::table.filter(sessions::ended_at.is_null()).count();
    live.get_result(&mut app.storage.second_connection()).expect("sessions can be counted")
}

async fn every_wrong_passkey_has_one_answer(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let (mut key, _) = with_key(app, &ada).await;
    let before = live(app);
    let bends: [(&str, Bend); 6] = [
        ("another origin", |key| "http://localhost:1".clone_into(&mut key.origin)),
        ("an origin within ours", |key| key.origin.push('/')),
        ("a frame", |key| key.framed = true),
        ("no finger", |key| key.unlocked = false),
        ("no name", |key| key.handle = None),
        ("another's name", |key| key.handle = Some(vec![7; 16])),
    ];
    let mut answers = Vec::new();
    for (what, bend) in bends {
        let (origin, handle) = (key.origin.clone(), key.handle.clone());
        bend(&mut key);
        let answer = shows(&Visitor::new(app), &mut key, "/login/passkey").await;
        assert_eq!(answer.status, 401, "{what}");
        answers.push(answer.body);
        (key.origin, key.handle, key.framed, key.unlocked) = (origin, handle, false, true);
    }
    // A key that nobody registered, and one that has the name of hers.
    let mut stranger = Authenticator::at(&ada.origin());
    stranger.handle.clone_from(&key.handle);
    answers.push(shows(&Visitor::new(app), &mut stranger, "/login/passkey").await.expect(401).body);
    (stranger.id, stranger.count) = (key.id.clone(), 90);
    answers.push(shows(&Visitor::new(app), &mut stranger, "/login/passkey").await.expect(401).body);
    // A signature over something else.
    let browser = Visitor::new(app);
    let offer = offered(&browser, "/login/passkey").await;
    let mut sent = shown(&browser, &mut key, &offer).await;
    let mut credential: Value = serde_json::from_str(sent["credential"].as_str().expect("text")).expect("JSON");
    let mut data = from_base64url(credential["response"]["authenticatorData"].as_str().expect("text")).expect("bytes");
    data[36] ^= 0x40;
    credential["response"]["authenticatorData"] = json!(base64url(data));
    sent["credential"] = json!(credential.to_string());
    answers.push(browser.tells("/login/passkey", &sent).await.expect(401).body);
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert!(answers[0].contains("invalid_credentials") && !answers[0].to_lowercase().contains("origin"));
    assert_eq!(live(app), before);
    assert_eq!(details(app, "sign_in_failed"), ["passkey"; 9], "each is written down, also the one that says of nobody");
    for (what, challenge, credential) in [("no challenge of ours", "x.y", "{}"), ("another kind of thing", "x", "[]")] {
        let sent = json!({ "csrf": csrf(&browser).await, "challenge": challenge, "credential": credential });
        let answer = browser.tells("/login/passkey", &sent).await.expect(401);
        assert_eq!(answer.body, answers[0], "{what}");
    }
    assert_eq!(details(app, "sign_in_failed"), ["passkey"; 11], "and so is what cannot be read");
    shows(&browser, &mut key, "/login/passkey").await.expect(200);
}

async fn an_answer_is_good_once_for_its_act_and_its_browser(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let (mut key, _) = with_key(app, &ada).await;
    let (browser, thief) = (Visitor::new(app), Visitor::new(app));
    let offer = offered(&browser, "/login/passkey").await;
    let mut sent = shown(&browser, &mut key, &offer).await;
    let own = sent["csrf"].clone();
    sent["csrf"] = json!(csrf(&thief).await);
    thief.tells("/login/passkey", &sent).await.expect(401);
    assert!(!thief.is_signed_in().await, "it was given to another browser");
    sent["csrf"] = own;
    let replay = browser.copy();
    browser.tells("/login/passkey", &sent).await.expect(200);
    replay.tells("/login/passkey", &sent).await.expect(401);
    assert!(!replay.is_signed_in().await, "it was shown before");

    let late = Visitor::new(app);
    let offer = offered(&late, "/login/passkey").await;
    app.pass(Duration::from_mins(5));
    let sent = shown(&late, &mut key, &offer).await;
    late.tells("/login/passkey", &sent).await.expect(401);

    // Given for signing in, shown as a proof; and the challenge alone, for another one.
    let offer = offered(&ada, "/login/passkey").await;
    let sent = shown(&ada, &mut key, &offer).await;
    ada.tells("/confirm-identity/passkey", &sent).await.expect(401);
    let (one, other) = (offered(&late, "/login/passkey").await, offered(&late, "/login/passkey").await);
    let mut sent = shown(&late, &mut key, &one).await;
    sent["challenge"] = other["challenge"].clone();
    late.tells("/login/passkey", &sent).await.expect(401);
    sent["challenge"] = one["challenge"].clone();
    late.tells("/login/passkey", &sent).await.expect(200);
}

async fn a_passkey_of_another_person_is_no_second_step(app: &TestApp) {
    let (ada, eve) = (Shopper::registered(app).await, Shopper::registered(app).await);
    let (mut key, _) = with_key(app, &ada).await;
    let (mut hers, _) = with_key(app, &eve).await;
    let browser = Visitor::new(app);
    sign_in(&browser, &ada.email, PASSWORD).await.expect_to("/login/code");
    shows(&browser, &mut hers, "/login/code/passkey").await.expect(401);
    hers.handle.clone_from(&key.handle);
    shows(&browser, &mut hers, "/login/code/passkey").await.expect(401);
    assert!(!browser.is_signed_in().await);
    shows(&eve, &mut key, "/confirm-identity/passkey").await.expect(401);
    assert_eq!(details(app, "sign_in_failed"), ["passkey", "passkey", "step-up, passkey"]);
    shows(&browser, &mut key, "/login/code/passkey").await.expect(200);
    assert!(browser.is_signed_in().await);
}

async fn a_key_that_counts_back_is_refused_and_told(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let (mut key, _) = with_key(app, &ada).await;
    key.count = 40;
    shows(&Visitor::new(app), &mut key, "/login/passkey").await.expect(200);
    key.count = 20;
    let told = letters(app, "second_factor_changed");
    shows(&Visitor::new(app), &mut key, "/login/passkey").await.expect(401);
    key.count = 40;
    shows(&Visitor::new(app), &mut key, "/login/passkey").await.expect(401);
    shows(&Visitor::new(app), &mut key, "/login/passkey").await.expect(200);
    assert_eq!(details(app, "sign_in_failed"), ["passkey, counted back", "passkey, counted back"], "also the same count again");
    assert_eq!(letters(app, "second_factor_changed"), told + 2);
    let page = ada.get("/account/activity").await.expect(200);
    assert!(page.words().contains("somebody seems to have a copy of"), "{}", page.words());
}

async fn a_passkey_that_was_made_elsewhere_is_not_kept(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let origin = ada.origin();
    for (what, bend) in [("another origin", 0), ("a frame", 1), ("no finger", 2)] {
        let mut key = Authenticator::at(if bend == 0 { "http://localhost:1" } else { &origin });
        (key.framed, key.unlocked) = (bend == 1, bend != 2);
        assert_eq!(makes(&ada, &mut key, "My phone").await.status, 409, "{what}");
    }
    let offer = offered(&ada, NEW).await;
    let mut key = Authenticator::at(&origin);
    let credential = key.makes(&offer["publicKey"]).to_string();
    let sent = json!({ "csrf": csrf(&ada).await, "name": "A", "challenge": offer["challenge"], "credential": credential });
    ada.tells(NEW, &sent).await.expect(200);
    let mut again = sent.clone();
    again["csrf"] = json!(csrf(&ada).await);
    ada.tells(NEW, &again).await.expect(409);
    // Somebody else's key: an intruder cannot claim it for themselves.
    let eve = Shopper::registered(app).await;
    assert_eq!(makes(&eve, &mut key, "Mine").await.status, 409);
    assert!(eve.get(PAGE).await.expect(200).words().contains("You have none yet"));
}

async fn what_is_no_ceremony_is_refused_before_anything_is_looked_at(app: &TestApp) {
    let browser = Visitor::new(app);
    let csrf = csrf(&browser).await;
    let post = async |body: String| browser.send("/login/passkey", browser.script_request("/login/passkey").body(body)).await;
    for (body, status) in [
        (String::new(), 403),
        ("{".to_owned(), 400),
        ("[]".to_owned(), 400),
        ("\u{0}".to_owned(), 400),
        (json!({ "challenge": "x", "credential": "{}" }).to_string(), 403),
        (json!({ "csrf": "x", "challenge": "x", "credential": "{}" }).to_string(), 403),
        (json!({ "csrf": csrf }).to_string(), 422),
        (json!({ "csrf": csrf, "challenge": "x", "credential": {} }).to_string(), 422),
        (json!({ "csrf": csrf, "challenge": 1, "credential": "{}" }).to_string(), 422),
        (json!({ "csrf": csrf, "challenge": "x", "credential": "{}", "more": "x" }).to_string(), 422),
        (json!({ "csrf": csrf, "challenge": "x", "credential": "{}" }).to_string(), 401),
        (json!({ "csrf": csrf, "challenge": "x", "credential": "x".repeat(60_000) }).to_string(), 401),
        (json!({ "csrf": csrf, "challenge": "x", "credential": "x".repeat(70_000) }).to_string(), 413),
    ] {
        let answer = post(body.clone()).await;
        assert_eq!(answer.status, status, "{}", &body[..body.len().min(120)]);
        assert_eq!(answer.header("content-type"), "application/problem+json", "it is answered to a script");
    }
    let offer = offered(&browser, "/login/passkey").await;
    for credential in ["", "null", "[]", "{}", "{\"id\":\"x\"}", "\"x\"", &"[".repeat(5_000)] {
        let sent = json!({ "csrf": csrf, "challenge": offer["challenge"], "credential": credential });
        let status = browser.tells("/login/passkey", &sent).await.status;
        assert_eq!(status, if credential.is_empty() { 422 } else { 401 }, "{}", &credential[..credential.len().min(20)]);
    }
    browser.post("/login/passkey", &[("csrf", &*csrf)]).await.expect(415);
    let request = browser.script_request("/login").body(json!({ "csrf": csrf }).to_string());
    browser.send("/login", request).await.expect(415);
    let foreign = browser
        .request(Method::POST, "/login/passkey")
        .header("content-type", "application/json")
        .header("origin", "https://evil.example")
        .header("sec-fetch-site", "cross-site")
        .body(json!({ "csrf": csrf }).to_string());
    browser.send("/login/passkey", foreign).await.expect(403);
    browser.get("/login/passkey").await.expect(405);
    asks(&browser, NEW).await.expect_to("/login?next=/account/passkeys");
}

async fn failed_sign_ins_of_the_account_count_together(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let (mut key, _) = with_key(app, &ada).await;
    let thief = Visitor::new(app);
    for _ in 0..2 {
        sign_in(&thief, &ada.email, "wrong-wagon-lantern").await.expect(401);
    }
    key.unlocked = false;
    shows(&thief, &mut key, "/login/passkey").await.expect(401);
    key.unlocked = true;
    let waits = shows(&thief, &mut key, "/login/passkey").await.expect(429);
    assert!(!waits.header("retry-after").is_empty() && waits.header("content-type") == "application/problem+json");
    assert!(details(app, "sign_in_throttled").len() == 1, "the wait is written down once");
    let known = ada.copy();
    known.signs_out().await;
    shows(&known, &mut key, "/login/passkey").await.expect(200);
    app.pass(Duration::from_mins(16));
    shows(&thief, &mut key, "/login/passkey").await.expect(200);
}

async fn too_many_from_one_address_wait(app: &TestApp) {
    let browser = Visitor::new(app);
    let sent = json!({ "csrf": csrf(&browser).await, "challenge": "x", "credential": "{}" });
    for _ in 0..2 {
        browser.tells("/login/passkey", &sent).await.expect(401);
    }
    let waits = browser.tells("/login/passkey", &sent).await.expect(429);
    assert!(!waits.header("retry-after").is_empty() && waits.header("content-type") == "application/problem+json");
    assert_eq!(details(app, "sign_in_throttled").len(), 1);
    asks(&browser, "/login/passkey").await.expect(200);
}

async fn locked_and_deleted_accounts_are_not_opened(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let (mut key, _) = with_key(app, &ada).await;
    let browser = Visitor::new(app);
    let offer = offered(&browser, "/login/passkey").await;
    let sent = shown(&browser, &mut key, &offer).await;
    let (email, now) = (ada.email.clone(), app.clock.now());
    let lock = move |conn: &mut latchkey::db::Conn| {
        Ok(diesel::update(users::table.filter(users::email.eq(email))).set(users::locked_at.eq(Some(now))).execute(conn)?)
    };
    app.db().write(lock).await.expect("a lock");
    browser.tells("/login/passkey", &sent).await.expect(401);
    let eve = Shopper::registered(app).await;
    let (mut hers, _) = with_key(app, &eve).await;
    let page = eve.get("/account/delete").await.expect(200);
    eve.press(&page, "/account/delete", &[]).await.expect(303);
    shows(&Visitor::new(app), &mut hers, "/login/passkey").await.expect(401);
}

async fn a_shop_without_a_name_offers_none(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let node = app.node_with(&[("LATCHKEY_PUBLIC_URL", "http://127.0.0.1")]).await;
    let visitor = Visitor::at(&node.origin, Jar::new(app.clock.clone()));
    visitor.is_sent_to(node.address);
    assert!(!visitor.get("/login").await.expect(200).has("form[data-passkey]"));
    asks(&visitor, "/login/passkey").await.expect(409);
    sign_in(&visitor, &ada.email, PASSWORD).await.expect_to("/dashboard");
    assert!(visitor.get(NEW).await.expect(200).words().contains("by a number instead of a name"));
    asks(&visitor, NEW).await.expect(409);
    node.stop().await.expect("it stops");
}
