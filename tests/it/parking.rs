//! Forms that arrive when the session is gone: kept, shown after the next sign-in, carried out once it is said.
//!
//! Invariant: whatever ended the session, what was typed is there again, and nothing was done before its person said so.

mod attacks;
mod bodies;
mod browser;
mod errands;
mod twice;

use crate::on_both;
use crate::support::app::TestApp;
use crate::support::page::Page;
use crate::support::people::{ADDRESS, PASSWORD, Shopper, sign_in};
use crate::support::visitor::Visitor;
use diesel::prelude::*;
use latchkey::db::schema::parked_forms;
use latchkey::web::routes;
use std::time::Duration;

on_both! {
    a_form_is_kept_however_the_session_ended,
    an_order_is_placed_after_signing_in_again,
    what_the_route_answers_is_what_the_person_sees,
    every_act_of_the_cart_and_of_orders_can_wait,
    what_nobody_wants_any_more_is_thrown_away,
    three_forms_of_a_browser_are_kept_and_each_is_done,
    a_form_is_kept_for_fifteen_minutes,
    a_changed_password_overtakes_what_was_sent_before,
    what_a_limit_refused_is_still_there with { "LATCHKEY_LIMIT_CHECKOUT" = "2/1h" },
    other_routes_send_to_sign_in_with_their_page,
    these_routes_park_and_no_other,
}

/// How many forms are kept, looked at from outside.
fn kept(app: &TestApp) -> i64 {
    let waiting = parked_forms::table.filter(parked_forms::spent_at.is_null()).count();
    waiting.get_result(&mut app.storage.second_connection()).expect("forms can be counted")
}

/// The session of this browser is ended elsewhere.
async fn is_signed_out_elsewhere(person: &Visitor) {
    person.copy().signs_out().await.expect_to("/");
}

/// Signs in on the page that a parked form leads to.
async fn comes_back(person: &Shopper) -> Page {
    person.submit("/login?next=/parked", &[("email", &person.email), ("password", PASSWORD)]).await
}

/// Signs in again and opens the page that shows what is kept.
async fn looks(person: &Shopper) -> Page {
    comes_back(person).await.expect_to("/parked");
    person.get("/parked").await.expect(200)
}

async fn a_form_is_kept_however_the_session_ended(app: &TestApp) {
    for end in ["idle", "absolute", "elsewhere", "reuse", "cookies"] {
        let ada = Shopper::registered(app).await;
        let page = ada.get("/account").await.expect(200);
        match end {
            "idle" => app.pass(Duration::from_mins(121)),
            "absolute" => {
                for _ in 0..24 {
                    app.pass(Duration::from_mins(61));
                    ada.get("/account").await;
                }
            }
            "elsewhere" => is_signed_out_elsewhere(&ada).await,
            "reuse" => {
                let thief = ada.copy();
                app.pass(Duration::from_secs(601));
                ada.get("/account").await.expect(200);
                ada.get("/orders").await.expect(200);
                app.pass(Duration::from_secs(31));
                thief.get("/account").await.expect_to("/login?next=/account");
            }
            _ => ["__Host-at", "__Host-rt", "__Host-hint"].iter().for_each(|name| ada.jar.borrow_mut().remove(name)),
        }
        let sent = ada.press(&page, "/account", &[("name", "Ada King")]).await.expect_to("/login?next=/parked");
        assert!(sent.cookies_set().iter().any(|cookie| {
            cookie.starts_with("__Host-park=") && cookie.ends_with("Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=900")
        }));
        assert_eq!(ada.jar.borrow().value("__Host-park").len(), 22);
        let login = ada.get("/login?next=/parked").await.expect(200);
        assert!(login.words().contains("Sign in to continue. What you typed is kept."), "{end}: {}", login.words());
        let page = looks(&ada).await;
        assert_eq!(page.texts("h2"), ["Change your name to Ada King"], "{end}");
        assert!(ada.get("/account").await.has("a[href='/parked']"), "every page leads to it until it is done");
        assert_eq!(ada.get("/account").await.value("name"), "Ada Lovelace", "{end}: nothing is done yet");
        ada.press(&page, "/parked", &[]).await.expect_to("/account");
        assert!(!ada.jar.borrow().has("__Host-park"));
        let page = ada.get("/account").await;
        assert_eq!((page.value("name"), page.messages().len()), ("Ada King".to_owned(), 1), "{end}");
        assert_eq!(kept(app), 0, "{end}");
    }
}

