//! The page of tokens in real Chromium.
//!
//! Invariant: whatever people call their things, a page is as wide as its window.

use crate::on_both;
use crate::support::app::TestApp;
use crate::support::browser::{Browser, Scripts};
use crate::support::people::{PASSWORD, Shopper};

on_both! {
    a_name_without_a_blank_stays_within_the_page,
}

async fn a_name_without_a_blank_stays_within_the_page(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let browser = Browser::open(&app.origin, Scripts::On).await;
    browser.goto("/login?next=/account/tokens").await;
    browser.fill("email", &ada.email).await;
    browser.fill("password", PASSWORD).await;
    browser.press("/login").await;
    browser.arrives_at("/account/tokens").await;
    assert!(browser.sticks_out_at(500).await <= 0, "nor without a token");
    browser.fill("name", &"W".repeat(60)).await;
    browser.press("/account/tokens").await;
    assert_eq!(browser.text("#new").await, "Your new token");
    assert!(browser.sticks_out_at(500).await <= 0);
    browser.photograph("tokens-long-name").await;
    browser.close().await;
}
