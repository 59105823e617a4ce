//! Second thoughts about a cart: undoing a removal, and putting things aside for later.
//!
//! Invariant: a removal is undone once, however often it is asked; a thing goes aside and comes back whole, and outlives the order of
//! the cart it came from.

use crate::on_both;
use crate::support::api_client::ApiClient;
use crate::support::app::TestApp;
use crate::support::goods::Goods;
use crate::support::page::Page;
use crate::support::people::{PASSWORD, Shopper};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;

on_both! {
    a_removal_is_undone_from_its_message,
    what_was_put_in_again_since_is_not_added_to,
    what_cannot_be_had_any_more_is_not_put_back,
    what_is_saved_leaves_the_cart_and_comes_back,
    what_is_saved_outlives_the_order,
    twenty_clicks_save_and_restore_once,
    the_api_saves_restores_and_undoes,
}

async fn press(shopper: &Shopper, path: &str) -> Page {
    let csrf = shopper.get("/account").await.expect(200).value("csrf");
    let page = shopper.post(path, &[("csrf", &csrf)]).await.expect_to("/cart");
    shopper.follow(page).await.expect(200)
}

fn lines(page: &Page) -> Vec<String> {
    page.texts("h2.line-name")
}

async fn with(app: &TestApp, goods: &Goods, quantity: u32) -> Shopper {
    let ada = Shopper::registered(app).await;
    ada.adds(&goods.slug, quantity).await.expect_to("/cart");
    ada
}

async fn a_removal_is_undone_from_its_message(app: &TestApp) {
    let (bowl, jug) = (app.stocks("Oak Bowl", 100, 12).await, app.stocks("Jug", 250, 12).await);
    let ada = with(app, &bowl, 3).await;
    ada.adds(&jug.slug, 1).await.expect_to("/cart");
    let removed = press(&ada, &format!("/cart/items/{}/remove", bowl.id)).await;
    assert_eq!(lines(&removed), ["Jug"]);
    assert!(removed.attributes(".flash form", "action").iter().any(|action| action == "/cart/undo"), "{}", removed.words());
    let undone = ada.press(&removed, "/cart/undo", &[]).await.expect_to("/cart");
    let cart = ada.follow(undone).await.expect(200);
    assert!(cart.words().contains("Oak Bowl is back in your cart."), "{}", cart.words());
    assert_eq!((lines(&cart).len(), cart.text(".top-cart .count").chars().next()), (2, Some('4')));
    let nothing = press(&ada, "/cart/undo").await;
    assert!(nothing.words().contains("nothing to put back"), "{}", nothing.words());
    let page = ada.get("/cart").await;
    let zero = ada.press(&page, &format!("/cart/items/{}", jug.id), &[("quantity", "0")]).await.expect_to("/cart");
    assert!(ada.follow(zero).await.has(".flash form"), "setting none is removing");
    assert!(lines(&press(&ada, "/cart/undo").await).contains(&"Jug".to_owned()));
}

async fn what_was_put_in_again_since_is_not_added_to(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 100, 12).await;
    let ada = with(app, &bowl, 3).await;
    press(&ada, &format!("/cart/items/{}/remove", bowl.id)).await;
    ada.adds(&bowl.slug, 2).await.expect_to("/cart");
    let cart = ada.get("/cart").await;
    let tabs: Vec<_> = (0..8).map(|_| ada.copy()).collect();
    let csrf = cart.value("csrf");
    let form = [("csrf", csrf.as_str())];
    for page in join_all(tabs.iter().map(|tab| tab.post("/cart/undo", &form))).await {
        page.expect_to("/cart");
    }
    assert_eq!(ada.get("/cart").await.value("quantity"), "3");
    let eve = Shopper::registered(app).await;
    assert!(lines(&press(&eve, "/cart/undo").await).is_empty(), "another person's removal is theirs");
}

async fn what_cannot_be_had_any_more_is_not_put_back(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 100, 12).await;
    let ada = with(app, &bowl, 3).await;
    press(&ada, &format!("/cart/items/{}/remove", bowl.id)).await;
    app.restocks(&bowl, 0).await;
    let refused = press(&ada, "/cart/undo").await;
    assert!(refused.words().contains("Oak Bowl is sold out.") && lines(&refused).is_empty(), "{}", refused.words());
    app.restocks(&bowl, 2).await;
    let lowered = press(&ada, "/cart/undo").await;
    assert_eq!(lowered.value("quantity"), "2");
    assert!(lowered.words().contains("Only 2 are in stock"), "{}", lowered.words());
}

