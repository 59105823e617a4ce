//! Odd requests that once went wrong, or nearly: encoded paths, doubled keys, missing halves, floods.
//!
//! Invariant: a request that nobody's browser makes by itself is answered as exactly as any other.

use crate::on_both;
use crate::support::api_client::ApiClient;
use crate::support::app::TestApp;
use crate::support::people::{ADDRESS, PASSWORD, Shopper};
use crate::support::visitor::Visitor;
use diesel::prelude::*;
use latchkey::db::schema::{audit_events, users};
use reqwest::Method;
use serde_json::json;
use std::time::{Duration, Instant};

on_both! {
    an_encoded_path_is_guarded_like_a_plain_one,
    a_quantity_that_is_missing_or_no_text_is_named,
    a_product_that_is_missing_is_named_and_one_that_is_none_is_not_found,
    tokens_are_stored_nowhere,
    a_query_that_names_next_twice_is_no_error,
    a_search_counts_and_a_list_does_not with { "LATCHKEY_LIMIT_API" = "2/1m" },
    addresses_without_cookies_stay_without_them,
    a_long_address_still_leads_to_the_sign_in,
    a_host_with_two_ports_is_no_host_of_ours,
    a_flood_of_invented_tokens_writes_next_to_nothing,
    a_cheap_old_hash_costs_as_much_as_none with { "LATCHKEY_BCRYPT_COST" = "10" },
    who_is_remembered_is_seen_as_often_as_their_limit_asks with { "LATCHKEY_REMEMBER_IDLE" = "6s" },
    an_ordered_form_with_a_fault_lands_on_its_order,
    a_throttled_sign_in_is_in_the_audit with { "LATCHKEY_LIMIT_SIGN_IN" = "1/1h" },
}

async fn an_encoded_path_is_guarded_like_a_plain_one(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let curl = Visitor::new(app);
    let login = curl.request(Method::POST, "/api/login").json(&json!({"email": ada.email, "password": PASSWORD}));
    curl.send("/api/login", login).await.expect(200);
    for path in ["/api/refresh", "/api/auth/logout", "/api/login"] {
        for (at, letter) in path.char_indices().filter(|(_, letter)| *letter != '/') {
            for encoded in [format!("%{:02x}", letter as u32), format!("%{:02X}", letter as u32)] {
                let odd = format!("{}{encoded}{}", &path[..at], &path[at + 1..]);
                let request = curl
                    .request(Method::POST, &odd)
                    .header("origin", "http://evil.example")
                    .header("sec-fetch-site", "same-site");
                let answer = curl.send(&odd, request).await;
                assert!(matches!(answer.status, 403 | 404), "{odd}: {}", answer.status);
                assert!(answer.cookies_set().is_empty(), "{odd}");
            }
        }
    }
    curl.send("/api/refresh", curl.request(Method::POST, "/api/refresh")).await.expect(200);
}

async fn a_quantity_that_is_missing_or_no_text_is_named(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 100, 9).await;
    let ada = Shopper::registered(app).await;
    ada.adds(&bowl.slug, 2).await.expect_to("/cart");
    let csrf = ada.get("/account").await.value("csrf");
    let path = format!("/cart/items/{}", bowl.id);
    for (body, status) in [
        (format!("csrf={csrf}"), 422),
        (format!("csrf={csrf}&quantity=%ff"), 422),
        ("csrf=bad".to_owned(), 403),
        (String::new(), 403),
    ] {
        let page = ada.send(&path, ada.form_request(&path).body(body.clone())).await;
        assert_eq!(page.status, status, "{body}");
        assert_eq!(page.heading().split(' ').next(), Some("Your"), "it is the cart: {}", page.words());
    }
    let product = ada.get(&format!("/products/{}", bowl.slug)).await.expect(200);
    ada.press(&product, "/cart/items", &[("quantity", "")]).await.expect(422);
    let client = ApiClient::signed_in(app, &ada.email, PASSWORD).await;
    client.post("/api/cart/items", json!({"product_id": bowl.id, "quantity": null})).await.expect(422);
    assert_eq!(ada.get("/cart").await.value("quantity"), "2");
}

async fn a_product_that_is_missing_is_named_and_one_that_is_none_is_not_found(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let csrf = ada.get("/account").await.value("csrf");
    ada.post("/cart/items", &[("csrf", csrf.as_str())]).await.expect(422);
    ada.post("/cart/items", &[("csrf", "stale")]).await.expect(403);
    let client = ApiClient::signed_in(app, &ada.email, PASSWORD).await;
    client.post("/api/cart/items", json!({"quantity": 1})).await.expect(422);
    client.post("/api/cart/items", json!({"product_id": "x", "quantity": 1})).await.expect(404);
    client.call(Method::PUT, "/api/cart/items/x", json!({"quantity": 1})).await.expect(404);
}

async fn tokens_are_stored_nowhere(app: &TestApp) {
    let client = ApiClient::new(app);
    let account = json!({"name": "Ada", "email": "ada@example.com", "password": PASSWORD, "refresh_in": "body"});
    let made = client.post("/api/register", account).await.expect(201);
    let login = json!({"email": "ada@example.com", "password": PASSWORD, "refresh_in": "body"});
    let signed_in = client.post("/api/login", login).await.expect(200);
    let renewed = client.post("/api/refresh", json!({"refresh_token": signed_in.json()["refresh_token"]})).await.expect(200);
    for answer in [made, signed_in, renewed] {
        assert_eq!(answer.header("cache-control"), "no-store", "{}", answer.path);
    }
}

