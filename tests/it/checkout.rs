//! Checkout: exactly what is in stock is sold, exactly once.
//!
//! Invariant: an order is whole or not there; whatever changed since the page was drawn is shown before anything is bought. The races
//! run over HTTP against the real server.

use crate::on_both;
use crate::support::app::TestApp;
use crate::support::people::{ADDRESS, Shopper};
use diesel::prelude::*;
use futures_util::future::{join, join_all};
use latchkey::db::schema::{carts, order_lines, orders};
use std::time::Duration;

on_both! {
    an_order_is_placed_and_shown,
    an_address_that_cannot_be_delivered_to_is_named_field_by_field,
    forty_shoppers_race_for_ten_pieces,
    two_products_taken_in_opposite_order_do_not_lock_each_other_out,
    twenty_clicks_make_one_order,
    back_and_place_order_again_lands_on_the_same_order,
    a_changed_price_is_shown_before_it_is_paid,
    a_sold_out_product_is_shown_before_anything_is_bought,
    a_cart_that_changed_in_another_tab_is_shown_again,
    a_change_in_another_tab_is_never_swallowed_by_an_order,
    an_order_remembers_what_was_bought_as_it_was,
    a_total_is_counted_in_full,
}

fn count_orders(app: &TestApp) -> i64 {
    orders::table.count().get_result(&mut app.storage.second_connection()).expect("orders can be counted")
}

async fn an_order_is_placed_and_shown(app: &TestApp) {
    let (bowl, jug) = (app.stocks("Oak Bowl", 2_405, 12).await, app.stocks("Jug", 1_000, 5).await);
    let ada = Shopper::registered(app).await;
    ada.adds(&bowl.slug, 2).await.expect_to("/cart");
    ada.adds(&jug.slug, 1).await.expect_to("/cart");
    let placed = ada.orders().await.expect(303);
    assert!(placed.location().starts_with("/orders/"), "{}", placed.location());
    let order = ada.follow(placed).await.expect(200);
    let words = order.words();
    for part in ["€48.10", "€10.00", "€58.10", "12 St James's Square", "United Kingdom", "Please ring twice."] {
        assert!(words.contains(part), "{part}: {words}");
    }
    assert_eq!((app.stock_of(&bowl), app.stock_of(&jug)), (10, 4));
    assert!(ada.get("/cart").await.words().contains("nothing in your cart"));
    let listed = ada.get("/orders").await.expect(200).attributes("main a", "href");
    assert!(listed.iter().any(|href| order.path.starts_with(href)), "{listed:?}");
}

async fn an_address_that_cannot_be_delivered_to_is_named_field_by_field(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 100, 12).await;
    let ada = Shopper::registered(app).await;
    ada.adds(&bowl.slug, 1).await.expect_to("/cart");
    let long = "x".repeat(2_000);
    for (field, bad) in [
        ("name", ""),
        ("address1", ""),
        ("city", ""),
        ("postal_code", ""),
        ("country", ""),
        ("country", "XX"),
        ("country", "gb "),
        ("name", long.as_str()),
        ("note", long.as_str()),
        ("city", "Lon\u{0}don"),
        ("phone", "call me"),
        ("address2", "\u{1b}[2J"),
    ] {
        let fields = ADDRESS.map(|(name, value)| (name, if name == field { bad } else { value }));
        let page = ada.submit("/checkout", &fields).await.expect(422);
        assert!(!page.wrong(field).is_empty(), "{field}={bad:?}: {}", page.words());
        assert!(page.title().starts_with("Error: "));
        if field != "name" {
            assert_eq!(page.value("name"), "Ada Lovelace");
        }
    }
    let page = ada.get("/checkout").await.expect(200);
    let nothing: [(&str, &str); 8] = ADDRESS.map(|(name, _)| (name, ""));
    let page = ada.press(&page, "/checkout", &nothing).await.expect(422);
    assert!(page.texts(".summary li").len() >= 5, "every fault at once: {}", page.words());
    assert_eq!(count_orders(app), 0);
    assert_eq!(app.stock_of(&bowl), 12);
}

