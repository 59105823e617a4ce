//! Sessions as a browser lives them: refreshed inside a request, ended by sign-out, kept or not, told of theft.
//!
//! Invariant: a copied jar is the thief, the second tab and the lost answer; only the order of arrival tells them apart. The rules of
//! rotation are tried without HTTP where they are written; here it is what people get.

use crate::on_both;
use crate::support::app::TestApp;
use crate::support::people::{PASSWORD, Shopper, sign_in};
use crate::support::visitor::Visitor;
use diesel::prelude::*;
use futures_util::future::join_all;
use latchkey::db::schema::{audit_events, sessions};
use std::time::Duration;

on_both! {
    a_dead_access_token_is_renewed_inside_the_request,
    a_form_sent_after_the_token_expired_is_carried_out,
    tabs_that_refresh_at_once_all_go_on,
    a_lost_answer_signs_nobody_out_however_late,
    a_straggler_goes_on_without_cookies,
    a_token_shown_long_after_its_successor_ends_the_session_and_is_told,
    a_thief_in_step_with_the_owner_is_caught,
    new_cookies_come_with_any_answer,
    signing_out_works_at_once_and_for_copies_too,
    signing_out_with_a_dead_session_is_no_error,
    keep_me_signed_in_outlives_the_browser,
    a_session_ends_when_nobody_comes,
    a_session_ends_however_much_it_is_used,
    of_twenty_one_browsers_the_one_longest_unseen_is_signed_out,
    a_doubled_cookie_is_believed_by_nobody,
    a_failed_refresh_deletes_no_cookie,
    a_changed_password_makes_a_new_session_that_is_acknowledged,
}

const TOKEN_LIFE: Duration = Duration::from_secs(601);

fn live_sessions(app: &TestApp) -> i64 {
    let live = sessions::table.filter(sessions::ended_at.is_null()).count();
    live.get_result(&mut app.storage.second_connection()).expect("sessions can be counted")
}

fn audited(app: &TestApp, kind: &str) -> i64 {
    let events = audit_events::table.filter(audit_events::kind.eq(kind)).count();
    events.get_result(&mut app.storage.second_connection()).expect("events can be counted")
}

async fn a_dead_access_token_is_renewed_inside_the_request(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let (access, refresh) = (ada.jar.borrow().value("__Host-at"), ada.jar.borrow().value("__Host-rt"));
    app.pass(TOKEN_LIFE);
    assert!(!ada.jar.borrow().has("__Host-at"), "a browser drops it with the token");
    ada.get("/dashboard").await.expect(200);
    assert_ne!(ada.jar.borrow().value("__Host-at"), access);
    assert_ne!(ada.jar.borrow().value("__Host-rt"), refresh);
    let quiet = ada.get("/dashboard").await.expect(200);
    assert!(quiet.cookies_set().is_empty(), "a live token is left alone: {:?}", quiet.cookies_set());
}

async fn a_form_sent_after_the_token_expired_is_carried_out(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 5).await;
    let ada = Shopper::registered(app).await;
    let page = ada.get(&format!("/products/{}", bowl.slug)).await.expect(200);
    app.pass(TOKEN_LIFE);
    ada.press(&page, "/cart/items", &[("quantity", "3")]).await.expect_to("/cart");
    assert_eq!(ada.get("/cart").await.value("quantity"), "3");
}

async fn tabs_that_refresh_at_once_all_go_on(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    app.pass(TOKEN_LIFE);
    let tabs: Vec<Visitor> = (0..8).map(|_| ada.copy()).collect();
    let pages = join_all(tabs.iter().map(|tab| tab.get("/dashboard"))).await;
    assert!(pages.iter().all(|page| page.status == 200));
    let mut tokens: Vec<String> = tabs.iter().map(|tab| tab.jar.borrow().value("__Host-rt")).collect();
    tokens.dedup();
    assert_eq!(tokens.len(), 1, "every racer gets the same successor");
    for tab in &tabs {
        tab.get("/orders").await.expect(200);
    }
    assert_eq!(audited(app, "token_reuse"), 0);
}

