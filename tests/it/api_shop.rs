//! The JSON API: products, cart, orders. The same verbs as the pages, told in JSON.
//!
//! Invariant: money is whole minor units, times are UTC, an id is opaque; what a page would say in a sentence has a code here.

use crate::on_both;
use crate::support::api_client::ApiClient;
use crate::support::app::TestApp;
use crate::support::people::{PASSWORD, Shopper};
use reqwest::Method;
use serde_json::{Value, json};

on_both! {
    products_are_listed_and_shown,
    a_cart_is_filled_over_the_api,
    a_cart_says_what_it_lowered,
    what_cannot_be_added_has_a_code,
    an_order_is_placed_over_the_api,
    an_order_sent_again_is_the_same_order,
    a_cart_that_changed_is_told_with_the_cart,
    an_order_is_cancelled_over_the_api,
    the_dashboard_is_one_call,
}

async fn client(app: &TestApp) -> (Shopper, ApiClient) {
    let ada = Shopper::registered(app).await;
    let client = ApiClient::signed_in(app, &ada.email, PASSWORD).await;
    (ada, client)
}

fn order_of(cart: &Value) -> Value {
    json!({
        "name": "Ada Lovelace", "address1": "12 St James's Square", "city": "London", "postal_code": "SW1Y 4JH", "country": "GB",
        "cart_version": cart["cart"]["version"], "expected_total": cart["cart"]["total"],
    })
}

async fn products_are_listed_and_shown(app: &TestApp) {
    for number in 0..30 {
        app.stocks(&format!("Spoon {number:02}"), 100 + number, number).await;
    }
    let visitor = ApiClient::new(app);
    let list = visitor.get("/api/products?sort=-price&page=2").await.expect(200).json();
    assert_eq!(list["meta"], json!({"page": 2, "pages": 2, "per_page": 24, "total": 30}));
    assert_eq!(list["products"].as_array().map(Vec::len), Some(6));
    let last = &list["products"][5];
    assert_eq!(
        (last["title"].as_str(), last["price"].as_i64(), last["currency"].as_str(), last["stock"].as_i64()),
        (Some("Spoon 00"), Some(100), Some("EUR"), Some(0))
    );
    assert_eq!(last["product_id"].as_str().map(str::len), Some(22));
    let beyond = visitor.get("/api/products?page=9").await.expect(200).json();
    assert_eq!((beyond["products"].clone(), beyond["meta"]["total"].as_i64()), (json!([]), Some(30)));
    assert_eq!(visitor.get("/api/products?in_stock=1&q=spoon").await.json()["meta"]["total"], 29);
    let one = visitor.get("/api/products/spoon-07").await.expect(200).json();
    assert_eq!((one["product"]["slug"].as_str(), one["product"]["price"].as_i64()), (Some("spoon-07"), Some(107)));
    assert_eq!(visitor.get("/api/products/no-such-thing").await.expect(404).json()["code"], "not_found");
}

async fn a_cart_is_filled_over_the_api(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_405, 12).await;
    let (ada, client) = client(app).await;
    let empty = client.get("/api/cart").await.expect(200).json();
    assert_eq!((empty["cart"]["items"].clone(), empty["cart"]["total"].as_i64()), (json!([]), Some(0)));
    let cart = client.post("/api/cart/items", json!({"product_id": bowl.id, "quantity": 2})).await.expect(200).json();
    let item = &cart["cart"]["items"][0];
    assert_eq!(
        (item["quantity"].as_i64(), item["unit_price"].as_i64(), item["line_total"].as_i64()),
        (Some(2), Some(2_405), Some(4_810))
    );
    assert_eq!(
        (cart["cart"]["subtotal"].as_i64(), cart["cart"]["discount"].as_i64(), cart["cart"]["delivery"].as_i64()),
        (Some(4_810), Some(0), Some(0))
    );
    assert_eq!((cart["cart"]["total"].as_i64(), cart["cart"]["currency"].as_str()), (Some(4_810), Some("EUR")));
    let path = format!("/api/cart/items/{}", bowl.id);
    let cart = client.call(Method::PUT, &path, json!({"quantity": 5})).await.expect(200).json();
    assert_eq!(cart["cart"]["items"][0]["quantity"], 5);
    assert_eq!(ada.get("/cart").await.value("quantity"), "5", "it is the same cart");
    let cart = client.delete(&path).await.expect(200).json();
    assert_eq!(cart["cart"]["items"], json!([]));
}

async fn a_cart_says_what_it_lowered(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_405, 3).await;
    let (_, client) = client(app).await;
    let cart = client.post("/api/cart/items", json!({"product_id": bowl.id, "quantity": 9})).await.expect(200).json();
    let item = &cart["cart"]["items"][0];
    assert_eq!(item["quantity"], 3);
    assert!(item["notices"][0]["code"].is_string() && item["notices"][0]["message"].is_string(), "{cart}");
}

