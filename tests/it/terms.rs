//! What the shop asks beside its prices: one price for delivery, nothing from a sum on, and the tax that is in all of it.
//!
//! Invariant: cart, review, order, receipt and API say the same sums, and an order keeps its own whatever the shop asks later.

use crate::on_both;
use crate::support::api_client::ApiClient;
use crate::support::app::TestApp;
use crate::support::page::Page;
use crate::support::people::{ADDRESS, PASSWORD, Shopper};
use diesel::prelude::*;
use latchkey::db::schema::{order_lines, orders};
use serde_json::{Value, json};

on_both! {
    delivery_is_in_the_cart_the_review_and_the_order with { "LATCHKEY_SHOP_DELIVERY" = "4.90", "LATCHKEY_SHOP_DELIVERY_FREE_FROM" = "60.00", "LATCHKEY_SHOP_TAX_RATE" = "19" },
    delivery_is_free_from_a_sum_on with { "LATCHKEY_SHOP_DELIVERY" = "4.90", "LATCHKEY_SHOP_DELIVERY_FREE_FROM" = "60.00" },
    the_api_says_the_same_sums with { "LATCHKEY_SHOP_DELIVERY" = "4.90", "LATCHKEY_SHOP_DELIVERY_FREE_FROM" = "", "LATCHKEY_SHOP_TAX_RATE" = "7.7" },
    a_total_without_the_delivery_is_shown_again with { "LATCHKEY_SHOP_DELIVERY" = "4.90" },
}

fn sums(page: &Page) -> Vec<String> {
    page.texts(".sums dd")
}

async fn delivery_is_in_the_cart_the_review_and_the_order(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 12).await;
    let ada = Shopper::registered(app).await;
    ada.adds(&bowl.slug, 2).await.expect_to("/cart");
    let expected = ["€48.00", "€4.90", "€52.90", "€8.45"];
    let cart = ada.get("/cart").await.expect(200);
    assert_eq!(sums(&cart), expected);
    assert!(cart.words().contains("free when you add €12.00 more"), "{}", cart.words());
    let review = ada.get("/checkout").await.expect(200);
    assert_eq!(sums(&review), expected);
    assert_eq!(review.text(".way-price"), "€4.90");
    let placed = ada.press(&review, "/checkout", &ADDRESS).await.expect(303);
    let order = ada.follow(placed).await.expect(200);
    assert_eq!(sums(&order), expected);
    assert!(order.words().contains("Including 19 % tax"), "{}", order.words());
    assert!(ada.get("/orders").await.words().contains("€52.90"));
    let mut conn = app.storage.second_connection();
    let kept: (i64, i64, i64) =
        orders::table.select((orders::delivery, orders::total, orders::tax)).first(&mut conn).expect("it");
    assert_eq!(kept, (490, 5_290, 845));
    assert_eq!(order_lines::table.select(order_lines::tax_rate).load::<i64>(&mut conn).expect("a line"), [1_900]);
}

async fn delivery_is_free_from_a_sum_on(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 3_000, 12).await;
    let ada = Shopper::registered(app).await;
    ada.adds(&bowl.slug, 1).await.expect_to("/cart");
    assert_eq!(sums(&ada.get("/cart").await), ["€30.00", "€4.90", "€34.90"]);
    ada.adds(&bowl.slug, 1).await.expect_to("/cart");
    let cart = ada.get("/cart").await.expect(200);
    assert_eq!(sums(&cart), ["€60.00", "Free", "€60.00"]);
    assert!(!cart.words().contains("free when you add"), "{}", cart.words());
}

async fn the_api_says_the_same_sums(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 100_000, 12).await;
    let ada = Shopper::registered(app).await;
    let client = ApiClient::signed_in(app, &ada.email, PASSWORD).await;
    let empty = client.get("/api/cart").await.expect(200).json();
    assert_eq!((empty["cart"]["delivery"].as_i64(), empty["cart"]["total"].as_i64()), (Some(0), Some(0)));
    let cart = client.post("/api/cart/items", json!({"product_id": bowl.id, "quantity": 2})).await.expect(200).json();
    let of = |value: &Value| ["subtotal", "discount", "delivery", "total", "tax"].map(|name| value[name].as_i64());
    let expected = [200_000, 0, 490, 200_490, 14_334].map(Some);
    assert_eq!(of(&cart["cart"]), expected);
    let wish = json!({
        "name": "Ada", "address1": "12 Row", "city": "London", "postal_code": "W1", "country": "GB",
        "cart_version": cart["cart"]["version"], "expected_total": 200_490,
    });
    let order = client.post("/api/orders", wish).await.expect(201).json();
    assert_eq!(of(&order["order"]), expected);
    assert_eq!(order["order"]["lines"][0]["tax_rate"], 770);
}

async fn a_total_without_the_delivery_is_shown_again(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 12).await;
    let ada = Shopper::registered(app).await;
    ada.adds(&bowl.slug, 1).await.expect_to("/cart");
    let review = ada.get("/checkout").await.expect(200);
    let old: Vec<(&str, &str)> = ADDRESS.into_iter().chain([("expected_total", "2400")]).collect();
    let again = ada.press(&review, "/checkout", &old).await.expect(409);
    assert!(again.words().contains("€24.00") && again.words().contains("€28.90"), "{}", again.words());
    ada.press(&again, "/checkout", &[]).await.expect(303);
}