async fn a_lost_answer_signs_nobody_out_however_late(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    app.pass(TOKEN_LIFE);
    let lost = ada.copy();
    lost.get("/dashboard").await.expect(200); // the answer never reached Ada
    app.pass(Duration::from_hours(1));
    ada.get("/dashboard").await.expect(200);
    assert_eq!(ada.jar.borrow().value("__Host-rt"), lost.jar.borrow().value("__Host-rt"));
    app.pass(TOKEN_LIFE);
    ada.get("/dashboard").await.expect(200);
    assert_eq!(audited(app, "token_reuse"), 0);
}

async fn a_straggler_goes_on_without_cookies(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    app.pass(TOKEN_LIFE);
    let slow = ada.copy();
    ada.get("/dashboard").await.expect(200);
    ada.get("/orders").await.expect(200); // now the successor has been seen
    app.pass(Duration::from_secs(20));
    let page = slow.get("/dashboard").await.expect(200);
    assert!(page.cookies_set().iter().all(|cookie| !cookie.starts_with("__Host-at=") && !cookie.starts_with("__Host-rt=")));
    assert!(page.words().contains("Ada"), "it is a page of hers");
    assert!(ada.is_signed_in().await);
}

async fn a_token_shown_long_after_its_successor_ends_the_session_and_is_told(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let elsewhere = ada.elsewhere(app).await;
    let thief = ada.copy();
    app.pass(TOKEN_LIFE);
    ada.get("/dashboard").await.expect(200);
    ada.get("/orders").await.expect(200);
    app.pass(Duration::from_secs(31));
    let told = thief.visit("/dashboard").await;
    assert_eq!(told.heading(), "Sign in");
    assert!(told.words().contains("an old copy of its key was used"), "{}", told.words());
    assert!(!ada.is_signed_in().await, "the session has ended for both");
    assert!(elsewhere.is_signed_in().await, "and only this one");
    assert_eq!(audited(app, "token_reuse"), 1, "looked at from a second connection: the refusal was committed");
}

async fn a_thief_in_step_with_the_owner_is_caught(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let thief = ada.copy();
    for _ in 0..3 {
        app.pass(TOKEN_LIFE);
        thief.get("/dashboard").await;
        thief.get("/dashboard").await;
        app.pass(Duration::from_secs(40));
        ada.get("/dashboard").await;
        ada.get("/dashboard").await;
    }
    assert_eq!(audited(app, "token_reuse"), 1);
    assert_eq!(live_sessions(app), 0);
}

async fn new_cookies_come_with_any_answer(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    for (path, status) in
        [("/products/no-such-thing", 404), ("/orders/NO-SUCH-ORDER", 404), ("/no/such/page", 404), ("/login", 303)]
    {
        app.pass(TOKEN_LIFE);
        let page = ada.get(path).await.expect(status);
        assert!(page.cookies_set().iter().any(|cookie| cookie.starts_with("__Host-at=")), "{path}: {:?}", page.cookies_set());
        assert_eq!(page.header("cache-control"), "no-store", "{path}");
    }
    assert!(ada.is_signed_in().await);
}

async fn signing_out_works_at_once_and_for_copies_too(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let elsewhere = ada.elsewhere(app).await;
    let copy = ada.copy();
    let page = ada.signs_out().await.expect_to("/");
    assert_eq!(page.header("clear-site-data"), "\"storage\"");
    for name in ["__Host-at", "__Host-rt", "__Host-hint"] {
        assert!(!ada.jar.borrow().has(name), "{name} is deleted");
    }
    assert!(!ada.is_signed_in().await);
    assert!(!copy.is_signed_in().await, "the access token is dead although its time is not up");
    assert!(elsewhere.is_signed_in().await);
}

async fn signing_out_with_a_dead_session_is_no_error(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let page = ada.get("/").await.expect(200);
    let copy = ada.copy();
    copy.signs_out().await.expect_to("/");
    ada.press(&page, "/logout", &[]).await.expect_to("/");
    assert!(!ada.jar.borrow().has("__Host-rt"));
}

