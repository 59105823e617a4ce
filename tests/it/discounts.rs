//! Discount codes: taken off exactly, used no more often than they may be, and never in silence.
//!
//! Invariant: what was taken off is shared out over the lines to the last cent; a code with so many uses is used so often, however
//! many race for it at two nodes; a cancelled order gives its use back, once.

use crate::on_both;
use crate::support::api_client::ApiClient;
use crate::support::app::TestApp;
use crate::support::binary::Place;
use crate::support::page::Page;
use crate::support::people::{ADDRESS, PASSWORD, Shopper};
use diesel::prelude::*;
use futures_util::future::join_all;
use latchkey::clock::Moment;
use latchkey::db::schema::{discount_uses, discounts, order_lines, orders};
use latchkey::shop::discount::{self, NewDiscount, Off};
use reqwest::Method;
use serde_json::json;
use std::time::Duration;

on_both! {
    a_code_is_taken_off_and_shared_out_over_the_lines,
    a_code_that_cannot_be_used_is_refused_beside_its_field,
    a_person_uses_a_code_once_and_a_cancelled_order_gives_it_back,
    twenty_race_for_five_uses_at_two_nodes,
    a_code_that_ended_meanwhile_is_shown_before_anything_is_bought,
    the_api_takes_codes_too with { "LATCHKEY_SHOP_DELIVERY" = "4.90", "LATCHKEY_SHOP_DELIVERY_FREE_FROM" = "60.00" },
}

async fn makes(app: &TestApp, code: &str, off: Off, most_uses: Option<i64>, from: Option<Moment>, until: Option<Moment>) {
    let new = NewDiscount { code: code.parse().expect("a code"), off, starts_at: from, ends_at: until, most_uses };
    let now = app.clock.now();
    assert!(app.db().write(move |conn| discount::add(conn, now, &new)).await.expect("made"));
}

async fn enters(shopper: &Shopper, code: &str) -> Page {
    let cart = shopper.get("/cart").await.expect(200);
    shopper.press(&cart, "/cart/discount", &[("code", code)]).await
}

/// Uses as they are counted, and as they are listed.
fn uses(app: &TestApp) -> (i64, i64) {
    let mut conn = app.storage.second_connection();
    let counted = discounts::table.select(discounts::uses).first(&mut conn).expect("a code");
    (counted, discount_uses::table.count().get_result(&mut conn).expect("uses can be counted"))
}

async fn a_code_is_taken_off_and_shared_out_over_the_lines(app: &TestApp) {
    makes(app, "SPRING", Off::Percent(10), None, None, None).await;
    let (bowl, jug) = (app.stocks("Oak Bowl", 1_005, 12).await, app.stocks("Jug", 333, 5).await);
    let ada = Shopper::registered(app).await;
    ada.adds(&bowl.slug, 2).await.expect_to("/cart");
    ada.adds(&jug.slug, 1).await.expect_to("/cart");
    let entered = enters(&ada, " spring ").await.expect_to("/cart");
    let cart = ada.follow(entered).await.expect(200);
    assert_eq!(cart.texts(".sums dd"), ["€23.43", "−€2.34", "Free", "€21.09"]);
    assert!(cart.words().contains("Discount (SPRING)"), "{}", cart.words());
    let placed = ada.orders().await.expect(303);
    let order = ada.follow(placed).await.expect(200);
    assert_eq!(order.texts(".sums dd"), ["€23.43", "−€2.34", "Free", "€21.09"]);
    assert!(order.words().contains("Discount (SPRING)"), "{}", order.words());
    let shares = order_lines::table.order(order_lines::id).select(order_lines::discount);
    assert_eq!(shares.load::<i64>(&mut app.storage.second_connection()).expect("lines"), [201, 33]);
    assert_eq!(uses(app), (1, 1));
    ada.adds(&bowl.slug, 1).await.expect_to("/cart");
    assert!(!ada.get("/cart").await.words().contains("SPRING"), "the next cart begins without it");
}

async fn a_code_that_cannot_be_used_is_refused_beside_its_field(app: &TestApp) {
    let (now, day) = (app.clock.now(), Duration::from_hours(24));
    makes(app, "SOON", Off::Percent(10), None, Some(now + day), None).await;
    makes(app, "PAST", Off::Percent(10), None, None, Some(now)).await;
    let bowl = app.stocks("Oak Bowl", 1_000, 12).await;
    let ada = Shopper::registered(app).await;
    ada.adds(&bowl.slug, 1).await.expect_to("/cart");
    for (code, sentence) in
        [("SOON", "not valid yet"), ("PAST", "no longer valid"), ("NONE", "We know no code"), ("a%", "3 to 32"), ("", "Enter")]
    {
        let refused = enters(&ada, code).await.expect(422);
        assert!(refused.wrong("code").contains(sentence), "{code}: {}", refused.words());
        assert_eq!((refused.value("code"), refused.value("quantity")), (code.to_owned(), "1".to_owned()));
        assert_eq!(refused.text(".sums-total dd"), "€10.00");
    }
    app.pass(day);
    let ada = ada.elsewhere(app).await;
    enters(&ada, "SOON").await.expect_to("/cart");
    let cart = ada.get("/cart").await.expect(200);
    assert_eq!(cart.text(".sums-total dd"), "€9.00");
    ada.press(&cart, "/cart/discount/remove", &[]).await.expect_to("/cart");
    assert_eq!(ada.get("/cart").await.text(".sums-total dd"), "€10.00");
}

