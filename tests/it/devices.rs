//! Where a person is signed in: seeing it, and ending any of it.
//!
//! Invariant: what is ended is out at once, access token and refresh token; nobody reaches a device of somebody else.

use crate::on_both;
use crate::support::api_client::ApiClient;
use crate::support::app::TestApp;
use crate::support::page::Page;
use crate::support::people::{Admin, PASSWORD, Shopper, sign_in};
use crate::support::visitor::Visitor;
use diesel::prelude::*;
use latchkey::db::schema::{audit_events, sessions};
use serde_json::Value;
use std::time::Duration;

on_both! {
    a_person_sees_where_they_are_signed_in,
    what_a_client_says_of_itself_is_never_believed,
    a_device_that_is_signed_out_is_out_at_once,
    a_device_of_another_person_or_of_the_past_is_not_there,
    signing_out_this_device_is_signing_out,
    signing_out_everywhere_else_leaves_this_one,
    signing_out_everywhere_leaves_none,
    devices_whose_time_is_over_are_not_counted,
    an_admins_devices_are_counted_by_the_shorter_stay,
    a_program_sees_and_ends_sessions,
}

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0";
const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605 Version/18.1 Mobile Safari/604.1";
const PAGE: &str = "/account/devices";

/// The same person in a browser that names itself so.
async fn browser(app: &TestApp, email: &str, agent: &str) -> Visitor {
    let browser = Visitor::new(app);
    browser.calls_itself(agent);
    sign_in(&browser, email, PASSWORD).await.expect_to("/dashboard");
    browser
}

/// The session of the row with that heading, as its button names it.
#[track_caller]
fn session_of(page: &Page, name: &str) -> String {
    let names = page.texts(".device-name");
    let at = names.iter().position(|found| found.starts_with(name)).unwrap_or_else(|| panic!("no {name} in {names:?}"));
    let action = page.attributes(".device form", "action")[at].clone();
    action.trim_start_matches("/account/devices/").trim_end_matches("/sign-out").to_owned()
}

fn audited(app: &TestApp) -> Vec<(String, String, String)> {
    let events = audit_events::table
        .filter(audit_events::kind.eq_any(["sign_out", "session_ended"]))
        .order(audit_events::id)
        .select((audit_events::kind, audit_events::session.assume_not_null(), audit_events::detail));
    events.load(&mut app.storage.second_connection()).expect("the audit can be read")
}

async fn a_person_sees_where_they_are_signed_in(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let other = browser(app, &ada.email, IPHONE).await;
    let curl = ApiClient::new(app);
    let body = serde_json::json!({"email": ada.email, "password": PASSWORD});
    let request = curl.request(reqwest::Method::POST, "/api/login").header("user-agent", "curl/8.14.1").json(&body);
    curl.send("/api/login", request).await.expect(200);
    let page = other.get(PAGE).await.expect(200);
    assert_eq!(page.texts(".device-name"), ["Safari on iPhone This device", "Unknown browser", "curl"]);
    assert_eq!(page.texts("h2"), ["Browsers", "Programs", "All at once"], "programs are told apart");
    assert!(page.text(".device-facts").contains("the shop’s own machine"), "{}", page.words());
    assert!(page.text(".device-facts").contains("Last seen now"), "{}", page.words());
    for (path, css) in
        [("/dashboard", ".desk-account a[href='/account/devices']"), ("/account", ".facts a[href='/account/devices']")]
    {
        assert_eq!(other.get(path).await.expect(200).text(css), "3 devices", "{path}");
    }
}

async fn what_a_client_says_of_itself_is_never_believed(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let long = "Firefox/1 ".repeat(400);
    for agent in ["<script>alert(1)</script>", "{{ 7*7 }}", "' OR 1=1 --", &long] {
        browser(app, &ada.email, agent).await;
    }
    let page = ada.get(PAGE).await.expect(200);
    let names = page.texts(".device-name");
    assert_eq!(names.iter().filter(|name| *name == "Unknown browser").count(), 3, "{names:?}");
    assert!(names.contains(&"Firefox".to_owned()), "{names:?}");
    assert!(!page.body.contains("<script>alert"), "{}", page.body);
}

