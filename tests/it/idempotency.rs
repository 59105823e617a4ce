//! `Idempotency-Key`: a program that asks twice buys once.
//!
//! Invariant: for a day a key of a person is one order of one wish; what was refused is not remembered, and races at two nodes make
//! one order, told alike to everybody.

use crate::on_both;
use crate::support::api_client::ApiClient;
use crate::support::app::TestApp;
use crate::support::goods::Goods;
use crate::support::page::Page;
use crate::support::people::{PASSWORD, Shopper};
use diesel::prelude::*;
use futures_util::future::join_all;
use latchkey::db::schema::{idempotency_keys, orders};
use latchkey::shop::upkeep;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

on_both! {
    the_same_key_and_wish_is_the_same_order,
    another_wish_under_the_same_key_is_a_mismatch,
    a_key_is_its_persons_and_lasts_a_day,
    a_key_that_is_none_is_named,
    what_was_refused_may_be_tried_again_under_its_key,
    twenty_at_two_nodes_under_one_key_make_one_order,
    different_wishes_under_one_key_at_once_make_one_order,
}

async fn client(app: &TestApp) -> ApiClient {
    let ada = Shopper::registered(app).await;
    ApiClient::signed_in(app, &ada.email, PASSWORD).await
}

/// Puts one into the cart; what an order of it says.
async fn wish(client: &ApiClient, goods: &Goods) -> Value {
    let cart = client.post("/api/cart/items", json!({"product_id": goods.id, "quantity": 1})).await.expect(200).json();
    json!({
        "name": "Ada Lovelace", "address1": "12 St James's Square", "city": "London", "postal_code": "SW1Y 4JH", "country": "GB",
        "cart_version": cart["cart"]["version"], "expected_total": cart["cart"]["total"],
    })
}

async fn order(client: &ApiClient, key: &str, wish: &Value) -> Page {
    let request = client.request(Method::POST, "/api/orders").header("Idempotency-Key", key).json(wish);
    client.send("/api/orders", request).await
}

fn is_replayed(page: &Page) -> bool {
    page.header("idempotent-replayed") == "true"
}

fn counted(app: &TestApp) -> (i64, i64) {
    let mut conn = app.storage.second_connection();
    let count = orders::table.count().get_result(&mut conn).expect("orders can be counted");
    (count, idempotency_keys::table.count().get_result(&mut conn).expect("keys can be counted"))
}

async fn the_same_key_and_wish_is_the_same_order(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_405, 12).await;
    let client = client(app).await;
    let asked = wish(&client, &bowl).await;
    let first = order(&client, "one", &asked).await.expect(201);
    assert!(!is_replayed(&first));
    let again = order(&client, "one", &asked).await.expect(201);
    assert!(is_replayed(&again));
    assert_eq!(first.json(), again.json());
    let mut spaced = asked.clone();
    spaced["phone"] = json!("");
    spaced["name"] = json!(" Ada Lovelace ");
    assert!(is_replayed(&order(&client, "one", &spaced).await.expect(201)), "it is the same wish");
    let other_name = order(&client, "two", &asked).await.expect(200);
    assert!(!is_replayed(&other_name), "an ordered cart under another key is that order, as without one");
    assert_eq!(other_name.json(), first.json());
    assert_eq!((counted(app), app.stock_of(&bowl)), ((1, 1), 11));
}

async fn another_wish_under_the_same_key_is_a_mismatch(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_405, 12).await;
    let client = client(app).await;
    let asked = wish(&client, &bowl).await;
    order(&client, "one", &asked).await.expect(201);
    let mut elsewhere = asked.clone();
    elsewhere["city"] = json!("Paris");
    let next = wish(&client, &bowl).await;
    for other in [&elsewhere, &next] {
        assert_eq!(order(&client, "one", other).await.expect(422).json()["code"], "idempotency_mismatch");
    }
    assert_eq!((counted(app), app.stock_of(&bowl)), ((1, 1), 11));
    order(&client, "two", &next).await.expect(201);
    assert!(is_replayed(&order(&client, "one", &asked).await.expect(201)), "the first still stands");
}