async fn a_person_uses_a_code_once_and_a_cancelled_order_gives_it_back(app: &TestApp) {
    makes(app, "ONCE", Off::Amount(latchkey::shop::money::Money::new(500).expect("money")), Some(1), None, None).await;
    let bowl = app.stocks("Oak Bowl", 300, 12).await;
    let ada = Shopper::registered(app).await;
    ada.adds(&bowl.slug, 1).await.expect_to("/cart");
    enters(&ada, "ONCE").await.expect_to("/cart");
    let placed = ada.orders().await.expect(303);
    let order = ada.get(placed.location()).await.expect(200);
    assert_eq!(order.text(".sums-total dd"), "€0.00", "no more is taken off than there is");
    ada.adds(&bowl.slug, 1).await.expect_to("/cart");
    assert!(enters(&ada, "ONCE").await.expect(422).wrong("code").contains("used by you before"));
    let eve = Shopper::registered(app).await;
    eve.adds(&bowl.slug, 1).await.expect_to("/cart");
    assert!(enters(&eve, "ONCE").await.expect(422).wrong("code").contains("used up"));
    let (cancel, csrf) = (format!("{}/cancel", placed.location()), order.value("csrf"));
    let form = [("csrf", csrf.as_str())];
    let tabs: Vec<_> = (0..8).map(|_| ada.copy()).collect();
    for page in join_all(tabs.iter().map(|tab| tab.post(&cancel, &form))).await {
        page.expect_to(placed.location());
    }
    assert_eq!(uses(app), (0, 0));
    enters(&eve, "ONCE").await.expect_to("/cart");
    eve.orders().await.expect(303);
    assert_eq!(uses(app), (1, 1));
}

async fn twenty_race_for_five_uses_at_two_nodes(app: &TestApp) {
    makes(app, "FIVE", Off::Percent(50), Some(5), None, None).await;
    let second = app.second_node().await;
    let (bowl, jug) = (app.stocks("Oak Bowl", 1_000, 50).await, app.stocks("Jug", 500, 50).await);
    let mut shoppers = Vec::new();
    for number in 0..20 {
        let shopper = Shopper::registered(app).await;
        shopper.adds(&bowl.slug, 1).await.expect_to("/cart");
        shopper.adds(&jug.slug, 1).await.expect_to("/cart");
        enters(&shopper, "FIVE").await.expect_to("/cart");
        let page = shopper.get("/checkout").await.expect(200);
        if number % 2 == 0 {
            shopper.is_sent_to(second.address);
        }
        shoppers.push((shopper, page));
    }
    let answers = join_all(shoppers.iter().map(|(shopper, page)| shopper.press(page, "/checkout", &ADDRESS))).await;
    let count = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(303), count(409)), (5, 15), "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
    assert_eq!((uses(app), app.stock_of(&bowl), app.stock_of(&jug)), ((5, 5), 45, 45));
    let ((loser, _), review) = shoppers.iter().zip(&answers).find(|(_, answer)| answer.status == 409).expect("someone lost");
    let words = review.words();
    assert!(words.contains("Code FIVE") && words.contains("used up") && words.contains("€15.00"), "{words}");
    let placed = loser.press(review, "/checkout", &[]).await.expect(303);
    assert_eq!(loser.follow(placed).await.text(".sums-total dd"), "€15.00");
    let mut conn = app.storage.second_connection();
    let mut discounts: Vec<i64> = orders::table.select(orders::discount).load(&mut conn).expect("orders");
    discounts.sort_unstable();
    assert_eq!(discounts, [0, 750, 750, 750, 750, 750]);
    second.stop().await.expect("it closes");
}