async fn an_order_is_placed_after_signing_in_again(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 5).await;
    let ada = Shopper::registered(app).await;
    ada.adds(&bowl.slug, 2).await.expect_to("/cart");
    let checkout = ada.get("/checkout").await.expect(200);
    is_signed_out_elsewhere(&ada).await;
    ada.press(&checkout, "/checkout", &ADDRESS).await.expect_to("/login?next=/parked");
    let page = looks(&ada).await;
    assert_eq!(page.texts("h2"), ["Place your order"]);
    let facts: Vec<_> = page.texts("dt").into_iter().zip(page.texts("dd")).collect();
    for (label, value) in [
        ("In your cart", "2 × Oak Bowl"),
        ("Name", "Ada Lovelace"),
        ("Street and number", "12 St James's Square"),
        ("Country", "United Kingdom"),
        ("Your note to us", "Please ring twice."),
        ("Total you saw", "€48.00"),
    ] {
        assert!(facts.contains(&(label.to_owned(), value.to_owned())), "{facts:?}");
    }
    assert_eq!(app.stock_of(&bowl), 5, "nothing is ordered yet");
    let placed = ada.press(&page, "/parked", &[]).await.expect(303);
    assert!(placed.location().starts_with("/orders/"), "{}", placed.location());
    assert_eq!(app.stock_of(&bowl), 3);
    assert!(ada.follow(placed).await.words().contains("SW1Y 4JH"));
}

async fn what_the_route_answers_is_what_the_person_sees(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 5).await;
    let ada = Shopper::registered(app).await;
    ada.adds(&bowl.slug, 2).await.expect_to("/cart");
    let (checkout, account) = (ada.get("/checkout").await, ada.get("/account").await);
    is_signed_out_elsewhere(&ada).await;
    ada.press(&account, "/account", &[("name", &"x".repeat(101))]).await.expect_to("/login?next=/parked");
    let wrong = ada.press(&looks(&ada).await, "/parked", &[]).await.expect(422);
    assert_eq!(wrong.value("name"), "x".repeat(101));
    assert!(!wrong.wrong("name").is_empty() && !wrong.has("a[href='/parked']"));
    ada.press(&wrong, "/account", &[("name", "Ada King")]).await.expect_to("/account");

    is_signed_out_elsewhere(&ada).await;
    ada.press(&checkout, "/checkout", &ADDRESS).await.expect_to("/login?next=/parked");
    app.prices(&bowl, 2_500).await;
    let review = ada.press(&looks(&ada).await, "/parked", &[]).await.expect(409);
    assert!(review.words().contains("€24.00") && review.words().contains("€25.00"), "{}", review.words());
    assert_eq!(review.value("address1"), "12 St James's Square");
    ada.press(&review, "/checkout", &[]).await.expect(303);
    assert_eq!(app.stock_of(&bowl), 3);
}

async fn every_act_of_the_cart_and_of_orders_can_wait(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 9).await;
    let ada = Shopper::registered(app).await;
    ada.adds(&bowl.slug, 1).await.expect_to("/cart");
    let order = ada.orders().await.expect(303).location().to_owned();
    ada.adds(&bowl.slug, 1).await.expect_to("/cart");
    let line = format!("/cart/items/{}", bowl.id);
    let acts = [
        ("/cart", line.clone(), vec![("quantity", "3")], "Change the quantity of Oak Bowl in your cart to 3", "/cart"),
        ("/products/oak-bowl", "/cart/items".to_owned(), vec![("quantity", "2")], "Add 2 × Oak Bowl to your cart", "/cart"),
        ("/cart", format!("{line}/remove"), vec![], "Take Oak Bowl out of your cart", "/cart"),
        (&order, format!("{order}/reorder"), vec![], "Put everything of order", "/cart"),
        (&order, format!("{order}/cancel"), vec![], "Cancel order", &order),
    ];
    for ((page, action, fields, words, place), pieces) in acts.into_iter().zip([3, 5, 0, 1, 1]) {
        let open = ada.get(page).await.expect(200);
        is_signed_out_elsewhere(&ada).await;
        ada.press(&open, &action, &fields).await.expect_to("/login?next=/parked");
        let shown = looks(&ada).await;
        assert!(shown.text("h2").starts_with(words), "{}", shown.words());
        ada.press(&shown, "/parked", &[]).await.expect_to(place);
        let cart = ada.get("/cart").await;
        let there = if pieces == 0 { String::new() } else { cart.value("quantity") };
        assert_eq!(there, if pieces == 0 { String::new() } else { pieces.to_string() }, "{words}");
        assert_eq!(cart.has(".line"), pieces > 0, "{words}");
    }
    assert!(ada.get(&order).await.words().contains("Cancelled"));
}

async fn what_nobody_wants_any_more_is_thrown_away(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let account = ada.get("/account").await;
    is_signed_out_elsewhere(&ada).await;
    for name in ["Ada One", "Ada Two"] {
        ada.press(&account, "/account", &[("name", name)]).await.expect_to("/login?next=/parked");
    }
    let page = looks(&ada).await;
    assert_eq!(page.texts("h2"), ["Change your name to Ada Two", "Change your name to Ada One"], "the newest first");
    ada.press(&page, "/parked", &[("discard", "1")]).await.expect_to("/parked");
    let page = ada.get("/parked").await;
    assert_eq!(page.texts("h2"), ["Change your name to Ada One"]);
    ada.press(&page, "/parked", &[("discard", "1")]).await.expect_to("/dashboard");
    assert!(!ada.jar.borrow().has("__Host-park"));
    assert_eq!((kept(app), ada.get("/account").await.value("name")), (0, "Ada Lovelace".to_owned()));
}

