//! How long a sign-in lives: unseen, at most, and what its cookies say of it.
//!
//! Invariant: the server decides; a cookie says the same, so that a browser never keeps what is dead nor drops what lives.

use crate::on_both;
use crate::support::app::TestApp;
use crate::support::page::Page;
use crate::support::people::{Admin, PASSWORD, Shopper};
use crate::support::visitor::Visitor;
use diesel::prelude::*;
use latchkey::auth::user::{self, Role};
use latchkey::clock::{Moment, seconds_until};
use latchkey::db::schema::sessions;
use latchkey::ids::from_base64url;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

on_both! {
    cookies_live_as_long_as_the_server_says,
    a_cookie_of_the_api_lives_as_long_as_its_pair,
    nothing_outlives_the_absolute_end,
    no_token_outlives_the_time_unseen with { "LATCHKEY_SESSION_IDLE" = "5m" },
    kept_signed_in_ends_after_fourteen_days_unseen,
    an_api_pair_ends_by_idleness_and_by_age,
    a_shopper_made_admin_stays_as_short_as_an_admin,
    when_it_was_last_seen_is_written_once_a_minute,
    a_short_life_is_written_more_often with { "LATCHKEY_SESSION_IDLE" = "60s" },
    signing_out_kills_either_token_alone,
}

const TOKEN_LIFE: Duration = Duration::from_secs(601);
const DAY: Duration = Duration::from_hours(24);

/// The life that an answer gives a cookie; none for one that goes with the browser.
#[track_caller]
fn life(page: &Page, name: &str) -> Option<i64> {
    let set = page.cookies_set().into_iter().find(|cookie| cookie.starts_with(&format!("{name}=")));
    let set = set.unwrap_or_else(|| panic!("{name} is not set: {:?}", page.cookies_set()));
    set.split("; ").find_map(|part| part.strip_prefix("Max-Age=")).map(|age| age.parse().expect("seconds"))
}

/// The seconds until the absolute end of the newest session.
fn left(app: &TestApp) -> i64 {
    let newest = sessions::table.order(sessions::id.desc()).select(sessions::expires_at);
    let end: Moment = newest.first(&mut app.storage.second_connection()).expect("a session");
    seconds_until(app.clock.now(), end)
}

/// What an answer says and what is true differ by what a busy machine takes to answer.
#[track_caller]
fn assert_agrees(said: Option<i64>, truth: i64) {
    assert!(said.is_some_and(|said| (truth..=truth + 30).contains(&said)), "{said:?} is not {truth}");
}

async fn kept(app: &TestApp, email: &str) -> (Visitor, Page) {
    let browser = Visitor::new(app);
    let fields = [("email", email), ("password", PASSWORD), ("remember", "1")];
    let answer = browser.submit("/login", &fields).await.expect_to("/dashboard");
    (browser, answer)
}

/// The cookie of the access token lives as long as the token says of itself.
#[track_caller]
fn assert_access_agrees(page: &Page) {
    let token = page.cookies_set().into_iter().find_map(|cookie| cookie.strip_prefix("__Host-at=")).expect("an access token");
    let claims = token.split('.').nth(1).and_then(from_base64url).expect("claims");
    let claims: Value = serde_json::from_slice(&claims).expect("JSON");
    let seconds = |name: &str| claims[name].as_i64().expect("a time");
    assert_eq!(life(page, "__Host-at"), Some(seconds("exp") - seconds("iat")));
}

