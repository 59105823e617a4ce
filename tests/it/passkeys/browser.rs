//! Passkeys in real Chromium, with the authenticator that chromedriver lends it.
//!
//! Invariant: a person reads, types and clicks; each step leaves a picture under target/screens.

use crate::on_both;
use crate::support::app::TestApp;
use crate::support::browser::{Browser, Scripts};
use crate::support::people::{PASSWORD, Shopper};
use std::time::Duration;

on_both! {
    a_person_makes_a_passkey_and_uses_it_everywhere,
    whoever_gets_no_answer_is_told_to_look,
    without_scripts_nothing_is_offered_that_does_not_work,
}

const WRONG: &str = "form[data-passkey] .wrong[role='alert']";

async fn gives_the_password(browser: &Browser, person: &Shopper) {
    browser.goto("/login").await;
    browser.fill("email", &person.email).await;
    browser.fill("password", PASSWORD).await;
    browser.press("/login").await;
}

async fn a_person_makes_a_passkey_and_uses_it_everywhere(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let browser = Browser::open(&app.origin, Scripts::On).await;
    let authenticator = browser.gets_an_authenticator().await;
    gives_the_password(&browser, &ada).await;
    browser.arrives_at("/dashboard").await;
    app.pass(Duration::from_mins(6));
    browser.goto("/account/passkeys").await;
    browser.click("a[href='/account/passkeys/new']").await;
    browser.arrives_at("/confirm-identity?next=/account/passkeys/new").await;
    assert_eq!(browser.count("form[data-passkey]").await, 0, "there is none to show");
    browser.fill("password", PASSWORD).await;
    browser.press("/confirm-identity").await;
    browser.arrives_at("/account/passkeys/new").await;
    browser.photograph("passkeys-1-new").await;
    browser.press("/account/passkeys/new").await;
    browser.reads(WRONG, "where the passkey is kept").await;
    browser.fill("name", "My laptop").await;
    browser.press("/account/passkeys/new").await;
    browser.arrives_at("/account/passkeys").await;
    assert_eq!(browser.text(".device-name").await, "My laptop");
    assert_eq!(browser.count(".codes li").await, 10);
    browser.photograph("passkeys-2-made").await;

    browser.press("/logout").await;
    browser.arrives_at("/").await;
    browser.goto("/login?next=/orders").await;
    browser.photograph("passkeys-3-sign-in").await;
    browser.press("/login/passkey").await;
    browser.arrives_at("/orders").await;

    app.pass(Duration::from_mins(6));
    browser.goto("/confirm-identity?next=/account/activity").await;
    browser.photograph("passkeys-4-confirm").await;
    browser.press("/confirm-identity/passkey").await;
    browser.arrives_at("/account/activity").await;

    browser.press("/logout").await;
    browser.arrives_at("/").await;
    gives_the_password(&browser, &ada).await;
    browser.arrives_at("/login/code").await;
    browser.photograph("passkeys-5-second-step").await;
    browser.will_unlock(&authenticator, false).await;
    browser.press("/login/code/passkey").await;
    browser.reads(WRONG, "Nothing was done").await;
    browser.will_unlock(&authenticator, true).await;
    browser.press("/login/code/passkey").await;
    browser.arrives_at("/dashboard").await;

    browser.goto("/account/passkeys").await;
    browser.click(".device > form button").await;
    browser.reads("main", "You have none yet").await;
    browser.press("/logout").await;
    browser.arrives_at("/").await;
    browser.goto("/login").await;
    browser.press("/login/passkey").await;
    browser.reads(WRONG, "was not accepted").await;
    browser.close().await;
}

async fn whoever_gets_no_answer_is_told_to_look(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let browser = Browser::open(&app.origin, Scripts::On).await;
    browser.gets_an_authenticator().await;
    gives_the_password(&browser, &ada).await;
    browser.arrives_at("/dashboard").await;
    browser.goto("/account/passkeys/new").await;
    // The shop does it, and the answer is lost on its way.
    browser
        .runs(
            "const go = fetch; window.fetch = async (path, how) => { const said = await go(path, how); \
            if (!path.endsWith('/challenge')) throw new TypeError('lost'); return said; };",
        )
        .await;
    browser.fill("name", "My laptop").await;
    browser.press("/account/passkeys/new").await;
    browser.reads(WRONG, "may be there or not").await;
    browser.click("a.onward[href='/account/passkeys']").await;
    browser.arrives_at("/account/passkeys").await;
    assert_eq!(browser.text(".device-name").await, "My laptop");
    browser.close().await;
}

async fn without_scripts_nothing_is_offered_that_does_not_work(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let browser = Browser::open(&app.origin, Scripts::Off).await;
    browser.goto("/login").await;
    assert!(!browser.words().await.contains("passkey"));
    gives_the_password(&browser, &ada).await;
    browser.arrives_at("/dashboard").await;
    browser.goto("/account/passkeys/new").await;
    let words = browser.words().await;
    assert!(words.contains("needs JavaScript") && !words.contains("Make the passkey"), "{words}");
    browser.photograph("passkeys-6-no-script").await;
    browser.close().await;
}