async fn a_code_that_ended_meanwhile_is_shown_before_anything_is_bought(app: &TestApp) {
    let soon = app.clock.now() + Duration::from_mins(5);
    makes(app, "SHORT", Off::Percent(10), None, None, Some(soon)).await;
    let bowl = app.stocks("Oak Bowl", 1_000, 12).await;
    let ada = Shopper::registered(app).await;
    ada.adds(&bowl.slug, 1).await.expect_to("/cart");
    enters(&ada, "SHORT").await.expect_to("/cart");
    let review = ada.get("/checkout").await.expect(200);
    app.pass(Duration::from_mins(5));
    let again = ada.press(&review, "/checkout", &ADDRESS).await.expect(409);
    assert!(again.words().contains("no longer valid"), "{}", again.words());
    let cart = ada.get("/cart").await.expect(200);
    assert!(cart.words().contains("The code SHORT is no longer valid. Nothing is taken off."), "{}", cart.words());
    assert_eq!((uses(app), app.stock_of(&bowl)), ((0, 0), 12));
    ada.press(&again, "/checkout", &[]).await.expect(303);
}

async fn the_api_takes_codes_too(app: &TestApp) {
    makes(app, "TEN", Off::Percent(10), Some(1), None, None).await;
    let bowl = app.stocks("Oak Bowl", 6_500, 12).await;
    let ada = Shopper::registered(app).await;
    let client = ApiClient::signed_in(app, &ada.email, PASSWORD).await;
    let refused = client.post("/api/cart/discount", json!({"code": "TEN"})).await.expect(422).json();
    assert_eq!(refused["errors"][0]["field"], "code", "there is no cart yet");
    client.post("/api/cart/items", json!({"product_id": bowl.id, "quantity": 1})).await.expect(200);
    let cart = client.post("/api/cart/discount", json!({"code": "ten"})).await.expect(200).json();
    let of = |value: &serde_json::Value| ["subtotal", "discount", "delivery", "total"].map(|name| value[name].as_i64());
    assert_eq!(of(&cart["cart"]), [6_500, 650, 490, 6_340].map(Some), "what is left counts for a free delivery");
    assert_eq!((cart["cart"]["discount_code"].as_str(), cart["cart"]["discount_notice"].is_null()), (Some("TEN"), true));
    let off = client.call(Method::DELETE, "/api/cart/discount", json!({})).await.expect(200).json();
    assert_eq!(of(&off["cart"]), [6_500, 0, 0, 6_500].map(Some));
    let cart = client.post("/api/cart/discount", json!({"code": "TEN"})).await.expect(200).json();
    let eve = Shopper::registered(app).await;
    eve.adds(&bowl.slug, 1).await.expect_to("/cart");
    enters(&eve, "TEN").await.expect_to("/cart");
    eve.orders().await.expect(303);
    let mut wish = json!({
        "name": "Ada", "address1": "12 Row", "city": "London", "postal_code": "W1", "country": "GB",
        "cart_version": cart["cart"]["version"], "expected_total": 6_340,
    });
    let told = client.post("/api/orders", wish.clone()).await.expect(409).json();
    assert_eq!(
        (of(&told["cart"]), told["cart"]["discount_notice"]["code"].as_str()),
        ([6_500, 0, 0, 6_500].map(Some), Some("discount_used_up"))
    );
    wish["expected_total"] = json!(6_500);
    let order = client.post("/api/orders", wish).await.expect(201).json();
    assert_eq!((of(&order["order"]), order["order"]["discount_code"].is_null()), ([6_500, 0, 0, 6_500].map(Some), true));
}

#[test]
fn an_operator_makes_and_lists_codes() {
    let place = Place::new(&[]);
    let add = |arguments: &[&str]| place.run(&[&["shop", "discount", "add"], arguments].concat(), "");
    let told = add(&["spring", "--percent", "10", "--uses", "5", "--from", "2027-03-01", "--until", "2027-03-31"]);
    let line = "SPRING: 10 % off, used 0 of 5 times, from 2027-02-28T23:00:00Z, until 2027-03-31T22:00:00Z";
    assert_eq!((told.code, told.output.trim()), (Some(0), line), "{told:?}");
    assert_eq!(add(&["FIVER", "--amount", "5.00"]).code, Some(0));
    let listed = place.run(&["shop", "discount", "list"], "").output;
    assert_eq!(listed.lines().collect::<Vec<_>>(), ["FIVER: €5.00 off, used 0 times", line]);
    let again = add(&["SPRING", "--percent", "20"]);
    assert!(again.code == Some(1) && again.errors.contains("there is a code SPRING already"), "{again:?}");
    for wrong in [
        &["A", "--percent", "10"][..],
        &["WRONG", "--amount", "0"],
        &["WRONG", "--amount", "-5"],
        &["WRONG", "--percent", "101"],
        &["WRONG", "--percent", "1", "--amount", "1"],
        &["WRONG"],
        &["WRONG", "--percent", "1", "--uses", "0"],
        &["WRONG", "--percent", "1", "--until", "tomorrow"],
        &["WRONG", "--percent", "1", "--from", "2027-03-02", "--until", "2027-03-01"],
    ] {
        assert_ne!(add(wrong).code, Some(0), "{wrong:?}");
    }
    assert_eq!(place.run(&["shop", "discount", "list"], "").output, listed);
}
