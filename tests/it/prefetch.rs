//! Pages that a browser fetches on a guess.
//!
//! Invariant: a guess exchanges nothing and shows no message; the real visit finds everything as it was.

use crate::on_both;
use crate::support::app::TestApp;
use crate::support::page::Page;
use crate::support::people::Shopper;
use reqwest::Method;
use std::time::Duration;

on_both! { a_guess_with_a_live_token_is_answered, a_guess_with_a_dead_token_waits_for_the_visit, a_guess_leaves_the_message_for_the_visit, a_guess_is_seen_like_any_other_request }

async fn guess(shopper: &Shopper, path: &str) -> Page {
    let request = shopper.request(Method::GET, path).header("sec-purpose", "prefetch;anonymous-client-ip");
    let request =
        request.header("sec-fetch-site", "none").header("sec-fetch-mode", "navigate").header("sec-fetch-dest", "document");
    shopper.send(path, request).await
}

async fn a_guess_with_a_live_token_is_answered(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    guess(&ada, "/products").await.expect(200);
}

async fn a_guess_with_a_dead_token_waits_for_the_visit(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    app.pass(Duration::from_secs(601));
    let refresh = ada.jar.borrow().value("__Host-rt");
    let page = guess(&ada, "/products").await.expect(503);
    assert_eq!((page.body.as_str(), page.header("cache-control")), ("", "no-store"));
    assert!(page.cookies_set().is_empty());
    assert_eq!(ada.jar.borrow().value("__Host-rt"), refresh);
    ada.get("/products").await.expect(200);
    assert_ne!(ada.jar.borrow().value("__Host-rt"), refresh, "the visit exchanges it");
}

async fn a_guess_leaves_the_message_for_the_visit(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    ada.submit("/account", &[("name", "Countess")]).await.expect_to("/account");
    assert!(guess(&ada, "/account").await.expect(200).messages().is_empty());
    assert!(!ada.get("/account").await.messages().is_empty());
}

async fn a_guess_is_seen_like_any_other_request(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let thief = ada.copy();
    app.pass(Duration::from_secs(601));
    ada.get("/products").await.expect(200);
    guess(&ada, "/products").await.expect(200); // the first sight of the new token
    app.pass(Duration::from_secs(31));
    thief.get("/dashboard").await.expect_to("/login?next=/dashboard");
    assert!(!ada.is_signed_in().await, "an old copy was shown after its successor was seen");
}
