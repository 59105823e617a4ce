//! Personal API tokens.
//!
//! Invariant: a token opens what its person chose and no more, until it expires, is revoked, or its person is locked out; nobody reads it
//! twice.

use crate::on_both;
use crate::support::api_client::ApiClient;
use crate::support::app::TestApp;
use crate::support::page::Page;
use crate::support::people::{ADDRESS, PASSWORD, Shopper};
use crate::support::visitor::Visitor;
use diesel::prelude::*;
use futures_util::future::join_all;
use latchkey::db::Db;
use latchkey::db::schema::{api_tokens, audit_events, outbox};
use reqwest::Method;
use serde_json::json;
use std::time::Duration;

mod browser;
mod ends;

const PAGE: &str = "/account/tokens";

on_both! {
    a_token_is_shown_once_and_opens_what_was_chosen,
    what_a_token_may_not_do_is_said_and_not_done,
    a_token_asks_for_a_proof_and_goes_on_after_it,
    what_cannot_be_a_token_is_said_beside_the_field,
    nobody_has_more_than_twenty,
    when_it_was_used_is_written_once_a_minute,
    each_token_is_counted with { "LATCHKEY_LIMIT_API" = "3/1h", "LATCHKEY_TRUSTED_PROXIES" = "127.0.0.1" },
}

/// Makes one and reads it from the page.
pub async fn makes(ada: &Visitor, scope: &str, days: &str) -> String {
    let fields = [("name", "My stock sheet"), ("scope", scope), ("expires_in_days", days)];
    ada.submit(PAGE, &fields).await.expect_to(PAGE);
    ada.get(PAGE).await.expect(200).text(".key code")
}

/// A program that shows it.
pub fn program(app: &TestApp, token: &str) -> ApiClient {
    let mut client = ApiClient::new(app);
    client.token = Some(token.to_owned());
    client
}

fn refused(page: Page, status: u16, code: &str) -> Page {
    let page = page.expect(status);
    assert_eq!(page.json()["code"], code, "{}", page.body);
    let challenge = if code == "insufficient_scope" { code } else { "invalid_token" };
    assert_eq!(page.header("www-authenticate"), format!("Bearer error=\"{challenge}\""));
    page
}

fn events(app: &TestApp, kind: &str) -> Vec<String> {
    let of_kind = audit_events::table.filter(audit_events::kind.eq(kind)).order(audit_events::id);
    of_kind.select(audit_events::detail).load(&mut app.storage.second_connection()).expect("an audit")
}

async fn a_token_is_shown_once_and_opens_what_was_chosen(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let token = makes(&ada, "read cart orders", "30").await;
    assert!(token.starts_with("lk_") && token.len() == 52, "{token}");
    let again = ada.get(PAGE).await.expect(200);
    assert!(again.words().contains("My stock sheet") && again.words().contains("Last used never"), "{}", again.words());
    assert!(!again.body.contains(&token[3..20]), "it is shown once");
    let bowl = app.stocks("Oak Bowl", 2_400, 5).await;
    let sheet = program(app, &token);
    assert_eq!(sheet.get("/api/profile").await.expect(200).json()["user"]["email"], ada.email);
    sheet.post("/api/cart/items", json!({"product_id": bowl.id, "quantity": 2})).await.expect(200);
    let cart = sheet.get("/api/cart").await.expect(200).json();
    let mut order = json!({"cart_version": cart["cart"]["version"], "expected_total": cart["cart"]["total"]});
    for (name, value) in ADDRESS {
        order[name] = json!(value);
    }
    sheet.post("/api/orders", order).await.expect(201);
    sheet.get("/api/dashboard").await.expect(200);
    assert_eq!(ada.get("/orders").await.expect(200).texts(".order").len(), 1);
    let hashes: Vec<String> =
        api_tokens::table.select(api_tokens::hash).load(&mut app.storage.second_connection()).expect("tokens");
    assert!(hashes.len() == 1 && !token.contains(&hashes[0]));
    let made = events(app, "api_token_made");
    assert!(made.len() == 1 && made[0].starts_with("read cart orders, 30 days, "), "{made:?}");
    assert!(ada.get("/account/activity").await.expect(200).words().contains("An API token was made"));
    let letters = outbox::table.filter(outbox::kind.eq("api_token_made")).count();
    assert_eq!(letters.get_result::<i64>(&mut app.storage.second_connection()), Ok(1));
}

async fn what_a_token_may_not_do_is_said_and_not_done(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let bowl = app.stocks("Oak Bowl", 2_400, 5).await;
    let item = json!({"product_id": bowl.id, "quantity": 1});
    let looks = program(app, &makes(&ada, "read", "1").await);
    for path in ["/api/profile", "/api/dashboard", "/api/cart", "/api/cart/saved", "/api/orders", "/api/products"] {
        looks.get(path).await.expect(200);
    }
    let told = refused(looks.post("/api/cart/items", item.clone()).await, 403, "insufficient_scope");
    assert!(told.json()["detail"].as_str().is_some_and(|text| text.contains("\"cart\"")), "{}", told.body);
    refused(looks.post("/api/orders", json!({})).await, 403, "insufficient_scope");
    let carts = program(app, &makes(&ada, "cart", "7").await);
    carts.post("/api/cart/items", item).await.expect(200);
    for path in ["/api/profile", "/api/orders", "/api/dashboard"] {
        refused(carts.get(path).await, 403, "insufficient_scope");
    }
    let all = program(app, &makes(&ada, "orders read cart", "7").await);
    refused(all.call(Method::PATCH, "/api/profile", json!({"name": "Eve"})).await, 403, "insufficient_scope");
    refused(all.get("/api/sessions").await, 403, "insufficient_scope");
    refused(all.delete("/api/sessions/AAAAAAAAAAAAAAAAAAAAAA").await, 403, "insufficient_scope");
    // No page, and no cookie, knows them.
    let token = all.token.clone().unwrap_or_default();
    let browser = Visitor::new(app);
    browser.jar.borrow_mut().put("__Host-at", &token);
    assert!(!browser.is_signed_in().await);
    let as_bearer = browser.send(PAGE, browser.request(Method::GET, PAGE).bearer_auth(&token)).await;
    as_bearer.expect_to("/login?next=/account/tokens");
}

