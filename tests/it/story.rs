//! The whole story in real Chromium: an account, a cart, an order, a sign-out; with JavaScript, without it, and in two tabs.
//!
//! Invariant: a person reads, fills in and clicks; nothing is sent that a page did not offer. Each step leaves a picture under
//! target/screens.

use crate::on_both;
use crate::support::app::TestApp;
use crate::support::browser::{Browser, Scripts};
use crate::support::people::PASSWORD;
use std::time::Duration;

on_both! {
    a_shopper_orders_with_javascript,
    a_shopper_orders_without_javascript,
    two_tabs_share_one_session_and_nobody_is_signed_out,
    back_and_place_order_again_does_not_order_again,
}

async fn register(browser: &Browser) {
    browser.goto("/register").await;
    browser.fill("name", "Ada Lovelace").await;
    browser.fill("email", "ada@example.com").await;
    browser.fill("password", PASSWORD).await;
    browser.press("/register").await;
    browser.arrives_at("/dashboard").await;
}

async fn fill_in_the_address(browser: &Browser) {
    for (field, text) in
        [("name", "Ada Lovelace"), ("address1", "12 St James's Square"), ("city", "London"), ("postal_code", "SW1Y 4JH")]
    {
        browser.fill(field, text).await;
    }
    browser.click("main select[name='country'] option[value='GB']").await;
}

async fn a_shopper_orders_with_javascript(app: &TestApp) {
    story(app, Scripts::On, "with-javascript").await;
}

async fn a_shopper_orders_without_javascript(app: &TestApp) {
    story(app, Scripts::Off, "without-javascript").await;
}

async fn story(app: &TestApp, scripts: Scripts, name: &str) {
    app.stocks("Oak Bowl", 2_400, 4).await;
    app.stocks("Linen Towel", 1_250, 40).await;
    let browser = Browser::open(&app.origin, scripts).await;
    browser.goto("/").await;
    browser.photograph(&format!("{name}-1-front")).await;
    register(&browser).await;
    browser.photograph(&format!("{name}-2-dashboard")).await;

    browser.goto("/products?q=bowl").await;
    browser.click(".card-name a").await;
    browser.arrives_at("/products/oak-bowl").await;
    browser.fill("quantity", "two").await;
    browser.press("/cart/items").await;
    assert!(
        browser.text(".summary").await.contains("quantity") || browser.count(".wrong").await > 0,
        "{}",
        browser.words().await
    );
    browser.photograph(&format!("{name}-3-wrong-quantity")).await;
    browser.fill("quantity", "2").await;
    browser.press("/cart/items").await;
    browser.arrives_at("/cart").await;
    browser.photograph(&format!("{name}-4-cart")).await;
    assert!(browser.words().await.contains("€48.00"), "{}", browser.words().await);

    // The access token dies while she looks at her cart; nothing of it is seen.
    app.pass(Duration::from_secs(601));
    browser.click("a[href='/checkout']").await;
    browser.arrives_at("/checkout").await;
    fill_in_the_address(&browser).await;
    browser.photograph(&format!("{name}-5-checkout")).await;
    browser.press("/checkout").await;
    browser.text("h1").await;
    for _ in 0..100 {
        if browser.path().await.starts_with("/orders/") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let words = browser.words().await;
    assert!(words.contains("€48.00") && words.contains("12 St James's Square"), "{words}");
    browser.photograph(&format!("{name}-6-order")).await;
    browser.goto("/orders").await;
    browser.photograph(&format!("{name}-7-orders")).await;

    browser.press("/logout").await;
    browser.arrives_at("/").await;
    browser.back().await;
    assert!(browser.path().await.starts_with("/login"), "Back after signing out shows the sign-in: {}", browser.path().await);
    let names: Vec<String> = browser.cookies().await.into_iter().map(|(name, _)| name).collect();
    for name in ["__Host-at", "__Host-rt", "__Host-hint"] {
        assert!(!names.contains(&name.to_owned()), "{names:?}");
    }
    browser.close().await;
}

async fn two_tabs_share_one_session_and_nobody_is_signed_out(app: &TestApp) {
    app.stocks("Oak Bowl", 2_400, 40).await;
    let browser = Browser::open(&app.origin, Scripts::On).await;
    register(&browser).await;
    let second = browser.opens_tab().await;
    for _ in 0..3 {
        app.pass(Duration::from_secs(601));
        for (tab, path) in [(0, "/dashboard"), (second, "/orders"), (0, "/account"), (second, "/cart")] {
            browser.looks_at_tab(tab).await;
            browser.goto(path).await;
            assert_eq!(browser.path().await, path, "{}", browser.words().await);
        }
    }
    // A form drawn in one tab before the other one renewed the token is as good as ever.
    browser.looks_at_tab(0).await;
    browser.goto("/products/oak-bowl").await;
    app.pass(Duration::from_secs(601));
    browser.looks_at_tab(second).await;
    browser.goto("/dashboard").await;
    app.pass(Duration::from_secs(601));
    browser.looks_at_tab(0).await;
    browser.press("/cart/items").await;
    browser.arrives_at("/cart").await;
    // Signing out in one tab signs out both.
    browser.looks_at_tab(second).await;
    browser.press("/logout").await;
    browser.arrives_at("/").await;
    browser.looks_at_tab(0).await;
    browser.reload().await;
    browser.arrives_at("/login?next=/cart").await;
    browser.close().await;
}

async fn back_and_place_order_again_does_not_order_again(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 40).await;
    let browser = Browser::open(&app.origin, Scripts::On).await;
    register(&browser).await;
    browser.goto("/products/oak-bowl").await;
    browser.press("/cart/items").await;
    browser.arrives_at("/cart").await;
    browser.goto("/checkout").await;
    fill_in_the_address(&browser).await;
    browser.press("/checkout").await;
    browser.text(".timeline").await;
    let order = browser.path().await;
    browser.back().await;
    if browser.count("form[action='/checkout']").await > 0 {
        fill_in_the_address(&browser).await;
        browser.press("/checkout").await;
        browser.text(".timeline").await;
        assert_eq!(browser.path().await.split('?').next(), order.split('?').next(), "the same order");
    }
    assert_eq!(app.stock_of(&bowl), 39);
    browser.close().await;
}
