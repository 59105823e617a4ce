//! Two-step sign-in in real Chromium, with JavaScript off.
//!
//! Invariant: a person reads, types and clicks; each step leaves a picture under target/screens.

use crate::on_both;
use crate::support::app::TestApp;
use crate::support::browser::{Browser, Scripts};
use crate::support::people::{PASSWORD, Shopper};
use std::process::Command;
use std::time::Duration;

on_both! {
    a_person_sets_it_up_signs_out_and_comes_back_with_a_code,
}

fn code(app: &TestApp, key: &str) -> String {
    let at = format!("@{}", latchkey::clock::unix(app.clock.now()));
    let output = Command::new("oathtool").args(["--totp", "--base32", key, "--now", &at]).output();
    String::from_utf8(output.expect("oathtool is installed (.ci/run)").stdout).expect("digits").trim().to_owned()
}

async fn signs_in(browser: &Browser, person: &Shopper) {
    browser.goto("/login").await;
    browser.fill("email", &person.email).await;
    browser.fill("password", PASSWORD).await;
    browser.press("/login").await;
}

async fn a_person_sets_it_up_signs_out_and_comes_back_with_a_code(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let browser = Browser::open(&app.origin, Scripts::Off).await;
    signs_in(&browser, &ada).await;
    browser.arrives_at("/dashboard").await;
    app.pass(Duration::from_mins(6));
    browser.click(".desk-account a[href='/account/two-factor']").await;
    browser.arrives_at("/confirm-identity?next=/account/two-factor").await;
    browser.photograph("two-factor-1-confirm").await;
    browser.fill("password", PASSWORD).await;
    browser.press("/confirm-identity").await;
    browser.arrives_at("/account/two-factor").await;
    browser.photograph("two-factor-2-offer").await;
    let key: String = browser.text(".key").await.split_whitespace().collect();
    browser.fill("code", &code(app, &key)).await;
    browser.press("/account/two-factor/enable").await;
    assert_eq!(browser.text("#codes").await, "Your recovery codes");
    assert_eq!(browser.count(".codes li").await, 10);
    browser.photograph("two-factor-3-on").await;
    browser.press("/logout").await;
    browser.arrives_at("/").await;
    app.pass(Duration::from_secs(30));
    signs_in(&browser, &ada).await;
    browser.arrives_at("/login/code").await;
    browser.fill("code", "000 000").await;
    browser.press("/login/code").await;
    assert!(browser.text("#code-error").await.contains("too old, or was used already"));
    browser.photograph("two-factor-4-wrong").await;
    browser.fill("code", &code(app, &key)).await;
    browser.press("/login/code").await;
    browser.arrives_at("/dashboard").await;
    browser.close().await;
}