async fn a_device_that_is_signed_out_is_out_at_once(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let (lost, kept) = (browser(app, &ada.email, IPHONE).await, browser(app, &ada.email, FIREFOX).await);
    let page = ada.get(PAGE).await.expect(200);
    let id = session_of(&page, "Safari on iPhone");
    let page = ada.press(&page, &format!("/account/devices/{id}/sign-out"), &[]).await.expect_to(PAGE);
    let page = ada.follow(page).await;
    assert_eq!(page.messages(), ["That device is signed out."]);
    assert!(!page.words().contains("iPhone"), "{}", page.words());
    lost.get("/dashboard").await.expect_to("/login?next=/dashboard");
    assert_eq!(lost.visit("/dashboard").await.text(".flash"), "Sign in to continue.");
    lost.jar.borrow_mut().remove("__Host-at");
    assert!(!lost.is_signed_in().await, "its refresh token is dead too");
    assert!(ada.is_signed_in().await && kept.is_signed_in().await);
    let told = audited(app);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((told[0].0.as_str(), &told[0].1), ("session_ended", &id));
    assert!(told[0].2.starts_with("sign_out, asked for by session "), "{told:?}");
}

async fn a_device_of_another_person_or_of_the_past_is_not_there(app: &TestApp) {
    let (ada, eve) = (Shopper::registered(app).await, Shopper::registered(app).await);
    let gone = browser(app, &ada.email, IPHONE).await;
    let page = ada.get(PAGE).await.expect(200);
    let (own, past) = (session_of(&page, "Unknown browser"), session_of(&page, "Safari on iPhone"));
    gone.signs_out().await.expect_to("/");
    let of_eve = eve.get(PAGE).await.expect(200);
    let csrf = of_eve.form("/account/devices/sign-out-everywhere");
    for id in [own.as_str(), past.as_str(), "AAAAAAAAAAAAAAAAAAAAAA", "1", "..", "x"] {
        eve.post(&format!("/account/devices/{id}/sign-out"), &csrf).await.expect(404);
    }
    ada.press(&page, &format!("/account/devices/{past}/sign-out"), &[]).await.expect(404);
    let client = ApiClient::signed_in(app, &eve.email, PASSWORD).await;
    for id in [&own, &past] {
        let refused = client.delete(&format!("/api/sessions/{id}")).await.expect(404);
        assert_eq!(refused.json()["code"], "not_found");
    }
    assert!(ada.is_signed_in().await);
}

async fn signing_out_this_device_is_signing_out(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let copy = ada.copy();
    let page = ada.get(PAGE).await.expect(200);
    let id = session_of(&page, "Unknown browser This device");
    let answer = ada.press(&page, &format!("/account/devices/{id}/sign-out"), &[]).await.expect_to("/");
    assert_eq!(answer.header("clear-site-data"), "\"storage\"");
    for name in ["__Host-at", "__Host-rt", "__Host-hint"] {
        assert!(!ada.jar.borrow().has(name), "{name} is deleted");
    }
    assert_eq!(ada.get("/").await.messages(), ["You are signed out."]);
    assert!(!copy.is_signed_in().await);
    assert_eq!(audited(app), [("sign_out".to_owned(), id, String::new())]);
}

async fn signing_out_everywhere_else_leaves_this_one(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let others = [ada.elsewhere(app).await, ada.elsewhere(app).await];
    let client = ApiClient::signed_in(app, &ada.email, PASSWORD).await;
    let stranger = Shopper::registered(app).await;
    let page = ada.submit_to(PAGE, "/account/devices/sign-out-others").await.expect_to(PAGE);
    let page = ada.follow(page).await;
    assert_eq!(page.texts(".device-name"), ["Unknown browser This device"]);
    assert!(!page.actions().contains(&"/account/devices/sign-out-others".to_owned()), "nothing is left to end");
    for other in &others {
        assert!(!other.is_signed_in().await);
    }
    client.get("/api/profile").await.expect(401);
    assert!(ada.is_signed_in().await && stranger.is_signed_in().await);
    assert_eq!(audited(app).len(), 3);
}

