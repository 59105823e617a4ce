//! Registration where addresses are confirmed first (`LATCHKEY_REGISTRATION=confirm`).
//!
//! Invariant: an account is there when its link was followed, and strangers learn of none.

use crate::on_both;
use crate::support::api_client::ApiClient;
use crate::support::app::TestApp;
use crate::support::letterbox::{ACCOUNT, KNOWN};
use crate::support::page::Page;
use crate::support::people::{PASSWORD, Shopper, sign_in};
use crate::support::visitor::Visitor;
use latchkey::auth::user;
use serde_json::json;

on_both! {
    an_account_is_there_when_its_link_was_followed with { "LATCHKEY_REGISTRATION" = "confirm" },
    the_owner_of_a_known_address_is_written_to_and_nobody_else_is_told with { "LATCHKEY_REGISTRATION" = "confirm" },
    the_api_answers_alike_too with { "LATCHKEY_REGISTRATION" = "confirm" },
    one_address_is_one_account_however_often_it_was_asked_for with { "LATCHKEY_REGISTRATION" = "confirm" },
}

async fn registers(browser: &Visitor, email: &str, password: &str) -> Page {
    browser.submit("/register", &[("name", "Ada Lovelace"), ("email", email), ("password", password)]).await
}

async fn is_there(app: &TestApp, email: &str) -> bool {
    let email = email.parse().expect("an address");
    app.db().read(move |conn| Ok(user::by_email(conn, &email)?.is_some())).await.expect("the database is there")
}

async fn an_account_is_there_when_its_link_was_followed(app: &TestApp) {
    let (browser, email) = (Visitor::new(app), "new@example.com");
    let weak = registers(&browser, email, "password1234").await.expect(422);
    assert!(weak.wrong("password").contains("most used"));
    let sent = registers(&browser, email, PASSWORD).await.expect_to("/register?sent=1");
    let look = browser.follow(sent).await.expect(200);
    assert_eq!(look.heading(), "Look in your mail");
    assert!(!browser.is_signed_in().await && !is_there(app, email).await);
    sign_in(&browser, email, PASSWORD).await.expect(401);
    let link = app.link(email, ACCOUNT, 0).await;
    let elsewhere = Visitor::new(app);
    let page = elsewhere.visit(&link).await.expect(200);
    assert!(page.words().contains("Ada Lovelace") && page.words().contains(email), "{}", page.words());
    assert!(!is_there(app, email).await, "looking makes nothing");
    elsewhere.press(&page, "/verify-email", &[]).await.expect_to("/login");
    let login = elsewhere.get("/login").await.expect(200);
    assert!(login.messages()[0].contains("Your account is ready"), "{:?}", login.messages());
    sign_in(&browser, email, PASSWORD).await.expect_to("/dashboard");
    assert!(browser.get("/account").await.text(".tag-good").contains("Confirmed"));
    assert!(elsewhere.visit(&link).await.expect(200).heading().contains("no longer good"));
}

async fn the_owner_of_a_known_address_is_written_to_and_nobody_else_is_told(app: &TestApp) {
    let ada = Shopper::added(app).await;
    let (one, other) = (Visitor::new(app), Visitor::new(app));
    let known = registers(&one, &ada.email, "seven quiet lamps glow").await.expect_to("/register?sent=1");
    let free = registers(&other, "nobody@example.com", "seven quiet lamps glow").await.expect_to("/register?sent=1");
    let names = |page: &Page| page.headers.keys().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!((names(&known), known.body.len()), (names(&free), free.body.len()));
    let (known, free) = (one.follow(known).await, other.follow(free).await);
    assert_eq!((known.status, known.words()), (free.status, free.words()));
    let told = app.letter(&ada.email, KNOWN, 0).await;
    assert!(told.contains("/login") && told.contains("Hello Ada Lovelace"), "{told}");
    sign_in(&one, &ada.email, "seven quiet lamps glow").await.expect(401);
    assert!(ada.is_signed_in().await);
    sign_in(&Visitor::new(app), &ada.email, PASSWORD).await.expect_to("/dashboard");
}

async fn the_api_answers_alike_too(app: &TestApp) {
    let (ada, client) = (Shopper::added(app).await, ApiClient::new(app));
    let body = |email: &str| json!({"name": "Ada", "email": email, "password": "seven quiet lamps glow"});
    for email in [ada.email.as_str(), "api@example.com"] {
        let answer = client.post("/api/register", body(email)).await.expect(202);
        assert_eq!((answer.body.as_str(), answer.cookies_set().len()), ("{}", 0));
    }
    client.post("/api/register", body("no address")).await.expect(422);
    client.post("/api/register", json!({"name": "Ada", "email": ada.email, "password": "short"})).await.expect(422);
    app.link("api@example.com", ACCOUNT, 0).await;
}

async fn one_address_is_one_account_however_often_it_was_asked_for(app: &TestApp) {
    let (browser, email) = (Visitor::new(app), "often@example.com");
    registers(&browser, email, PASSWORD).await.expect(303);
    let first = app.link(email, ACCOUNT, 0).await;
    registers(&browser, email, "seven quiet lamps glow").await.expect(303);
    let second = app.link(email, ACCOUNT, 1).await;
    assert!(browser.visit(&first).await.expect(200).heading().contains("no longer good"));
    let browsers: Vec<Visitor> = (0..6).map(|_| Visitor::new(app)).collect();
    let mut pages = Vec::new();
    for browser in &browsers {
        pages.push(browser.visit(&second).await.expect(200));
    }
    let presses = browsers.iter().zip(&pages).map(|(browser, page)| browser.press(page, "/verify-email", &[]));
    let statuses: Vec<u16> = futures_util::future::join_all(presses).await.iter().map(|page| page.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 1, "{statuses:?}");
    sign_in(&browser, email, PASSWORD).await.expect(401);
    sign_in(&browser, email, "seven quiet lamps glow").await.expect_to("/dashboard");
}
