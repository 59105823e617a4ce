//! One person, two browsers, in real Chromium: one of them is lost.
//!
//! Invariant: what the page of devices offers is all that is needed; the browser that was signed out is led to the sign-in.

use crate::on_both;
use crate::support::app::TestApp;
use crate::support::browser::{Browser, Scripts};
use crate::support::people::PASSWORD;

on_both! { one_browser_signs_the_other_out }

const EMAIL: &str = "ada@example.com";

async fn one_browser_signs_the_other_out(app: &TestApp) {
    let (desk, lost) = (Browser::open(&app.origin, Scripts::On).await, Browser::open(&app.origin, Scripts::Off).await);
    desk.goto("/register").await;
    for (field, text) in [("name", "Ada Lovelace"), ("email", EMAIL), ("password", PASSWORD)] {
        desk.fill(field, text).await;
    }
    desk.press("/register").await;
    desk.arrives_at("/dashboard").await;
    lost.goto("/login").await;
    lost.fill("email", EMAIL).await;
    lost.fill("password", PASSWORD).await;
    lost.press("/login").await;
    lost.arrives_at("/dashboard").await;
    // Something is half typed there when it is signed out.
    lost.goto("/account").await;
    lost.fill("name", "Ada King").await;

    desk.click(".desk-account a[href='/account/devices']").await;
    desk.arrives_at("/account/devices").await;
    assert_eq!(desk.count(".device").await, 2);
    assert!(desk.text(".device:first-child .device-name").await.contains("Chrome on Linux"), "{}", desk.words().await);
    desk.photograph("devices").await;
    desk.click(".device:nth-child(2) button").await;
    assert!(desk.text(".flash").await.contains("That device is signed out."));
    assert_eq!(desk.count(".device").await, 1);

    lost.press("/account").await;
    assert_eq!(lost.text("h1").await, "Sign in");
    assert!(lost.path().await.starts_with("/login?next=/"), "{}", lost.path().await);
    lost.goto("/dashboard").await;
    lost.arrives_at("/login?next=/dashboard").await;
    lost.back().await;
    assert!(!lost.words().await.contains(EMAIL), "nothing of hers is left to see: {}", lost.words().await);
    desk.goto("/dashboard").await;
    assert!(desk.words().await.contains(EMAIL));
    desk.close().await;
    lost.close().await;
}
