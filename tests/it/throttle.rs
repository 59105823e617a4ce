//! Too many failed sign-ins for one address, at every node and from wherever.
//!
//! Invariant: strangers are told the same whoever has an account, and never keep out its owner. Time passes by the tests' clock.

mod devices;
mod rush;

use crate::on_both;
use crate::support::api_client::ApiClient;
use crate::support::app::TestApp;
use crate::support::page::Page;
use crate::support::people::{PASSWORD, Shopper, sign_in};
use crate::support::visitor::Visitor;
use diesel::prelude::*;
use latchkey::auth::upkeep;
use latchkey::db::schema::{audit_events, login_failures, users};
use serde_json::json;
use std::time::Duration;

on_both! {
    after_five_failures_each_wait_is_twice_the_last with { "LATCHKEY_LIMIT_ACCOUNT" = "5/15m" },
    the_right_password_starts_anew with { "LATCHKEY_LIMIT_ACCOUNT" = "3/15m" },
    page_and_api_and_password_page_count_together with { "LATCHKEY_LIMIT_ACCOUNT" = "3/15m" },
    nobody_learns_who_has_an_account with { "LATCHKEY_LIMIT_ACCOUNT" = "3/15m" },
    what_is_no_address_is_never_told_to_wait with { "LATCHKEY_LIMIT_ACCOUNT" = "1/15m" },
    an_hour_of_quiet_forgets_and_leaves_no_rows with { "LATCHKEY_LIMIT_ACCOUNT" = "3/15m" },
    without_the_limit_nothing_is_counted,
}

const WRONG: &str = "wrong-wagon-lantern-42";

/// How long an answer says to wait, after the sentence was checked to say the same.
fn told_to_wait(page: &Page) -> u64 {
    let seconds = page.header("retry-after").parse().unwrap_or_else(|_| panic!("{}: {}", page.status, page.words()));
    let words = if seconds > 90 { format!("{} minutes", u64::div_ceil(seconds, 60)) } else { format!("{seconds} seconds") };
    assert!(page.words().contains(&words) || seconds == 1, "{words}: {}", page.words());
    seconds
}

/// What the counts have come to, the largest first.
fn counts(app: &TestApp) -> Vec<i64> {
    let failures = login_failures::table.order(login_failures::failures.desc()).select(login_failures::failures);
    failures.load(&mut app.storage.second_connection()).expect("counts")
}

fn events(app: &TestApp, kind: &str) -> i64 {
    let of_kind = audit_events::table.filter(audit_events::kind.eq(kind));
    of_kind.count().get_result(&mut app.storage.second_connection()).expect("a count")
}

async fn after_five_failures_each_wait_is_twice_the_last(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let stranger = Visitor::new(app);
    for _ in 0..5 {
        sign_in(&stranger, &ada.email, WRONG).await.expect(401);
    }
    for wait in [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900] {
        // The right password is not looked at either, and costs nothing.
        let page = sign_in(&stranger, &ada.email, PASSWORD).await.expect(429);
        let left = told_to_wait(&page);
        assert!(left <= wait && left + 2 >= wait.min(90), "{left} of {wait}");
        assert_eq!(page.value("email"), ada.email, "what was typed is kept");
        assert!(!page.body.contains(PASSWORD) && page.title().starts_with("Error: Sign in"), "{}", page.title());
        app.pass(Duration::from_secs(wait));
        sign_in(&stranger, &ada.email, WRONG).await.expect(401);
    }
    assert_eq!((events(app, "sign_in_failed"), events(app, "sign_in_throttled")), (16, 12));
    app.pass(Duration::from_mins(15));
    sign_in(&stranger, &ada.email, PASSWORD).await.expect_to("/dashboard");
}

async fn the_right_password_starts_anew(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    for _ in 0..3 {
        let stranger = Visitor::new(app);
        for _ in 0..2 {
            sign_in(&stranger, &ada.email, WRONG).await.expect(401);
        }
        assert_eq!(counts(app), [2]);
        sign_in(&stranger, &ada.email, PASSWORD).await.expect_to("/dashboard");
        assert_eq!(counts(app), [0; 0]);
    }
}