async fn a_query_that_names_next_twice_is_no_error(app: &TestApp) {
    let visitor = Visitor::new(app);
    for path in ["/login?next=/a&next=/b", "/register?next=/a&next=/b", "/login?next", "/login?%ff=%ff&next=%ff", "/?x&x&x"] {
        visitor.get(path).await.expect(200);
    }
}

async fn a_search_counts_and_a_list_does_not(app: &TestApp) {
    let visitor = Visitor::new(app);
    for status in [200, 200, 429] {
        visitor.get("/products?q=tea").await.expect(status);
    }
    visitor.get("/products").await.expect(200);
}

async fn addresses_without_cookies_stay_without_them(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    app.pass(Duration::from_secs(601));
    for path in
        ["/.well-known/foo", "/.well-known/assetlinks.json", "/pictures", "/pictures/a/b", "/static", "/static/a", "/healthz"]
    {
        let page = ada.get(path).await;
        assert!(page.cookies_set().is_empty(), "{path}: {:?}", page.cookies_set());
        assert!(matches!(page.status, 200 | 404), "{path}: {}", page.status);
    }
    assert!(ada.is_signed_in().await);
}

async fn a_long_address_still_leads_to_the_sign_in(app: &TestApp) {
    let visitor = Visitor::new(app);
    let long = format!("/orders?x={}", "%20".repeat(650));
    let sent = visitor.get(&long).await.expect(303);
    assert!(sent.location().starts_with("/login") && sent.location().len() < 2_048, "{}", sent.location().len());
    visitor.follow(sent).await.expect(200);
}

async fn a_host_with_two_ports_is_no_host_of_ours(app: &TestApp) {
    let visitor = Visitor::new(app);
    let authority = app.origin.authority();
    for host in [
        format!("{authority}:80"),
        format!("{authority}:{}", app.address().port()),
        format!("{authority}."),
        format!("user@{authority}"),
    ] {
        let page = visitor.send("/", visitor.request(Method::GET, "/").header("host", &host)).await;
        assert!(matches!(page.status, 400 | 421), "{host}: {}", page.status);
    }
}

async fn a_flood_of_invented_tokens_writes_next_to_nothing(app: &TestApp) {
    let visitor = Visitor::new(app);
    visitor.jar.borrow_mut().put("__Host-at", "invented");
    let mut client = ApiClient::new(app);
    client.token = Some("invented".to_owned());
    for _ in 0..100 {
        visitor.get("/login").await.expect(200);
        client.get("/api/products").await;
    }
    let written: i64 = audit_events::table.count().get_result(&mut app.storage.second_connection()).expect("the audit");
    assert!((1..40).contains(&written), "{written} rows of 200 requests");
}

async fn a_cheap_old_hash_costs_as_much_as_none(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let cheap = bcrypt::hash("something else entirely", 4).expect("a hash");
    let age = move |conn: &mut latchkey::db::Conn| {
        Ok(diesel::update(users::table).set(users::password_hash.eq(cheap)).execute(conn)?)
    };
    app.db().write(age).await.expect("an old hash");
    let client = ApiClient::new(app);
    let mut quickest = [Duration::MAX; 2];
    for _ in 0..4 {
        for (email, quickest) in [ada.email.as_str(), "nobody@example.com"].into_iter().zip(&mut quickest) {
            let asked = Instant::now();
            client.post("/api/login", json!({"email": email, "password": "wrong-wagon-lantern"})).await.expect(401);
            *quickest = asked.elapsed().min(*quickest);
        }
    }
    assert!(quickest[0] * 2 > quickest[1], "known {:?}, unknown {:?}", quickest[0], quickest[1]);
}

async fn who_is_remembered_is_seen_as_often_as_their_limit_asks(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let browser = Visitor::new(app);
    let fields = [("email", ada.email.as_str()), ("password", PASSWORD), ("remember", "1")];
    browser.submit("/login", &fields).await.expect_to("/dashboard");
    for second in 0..20 {
        app.pass(Duration::from_secs(1));
        assert_eq!(browser.get("/account").await.status, 200, "after {second} s of use");
    }
    app.pass(Duration::from_secs(8));
    assert!(!browser.is_signed_in().await);
}

async fn an_ordered_form_with_a_fault_lands_on_its_order(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 100, 9).await;
    let ada = Shopper::registered(app).await;
    ada.adds(&bowl.slug, 1).await.expect_to("/cart");
    let page = ada.get("/checkout").await.expect(200);
    let placed = ada.press(&page, "/checkout", &ADDRESS).await.expect(303);
    let faulty = ADDRESS.map(|(name, value)| (name, if name == "city" { "" } else { value }));
    ada.press(&page, "/checkout", &faulty).await.expect_to(placed.location());
}

async fn a_throttled_sign_in_is_in_the_audit(app: &TestApp) {
    let client = ApiClient::new(app);
    for status in [401, 429] {
        client.post("/api/login", json!({"email": "nobody@example.com", "password": PASSWORD})).await.expect(status);
    }
    let kinds: Vec<String> =
        audit_events::table.select(audit_events::kind).load(&mut app.storage.second_connection()).expect("the audit");
    assert!(kinds.iter().any(|kind| kind.contains("thrott")), "{kinds:?}");
}