async fn cookies_live_as_long_as_the_server_says(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let browser = Visitor::new(app);
    let fields = [("email", ada.email.as_str()), ("password", PASSWORD)];
    let answer = browser.submit("/login", &fields).await.expect_to("/dashboard");
    assert_access_agrees(&answer);
    assert_eq!((life(&answer, "__Host-rt"), life(&answer, "__Host-hint")), (None, None), "while the browser runs");
    app.pass(TOKEN_LIFE);
    let answer = browser.get("/dashboard").await.expect(200);
    assert_eq!((life(&answer, "__Host-rt"), life(&answer, "__Host-hint")), (None, None));

    let (browser, answer) = kept(app, &ada.email).await;
    for days in [0, 10, 13] {
        let answer = if days == 0 { answer.clone() } else { browser.get("/dashboard").await.expect(200) };
        assert_access_agrees(&answer);
        for name in ["__Host-rt", "__Host-hint"] {
            assert_agrees(life(&answer, name), left(app));
        }
        app.pass(10 * DAY);
    }
    let grace = Admin::registered(app).await;
    let (_, answer) = kept(app, &grace.email).await;
    assert_agrees(life(&answer, "__Host-rt"), 12 * 3600 - 30);
    assert_agrees(life(&answer, "__Host-hint"), left(app));
}

async fn a_cookie_of_the_api_lives_as_long_as_its_pair(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let curl = Visitor::new(app);
    let body = json!({"email": ada.email, "password": PASSWORD});
    let answer = curl.send("/api/login", curl.request(Method::POST, "/api/login").json(&body)).await.expect(200);
    assert_agrees(life(&answer, "__Host-api-rt"), left(app));
    app.pass(10 * DAY);
    let answer = curl.send("/api/refresh", curl.request(Method::POST, "/api/refresh")).await.expect(200);
    assert_agrees(life(&answer, "__Host-api-rt"), left(app));
    assert!(left(app) <= 20 * 86_400 && left(app) > 19 * 86_400, "{}", left(app));
}

async fn nothing_outlives_the_absolute_end(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let (browser, _) = kept(app, &ada.email).await;
    for _ in 0..2 {
        app.pass(13 * DAY);
        browser.get("/dashboard").await.expect(200);
    }
    app.pass(Duration::from_mins(4 * 24 * 60 - 5));
    let answer = browser.get("/dashboard").await.expect(200);
    for name in ["__Host-at", "__Host-rt", "__Host-hint"] {
        assert!(life(&answer, name).is_some_and(|life| (200..=300).contains(&life)), "{name}: {:?}", life(&answer, name));
    }
    let token = browser.jar.borrow().value("__Host-rt");
    app.pass(Duration::from_mins(5));
    assert!(!browser.jar.borrow().has("__Host-rt") && !browser.jar.borrow().has("__Host-at"));
    browser.jar.borrow_mut().put("__Host-rt", &token);
    assert!(!browser.is_signed_in().await, "the server says so, whatever a browser keeps");
}

async fn no_token_outlives_the_time_unseen(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    app.pass(Duration::from_mins(4));
    ada.get("/dashboard").await.expect(200);
    app.pass(Duration::from_mins(4));
    let answer = ada.get("/dashboard").await.expect(200);
    assert!(life(&answer, "__Host-at").is_some_and(|life| life <= 300), "{:?}", life(&answer, "__Host-at"));
    let token = ada.jar.borrow().value("__Host-at");
    app.pass(Duration::from_secs(301));
    ada.jar.borrow_mut().put("__Host-at", &token);
    assert!(!ada.is_signed_in().await);
}

async fn kept_signed_in_ends_after_fourteen_days_unseen(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let (browser, _) = kept(app, &ada.email).await;
    app.pass(Duration::from_mins(14 * 24 * 60 - 5));
    assert!(browser.is_signed_in().await);
    app.pass(14 * DAY + Duration::from_mins(2));
    assert!(!browser.is_signed_in().await);
}

