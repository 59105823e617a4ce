//! The JSON API: signing in, tokens, the profile.
//!
//! Invariant: only `Authorization` says who it is; every failure is a problem with its code; a token is good at its own door only.

use crate::on_both;
use crate::support::api_client::ApiClient;
use crate::support::app::TestApp;
use crate::support::page::Page;
use crate::support::people::{PASSWORD, Shopper};
use crate::support::visitor::Visitor;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

on_both! {
    the_tutorials_calls_work,
    an_account_is_made_over_the_api,
    every_wrong_sign_in_is_one_code,
    a_body_that_is_wrong_names_its_fields,
    a_profile_is_changed,
    a_refresh_token_lives_in_a_cookie_or_in_the_body,
    a_refresh_token_is_exchanged_and_reuse_ends_the_session,
    a_straggler_is_told_that_it_was_refreshed,
    tokens_are_good_at_their_own_door_only,
    signing_out_ends_the_pair,
    a_token_that_is_not_one_is_told_apart_from_one_that_was,
    cookies_say_nothing_to_the_api,
    a_browser_on_another_site_gets_no_tokens,
}

#[track_caller]
fn problem(page: &Page, status: u16, code: &str) -> Value {
    assert_eq!(page.status, status, "{}: {}", page.path, page.body);
    assert!(page.header("content-type").starts_with("application/problem+json"), "{}", page.header("content-type"));
    let body = page.json();
    assert_eq!((body["code"].as_str(), body["status"].as_u64()), (Some(code), Some(status.into())), "{body}");
    assert!(body["title"].is_string() && body["detail"].is_string() && body["type"] == "about:blank", "{body}");
    body
}

async fn pair(app: &TestApp, email: &str) -> (ApiClient, String) {
    let mut client = ApiClient::new(app);
    let answer =
        client.post("/api/login", json!({"email": email, "password": PASSWORD, "refresh_in": "body"})).await.expect(200).json();
    client.token = answer["access_token"].as_str().map(str::to_owned);
    (client, answer["refresh_token"].as_str().expect("a refresh token in the body").to_owned())
}

async fn the_tutorials_calls_work(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let mut client = ApiClient::new(app);
    for path in ["/api/login", "/api/auth/login"] {
        let answer = client.post(path, json!({"username": ada.email, "password": PASSWORD})).await.expect(200);
        assert_eq!(answer.header("cache-control"), "no-store");
        let body = answer.json();
        assert_eq!(body["token_type"], "Bearer");
        assert_eq!(body["token"], body["access_token"]);
        assert!(body["expires_in"].as_u64().is_some_and(|seconds| (570..=600).contains(&seconds)), "{body}");
        assert!(body.get("refresh_token").is_none(), "it is in the cookie");
        client.token = body["token"].as_str().map(str::to_owned);
        for path in ["/api/profile", "/api/user", "/api/auth/profile"] {
            let user = client.get(path).await.expect(200).json()["user"].clone();
            assert_eq!(
                (user["email"].as_str(), user["name"].as_str(), user["role"].as_str()),
                (Some(ada.email.as_str()), Some("Ada Lovelace"), Some("shopper"))
            );
            assert_eq!(user["email_verified"], false);
            assert_eq!(user["id"].as_str().map(str::len), Some(22));
            assert!(user["created_at"].as_str().is_some_and(|at| at.ends_with('Z')), "{user}");
        }
    }
}

async fn an_account_is_made_over_the_api(app: &TestApp) {
    let client = ApiClient::new(app);
    let body = json!({"name": "Ada", "email": "ada@example.com", "password": PASSWORD, "refresh_in": "body"});
    let made = client.post("/api/auth/register", body.clone()).await.expect(201).json();
    assert_eq!(made["user"]["email"], "ada@example.com");
    assert!(made["access_token"].is_string() && made["refresh_token"].is_string(), "{made}");
    let again = client.post("/api/register", body).await;
    assert_eq!(problem(&again, 422, "invalid_fields")["errors"][0]["field"], "email");
    let weak = client.post("/api/register", json!({"name": "", "email": "x", "password": PASSWORD})).await;
    let fields: Vec<_> = problem(&weak, 422, "invalid_fields")["errors"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|error| error["field"].clone())
        .collect();
    assert_eq!(fields, ["name", "email"]);
}

async fn every_wrong_sign_in_is_one_code(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let client = ApiClient::new(app);
    let mut bodies = Vec::new();
    for (email, password) in [(ada.email.as_str(), "wrong-wagon"), ("nobody@example.com", PASSWORD), ("no address", PASSWORD)] {
        let answer = client.post("/api/login", json!({"email": email, "password": password})).await;
        bodies.push(problem(&answer, 401, "invalid_credentials"));
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1);
}

