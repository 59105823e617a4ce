//! An old key was shown: who is told what, and how often.
//!
//! Invariant: the browser that showed it reads one sentence; every other browser of the person, and whoever signs in next, reads
//! once where and when. A guess of the browser reads nothing.

use crate::on_both;
use crate::support::api_client::ApiClient;
use crate::support::app::TestApp;
use crate::support::page::Page;
use crate::support::people::{PASSWORD, Shopper, sign_in};
use crate::support::visitor::Visitor;
use diesel::prelude::*;
use futures_util::future::join_all;
use latchkey::auth::upkeep;
use latchkey::db::schema::{audit_events, notices, unread_notices};
use reqwest::Method;
use serde_json::json;
use std::time::Duration;

on_both! {
    the_browser_that_showed_an_old_key_reads_one_sentence,
    every_other_browser_reads_once_where_and_when,
    whoever_signs_in_next_reads_what_happened,
    a_notice_nobody_read_waits_for_a_month,
    a_guess_and_a_head_leave_the_notice_for_the_visit,
    of_two_pages_at_once_one_shows_the_notice,
    a_new_password_carries_over_what_was_not_read,
    a_stolen_key_of_a_program_is_told_in_the_browser,
    one_person_hears_nothing_of_anothers_theft,
}

const SENTENCE: &str = "This sign-in was ended because an old copy of its key was used: by someone else, or by a browser restored \
                        after a crash. Sign in to see what happened.";
const DAY: Duration = Duration::from_hours(24);

/// Someone copies the cookies of that browser, and uses them when its owner has long gone on. The thief's browser.
async fn theft(app: &TestApp, owner: &Visitor) -> Visitor {
    let thief = owner.copy();
    app.pass(Duration::from_secs(601));
    owner.get("/orders").await.expect(200);
    owner.get("/orders").await.expect(200);
    app.pass(Duration::from_secs(31));
    thief.get("/orders").await.expect_to("/login?next=/orders");
    thief
}

/// The notices of a page.
fn told(page: &Page) -> Vec<String> {
    page.texts("[role='alert']:not([hidden])")
}

async fn signed_in(app: &TestApp, email: &str) -> Visitor {
    let browser = Visitor::new(app);
    sign_in(&browser, email, PASSWORD).await.expect_to("/dashboard");
    browser
}

fn rows(app: &TestApp) -> (i64, i64) {
    let mut conn = app.storage.second_connection();
    let notices = notices::table.count().get_result(&mut conn).expect("notices can be counted");
    (notices, unread_notices::table.count().get_result(&mut conn).expect("readers can be counted"))
}

async fn the_browser_that_showed_an_old_key_reads_one_sentence(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let thief = theft(app, &ada).await;
    for browser in [&thief, &*ada] {
        let page = browser.visit("/dashboard").await.expect(200);
        assert_eq!((page.heading().as_str(), told(&page).as_slice()), ("Sign in", [SENTENCE.to_owned()].as_slice()));
        assert_eq!(page.texts(".flash, .summary").len(), 1, "only that: {}", page.words());
        assert!(!page.body.contains("Ada"), "signed out");
    }
    let seen = audit_events::table.filter(audit_events::kind.eq("token_reuse")).select(audit_events::address);
    let seen: Vec<String> = seen.load(&mut app.storage.second_connection()).expect("the audit can be read");
    assert_eq!(seen, ["127.0.0.1"]);
}

async fn every_other_browser_reads_once_where_and_when(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let others = [ada.elsewhere(app).await, ada.elsewhere(app).await];
    ada.calls_itself("Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/153.0");
    let firefox = signed_in(app, &ada.email).await; // its own name is none
    theft(app, &ada).await;
    for browser in others.iter().map(|other| &**other).chain([&firefox]) {
        let page = browser.get("/products").await.expect(200);
        let notice = told(&page).concat();
        assert!(notice.contains("an old copy of its key was used from the shop’s own machine"), "{notice}");
        assert!(notice.contains("Unknown browser") && notice.contains(" 20"), "which and when: {notice}");
        assert_eq!(page.attributes("[role='alert'] a", "href"), ["/account/devices", "/account/password"]);
        for path in ["/products", "/dashboard", "/account/devices"] {
            assert_eq!(told(&browser.get(path).await.expect(200)), [""; 0], "once");
        }
    }
    assert_eq!(rows(app), (1, 0));
}

async fn whoever_signs_in_next_reads_what_happened(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let other = ada.elsewhere(app).await;
    let thief = theft(app, &ada).await;
    assert_eq!(told(&other.get("/").await).len(), 1);
    // The ended browser was promised that signing in tells, also when another device has told it already.
    sign_in(&thief, &ada.email, PASSWORD).await.expect_to("/dashboard");
    assert_eq!(told(&thief.get("/dashboard").await.expect(200)).len(), 1);
    assert_eq!(told(&thief.get("/dashboard").await.expect(200)).len(), 0);
    app.pass(2 * DAY);
    let later = signed_in(app, &ada.email).await;
    assert_eq!(told(&later.get("/dashboard").await.expect(200)).len(), 0, "an old story, and it was told");
}