async fn what_is_saved_leaves_the_cart_and_comes_back(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 100, 12).await;
    let ada = with(app, &bowl, 3).await;
    let saved = press(&ada, &format!("/cart/items/{}/save", bowl.id)).await;
    assert!(lines(&saved).is_empty() && saved.words().contains("nothing in your cart"), "{}", saved.words());
    assert_eq!(saved.texts("h3.line-name"), ["Oak Bowl"]);
    assert!(saved.words().contains("3 × €1.00"), "{}", saved.words());
    ada.get("/checkout").await.expect_to("/cart");
    app.prices(&bowl, 150).await;
    assert!(ada.get("/cart").await.words().contains("3 × €1.50"), "the price is today's");
    let back = press(&ada, &format!("/cart/saved/{}/restore", bowl.id)).await;
    assert_eq!((back.value("quantity"), back.texts("h3.line-name").len()), ("3".to_owned(), 0));
    press(&ada, &format!("/cart/items/{}/save", bowl.id)).await;
    let forgotten = press(&ada, &format!("/cart/saved/{}/remove", bowl.id)).await;
    assert!(!forgotten.words().contains("Saved for later"), "{}", forgotten.words());
}

async fn what_is_saved_outlives_the_order(app: &TestApp) {
    let (bowl, jug) = (app.stocks("Oak Bowl", 100, 12).await, app.stocks("Jug", 250, 12).await);
    let ada = with(app, &bowl, 3).await;
    ada.adds(&jug.slug, 1).await.expect_to("/cart");
    press(&ada, &format!("/cart/items/{}/save", bowl.id)).await;
    let placed = ada.orders().await.expect(303);
    assert!(!ada.follow(placed).await.words().contains("Oak Bowl"));
    assert_eq!((app.stock_of(&bowl), app.stock_of(&jug)), (12, 11));
    assert_eq!(ada.get("/cart").await.texts("h3.line-name"), ["Oak Bowl"]);
    app.restocks(&bowl, 0).await;
    let refused = press(&ada, &format!("/cart/saved/{}/restore", bowl.id)).await;
    assert!(refused.words().contains("Oak Bowl is sold out."), "{}", refused.words());
    assert_eq!(refused.texts("h3.line-name"), ["Oak Bowl"], "and it stays saved");
}

async fn twenty_clicks_save_and_restore_once(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 100, 90).await;
    let ada = with(app, &bowl, 2).await;
    for (path, in_cart) in [("/cart/items/{}/save", 0), ("/cart/saved/{}/restore", 1), ("/cart/items/{}/save", 0)] {
        let csrf = ada.get("/cart").await.value("csrf");
        let path = path.replace("{}", &bowl.id.to_string());
        let tabs: Vec<_> = (0..20).map(|_| ada.copy()).collect();
        let form = [("csrf", csrf.as_str())];
        for page in join_all(tabs.iter().map(|tab| tab.post(&path, &form))).await {
            page.expect_to("/cart");
        }
        let cart = ada.get("/cart").await.expect(200);
        assert_eq!((lines(&cart).len(), cart.texts("h3.line-name").len()), (in_cart, 1 - in_cart));
        if in_cart == 1 {
            assert_eq!(cart.value("quantity"), "2");
        }
    }
}

async fn the_api_saves_restores_and_undoes(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 100, 12).await;
    let ada = with(app, &bowl, 3).await;
    let client = ApiClient::signed_in(app, &ada.email, PASSWORD).await;
    let post = async |path: String| client.send(&path, client.request(Method::POST, &path)).await;
    let cart = post(format!("/api/cart/items/{}/save", bowl.id)).await.expect(200).json();
    assert_eq!(cart["cart"]["items"], json!([]));
    let saved = client.get("/api/cart/saved").await.expect(200).json();
    let expected =
        json!([{"product_id": bowl.id, "slug": "oak-bowl", "title": "Oak Bowl", "unit_price": 100, "quantity": 3, "stock": 12}]);
    assert_eq!(saved["saved"], expected);
    app.restocks(&bowl, 2).await;
    let cart = post(format!("/api/cart/saved/{}/restore", bowl.id)).await.expect(200).json();
    assert_eq!(
        (cart["cart"]["items"][0]["quantity"].as_i64(), cart["cart"]["items"][0]["notices"][0]["code"].as_str()),
        (Some(2), Some("lowered_to_stock"))
    );
    client.delete(&format!("/api/cart/items/{}", bowl.id)).await.expect(200);
    let undone = post("/api/cart/undo".to_owned()).await.expect(200).json();
    assert_eq!(undone["cart"]["items"][0]["quantity"], 2);
    let again = post("/api/cart/undo".to_owned()).await.expect(200).json();
    assert_eq!(again, undone);
    post(format!("/api/cart/items/{}/save", bowl.id)).await.expect(200);
    assert_eq!(client.delete(&format!("/api/cart/saved/{}", bowl.id)).await.expect(200).json()["saved"], json!([]));
    post(format!("/api/cart/saved/{}/restore", bowl.id)).await.expect(404);
}