async fn page_and_api_and_password_page_count_together(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let (api, stranger) = (ApiClient::new(app), ada.copy());
    stranger.jar.borrow_mut().remove("__Host-dev");
    let wrong = [("current_password", WRONG), ("new_password", "seven quiet lamps glow")];
    api.post("/api/login", json!({"email": ada.email.to_uppercase(), "password": WRONG})).await.expect(401);
    sign_in(&Visitor::new(app), &ada.email, WRONG).await.expect(401);
    stranger.submit("/account/password", &wrong).await.expect(422);
    let told = api.post("/api/login", json!({"username": ada.email, "password": PASSWORD})).await.expect(429);
    assert_eq!(told.json()["code"], "too_many_requests");
    told_to_wait(&told);
    let told = stranger.submit("/account/password", &wrong).await.expect(429);
    assert!(told.wrong("current_password").contains("Too many passwords were wrong. Wait"), "{}", told.words());
    told_to_wait(&told);
    let told = sign_in(&Visitor::new(app), &ada.email, WRONG).await.expect(429);
    told_to_wait(&told);
    assert!(stranger.is_signed_in().await, "who is in stays in");
    app.pass(Duration::from_secs(2));
    let right = [("current_password", PASSWORD), ("new_password", "seven quiet lamps glow")];
    stranger.submit("/account/password", &right).await.expect_to("/account");
    assert_eq!(counts(app), [0; 0]);
}

async fn nobody_learns_who_has_an_account(app: &TestApp) {
    let (ada, bob) = (Shopper::registered(app).await, Shopper::registered(app).await);
    let lock = users::table.filter(users::email.eq(&bob.email));
    let set = users::locked_at.eq(app.clock.now());
    diesel::update(lock).set(set).execute(&mut app.storage.second_connection()).expect("a lock");
    let mut told = Vec::new();
    for email in [&*ada.email, &*bob.email, "nobody.at.all@example.com"] {
        let (stranger, api) = (Visitor::new(app), ApiClient::new(app));
        let (failed, waits) = (events(app, "sign_in_failed"), events(app, "sign_in_throttled"));
        let mut said = Vec::new();
        for turn in 0..5 {
            let page = sign_in(&stranger, email, WRONG).await;
            said.push(format!("{} {}", page.status, page.words().replace(email, "…")));
            let answer =
                api.post("/api/login", json!({"email": email, "password": if turn < 2 { WRONG } else { PASSWORD }})).await;
            said.push(format!("{} {}", answer.status, answer.body));
        }
        // The seconds that are left depend on how long this machine took.
        let plain = said.into_iter().map(|text| text.replace("one second", "2 seconds").replace("1 seconds", "2 seconds"));
        told.push(plain.collect::<Vec<_>>());
        assert_eq!((events(app, "sign_in_failed") - failed, events(app, "sign_in_throttled") - waits), (3, 1), "{email}");
    }
    assert!(told[0][3].starts_with("429") && told[0][2].starts_with("401"), "{:?}", told[0]);
    assert_eq!(told[0], told[1]);
    assert_eq!(told[0], told[2]);
    assert_eq!(counts(app), [3, 3, 3], "and the table tells nobody apart");
}

async fn what_is_no_address_is_never_told_to_wait(app: &TestApp) {
    let api = ApiClient::new(app);
    for _ in 0..4 {
        api.post("/api/login", json!({"username": "ada", "password": WRONG})).await.expect(401);
    }
    assert_eq!(counts(app), [0; 0]);
}

async fn an_hour_of_quiet_forgets_and_leaves_no_rows(app: &TestApp) {
    let stranger = Visitor::new(app);
    for nth in 0..30 {
        sign_in(&stranger, &format!("person{nth}@example.com"), WRONG).await.expect(401);
    }
    for _ in 0..2 {
        sign_in(&stranger, "person0@example.com", WRONG).await.expect(401);
    }
    assert_eq!(counts(app).len(), 30);
    app.pass(Duration::from_mins(16));
    let swept = upkeep::sweep(app.db(), app.clock.now()).expect("a round");
    assert_eq!((swept.failures, counts(app).len()), (30, 0));
    for _ in 0..3 {
        sign_in(&stranger, "person0@example.com", WRONG).await.expect(401);
    }
    sign_in(&stranger, "person0@example.com", WRONG).await.expect(429);
}

async fn without_the_limit_nothing_is_counted(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    for _ in 0..8 {
        sign_in(&Visitor::new(app), &ada.email, WRONG).await.expect(401);
    }
    assert_eq!(counts(app), [0; 0]);
}