async fn a_notice_nobody_read_waits_for_a_month(app: &TestApp) {
    let (ada, eve) = (Shopper::registered(app).await, Shopper::registered(app).await);
    theft(app, &ada).await;
    theft(app, &eve).await;
    app.pass(20 * DAY);
    upkeep::sweep(app.db(), app.clock.now()).expect("swept");
    let back = signed_in(app, &ada.email).await;
    assert_eq!(told(&back.get("/dashboard").await.expect(200)).len(), 1);
    app.pass(11 * DAY);
    assert_eq!(upkeep::sweep(app.db(), app.clock.now()).expect("swept").notices, 2);
    let back = signed_in(app, &eve.email).await;
    assert_eq!(told(&back.get("/dashboard").await.expect(200)).len(), 0);
    assert_eq!(rows(app), (0, 0));
}

async fn a_guess_and_a_head_leave_the_notice_for_the_visit(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let other = ada.elsewhere(app).await;
    theft(app, &ada).await;
    other.get("/robots.txt").await.expect(200);
    other.send("/products", other.request(Method::HEAD, "/products")).await.expect(200);
    let guess = other.request(Method::GET, "/products").header("sec-purpose", "prefetch");
    other.send("/products", guess).await; // 503 while its access token is dead
    let guess = other.request(Method::GET, "/products").header("sec-purpose", "prefetch");
    assert_eq!(told(&other.send("/products", guess).await.expect(200)).len(), 0);
    assert_eq!(rows(app), (1, 1));
    other.get("/no/such/page").await.expect(404);
    assert_eq!(told(&other.get("/products").await.expect(200)).len(), 1);
}

async fn of_two_pages_at_once_one_shows_the_notice(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let other = ada.elsewhere(app).await;
    theft(app, &ada).await;
    let tabs: Vec<Visitor> = (0..12).map(|_| other.copy()).collect();
    let pages = join_all(tabs.iter().map(|tab| tab.get("/products"))).await;
    assert!(pages.iter().all(|page| page.status == 200));
    assert_eq!(pages.iter().map(|page| told(page).len()).sum::<usize>(), 1);
}

async fn a_new_password_carries_over_what_was_not_read(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let (reads, hurries) = (ada.elsewhere(app).await, ada.elsewhere(app).await);
    let open = hurries.get("/account/password").await.expect(200);
    theft(app, &ada).await;
    let (old, new) = (PASSWORD, "another-wagon-lantern-43");
    let fields = [("current_password", old), ("new_password", new)];
    let changed = hurries.press(&open, "/account/password", &fields).await.expect_to("/account");
    assert_eq!(told(&hurries.follow(changed).await.expect(200)).len(), 1, "the new session reads what the old one had not");
    assert_eq!(told(&reads.visit("/dashboard").await).len(), 0, "signed out by the new password");
    let fields = [("current_password", new), ("new_password", old)];
    let page = hurries.submit("/account/password", &fields).await.expect_to("/account");
    assert_eq!(told(&hurries.follow(page).await.expect(200)).len(), 0, "and nothing twice");
}

async fn a_stolen_key_of_a_program_is_told_in_the_browser(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let client = ApiClient::new(app);
    let body = json!({"email": ada.email, "password": PASSWORD, "refresh_in": "body"});
    let request = client.request(Method::POST, "/api/login").header("user-agent", "curl/8.14.1").json(&body);
    let first = client.send("/api/login", request).await.expect(200).json()["refresh_token"].clone();
    let second = client.post("/api/refresh", json!({"refresh_token": first})).await.expect(200).json()["refresh_token"].clone();
    client.post("/api/refresh", json!({"refresh_token": second})).await.expect(200);
    let refused = client.post("/api/refresh", json!({"refresh_token": first})).await.expect(401);
    assert_eq!(refused.json()["code"], "session_ended");
    let notice = told(&ada.get("/dashboard").await.expect(200)).concat();
    assert!(notice.contains("(curl)"), "{notice}");
}

async fn one_person_hears_nothing_of_anothers_theft(app: &TestApp) {
    let (ada, eve) = (Shopper::registered(app).await, Shopper::registered(app).await);
    let ada_elsewhere = ada.elsewhere(app).await;
    let open = ada_elsewhere.get("/products").await.expect(200);
    theft(app, &ada).await;
    assert_eq!(told(&eve.get("/dashboard").await.expect(200)).len(), 0);
    // Ada's other browser has not read it yet when Eve signs in there: it is not for her.
    let shared = ada_elsewhere.copy();
    let csrf = &open.form("/logout")[0].1;
    let fields = [("csrf", csrf.as_str()), ("email", &eve.email), ("password", PASSWORD)];
    shared.post("/login", &fields).await.expect_to("/dashboard");
    let page = shared.get("/dashboard").await.expect(200);
    assert!(page.words().contains(&eve.email) && told(&page).is_empty(), "{}", page.words());
}