async fn three_forms_of_a_browser_are_kept_and_each_is_done(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let account = ada.get("/account").await;
    is_signed_out_elsewhere(&ada).await;
    for name in ["One", "Two", "Three", "Four", "Four"] {
        ada.press(&account, "/account", &[("name", name)]).await.expect_to("/login?next=/parked");
    }
    assert_eq!(kept(app), 3);
    comes_back(&ada).await.expect_to("/parked");
    for name in ["Four", "Three", "Two"] {
        let page = ada.get("/parked").await;
        assert_eq!(page.text("h2"), format!("Change your name to {name}"), "the same form again is the same wish");
        ada.press(&page, "/parked", &[]).await.expect_to("/account");
        assert_eq!(ada.get("/account").await.value("name"), name);
    }
    let page = ada.get("/parked").await.expect(200);
    assert_eq!(page.heading(), "Nothing is kept");
    assert!(page.has("main a[href='/cart']"), "{}", page.words());
}

async fn a_form_is_kept_for_fifteen_minutes(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let account = ada.get("/account").await;
    is_signed_out_elsewhere(&ada).await;
    ada.press(&account, "/account", &[("name", "Ada King")]).await.expect_to("/login?next=/parked");
    let ticket = ada.jar.borrow().value("__Host-park");
    let page = looks(&ada).await;
    app.pass(Duration::from_secs(901));
    ada.jar.borrow_mut().put("__Host-park", &ticket);
    let late = ada.press(&page, "/parked", &[]).await.expect(404);
    assert!(late.words().contains("not kept any more") && late.has("main a[href='/cart']"), "{}", late.words());
    assert_eq!(ada.get("/account").await.value("name"), "Ada Lovelace");
    assert_eq!(kept(app), 1, "the row is still there, and worth nothing");
    let swept = latchkey::auth::upkeep::sweep(app.db(), app.clock.now()).expect("a sweep");
    assert_eq!((swept.parked, kept(app)), (1, 0));
}

async fn a_changed_password_overtakes_what_was_sent_before(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let elsewhere = ada.elsewhere(app).await;
    let account = ada.get("/account").await;
    is_signed_out_elsewhere(&ada).await;
    ada.press(&account, "/account", &[("name", "Ada King")]).await.expect_to("/login?next=/parked");
    let new = "another-wagon-lantern-43";
    elsewhere.submit("/account/password", &[("current_password", PASSWORD), ("new_password", new)]).await.expect_to("/account");
    sign_in(&ada, &ada.email, new).await.expect(303);
    let page = ada.get("/parked").await.expect(200);
    assert!(page.words().contains("Ada King") && page.words().contains("changed after you sent this"), "{}", page.words());
    assert!(page.has(".parked a[href='/account']"));
    ada.press(&page, "/parked", &[]).await.expect(404);
    assert_eq!(ada.get("/account").await.value("name"), "Ada Lovelace");
}

async fn what_a_limit_refused_is_still_there(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 5).await;
    let ada = Shopper::registered(app).await;
    ada.adds(&bowl.slug, 1).await.expect_to("/cart");
    let checkout = ada.get("/checkout").await.expect(200);
    ada.press(&checkout, "/checkout", &[("name", "")]).await.expect(422);
    is_signed_out_elsewhere(&ada).await;
    ada.press(&checkout, "/checkout", &ADDRESS).await.expect_to("/login?next=/parked");
    let page = looks(&ada).await;
    for _ in 0..2 {
        let refused = ada.press(&page, "/parked", &[]).await.expect(429);
        assert!(refused.has("main a[href='/parked']"), "the way on leads to what is kept: {}", refused.words());
    }
    assert_eq!(ada.get("/parked").await.texts("h2"), ["Place your order"]);
}

async fn other_routes_send_to_sign_in_with_their_page(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let page = ada.get("/account/password").await;
    is_signed_out_elsewhere(&ada).await;
    let fields = [("current_password", PASSWORD), ("new_password", "another-wagon-lantern-43")];
    ada.press(&page, "/account/password", &fields).await.expect_to("/login?next=/account/password");
    assert!(!ada.jar.borrow().has("__Host-park"));
    assert_eq!(kept(app), 0);
}

async fn these_routes_park_and_no_other(app: &TestApp) {
    let parking = routes::pages(app.server()).into_iter().filter(routes::Route::is_parking);
    let expected = [
        "/cart/items",
        "/cart/items/{product_id}",
        "/cart/items/{product_id}/remove",
        "/cart/items/{product_id}/save",
        "/cart/saved/{product_id}/restore",
        "/cart/saved/{product_id}/remove",
        "/cart/undo",
        "/cart/discount/remove",
        "/checkout",
        "/orders/{number}/pay",
        "/orders/{number}/cancel",
        "/orders/{number}/reorder",
        "/account",
        "/account/email",
    ];
    assert_eq!(parking.map(|route| route.listed().0).collect::<Vec<_>>(), expected, "none of them takes a password or a code");
}
