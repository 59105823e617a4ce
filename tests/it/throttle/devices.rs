//! Browsers that were signed in with before: nobody locks their person out, and every other one is news.

use super::{WRONG, counts};
use crate::on_both;
use crate::support::api_client::ApiClient;
use crate::support::app::TestApp;
use crate::support::people::{PASSWORD, Shopper, sign_in};
use crate::support::visitor::Visitor;
use diesel::prelude::*;
use latchkey::auth::upkeep;
use latchkey::db::schema::{known_devices, outbox};
use std::time::Duration;

on_both! {
    a_browser_that_was_signed_in_with_is_known_for_a_year,
    a_known_browser_counts_apart_and_has_waits_of_its_own with { "LATCHKEY_LIMIT_ACCOUNT" = "3/15m" },
    a_browser_known_to_one_account_is_a_stranger_to_another with { "LATCHKEY_LIMIT_ACCOUNT" = "3/15m" },
    an_invented_browser_is_a_stranger with { "LATCHKEY_LIMIT_ACCOUNT" = "3/15m" },
    a_sign_in_from_elsewhere_is_told_by_mail_once,
    a_new_password_makes_every_other_browser_news_again,
    of_many_programs_one_a_day_is_told,
    of_many_browsers_fifty_are_known,
}

fn dev(browser: &Visitor) -> String {
    browser.jar.borrow().value("__Host-dev")
}

fn letters(app: &TestApp) -> i64 {
    let told = outbox::table.filter(outbox::kind.eq("new_device"));
    told.count().get_result(&mut app.storage.second_connection()).expect("a count")
}

fn marks(app: &TestApp) -> Vec<String> {
    known_devices::table.select(known_devices::mark).load(&mut app.storage.second_connection()).expect("devices")
}

async fn a_browser_that_was_signed_in_with_is_known_for_a_year(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let first = dev(&ada);
    assert_eq!(first.len(), 22);
    assert!(marks(app).len() == 1 && !marks(app).contains(&first), "only a hash is kept");
    ada.signs_out().await.expect(303);
    assert_eq!(dev(&ada), first, "signing out forgets who, not that");
    app.pass(Duration::from_hours(24 * 300));
    let page = sign_in(&ada, &ada.email, PASSWORD).await.expect_to("/dashboard");
    let cookie = page.cookies_set().into_iter().find(|cookie| cookie.starts_with("__Host-dev=")).map(str::to_owned);
    assert_eq!(cookie, Some(format!("__Host-dev={first}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=31536000")));
    app.pass(Duration::from_secs(601));
    let page = ada.get("/account").await.expect(200);
    let set = page.cookies_set();
    assert!(set.len() > 1 && !set.iter().any(|cookie| cookie.starts_with("__Host-dev")), "an exchange is no sign-in: {set:?}");
    assert_eq!((marks(app).len(), letters(app)), (1, 0));
    app.pass(Duration::from_hours(24 * 366));
    assert_eq!(upkeep::sweep(app.db(), app.clock.now()).expect("a round").devices, 1);
}

async fn a_known_browser_counts_apart_and_has_waits_of_its_own(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    ada.signs_out().await.expect(303);
    for _ in 0..3 {
        sign_in(&Visitor::new(app), &ada.email, WRONG).await.expect(401);
    }
    sign_in(&Visitor::new(app), &ada.email, PASSWORD).await.expect(429);
    for _ in 0..2 {
        sign_in(&ada, &ada.email, WRONG).await.expect(401);
    }
    assert_eq!(counts(app), [3, 2]);
    sign_in(&ada, &ada.email, PASSWORD).await.expect_to("/dashboard");
    assert_eq!(counts(app), [3], "the strangers' count stands");
    ada.signs_out().await.expect(303);
    for _ in 0..3 {
        sign_in(&ada, &ada.email, WRONG).await.expect(401);
    }
    sign_in(&ada, &ada.email, PASSWORD).await.expect(429);
    app.pass(Duration::from_secs(2));
    sign_in(&ada, &ada.email, PASSWORD).await.expect_to("/dashboard");
}