async fn forty_shoppers_race_for_ten_pieces(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 10).await;
    let mut shoppers = Vec::new();
    for _ in 0..40 {
        let shopper = Shopper::registered(app).await;
        shopper.adds(&bowl.slug, 1).await.expect_to("/cart");
        let page = shopper.get("/checkout").await.expect(200);
        shoppers.push((shopper, page));
    }
    let answers = join_all(shoppers.iter().map(|(shopper, page)| shopper.press(page, "/checkout", &ADDRESS))).await;
    let placed = answers.iter().filter(|answer| answer.status == 303 && answer.location().starts_with("/orders/")).count();
    let shown = answers.iter().filter(|answer| answer.status == 409).count();
    let all: Vec<_> = answers.iter().map(|answer| (answer.status, answer.location().to_owned())).collect();
    assert_eq!((placed, shown), (10, 30), "{all:?}");
    assert_eq!(app.stock_of(&bowl), 0);
    let mut conn = app.storage.second_connection();
    let sold: Vec<i64> = order_lines::table.select(order_lines::quantity).load(&mut conn).expect("lines");
    assert_eq!(sold, vec![1; 10]);
    let ordered: i64 = carts::table.filter(carts::status.eq("ordered")).count().get_result(&mut conn).expect("carts");
    assert_eq!(ordered, 10, "those who lost still have their carts");
    let (loser, _) = shoppers.iter().zip(&answers).find(|(_, answer)| answer.status == 409).expect("someone lost").0;
    assert!(loser.get("/cart").await.expect(200).words().contains("Oak Bowl"));
}

async fn two_products_taken_in_opposite_order_do_not_lock_each_other_out(app: &TestApp) {
    let (bowl, jug) = (app.stocks("Oak Bowl", 100, 100).await, app.stocks("Jug", 100, 100).await);
    let mut shoppers = Vec::new();
    for number in 0..16 {
        let shopper = Shopper::registered(app).await;
        let order = if number % 2 == 0 { [&bowl, &jug] } else { [&jug, &bowl] };
        for goods in order {
            shopper.adds(&goods.slug, 2).await.expect_to("/cart");
        }
        let page = shopper.get("/checkout").await.expect(200);
        shoppers.push((shopper, page));
    }
    let answers = join_all(shoppers.iter().map(|(shopper, page)| shopper.press(page, "/checkout", &ADDRESS))).await;
    for answer in answers {
        assert!(answer.location().starts_with("/orders/"), "{}: {}", answer.status, answer.words());
    }
    assert_eq!((app.stock_of(&bowl), app.stock_of(&jug)), (68, 68));
}

async fn twenty_clicks_make_one_order(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 50).await;
    let ada = Shopper::registered(app).await;
    ada.adds(&bowl.slug, 2).await.expect_to("/cart");
    let page = ada.get("/checkout").await.expect(200);
    let tabs: Vec<_> = (0..20).map(|_| ada.copy()).collect();
    let answers = join_all(tabs.iter().map(|tab| tab.press(&page, "/checkout", &ADDRESS))).await;
    let mut places: Vec<_> = answers.iter().map(|answer| (answer.status, answer.location().to_owned())).collect();
    places.dedup();
    assert_eq!(places.len(), 1, "every click lands on the same order: {places:?}");
    assert!(places[0].1.starts_with("/orders/"), "{places:?}");
    assert_eq!((count_orders(app), app.stock_of(&bowl)), (1, 48));
}

async fn back_and_place_order_again_lands_on_the_same_order(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 50).await;
    let ada = Shopper::registered(app).await;
    ada.adds(&bowl.slug, 2).await.expect_to("/cart");
    let page = ada.get("/checkout").await.expect(200);
    let first = ada.press(&page, "/checkout", &ADDRESS).await.expect(303);
    app.pass(Duration::from_hours(1));
    ada.press(&page, "/checkout", &ADDRESS).await.expect_to(first.location());
    ada.adds(&bowl.slug, 1).await.expect_to("/cart");
    ada.press(&page, "/checkout", &ADDRESS).await.expect_to(first.location());
    assert_eq!((count_orders(app), app.stock_of(&bowl)), (1, 48));
    assert_eq!(ada.get("/cart").await.value("quantity"), "1", "the new cart is left alone");
}