async fn signing_out_everywhere_leaves_none(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let other = ada.elsewhere(app).await;
    let page = ada.submit_to(PAGE, "/account/devices/sign-out-everywhere").await.expect_to("/");
    assert_eq!(page.header("clear-site-data"), "\"storage\"");
    assert!(!ada.jar.borrow().has("__Host-rt"));
    assert!(!ada.is_signed_in().await && !other.is_signed_in().await);
    sign_in(&Visitor::new(app), &ada.email, PASSWORD).await.expect_to("/dashboard");
    let live: i64 = sessions::table
        .filter(sessions::ended_at.is_null())
        .count()
        .get_result(&mut app.storage.second_connection())
        .expect("sessions can be counted");
    assert_eq!(live, 1);
}

async fn devices_whose_time_is_over_are_not_counted(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let forgotten = browser(app, &ada.email, IPHONE).await;
    let past = session_of(&ada.get(PAGE).await, "Safari on iPhone");
    for _ in 0..3 {
        app.pass(Duration::from_mins(50));
        assert!(ada.is_signed_in().await);
    }
    let page = ada.get(PAGE).await.expect(200);
    assert_eq!(page.texts(".device-name"), ["Unknown browser This device"], "two hours unseen are the most");
    assert_eq!(ada.get("/account").await.text(".facts a[href='/account/devices']"), "1 device");
    let csrf = page.form("/account/devices/sign-out-everywhere");
    ada.post(&format!("/account/devices/{past}/sign-out"), &csrf).await.expect(404);
    assert!(!forgotten.is_signed_in().await);
}

async fn an_admins_devices_are_counted_by_the_shorter_stay(app: &TestApp) {
    let grace = Admin::registered(app).await;
    browser(app, &grace.email, IPHONE).await;
    app.pass(Duration::from_mins(20));
    assert_eq!(grace.get(PAGE).await.expect(200).texts(".device-name").len(), 3, "with the shopper she was a moment ago");
    app.pass(Duration::from_mins(11));
    assert_eq!(grace.get(PAGE).await.expect(200).texts(".device-name").len(), 1);
}

async fn a_program_sees_and_ends_sessions(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let phone = browser(app, &ada.email, IPHONE).await;
    let client = ApiClient::signed_in(app, &ada.email, PASSWORD).await;
    let list = client.get("/api/sessions").await.expect(200).json();
    let rows = list["sessions"].as_array().expect("a list").clone();
    assert_eq!(rows.len(), 3, "{list}");
    let of = |wanted: &dyn Fn(&Value) -> bool| rows.iter().find(|row| wanted(row)).expect("a row").clone();
    let (own, iphone) = (of(&|row| row["current"] == true), of(&|row| row["browser"] == "Safari"));
    assert_eq!((&own["kind"], &own["browser"]), (&Value::from("api"), &Value::Null), "{own}");
    assert_eq!((&iphone["kind"], &iphone["system"], &iphone["current"]), (&"web".into(), &"iPhone".into(), &false.into()));
    for row in &rows {
        let members: Vec<_> = row.as_object().expect("an object").keys().cloned().collect();
        assert_eq!(members.len(), 8, "{members:?}");
        assert_eq!((row["id"].as_str().map(str::len), &row["address"]), (Some(22), &Value::from("127.0.0.1")));
        assert!(row["created_at"].as_str().is_some_and(|at| at.ends_with('Z')) && row["last_seen_at"].is_string(), "{row}");
    }
    let path = |row: &Value| format!("/api/sessions/{}", row["id"].as_str().expect("an id"));
    client.delete(&path(&iphone)).await.expect(204);
    assert!(!phone.is_signed_in().await);
    client.delete(&path(&iphone)).await.expect(404);
    client.delete(&path(&own)).await.expect(204);
    client.get("/api/sessions").await.expect(401);
    assert!(ada.is_signed_in().await);
}