async fn keep_me_signed_in_outlives_the_browser(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    ada.jar.borrow_mut().close_browser();
    app.pass(TOKEN_LIFE);
    assert!(!ada.is_signed_in().await, "not asked for, not kept");
    let browser = Visitor::new(app);
    let fields = [("email", ada.email.as_str()), ("password", PASSWORD), ("remember", "1")];
    browser.submit("/login", &fields).await.expect_to("/dashboard");
    let kept = browser.jar.borrow().get("__Host-rt").cloned().expect("there is a refresh token");
    let life = kept.attributes.iter().find_map(|attribute| attribute.strip_prefix("max-age=")?.parse::<u64>().ok());
    // 30 days, less what a busy machine takes between making the session and answering.
    assert!(life.is_some_and(|life| (2_591_940..=2_592_000).contains(&life)), "{kept:?}");
    assert!(kept.attributes.contains(&"samesite=strict".to_owned()), "{kept:?}");
    browser.jar.borrow_mut().close_browser();
    app.pass(Duration::from_hours(312));
    assert!(browser.is_signed_in().await, "13 days later");
    app.pass(Duration::from_hours(312));
    assert!(browser.is_signed_in().await, "26 days later");
    app.pass(Duration::from_hours(120));
    assert!(!browser.is_signed_in().await, "31 days later");
}

async fn a_session_ends_when_nobody_comes(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    app.pass(Duration::from_mins(119));
    assert!(ada.is_signed_in().await);
    app.pass(Duration::from_mins(122));
    let page = ada.visit("/dashboard").await;
    assert_eq!(page.heading(), "Sign in");
    assert_eq!(page.value("next"), "/dashboard");
    assert_eq!(audited(app, "token_reuse"), 0);
}

async fn a_session_ends_however_much_it_is_used(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    for _ in 0..23 {
        app.pass(Duration::from_hours(1));
        assert!(ada.is_signed_in().await);
    }
    app.pass(Duration::from_mins(61));
    assert!(!ada.is_signed_in().await);
}

async fn of_twenty_one_browsers_the_one_longest_unseen_is_signed_out(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let mut browsers = Vec::new();
    for _ in 0..19 {
        app.pass(Duration::from_secs(70));
        browsers.push(ada.elsewhere(app).await);
    }
    app.pass(Duration::from_secs(70));
    assert!(ada.is_signed_in().await, "twenty are allowed, and she was just seen");
    app.pass(Duration::from_secs(70));
    browsers.push(ada.elsewhere(app).await);
    assert_eq!(live_sessions(app), 20);
    assert!(ada.is_signed_in().await);
    assert!(!browsers[0].is_signed_in().await, "the one longest unseen");
    assert!(browsers[1].is_signed_in().await);
}

async fn a_doubled_cookie_is_believed_by_nobody(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let mine = ada.jar.borrow().header().expect("she has cookies");
    let planted = format!("{mine}; __Host-at=planted");
    let ask = |cookies: String| {
        ada.send("/dashboard", app.http.get(app.origin.join("/dashboard").expect("a path")).header("cookie", cookies))
    };
    ask(planted).await.expect_to("/login?next=/dashboard");
    assert_eq!(audited(app, "duplicate_cookie"), 1);
    for harmless in ["%5F%5FHost-at=planted", "\u{2000}__Host-at=planted", "__host-at=planted", "caf\u{e9}=\u{fc}"] {
        ask(format!("{harmless}; {mine}")).await.expect(200);
    }
    assert!(ada.is_signed_in().await);
}

async fn a_failed_refresh_deletes_no_cookie(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    ada.copy().signs_out().await.expect_to("/");
    app.pass(TOKEN_LIFE);
    let page = ada.get("/dashboard").await.expect_to("/login?next=/dashboard");
    let deleted: Vec<_> = page
        .cookies_set()
        .into_iter()
        .filter(|cookie| cookie.contains("Max-Age=0") && !cookie.starts_with("__Host-flash"))
        .collect();
    assert!(deleted.is_empty(), "the loser of a race must not wipe the winner's: {deleted:?}");
}

async fn a_changed_password_makes_a_new_session_that_is_acknowledged(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let before = ada.copy();
    let (old, new) = (PASSWORD, "another-wagon-lantern-43");
    ada.submit("/account/password", &[("current_password", old), ("new_password", new)]).await.expect_to("/account");
    assert_ne!(before.jar.borrow().value("__Host-rt"), ada.jar.borrow().value("__Host-rt"));
    // The answer might have been lost: until the new session is seen, the replaced one still opens the door.
    app.pass(Duration::from_secs(20));
    assert!(before.is_signed_in().await);
    assert!(ada.is_signed_in().await, "seen");
    app.pass(TOKEN_LIFE);
    assert!(!before.is_signed_in().await, "and with that the replaced one has ended");
    assert!(ada.is_signed_in().await);
    sign_in(&Visitor::new(app), &ada.email, old).await.expect(401);
}