async fn a_token_asks_for_a_proof_and_goes_on_after_it(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let page = ada.get(PAGE).await.expect(200);
    app.pass(Duration::from_mins(6));
    let fields = [("name", "Night job"), ("scope", "read"), ("expires_in_days", "7")];
    let way = "/confirm-identity?next=/parked";
    ada.press(&page, PAGE, &fields).await.expect_to(way);
    let form = ada.get(way).await.expect(200);
    ada.press(&form, "/confirm-identity", &[("password", PASSWORD)]).await.expect_to("/parked");
    let kept = ada.get("/parked").await.expect(200);
    assert!(kept.words().contains("API token Night job"), "{}", kept.words());
    ada.press(&kept, "/parked", &[]).await.expect_to(PAGE);
    // The message waits for the page that shows it.
    assert!(!ada.get("/dashboard").await.expect(200).body.contains("lk_"));
    let shown = ada.get(PAGE).await.expect(200);
    let token = shown.text(".key code");
    program(app, &token).get("/api/profile").await.expect(200);
    app.pass(Duration::from_mins(6));
    let revoke = shown.actions().into_iter().find(|action| action.ends_with("/revoke")).expect("a button");
    ada.press(&shown, &revoke, &[]).await.expect_to(way);
    program(app, &token).get("/api/profile").await.expect(200);
}

async fn what_cannot_be_a_token_is_said_beside_the_field(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let good = [("name", "Sheet"), ("scope", "read"), ("expires_in_days", "7")];
    let long = "x".repeat(61);
    for (field, value) in [
        ("name", ""),
        ("name", " "),
        ("name", &*long),
        ("scope", ""),
        ("scope", "admin"),
        ("scope", "read,cart"),
        ("expires_in_days", ""),
        ("expires_in_days", "0"),
        ("expires_in_days", "366"),
        ("expires_in_days", "-1"),
        ("expires_in_days", "٧"),
    ] {
        let fields = good.map(|(name, usual)| (name, if name == field { value } else { usual }));
        let told = ada.submit(PAGE, &fields).await.expect(422);
        assert!(!told.wrong(field).is_empty() && told.title().starts_with("Error:"), "{field} {value}: {}", told.words());
    }
    let page = ada.get(PAGE).await.expect(200);
    let twice = [good[0], good[1], ("scope", "cart"), good[2], ("csrf", &*page.value("csrf"))];
    ada.post(PAGE, &twice).await.expect(422);
    assert_eq!(api_tokens::table.count().get_result::<i64>(&mut app.storage.second_connection()), Ok(0));
}

async fn nobody_has_more_than_twenty(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let csrf = ada.get(PAGE).await.expect(200).value("csrf");
    let fields = [("name", "Sheet"), ("scope", "read"), ("expires_in_days", "7"), ("csrf", &csrf)];
    let answers = join_all((0..30).map(|_| ada.post(PAGE, &fields))).await;
    let made = answers.iter().filter(|page| page.status == 303).count();
    assert_eq!(made, 20);
    let told = ada.post(PAGE, &fields).await.expect(422);
    assert!(told.wrong("name").contains("20 tokens"), "{}", told.words());
    app.pass(Duration::from_hours(24 * 8));
    let back = ada.elsewhere(app).await;
    makes(&back, "read", "1").await;
    assert_eq!(back.get(PAGE).await.expect(200).texts(".device").len(), 21);
    app.pass(Duration::from_hours(24 * 31));
    sweep(app, 1 + 20);
}

fn sweep(app: &TestApp, expected: usize) {
    let db: &Db = app.db();
    let swept = latchkey::auth::upkeep::sweep(db, app.clock.now()).expect("a round");
    assert_eq!(swept.api_tokens, expected);
}

async fn when_it_was_used_is_written_once_a_minute(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let sheet = program(app, &makes(&ada, "read", "7").await);
    let used = || {
        let column = api_tokens::table.select(api_tokens::last_used_at);
        column.first::<Option<time::PrimitiveDateTime>>(&mut app.storage.second_connection()).expect("a token")
    };
    assert_eq!(used(), None);
    sheet.get("/api/profile").await.expect(200);
    let first = used();
    assert!(first.is_some());
    app.clock.advance(Duration::from_secs(59));
    join_all((0..10).map(|_| sheet.get("/api/profile"))).await;
    assert_eq!(used(), first);
    app.clock.advance(Duration::from_secs(1));
    join_all((0..10).map(|_| sheet.get("/api/profile"))).await;
    assert!(used() > first);
    assert!(!ada.get(PAGE).await.expect(200).words().contains("Last used never"));
}

async fn each_token_is_counted(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let (one, other) = (program(app, &makes(&ada, "read", "7").await), program(app, &makes(&ada, "read", "7").await));
    let path = "/api/profile";
    let from = async |client: &ApiClient, at: u8| {
        let request = client.request(Method::GET, path).header("x-forwarded-for", format!("198.51.100.{at}"));
        client.send(path, request).await
    };
    for at in 1..=3 {
        from(&one, at).await.expect(200);
    }
    let told = from(&one, 4).await.expect(429);
    assert!(told.json()["code"] == "too_many_requests" && !told.header("retry-after").is_empty(), "{}", told.body);
    from(&other, 4).await.expect(200);
}
