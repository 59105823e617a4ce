//! The cart: adding, setting, removing, and what changed meanwhile.
//!
//! Invariant: a legal wish is lowered to what is possible and said; an illegal one is a sentence beside the field; nobody touches
//! another person's cart.

use crate::on_both;
use crate::support::app::TestApp;
use crate::support::goods::Goods;
use crate::support::page::Page;
use crate::support::people::Shopper;
use diesel::prelude::*;
use futures_util::future::join_all;
use latchkey::db::schema::cart_items;

on_both! {
    a_product_is_added_to_what_is_there,
    a_quantity_is_set_and_zero_removes,
    a_quantity_that_is_none_is_named_beside_its_field,
    more_than_there_is_is_lowered_and_said,
    more_than_ninety_nine_is_lowered_and_said,
    what_is_sold_out_cannot_be_added,
    what_is_not_on_sale_cannot_be_added,
    a_price_that_changed_is_said_old_and_new,
    a_cart_is_its_persons_alone,
    twenty_clicks_at_once_add_twenty,
    the_header_counts_what_is_in_the_cart,
}

fn line(page: &Page) -> (String, String) {
    (page.value("quantity"), page.text(".line-total").trim_start_matches("Total: ").to_owned())
}

async fn set(shopper: &Shopper, goods: &Goods, quantity: &str) -> Page {
    let cart = shopper.get("/cart").await.expect(200);
    shopper.press(&cart, &format!("/cart/items/{}", goods.id), &[("quantity", quantity)]).await
}

async fn a_product_is_added_to_what_is_there(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_405, 12).await;
    let ada = Shopper::registered(app).await;
    let page = ada.adds(&bowl.slug, 2).await.expect_to("/cart");
    let cart = ada.follow(page).await.expect(200);
    assert!(!cart.messages().is_empty(), "it says what was added");
    assert_eq!(line(&cart), ("2".to_owned(), "€48.10".to_owned()));
    ada.adds(&bowl.slug, 3).await.expect_to("/cart");
    assert_eq!(line(&ada.get("/cart").await), ("5".to_owned(), "€120.25".to_owned()));
}

async fn a_quantity_is_set_and_zero_removes(app: &TestApp) {
    let (bowl, jug) = (app.stocks("Oak Bowl", 100, 12).await, app.stocks("Jug", 250, 12).await);
    let ada = Shopper::registered(app).await;
    ada.adds(&bowl.slug, 2).await.expect_to("/cart");
    ada.adds(&jug.slug, 1).await.expect_to("/cart");
    set(&ada, &bowl, "7").await.expect_to("/cart");
    assert_eq!(line(&ada.get("/cart").await).0, "7");
    set(&ada, &bowl, "0").await.expect_to("/cart");
    let cart = ada.get("/cart").await;
    assert_eq!(cart.texts(".line-name"), ["Jug"]);
    ada.press(&cart, &format!("/cart/items/{}/remove", jug.id), &[]).await.expect_to("/cart");
    let empty = ada.get("/cart").await.expect(200);
    assert!(empty.words().contains("nothing in your cart"), "{}", empty.words());
    ada.get("/checkout").await.expect_to("/cart");
}

async fn a_quantity_that_is_none_is_named_beside_its_field(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 100, 12).await;
    let ada = Shopper::registered(app).await;
    let product = format!("/products/{}", bowl.slug);
    for bad in ["0", "-1", "1.5", "two", "1e2", "100", "٣", "+3", "0x10", "99999999999999999999"] {
        let page = ada.get(&product).await.expect(200);
        let page = ada.press(&page, "/cart/items", &[("quantity", bad)]).await.expect(422);
        assert!(!page.wrong("quantity").is_empty(), "{bad}: {}", page.words());
        assert_eq!(page.value("quantity"), bad, "what was typed is kept");
        assert_eq!(page.heading(), "Oak Bowl", "it comes back as the product's page");
    }
    ada.adds(&bowl.slug, 2).await.expect_to("/cart");
    for bad in ["", "-1", "100", "two"] {
        let page = set(&ada, &bowl, bad).await.expect(422);
        assert!(page.title().starts_with("Error: "), "{}", page.title());
        assert!(!page.texts(".wrong").is_empty(), "{bad}: {}", page.words());
    }
    assert_eq!(line(&ada.get("/cart").await).0, "2");
}