async fn a_browser_known_to_one_account_is_a_stranger_to_another(app: &TestApp) {
    let (ada, eve) = (Shopper::registered(app).await, Shopper::registered(app).await);
    eve.signs_out().await.expect(303);
    for _ in 0..2 {
        sign_in(&eve, &ada.email, WRONG).await.expect(401);
    }
    sign_in(&Visitor::new(app), &ada.email, WRONG).await.expect(401);
    assert_eq!(counts(app), [3], "one count for all of them");
    sign_in(&eve, &ada.email, PASSWORD).await.expect(429);
}

async fn an_invented_browser_is_a_stranger(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    for nth in 0..6 {
        let stranger = Visitor::new(app);
        let invented = ["AAAAAAAAAAAAAAAAAAAAAA", "", "x", "AAAAAAAAAAAAAAAAAAAAAB"][nth % 4];
        stranger.jar.borrow_mut().put("__Host-dev", invented);
        sign_in(&stranger, &ada.email, WRONG).await.expect(if nth < 3 { 401 } else { 429 });
    }
    assert_eq!(counts(app), [3]);
}

async fn a_sign_in_from_elsewhere_is_told_by_mail_once(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    assert_eq!(letters(app), 0, "registering is no news");
    let other = ada.elsewhere(app).await;
    assert_eq!(letters(app), 1);
    for _ in 0..2 {
        other.signs_out().await.expect(303);
        sign_in(&other, &ada.email, PASSWORD).await.expect_to("/dashboard");
    }
    ada.signs_out().await.expect(303);
    sign_in(&ada, &ada.email, PASSWORD).await.expect_to("/dashboard");
    assert_eq!(letters(app), 1);
    sign_in(&Visitor::new(app), &ada.email, WRONG).await.expect(401);
    assert_eq!(letters(app), 1, "nobody got in");
}

async fn a_new_password_makes_every_other_browser_news_again(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let other = ada.elsewhere(app).await;
    let change = [("current_password", PASSWORD), ("new_password", "seven quiet lamps glow")];
    ada.submit("/account/password", &change).await.expect_to("/account");
    assert_eq!((marks(app).len(), letters(app)), (1, 1));
    ada.signs_out().await.expect(303);
    sign_in(&ada, &ada.email, "seven quiet lamps glow").await.expect_to("/dashboard");
    assert_eq!(letters(app), 1);
    sign_in(&other, &ada.email, "seven quiet lamps glow").await.expect_to("/dashboard");
    assert_eq!(letters(app), 2);
}

async fn of_many_programs_one_a_day_is_told(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    for _ in 0..3 {
        ApiClient::signed_in(app, &ada.email, PASSWORD).await;
    }
    assert_eq!((letters(app), marks(app).len()), (1, 2), "a program at its place is known");
    let curl = ApiClient::new(app);
    for agent in ["curl/8.14.1", "python-requests/2.32", "curl/8.15.0"] {
        let body = serde_json::json!({"email": ada.email, "password": PASSWORD});
        let request = curl.request(reqwest::Method::POST, "/api/login").header("user-agent", agent).json(&body);
        curl.send("/api/login", request).await.expect(200);
    }
    assert_eq!((letters(app), marks(app).len()), (1, 4));
    app.pass(Duration::from_hours(25));
    let body = serde_json::json!({"email": ada.email, "password": PASSWORD});
    let request = curl.request(reqwest::Method::POST, "/api/login").header("user-agent", "Go-http-client/1.1").json(&body);
    curl.send("/api/login", request).await.expect(200);
    assert_eq!(letters(app), 2);
}

async fn of_many_browsers_fifty_are_known(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    for _ in 0..52 {
        app.pass(Duration::from_secs(1));
        ada.elsewhere(app).await;
    }
    assert_eq!(marks(app).len(), 50);
}