async fn a_key_is_its_persons_and_lasts_a_day(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_405, 12).await;
    let ada = Shopper::registered(app).await;
    let (first, eve) = (ApiClient::signed_in(app, &ada.email, PASSWORD).await, client(app).await);
    let asked = wish(&first, &bowl).await;
    order(&first, "one", &asked).await.expect(201);
    let hers = wish(&eve, &bowl).await;
    assert!(!is_replayed(&order(&eve, "one", &hers).await.expect(201)), "another person's key is another key");
    app.pass(Duration::from_secs(86_399));
    assert_eq!(upkeep::sweep(app.db(), app.clock.now()).expect("swept").idempotency_keys, 0);
    let later = ApiClient::signed_in(app, &ada.email, PASSWORD).await;
    assert!(is_replayed(&order(&later, "one", &asked).await.expect(201)));
    app.pass(Duration::from_secs(1));
    let next = wish(&later, &bowl).await;
    assert!(!is_replayed(&order(&later, "one", &next).await.expect(201)), "its day is over, swept or not");
    assert_eq!(upkeep::sweep(app.db(), app.clock.now()).expect("swept").idempotency_keys, 1, "the new one stays");
    assert_eq!(counted(app), (3, 1));
}

async fn a_key_that_is_none_is_named(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_405, 12).await;
    let client = client(app).await;
    let asked = wish(&client, &bowl).await;
    for bad in ["", "a b", "caf\u{e9}", &"x".repeat(256)] {
        let refused = order(&client, bad, &asked).await.expect(422).json();
        assert_eq!(refused["errors"][0]["field"], "Idempotency-Key", "{bad:?}: {refused}");
    }
    let twice = client.request(Method::POST, "/api/orders").header("Idempotency-Key", "a").header("Idempotency-Key", "b");
    client.send("/api/orders", twice.json(&asked)).await.expect(422);
    assert_eq!(counted(app), (0, 0));
    order(&client, &"x".repeat(255), &asked).await.expect(201);
}

async fn what_was_refused_may_be_tried_again_under_its_key(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_405, 12).await;
    let client = client(app).await;
    let mut asked = wish(&client, &bowl).await;
    app.prices(&bowl, 3_000).await;
    let told = order(&client, "one", &asked).await.expect(409).json();
    let mut unaddressed = asked.clone();
    unaddressed["name"] = json!("");
    order(&client, "one", &unaddressed).await.expect(422);
    assert_eq!(counted(app), (0, 0));
    asked["expected_total"] = told["cart"]["total"].clone();
    assert!(!is_replayed(&order(&client, "one", &asked).await.expect(201)));
    assert_eq!(counted(app), (1, 1));
}

async fn twenty_at_two_nodes_under_one_key_make_one_order(app: &TestApp) {
    let second = app.second_node().await;
    let there = format!("http://{}/api/orders", second.address);
    let bowl = app.stocks("Oak Bowl", 2_405, 12).await;
    let client = client(app).await;
    for round in 1..=4 {
        let (asked, key) = (wish(&client, &bowl).await, format!("round {round}").replace(' ', "-"));
        let ask = |number: u32| {
            let place = if number.is_multiple_of(2) { "/api/orders" } else { there.as_str() };
            client.send("/api/orders", client.request(Method::POST, place).header("Idempotency-Key", &key).json(&asked))
        };
        let answers = join_all((0..20).map(ask)).await;
        let told: BTreeSet<_> = answers.iter().map(|answer| (answer.status, answer.body.clone())).collect();
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(answers[0].status, 201, "{}", answers[0].body);
        assert_eq!(answers.iter().filter(|answer| !is_replayed(answer)).count(), 1, "one of them made it");
        assert_eq!((counted(app), app.stock_of(&bowl)), ((round, round), 12 - round));
    }
    second.stop().await.expect("it closes");
}

async fn different_wishes_under_one_key_at_once_make_one_order(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_405, 12).await;
    let client = client(app).await;
    let asked = wish(&client, &bowl).await;
    let wishes: Vec<Value> = (0..16)
        .map(|number| {
            let mut wish = asked.clone();
            wish["note"] = json!(format!("{number}"));
            wish
        })
        .collect();
    let answers = join_all(wishes.iter().map(|wish| order(&client, "one", wish))).await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [&[201][..], &[422; 15][..]].concat());
    assert_eq!((counted(app), app.stock_of(&bowl)), ((1, 1), 11));
}
