//! What is spoilt: cookies, clocks, and a database that is a day too old.
//!
//! Invariant: whatever a browser brings, it gets a page; nothing is written about it, no cookie is taken from it, and a session that
//! is not over goes on.

use crate::on_both;
use crate::support::app::TestApp;
use crate::support::page::Page;
use crate::support::people::{PASSWORD, Shopper, sign_in};
use crate::support::visitor::Visitor;
use diesel::prelude::*;
use latchkey::clock::Moment;
use latchkey::db::schema::{audit_events, refresh_tokens, sessions};
use reqwest::Method;
use reqwest::header::HeaderValue;
use std::time::Duration;

on_both! {
    whatever_stands_in_a_cookie_the_answer_is_a_page,
    foreign_cookies_are_no_business_of_ours,
    a_clock_put_back_signs_nobody_out,
    a_clock_that_ran_ahead_for_a_while_costs_no_session,
    a_database_of_yesterday_refuses_newer_tokens_and_says_how_to_go_on,
}

const TOKEN_LIFE: Duration = Duration::from_secs(601);

async fn ask(app: &TestApp, path: &str, cookies: &[u8]) -> Page {
    let visitor = Visitor::new(app);
    let cookies = HeaderValue::from_bytes(cookies).expect("a header can hold it");
    visitor.send(path, visitor.request(Method::GET, path).header("cookie", cookies)).await
}

/// Everything the database knows of sessions.
fn rows(app: &TestApp) -> (Vec<(i64, Moment, Option<Moment>)>, i64) {
    let mut conn = app.storage.second_connection();
    let known = sessions::table.order(sessions::id).select((sessions::generation, sessions::last_seen_at, sessions::ended_at));
    let tokens = refresh_tokens::table.filter(refresh_tokens::seen_at.is_not_null()).count();
    (known.load(&mut conn).expect("sessions"), tokens.get_result(&mut conn).expect("a count"))
}

fn audited(app: &TestApp, kind: &str) -> i64 {
    let events = audit_events::table.filter(audit_events::kind.eq(kind)).count();
    events.get_result(&mut app.storage.second_connection()).expect("a count")
}

async fn whatever_stands_in_a_cookie_the_answer_is_a_page(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let (access, refresh) = (ada.jar.borrow().value("__Host-at"), ada.jar.borrow().value("__Host-rt"));
    let before = rows(app);
    let other = if refresh.starts_with('A') { "B" } else { "A" };
    for spoilt in [
        String::new(),
        "x".to_owned(),
        refresh[..42].to_owned(),
        format!("{refresh}A"),
        format!("{other}{}", &refresh[1..]),
        format!("{refresh}{refresh}"),
        "A".repeat(4_000),
        refresh.replace(&refresh[..1], "%41"),
        format!("\"{refresh}\""),
        format!("{} {}", &refresh[..20], &refresh[20..]),
    ] {
        let page = ask(app, "/account", format!("__Host-rt={spoilt}").as_bytes()).await.expect_to("/login?next=/account");
        assert!(page.cookies_set().iter().all(|cookie| !cookie.contains("__Host-rt")), "{spoilt}: {:?}", page.cookies_set());
    }
    let mut parts = access.split('.');
    let (head, claims) = (parts.next().expect("a header"), parts.next().expect("claims"));
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0";
    for spoilt in [
        access[..access.len() - 1].to_owned(),
        format!("{access}A"),
        format!("{head}.{claims}."),
        format!("{none}.{claims}."),
        format!("{head}.{claims}"),
        "A".repeat(2_049),
        "..".to_owned(),
    ] {
        ask(app, "/account", format!("__Host-at={spoilt}").as_bytes()).await.expect_to("/login?next=/account");
    }
    for bytes in [&b"__Host-rt=\xff\xfe"[..], b"__Host-at=caf\xc3\xa9; __Host-rt=\xe9"] {
        ask(app, "/account", bytes).await.expect_to("/login?next=/account");
    }
    let doubled = format!("__Host-rt={refresh}; __Host-rt={refresh}");
    ask(app, "/account", doubled.as_bytes()).await.expect_to("/login?next=/account");
    ask(app, "/account", format!("__Host-rt={}", "A".repeat(9_000)).as_bytes()).await.expect(431);
    assert_eq!(rows(app), before, "nothing was seen, nothing exchanged, nothing ended");
    assert_eq!((audited(app, "token_reuse"), audited(app, "duplicate_cookie")), (0, 1));
    assert!(audited(app, "forged_token") > 0);
    assert!(ada.is_signed_in().await);
    app.pass(TOKEN_LIFE);
    assert!(ada.is_signed_in().await);
}