async fn what_cannot_be_added_has_a_code(app: &TestApp) {
    let gone = app.stocks("Gone", 100, 0).await;
    let bowl = app.stocks("Oak Bowl", 100, 5).await;
    let (_, client) = client(app).await;
    let refused = client.post("/api/cart/items", json!({"product_id": gone.id, "quantity": 1})).await.expect(422).json();
    assert_eq!(refused["code"], "sold_out");
    let unknown =
        client.post("/api/cart/items", json!({"product_id": "AAAAAAAAAAAAAAAAAAAAAA", "quantity": 1})).await.expect(404).json();
    assert_eq!(unknown["code"], "not_found");
    for bad in [json!(0), json!(-1), json!(1.5), json!("two"), json!(100), json!(true), json!(10_000_000_000_000_i64)] {
        let refused = client.post("/api/cart/items", json!({"product_id": bowl.id, "quantity": bad})).await;
        assert_eq!(refused.status, 422, "{bad}: {}", refused.body);
        assert_eq!(refused.json()["errors"][0]["field"], "quantity", "{bad}");
    }
    let refused = client.post("/api/orders", order_of(&client.get("/api/cart").await.json())).await.expect(422).json();
    assert_eq!(refused["code"], "cart_empty");
}

async fn an_order_is_placed_over_the_api(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_405, 12).await;
    let (ada, client) = client(app).await;
    let cart = client.post("/api/cart/items", json!({"product_id": bowl.id, "quantity": 2})).await.expect(200).json();
    let refused = client
        .post("/api/orders", json!({"cart_version": cart["cart"]["version"], "expected_total": 4_810}))
        .await
        .expect(422)
        .json();
    assert!(refused["errors"].as_array().is_some_and(|errors| errors.len() >= 5), "{refused}");
    let placed = client.post("/api/orders", order_of(&cart)).await.expect(201).json();
    let order = &placed["order"];
    assert_eq!(
        (order["status"].as_str(), order["total"].as_i64(), order["currency"].as_str()),
        (Some("placed"), Some(4_810), Some("EUR"))
    );
    assert_eq!(order["lines"][0]["quantity"], 2);
    assert_eq!(order["address"]["country"], "GB");
    let number = order["number"].as_str().expect("a number");
    assert_eq!(client.get(&format!("/api/orders/{number}")).await.expect(200).json()["order"], *order);
    let list = client.get("/api/orders").await.expect(200).json();
    assert_eq!((list["orders"][0]["number"].as_str(), list["meta"]["total"].as_i64()), (Some(number), Some(1)));
    ada.get(&format!("/orders/{number}")).await.expect(200);
    assert_eq!(app.stock_of(&bowl), 10);
    let eve = Shopper::registered(app).await;
    let eve = ApiClient::signed_in(app, &eve.email, PASSWORD).await;
    eve.get(&format!("/api/orders/{number}")).await.expect(404);
    eve.call(Method::POST, &format!("/api/orders/{number}/cancel"), json!({})).await.expect(404);
}

async fn an_order_sent_again_is_the_same_order(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_405, 12).await;
    let (_, client) = client(app).await;
    let cart = client.post("/api/cart/items", json!({"product_id": bowl.id, "quantity": 2})).await.expect(200).json();
    let first = client.post("/api/orders", order_of(&cart)).await.expect(201).json();
    let again = client.post("/api/orders", order_of(&cart)).await.expect(200).json();
    assert_eq!(first["order"], again["order"]);
    assert_eq!(app.stock_of(&bowl), 10);
}

async fn a_cart_that_changed_is_told_with_the_cart(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_405, 12).await;
    let (_, client) = client(app).await;
    let cart = client.post("/api/cart/items", json!({"product_id": bowl.id, "quantity": 2})).await.expect(200).json();
    app.prices(&bowl, 3_000).await;
    let told = client.post("/api/orders", order_of(&cart)).await.expect(409).json();
    assert_eq!((told["code"].as_str(), told["cart"]["total"].as_i64()), (Some("cart_changed"), Some(6_000)), "{told}");
    assert_eq!(app.stock_of(&bowl), 12);
    client.post("/api/orders", order_of(&told)).await.expect(201);
}

async fn an_order_is_cancelled_over_the_api(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_405, 12).await;
    let (_, client) = client(app).await;
    let cart = client.post("/api/cart/items", json!({"product_id": bowl.id, "quantity": 2})).await.expect(200).json();
    let order = client.post("/api/orders", order_of(&cart)).await.expect(201).json();
    let path = format!("/api/orders/{}/cancel", order["order"]["number"].as_str().expect("a number"));
    for _ in 0..2 {
        let cancelled = client.send(&path, client.request(Method::POST, &path)).await.expect(200).json();
        assert_eq!(cancelled["order"]["status"], "cancelled");
    }
    assert_eq!(app.stock_of(&bowl), 12);
}

async fn the_dashboard_is_one_call(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_405, 12).await;
    let (ada, client) = client(app).await;
    ada.adds(&bowl.slug, 1).await.expect_to("/cart");
    ada.orders().await.expect(303);
    ada.adds(&bowl.slug, 3).await.expect_to("/cart");
    let told = client.get("/api/dashboard").await.expect(200).json();
    assert_eq!(told["user"]["name"], "Ada Lovelace");
    assert_eq!(told["cart"]["items"][0]["quantity"], 3);
    assert_eq!(told["orders"].as_array().map(Vec::len), Some(1));
}