async fn a_body_that_is_wrong_names_its_fields(app: &TestApp) {
    let client = ApiClient::new(app);
    for (body, field) in [
        (json!({"password": "x"}), "email"),
        (json!({"email": "a@example.com"}), "password"),
        (json!({"email": 7, "password": "x"}), "email"),
        (json!({"email": null, "password": "x"}), "email"),
        (json!({"email": "a@example.com", "username": "a@example.com", "password": "x"}), "email"),
        (json!({"email": "a@example.com", "password": "x", "admin": true}), "admin"),
        (json!({"email": "a@example.com", "password": "x", "refresh_in": "header"}), "refresh_in"),
    ] {
        let answer = client.post("/api/login", body.clone()).await;
        assert_eq!(problem(&answer, 422, "invalid_fields")["errors"][0]["field"], field, "{body}");
    }
    let raw = |kind: &'static str, text: &'static str| {
        let request = client.request(Method::POST, "/api/login").header("content-type", kind).body(text);
        client.send("/api/login", request)
    };
    let twice = raw("application/json", r#"{"email":"a@example.com","email":"b@example.com","password":"x"}"#).await;
    problem(&twice, 422, "invalid_fields");
    for broken in ["", "{", "[]", "\"text\"", "{\"email\":\"a\u{0}\"}", "{\"email\": \"\\ud800\", \"password\": \"x\"}", "nul"] {
        let answer = raw("application/json", broken).await;
        assert!(matches!(answer.status, 400 | 422), "{broken}: {}", answer.status);
        assert!(answer.header("content-type").starts_with("application/problem+json"), "{broken}");
        assert!(!answer.body.contains("line 1"), "a parser's words are not ours: {}", answer.body);
    }
    problem(&raw("text/plain", r#"{"email":"a@example.com","password":"x"}"#).await, 415, "unsupported_type");
    problem(&raw("application/x-www-form-urlencoded", "email=a&password=b").await, 415, "unsupported_type");
    problem(&client.get("/api/login").await, 405, "method_not_allowed");
}

async fn a_profile_is_changed(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let client = ApiClient::signed_in(app, &ada.email, PASSWORD).await;
    let answer = client.call(Method::PATCH, "/api/profile", json!({"name": "Countess"})).await.expect(200).json();
    assert_eq!(answer["user"]["name"], "Countess");
    assert_eq!(ada.get("/account").await.value("name"), "Countess", "page and API are two fronts of one thing");
    let refused = client.call(Method::PATCH, "/api/profile", json!({"name": "Eve", "role": "admin"})).await;
    assert_eq!(problem(&refused, 422, "invalid_fields")["errors"][0]["field"], "role");
    assert_eq!(client.get("/api/profile").await.json()["user"]["name"], "Countess");
}

async fn a_refresh_token_lives_in_a_cookie_or_in_the_body(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let curl = Visitor::new(app); // a client with a cookie jar and nothing else of a browser
    let login = |path: &'static str, body: Value| curl.send(path, curl.request(Method::POST, path).json(&body));
    login("/api/login", json!({"email": ada.email, "password": PASSWORD})).await.expect(200);
    let cookie = curl.jar.borrow().get("__Host-api-rt").cloned().expect("the refresh token");
    assert!(
        cookie.attributes.iter().any(|attribute| attribute.starts_with("max-age="))
            && cookie.attributes.contains(&"samesite=strict".to_owned())
    );
    let refreshed = curl.send("/api/refresh", curl.request(Method::POST, "/api/refresh")).await.expect(200).json();
    assert!(refreshed["access_token"].is_string() && refreshed.get("refresh_token").is_none(), "{refreshed}");
    assert_ne!(curl.jar.borrow().value("__Host-api-rt"), cookie.value);

    let (client, token) = pair(app, &ada.email).await;
    let answer = client.post("/api/auth/refresh", json!({"refresh_token": token})).await.expect(200);
    assert!(answer.cookies_set().is_empty(), "it goes back where it came from");
    assert!(answer.json()["refresh_token"].as_str().is_some_and(|next| next.len() == 43 && next != token));
    problem(&client.post("/api/refresh", json!({})).await, 401, "no_token");
}

async fn a_refresh_token_is_exchanged_and_reuse_ends_the_session(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let (mut client, first) = pair(app, &ada.email).await;
    let exchange = |token: String| {
        let client = client.clone();
        async move { client.post("/api/refresh", json!({"refresh_token": token})).await }
    };
    let second = exchange(first.clone()).await.expect(200).json()["refresh_token"].as_str().expect("the next").to_owned();
    let again = exchange(first.clone()).await.expect(200).json()["refresh_token"].as_str().expect("the same").to_owned();
    assert_eq!(second, again, "a lost answer is given again");
    exchange(second.clone()).await.expect(200);
    app.pass(Duration::from_secs(31));
    problem(&exchange(first).await, 401, "session_ended");
    problem(&exchange(second).await, 401, "session_ended");
    client.token = client.token.take();
    problem(&client.get("/api/profile").await, 401, "invalid_token");
    assert!(ada.is_signed_in().await, "another session is untouched");
}

async fn a_straggler_is_told_that_it_was_refreshed(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let (client, first) = pair(app, &ada.email).await;
    let answer = client.post("/api/refresh", json!({"refresh_token": first})).await.expect(200).json();
    let mut renewed = client.clone();
    renewed.token = answer["access_token"].as_str().map(str::to_owned);
    renewed.get("/api/profile").await.expect(200);
    problem(&client.post("/api/refresh", json!({"refresh_token": first})).await, 409, "already_refreshed");
    renewed.get("/api/profile").await.expect(200);
}

async fn tokens_are_good_at_their_own_door_only(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let (access, refresh) = (ada.jar.borrow().value("__Host-at"), ada.jar.borrow().value("__Host-rt"));
    let mut client = ApiClient::new(app);
    client.token = Some(access);
    problem(&client.get("/api/profile").await, 403, "invalid_token");
    problem(&client.post("/api/refresh", json!({"refresh_token": refresh})).await, 403, "unknown_token");
    assert!(ada.is_signed_in().await);
    let (api, token) = pair(app, &ada.email).await;
    let browser = Visitor::new(app);
    browser.jar.borrow_mut().put("__Host-at", api.token.as_deref().expect("a token"));
    browser.jar.borrow_mut().put("__Host-rt", &token);
    assert!(!browser.is_signed_in().await);
    api.get("/api/profile").await.expect(200);
    api.post("/api/refresh", json!({"refresh_token": token})).await.expect(200);
}

async fn signing_out_ends_the_pair(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let (client, token) = pair(app, &ada.email).await;
    let request = client.request(Method::POST, "/api/logout");
    client.send("/api/logout", request).await.expect(204);
    problem(&client.get("/api/profile").await, 401, "invalid_token");
    problem(&client.post("/api/refresh", json!({"refresh_token": token})).await, 401, "session_ended");
    client.send("/api/logout", client.request(Method::POST, "/api/logout")).await.expect(204);
    let nobody = ApiClient::new(app);
    nobody.post("/api/logout", json!({"refresh_token": token})).await.expect(204);
    let nothing = nobody.send("/api/logout", nobody.request(Method::POST, "/api/logout")).await;
    problem(&nothing, 401, "no_token");
}

async fn a_token_that_is_not_one_is_told_apart_from_one_that_was(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let (mut client, _) = pair(app, &ada.email).await;
    let good = client.token.clone().expect("a token");
    let (head, signature) = good.rsplit_once('.').expect("three parts");
    let flipped: String = signature.chars().rev().collect();
    for forged in
        ["x", "a.b.c", "", head, &format!("{head}.{flipped}"), &format!("{head}."), &format!("{good}="), &"x".repeat(3_000)]
    {
        client.token = Some(forged.to_owned());
        let answer = client.get("/api/profile").await;
        problem(&answer, 403, "invalid_token");
        assert!(answer.header("www-authenticate").contains("error=\"invalid_token\""), "{}", answer.header("www-authenticate"));
    }
    client.token = None;
    let answer = client.get("/api/profile").await;
    problem(&answer, 401, "no_token");
    assert_eq!(answer.header("www-authenticate"), "Bearer");
    client.token = Some(good);
    client.get("/api/profile").await.expect(200);
    app.pass(Duration::from_secs(601));
    let answer = client.get("/api/profile").await;
    problem(&answer, 401, "invalid_token");
    assert!(answer.header("www-authenticate").contains("error=\"invalid_token\""));
}

async fn cookies_say_nothing_to_the_api(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    problem(&ada.get("/api/profile").await, 401, "no_token");
    let request = ada.request(Method::PATCH, "/api/profile").header("origin", ada.origin()).json(&json!({"name": "Eve"}));
    problem(&ada.send("/api/profile", request).await, 401, "no_token");
}

async fn a_browser_on_another_site_gets_no_tokens(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let curl = Visitor::new(app);
    let body = json!({"email": ada.email, "password": PASSWORD});
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "null"),
    ] {
        let request = curl.request(Method::POST, "/api/login").header(name, value).json(&body);
        let answer = curl.send("/api/login", request).await;
        problem(&answer, 403, "cross_site");
        assert!(answer.cookies_set().is_empty());
    }
    let own = curl
        .request(Method::POST, "/api/login")
        .header("origin", curl.origin())
        .header("sec-fetch-site", "same-origin")
        .json(&body);
    curl.send("/api/login", own).await.expect(200);
    let cross = curl.request(Method::POST, "/api/refresh").header("origin", "https://evil.example");
    problem(&curl.send("/api/refresh", cross).await, 403, "cross_site");
    curl.send("/api/refresh", curl.request(Method::POST, "/api/refresh")).await.expect(200);
}