async fn more_than_there_is_is_lowered_and_said(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 100, 4).await;
    let ada = Shopper::registered(app).await;
    ada.adds(&bowl.slug, 3).await.expect_to("/cart");
    let page = ada.adds(&bowl.slug, 3).await.expect_to("/cart");
    let cart = ada.follow(page).await;
    assert_eq!(line(&cart).0, "4");
    assert!(cart.words().contains('4'), "{}", cart.words());
    app.restocks(&bowl, 2).await;
    let cart = ada.get("/cart").await.expect(200);
    assert!(!cart.texts(".line-notices li").is_empty(), "that fewer are left is said in the line: {}", cart.words());
    set(&ada, &bowl, "3").await.expect_to("/cart");
    assert_eq!(line(&ada.get("/cart").await).0, "2");
}

async fn more_than_ninety_nine_is_lowered_and_said(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 1_000_000, 500).await;
    let ada = Shopper::registered(app).await;
    ada.adds(&bowl.slug, 60).await.expect_to("/cart");
    ada.adds(&bowl.slug, 60).await.expect_to("/cart");
    let cart = ada.get("/cart").await;
    assert_eq!(line(&cart), ("99".to_owned(), "€990,000.00".to_owned()));
}

async fn what_is_sold_out_cannot_be_added(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 100, 1).await;
    let ada = Shopper::registered(app).await;
    let page = ada.get(&format!("/products/{}", bowl.slug)).await.expect(200);
    app.restocks(&bowl, 0).await;
    let sold_out = ada.press(&page, "/cart/items", &[("quantity", "1")]).await.expect(422);
    assert!(sold_out.words().contains("Oak Bowl"), "{}", sold_out.words());
    assert!(ada.get("/cart").await.words().contains("nothing in your cart"));
}

async fn what_is_not_on_sale_cannot_be_added(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 100, 1).await;
    let ada = Shopper::registered(app).await;
    let page = ada.get(&format!("/products/{}", bowl.slug)).await.expect(200);
    ada.press(&page, "/cart/items", &[("product_id", "AAAAAAAAAAAAAAAAAAAAAA")]).await.expect(404);
    for bad in ["", "1", "oak-bowl"] {
        let refused = ada.press(&page, "/cart/items", &[("product_id", bad)]).await;
        assert!(matches!(refused.status, 404 | 422), "{bad}: {}", refused.status);
    }
}

async fn a_price_that_changed_is_said_old_and_new(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 12).await;
    let ada = Shopper::registered(app).await;
    ada.adds(&bowl.slug, 2).await.expect_to("/cart");
    app.prices(&bowl, 2_650).await;
    let cart = ada.get("/cart").await.expect(200);
    let notices = cart.texts(".line-notices li").join(" ");
    assert!(notices.contains("€24.00") && notices.contains("€26.50"), "{}", cart.words());
    assert_eq!(line(&cart).1, "€53.00", "the sum is today's");
}

async fn a_cart_is_its_persons_alone(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 100, 12).await;
    let (ada, eve) = (Shopper::registered(app).await, Shopper::registered(app).await);
    ada.adds(&bowl.slug, 2).await.expect_to("/cart");
    assert!(eve.get("/cart").await.words().contains("nothing in your cart"));
    let page = ada.get("/cart").await;
    let stolen = page.form(&format!("/cart/items/{}", bowl.id));
    let refused = eve.post(&format!("/cart/items/{}", bowl.id), &stolen).await;
    assert_eq!(refused.status, 403, "a form of hers is no form of Eve's");
    assert_eq!(line(&ada.get("/cart").await).0, "2");
}

async fn twenty_clicks_at_once_add_twenty(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 100, 90).await;
    let ada = Shopper::registered(app).await;
    let page = ada.get(&format!("/products/{}", bowl.slug)).await.expect(200);
    let tabs: Vec<_> = (0..20).map(|_| ada.copy()).collect();
    let pages = join_all(tabs.iter().map(|tab| tab.press(&page, "/cart/items", &[("quantity", "1")]))).await;
    for page in pages {
        page.expect_to("/cart");
    }
    assert_eq!(line(&ada.get("/cart").await).0, "20");
    let lines: i64 = cart_items::table.count().get_result(&mut app.storage.second_connection()).expect("lines can be counted");
    assert_eq!(lines, 1);
}

async fn the_header_counts_what_is_in_the_cart(app: &TestApp) {
    let (bowl, jug) = (app.stocks("Oak Bowl", 100, 12).await, app.stocks("Jug", 250, 12).await);
    let ada = Shopper::registered(app).await;
    assert!(!ada.get("/").await.has(".top-cart .count"));
    ada.adds(&bowl.slug, 2).await.expect_to("/cart");
    ada.adds(&jug.slug, 3).await.expect_to("/cart");
    assert!(ada.get("/").await.text(".top-cart .count").starts_with('5'));
}