async fn an_api_pair_ends_by_idleness_and_by_age(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let pair = async || {
        let curl = Visitor::new(app);
        let body = json!({"email": ada.email, "password": PASSWORD});
        curl.send("/api/login", curl.request(Method::POST, "/api/login").json(&body)).await.expect(200);
        curl
    };
    let (idle, used) = (pair().await, pair().await);
    let refresh = async |curl: &Visitor| {
        let token = curl.jar.borrow().value("__Host-api-rt");
        let answer = curl.send("/api/refresh", curl.request(Method::POST, "/api/refresh")).await;
        curl.jar.borrow_mut().put("__Host-api-rt", &token); // a client that keeps what it was told to drop
        answer
    };
    app.pass(13 * DAY);
    let next = used.send("/api/refresh", used.request(Method::POST, "/api/refresh")).await;
    next.expect(200);
    app.pass(DAY + Duration::from_mins(1));
    assert_eq!(refresh(&idle).await.expect(401).json()["code"], "session_ended", "fourteen days unseen");
    app.pass(11 * DAY);
    used.send("/api/refresh", used.request(Method::POST, "/api/refresh")).await.expect(200);
    let token = used.jar.borrow().value("__Host-api-rt");
    app.pass(5 * DAY);
    used.jar.borrow_mut().put("__Host-api-rt", &token);
    assert_eq!(refresh(&used).await.expect(401).json()["code"], "session_ended", "thirty days are the most");
}

async fn a_shopper_made_admin_stays_as_short_as_an_admin(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let (browser, _) = kept(app, &ada.email).await;
    let (idle, _) = kept(app, &ada.email).await;
    let email = ada.email.parse().expect("an address");
    let raised = app.db().write(move |conn| user::set_role(conn, &email, Role::Admin)).await.expect("a role can be given");
    assert_eq!(raised.map(|user| user.epoch), Some(1), "older tokens bring the new truth");
    app.pass(TOKEN_LIFE);
    let answer = browser.get("/dashboard").await.expect(200);
    assert!(life(&answer, "__Host-rt").is_some_and(|life| life < 12 * 3600), "{:?}", life(&answer, "__Host-rt"));
    app.pass(Duration::from_mins(29));
    assert!(browser.is_signed_in().await);
    assert!(!idle.is_signed_in().await, "half an hour unseen");
    for _ in 0..24 {
        app.pass(Duration::from_mins(28));
        browser.get("/dashboard").await.expect(200);
    }
    app.pass(Duration::from_mins(21));
    assert!(!browser.is_signed_in().await, "twelve hours since the sign-in");
}

fn last_seen(app: &TestApp) -> Moment {
    let newest = sessions::table.order(sessions::id.desc()).select(sessions::last_seen_at);
    newest.first(&mut app.storage.second_connection()).expect("a session")
}

async fn when_it_was_last_seen_is_written_once_a_minute(app: &TestApp) {
    written_once_in(app, Duration::from_mins(1)).await;
}

async fn a_short_life_is_written_more_often(app: &TestApp) {
    written_once_in(app, Duration::from_secs(6)).await;
}

async fn written_once_in(app: &TestApp, pause: Duration) {
    let ada = Shopper::registered(app).await;
    ada.get("/dashboard").await.expect(200);
    let seen = last_seen(app);
    app.pass(pause / 2);
    for path in ["/dashboard", "/orders", "/products"] {
        ada.get(path).await.expect(200);
    }
    assert_eq!(last_seen(app), seen, "not for every request");
    app.pass(pause / 2);
    ada.get("/dashboard").await.expect(200);
    assert!(last_seen(app) >= seen + pause);
}

async fn signing_out_kills_either_token_alone(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let (access, refresh) = (ada.copy(), ada.copy());
    access.jar.borrow_mut().remove("__Host-rt");
    refresh.jar.borrow_mut().remove("__Host-at");
    for name in ["__Host-mfa", "__Host-park"] {
        ada.jar.borrow_mut().put(name, "left-over");
    }
    assert!(access.is_signed_in().await);
    ada.signs_out().await.expect_to("/");
    for name in ["__Host-at", "__Host-rt", "__Host-hint", "__Host-mfa", "__Host-park"] {
        assert!(!ada.jar.borrow().has(name), "{name} is deleted");
    }
    assert!(!access.is_signed_in().await && !refresh.is_signed_in().await);
}
