//! Parked forms in real Chromium, with JavaScript off.
//!
//! Invariant: a person reads, fills in and clicks; each step that is new here leaves a picture under target/screens.

use crate::on_both;
use crate::support::app::TestApp;
use crate::support::browser::{Browser, Scripts};
use crate::support::people::{ADDRESS, PASSWORD, Shopper};
use diesel::prelude::*;
use latchkey::auth::session::{self, Because};
use latchkey::db::schema::sessions;
use latchkey::ids::{SessionId, SessionKey};

on_both! {
    a_visitor_adds_to_the_cart_and_orders_although_the_session_ends_on_the_way,
}

async fn signs_in(browser: &Browser, person: &Shopper) {
    browser.fill("email", &person.email).await;
    browser.fill("password", PASSWORD).await;
    browser.press("/login").await;
}

/// Ends every session, as another device or an operator would.
async fn ends_all_sessions(app: &TestApp) {
    let now = app.clock.now();
    let latch = app.server().latch.clone();
    let end = move |conn: &mut latchkey::db::Conn| {
        let live: Vec<(SessionKey, SessionId)> =
            sessions::table.filter(sessions::ended_at.is_null()).select((sessions::id, sessions::public_id)).load(conn)?;
        live.into_iter().try_fold(Vec::new(), |mut ended, (key, _)| {
            ended.extend(session::end(conn, now, key, Because::SignOut)?);
            Ok(ended)
        })
    };
    app.db().write_then(end, move |ended| latch.forget(ended)).await.expect("sessions can be ended");
}

async fn a_visitor_adds_to_the_cart_and_orders_although_the_session_ends_on_the_way(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 4).await;
    let ada = Shopper::registered(app).await;
    let browser = Browser::open(&app.origin, Scripts::Off).await;
    browser.goto("/products/oak-bowl").await;
    browser.fill("quantity", "2").await;
    browser.press("/cart/items").await;
    browser.arrives_at("/login?next=/parked").await;
    assert!(browser.text("main").await.contains("Sign in to add 2 × Oak Bowl to your cart."), "{}", browser.words().await);
    browser.photograph("parked-1-sign-in").await;
    signs_in(&browser, &ada).await;
    browser.arrives_at("/cart").await;
    assert_eq!(browser.text(".flash p").await, "Oak Bowl is in your cart.");
    browser.photograph("parked-2-cart").await;

    browser.goto("/checkout").await;
    for (field, text) in ADDRESS.iter().filter(|(field, _)| *field != "country") {
        browser.fill(field, text).await;
    }
    browser.click("main select[name='country'] option[value='GB']").await;
    ends_all_sessions(app).await;
    browser.press("/checkout").await;
    browser.arrives_at("/login?next=/parked").await;
    assert!(browser.text("main").await.contains("What you typed is kept."), "{}", browser.words().await);
    browser.photograph("parked-3-sign-in-again").await;
    signs_in(&browser, &ada).await;
    browser.arrives_at("/parked").await;
    let words = browser.words().await;
    assert!(words.contains("12 St James's Square") && words.contains("Please ring twice."), "{words}");
    browser.photograph("parked-4-shown").await;
    browser.press("/parked").await;
    browser.text(".timeline").await;
    assert!(browser.path().await.starts_with("/orders/"), "{}", browser.path().await);
    assert_eq!(app.stock_of(&bowl), 2);
    browser.close().await;
}