async fn a_changed_price_is_shown_before_it_is_paid(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 50).await;
    let ada = Shopper::registered(app).await;
    ada.adds(&bowl.slug, 2).await.expect_to("/cart");
    let page = ada.get("/checkout").await.expect(200);
    app.prices(&bowl, 2_650).await;
    let review = ada.press(&page, "/checkout", &ADDRESS).await.expect(409);
    let words = review.words();
    assert!(words.contains("€24.00") && words.contains("€26.50"), "old and new: {words}");
    assert_eq!(review.value("address1"), "12 St James's Square", "the address is kept");
    assert_eq!(count_orders(app), 0);
    assert_eq!(app.stock_of(&bowl), 50);
    let placed = ada.press(&review, "/checkout", &[]).await.expect(303);
    assert!(ada.follow(placed).await.words().contains("€53.00"));
}

async fn a_sold_out_product_is_shown_before_anything_is_bought(app: &TestApp) {
    let (bowl, jug) = (app.stocks("Oak Bowl", 2_400, 5).await, app.stocks("Jug", 1_000, 5).await);
    let ada = Shopper::registered(app).await;
    ada.adds(&bowl.slug, 3).await.expect_to("/cart");
    ada.adds(&jug.slug, 1).await.expect_to("/cart");
    let page = ada.get("/checkout").await.expect(200);
    app.restocks(&bowl, 0).await;
    let review = ada.press(&page, "/checkout", &ADDRESS).await.expect(409);
    assert!(review.words().contains("Oak Bowl"), "{}", review.words());
    assert_eq!((count_orders(app), app.stock_of(&jug)), (0, 5), "nothing is half done");
}

async fn a_cart_that_changed_in_another_tab_is_shown_again(app: &TestApp) {
    let (bowl, jug) = (app.stocks("Oak Bowl", 2_400, 5).await, app.stocks("Jug", 1_000, 5).await);
    let ada = Shopper::registered(app).await;
    ada.adds(&bowl.slug, 1).await.expect_to("/cart");
    let page = ada.get("/checkout").await.expect(200);
    ada.adds(&jug.slug, 1).await.expect_to("/cart"); // in the other tab
    let review = ada.press(&page, "/checkout", &ADDRESS).await.expect(409);
    assert!(review.words().contains("Jug"), "{}", review.words());
    let placed = ada.press(&review, "/checkout", &[]).await.expect(303);
    assert!(ada.follow(placed).await.words().contains("€34.00"));
}

/// Whichever comes first: the change belongs to the cart that the order left open, or to the one that was not ordered.
async fn a_change_in_another_tab_is_never_swallowed_by_an_order(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 1_000).await;
    let ada = Shopper::registered(app).await;
    let mut outcomes = std::collections::BTreeSet::new();
    for _ in 0..20 {
        ada.adds(&bowl.slug, 1).await.expect_to("/cart");
        let (review, product) =
            (ada.get("/checkout").await.expect(200), ada.get(&format!("/products/{}", bowl.slug)).await.expect(200));
        let other = ada.copy();
        let change = other.press(&product, "/cart/items", &[("quantity", "4")]);
        let (placed, changed) = join(ada.press(&review, "/checkout", &ADDRESS), change).await;
        changed.expect_to("/cart");
        let left = ada.get("/cart").await.expect(200).value("quantity");
        assert_eq!(left, if placed.status == 303 { "4" } else { "5" }, "{} {}", placed.status, placed.location());
        outcomes.insert(placed.status);
        let cart = ada.get("/cart").await;
        ada.press(&cart, &format!("/cart/items/{}/remove", bowl.id), &[]).await.expect_to("/cart");
    }
    assert!(outcomes.iter().all(|status| [303, 409].contains(status)), "{outcomes:?}");
}

async fn an_order_remembers_what_was_bought_as_it_was(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 5).await;
    let ada = Shopper::registered(app).await;
    ada.adds(&bowl.slug, 1).await.expect_to("/cart");
    let placed = ada.orders().await.expect(303);
    app.prices(&bowl, 9_900).await;
    let order = ada.follow(placed).await.expect(200);
    assert!(order.words().contains("€24.00") && !order.words().contains("€99.00"), "{}", order.words());
}

/// docs/TRAPS.md, "Trap 3": SQLite would wrap around in silence.
async fn a_total_is_counted_in_full(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    for number in 0..3 {
        let goods = app.stocks(&format!("Palace {number}"), 1_000_000_000_000, 99).await;
        ada.adds(&goods.slug, 99).await.expect_to("/cart");
    }
    let cart = ada.get("/cart").await.expect(200);
    assert!(cart.words().contains("€2,970,000,000,000.00"), "{}", cart.words());
}