async fn foreign_cookies_are_no_business_of_ours(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let mine = ada.jar.borrow().header().expect("she has cookies");
    for foreign in [&b"caf\xe9=\xff\xfe"[..], b"=", b"; ;;", b"Host-at=x; __Secure-at=x; at=x; __Host-AT=x", b"a=\"b; c=d\""] {
        let cookies = [foreign, b"; ", mine.as_bytes()].concat();
        ask(app, "/account", &cookies).await.expect(200);
        ask(app, "/account", &[mine.as_bytes(), b"; ", foreign].concat()).await.expect(200);
    }
}

async fn a_clock_put_back_signs_nobody_out(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let slow = ada.copy();
    for back in [Duration::from_secs(1), Duration::from_secs(20), Duration::from_mins(5), Duration::from_hours(3)] {
        app.pass(TOKEN_LIFE);
        assert!(ada.is_signed_in().await);
        app.clock.go_back(back);
        assert!(ada.is_signed_in().await, "{back:?} back");
        assert!(ada.is_signed_in().await, "{back:?} back, and once more");
        app.pass(Duration::from_secs(70));
        assert!(ada.is_signed_in().await, "{back:?} back, a minute later");
    }
    assert_eq!(audited(app, "token_reuse"), 0);
    app.pass(Duration::from_mins(5));
    slow.get("/dashboard").await.expect_to("/login?next=/dashboard");
    assert_eq!(audited(app, "token_reuse"), 1, "an old token is an old token, whatever the time is");
}

async fn a_clock_that_ran_ahead_for_a_while_costs_no_session(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let idle = ada.elsewhere(app).await;
    app.pass(Duration::from_mins(90));
    assert!(ada.is_signed_in().await, "she comes while it is ahead");
    app.clock.go_back(Duration::from_mins(90));
    assert!(ada.is_signed_in().await, "and after it was set right");
    assert!(idle.is_signed_in().await);
    app.pass(TOKEN_LIFE);
    assert!(ada.is_signed_in().await && idle.is_signed_in().await);
    assert_eq!(audited(app, "token_reuse"), 0);
}

/// Puts the rows of all sessions back to what a backup held: the first generation, and nothing of what came after `at`.
fn restore(app: &TestApp, at: Moment) {
    let mut conn = app.storage.second_connection();
    diesel::delete(refresh_tokens::table.filter(refresh_tokens::created_at.gt(at))).execute(&mut conn).expect("tokens");
    let late: Vec<i64> =
        sessions::table.filter(sessions::created_at.gt(at)).select(sessions::id).load(&mut conn).expect("sessions");
    diesel::delete(sessions::table.filter(sessions::id.eq_any(late))).execute(&mut conn).expect("sessions");
    diesel::update(refresh_tokens::table).set(refresh_tokens::seen_at.eq(None::<Moment>)).execute(&mut conn).expect("tokens");
    diesel::update(sessions::table)
        .set((sessions::generation.eq(1_i64), sessions::last_seen_at.eq(at)))
        .execute(&mut conn)
        .expect("sessions");
}

async fn a_database_of_yesterday_refuses_newer_tokens_and_says_how_to_go_on(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let quiet = ada.elsewhere(app).await;
    let backup = app.clock.now();
    app.pass(TOKEN_LIFE);
    ada.get("/dashboard").await.expect(200);
    let late = ada.elsewhere(app).await;
    app.pass(TOKEN_LIFE);
    restore(app, backup);
    for browser in [&ada, &late] {
        let page = browser.visit("/orders").await;
        assert_eq!(page.heading(), "Sign in");
        assert!(page.words().contains("restored from an older backup. Sign in again"), "{}", page.words());
        assert_eq!(page.value("next"), "/orders");
        assert!(page.cookies_set().iter().all(|cookie| !cookie.contains("Max-Age=0")), "{:?}", page.cookies_set());
        sign_in(browser, &browser.email, PASSWORD).await.expect_to("/dashboard");
        app.pass(TOKEN_LIFE);
        assert!(browser.is_signed_in().await);
    }
    assert!(quiet.is_signed_in().await, "whose token the backup holds simply goes on");
    assert_eq!(audited(app, "token_reuse"), 0);
}
