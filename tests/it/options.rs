//! A thing that is sold in several options: each its own product, one of them in lists.
//!
//! Invariant: what is not for sale is offered nowhere; of two who change the options at once the second is told; what was bought is called
//! as it was when it was bought.

use crate::on_both;
use crate::support::api_client::ApiClient;
use crate::support::app::TestApp;
use crate::support::goods::Goods;
use crate::support::page::Page;
use crate::support::people::{Admin, PASSWORD, Shopper};
use crate::support::visitor::Visitor;
use diesel::prelude::*;
use futures_util::future::join_all;
use latchkey::db::schema::products;

on_both! {
    an_operator_makes_a_product_into_options,
    shoppers_choose_between_options_in_words,
    of_two_who_change_options_the_second_is_told_and_loses_nothing,
    what_makes_no_sense_is_told_beside_its_field,
    options_sell_by_themselves_and_orders_keep_their_words,
    the_api_tells_the_options,
    a_draft_is_offered_nowhere,
}

const NEW: &str = "/admin/products/linen-towel/options/add";
const ALL: &str = "/admin/products/linen-towel/options";

/// Makes the first option, over the page.
async fn begins(grace: &Admin) -> Page {
    let page = grace.get(ALL).await.expect(200);
    let fields = [("name_1", "Colour"), ("word_1", "moss"), ("name_2", "Size"), ("word_2", "S")];
    grace.press(&page, ALL, &fields).await.expect_to(ALL);
    grace.get(ALL).await.expect(200)
}

/// Adds one, over the page.
async fn adds(grace: &Admin, colour: &str, size: &str, (price, stock, status): (&str, &str, &str)) {
    let (page, sku) = (grace.get(ALL).await.expect(200), format!("TWL-{colour}-{size}"));
    let fields = [("new_1", colour), ("new_2", size), ("sku", &*sku), ("price", price), ("stock", stock), ("status", status)];
    grace.press(&page, NEW, &fields).await.expect_to(ALL);
}

/// A towel: moss in S and M, oat in M, slate in S that is a draft.
async fn towels(app: &TestApp) -> (Admin, Goods) {
    let moss = app.stocks("Linen Towel", 2_000, 5).await;
    let grace = Admin::registered(app).await;
    begins(&grace).await;
    adds(&grace, "moss", "M", ("24.00", "0", "active")).await;
    adds(&grace, "oat", "M", ("24.00", "9", "active")).await;
    adds(&grace, "slate", "S", ("20.00", "9", "draft")).await;
    (grace, moss)
}

async fn an_operator_makes_a_product_into_options(app: &TestApp) {
    let (grace, moss) = towels(app).await;
    let page = grace.get(ALL).await.expect(200);
    assert_eq!(page.heading(), "Options of Linen Towel");
    assert_eq!(page.texts(".option-row h3"), ["moss, S", "moss, M", "oat, M", "slate, S"]);
    assert!(page.text(".option-row:nth-child(4)").contains("Draft"), "{}", page.words());
    let to_the_front = "/admin/products/linen-towel-oat-m/options/move";
    grace.press(&page, to_the_front, &[("to", "earlier")]).await.expect_to("/admin/products/linen-towel-oat-m/options");
    let page = grace.get(ALL).await.expect(200);
    assert_eq!(page.texts(".option-row h3"), ["moss, S", "oat, M", "moss, M", "slate, S"]);
    let own = grace.get("/admin/products/linen-towel").await.expect(200);
    assert_eq!((own.heading().as_str(), own.value("title").as_str()), ("Linen Towel, moss, S", "Linen Towel, moss, S"));
    grace.press(&own, "/admin/products/linen-towel", &[("price", "19.00")]).await.expect_to("/admin/products/linen-towel");
    assert_eq!(app.stock_of(&moss), 5, "its stock is its own, as before");
    let out = "/admin/products/linen-towel-oat-m/options/leave";
    let page = grace.get(ALL).await.expect(200);
    grace.press(&page, out, &[]).await.expect_to("/admin/products/linen-towel-oat-m/options");
    let list = Visitor::new(app).get("/products").await.expect(200);
    assert_eq!(list.texts(".card-name"), ["Linen Towel", "Linen Towel, oat, M"]);
}

async fn shoppers_choose_between_options_in_words(app: &TestApp) {
    towels(app).await;
    let visitor = Visitor::new(app);
    let list = visitor.get("/products").await.expect(200);
    assert_eq!((list.texts(".card-name"), list.text("h1 .total")), (vec!["Linen Towel".to_owned()], "1 product".to_owned()));
    assert_eq!((list.text(".card-price"), list.text(".card-options")), ("from €20.00".to_owned(), "3 options".to_owned()));
    assert!(!list.actions().contains(&"/cart/items".to_owned()), "nobody buys one of several unseen");
    for (q, many) in [("oat", 1), ("towel moss oat", 1), ("TWL-oat-M", 1), ("slate", 0)] {
        let found = visitor.get(&format!("/products?q={}", q.replace(' ', "+"))).await.expect(200);
        assert_eq!(found.texts(".card-name").len(), many, "{q}: {}", found.words());
    }
    let page = visitor.get("/products/linen-towel").await.expect(200);
    assert_eq!((page.heading().as_str(), page.text(".product-price").as_str()), ("Linen Towel, moss, S", "€20.00"));
    assert_eq!(page.texts(".option-name"), ["Colour: moss", "Size: S"]);
    assert_eq!(page.texts(".option-words [aria-current='true']"), ["moss", "S"]);
    assert_eq!(
        page.texts(".option-words a"),
        ["moss", "oat in M €24.00", "S", "M €24.00 Sold out"],
        "in words, and none is hidden"
    );
    let ways = page.attributes(".option-words a", "href");
    assert_eq!(ways[1..], ["/products/linen-towel-oat-m", "/products/linen-towel", "/products/linen-towel-moss-m"]);
    let sold_out = visitor.get(&ways[3]).await.expect(200);
    assert!(sold_out.text(".product-out").contains("Other options of it are in stock"), "{}", sold_out.words());
    assert!(sold_out.has("link[itemprop='availability'][href$='OutOfStock']"));
    assert_eq!(sold_out.attributes("[itemprop='isVariantOf'] [itemprop='name']", "content"), ["Linen Towel"]);
    assert_eq!(sold_out.attributes("[itemprop='isVariantOf'] [itemprop='variesBy']", "content"), ["Colour", "Size"]);
}

async fn of_two_who_change_options_the_second_is_told_and_loses_nothing(app: &TestApp) {
    let (grace, _) = towels(app).await;
    let mary = Admin::registered(app).await;
    let (one, other) = (grace.get(ALL).await.expect(200), mary.get(ALL).await.expect(200));
    grace.press(&one, ALL, &[("title", "Linen Cloth")]).await.expect_to(ALL);
    let fields = [("new_1", "rust"), ("new_2", "S"), ("sku", "TWL-9"), ("price", "21"), ("stock", "1"), ("status", "active")];
    let told = mary.press(&other, NEW, &fields).await.expect(409);
    assert!(told.text(".summary").contains("Somebody changed these options"), "{}", told.words());
    assert_eq!(
        (told.value("new_1").as_str(), told.heading().as_str()),
        ("rust", "Options of Linen Cloth"),
        "what she typed is kept"
    );
    for act in ["move", "leave"] {
        let action = format!("{ALL}/{act}");
        let fields: &[(&str, &str)] = if act == "move" { &[("to", "later")] } else { &[] };
        mary.press(&other, &action, fields).await.expect(409);
    }
    mary.press(&told, NEW, &[]).await.expect_to(ALL);
    let page = mary.get(ALL).await.expect(200);
    assert_eq!(page.texts(".option-row").len(), 5);
    let form = grace.get("/admin/products/linen-towel-oat-m").await.expect(200);
    mary.press(&page, ALL, &[("title", "Linen Rag")]).await.expect_to(ALL);
    grace.press(&form, "/admin/products/linen-towel-oat-m", &[("price", "9.00")]).await.expect(409);
}

async fn what_makes_no_sense_is_told_beside_its_field(app: &TestApp) {
    app.stocks("Linen Towel", 2_000, 5).await;
    let grace = Admin::registered(app).await;
    let page = grace.get(ALL).await.expect(200);
    let long = "x".repeat(31);
    for (field, fields) in [
        ("title", &[("title", ""), ("name_1", "Colour"), ("word_1", "moss")][..]),
        ("name_1", &[]),
        ("word_1", &[("name_1", "Colour")]),
        ("name_1", &[("word_1", "moss")]),
        ("word_1", &[("name_1", "Colour"), ("word_1", &long)]),
        ("word_1", &[("name_1", "Colour"), ("word_1", "a: b")]),
        ("name_2", &[("name_1", "Colour"), ("word_1", "moss"), ("name_2", "colour"), ("word_2", "S")]),
        ("name_2", &[("name_1", "Colour"), ("word_1", "moss"), ("word_2", "S")]),
    ] {
        let told = grace.press(&page, ALL, fields).await.expect(422);
        assert!(!told.wrong(field).is_empty(), "{field} {fields:?}: {}", told.words());
    }
    let page = begins(&grace).await;
    let good = [("new_1", "oat"), ("new_2", "S"), ("sku", "TWL-1"), ("price", "21"), ("stock", "1"), ("status", "active")];
    for (field, value) in [
        ("new_1", ""),
        ("new_2", "S;M"),
        ("new_1", "MOSS"),
        ("sku", "SKU-linen-towel"),
        ("price", "-1"),
        ("stock", "1.5"),
        ("status", "gone"),
    ] {
        let fields: Vec<_> = good.iter().map(|(name, right)| (*name, if *name == field { value } else { *right })).collect();
        let told = grace.press(&page, NEW, &fields).await.expect(422);
        assert!(!told.wrong(field).is_empty(), "{field} {value}: {}", told.words());
    }
    let told = grace.press(&page, ALL, &[("name_1", "Glaze"), ("word_2", "")]).await.expect(422);
    assert!(!told.wrong("word_2").is_empty(), "{}", told.words());
    grace.get("/admin/products/nothing/options").await.expect(404);
    let lamp = app.stocks("Lamp", 100, 1).await;
    let csrf = page.value("csrf");
    let leave = format!("/admin/products/{}/options/leave", lamp.slug);
    grace.post(&leave, &[("csrf", &*csrf), ("version", "0")]).await.expect(404);
}

async fn options_sell_by_themselves_and_orders_keep_their_words(app: &TestApp) {
    let (grace, moss) = towels(app).await;
    let oat = products::table
        .filter(products::slug.eq("linen-towel-oat-m"))
        .select((products::slug, products::public_id))
        .first(&mut app.storage.second_connection())
        .map(|(slug, id)| Goods { slug, id })
        .expect("an option");
    let mut people = Vec::new();
    for nth in 0..8 {
        let ada = Shopper::registered(app).await;
        for goods in if nth % 2 == 0 { [&moss, &oat] } else { [&oat, &moss] } {
            ada.adds(&goods.slug, 1).await.expect_to("/cart");
        }
        people.push(ada);
    }
    let placed = join_all(people.iter().map(Shopper::orders)).await;
    let sold = placed.iter().filter(|page| page.status == 303).count();
    assert_eq!((sold, app.stock_of(&moss), app.stock_of(&oat)), (5, 0, 4), "there were five of one and nine of the other");
    let (ada, placed) = people.iter().zip(&placed).find(|(_, page)| page.status == 303).expect("somebody bought");
    let order = placed.location().split('?').next().unwrap_or_default().to_owned();
    let page = grace.get(ALL).await.expect(200);
    grace.press(&page, ALL, &[("title", "Dish Cloth"), ("word_1", "fern")]).await.expect_to(ALL);
    let bill = ada.get(&order).await.expect(200);
    assert!(bill.words().contains("Linen Towel, moss, S") && !bill.words().contains("Dish Cloth"), "{}", bill.words());
    let out = ada.get("/products/linen-towel").await.expect(200);
    assert_eq!((out.heading().as_str(), out.text(".product-stock").as_str()), ("Dish Cloth, fern, S", "Sold out"));
    let in_stock = ada.get("/products?in_stock=1").await.expect(200);
    assert_eq!(
        (in_stock.texts(".card-name"), in_stock.text("h1 .total")),
        (vec!["Dish Cloth".to_owned()], "1 product".to_owned())
    );
}

async fn the_api_tells_the_options(app: &TestApp) {
    towels(app).await;
    app.stocks("Lamp", 100, 1).await;
    let client = ApiClient::new(app);
    let list = client.get("/api/products").await.expect(200).json();
    assert_eq!((&list["products"][0]["options"], list["meta"]["total"].as_i64()), (&serde_json::json!([]), Some(2)));
    let one = client.get("/api/products/linen-towel-oat-m").await.expect(200).json();
    assert_eq!(list["products"][1]["options"], one["product"]["options"]);
    let options = one["product"]["options"].as_array().expect("a list");
    let told: Vec<_> = options.iter().map(|it| (it["slug"].as_str(), it["price"].as_i64(), it["available"].as_bool())).collect();
    assert_eq!(
        told,
        [
            (Some("linen-towel"), Some(2_000), Some(true)),
            (Some("linen-towel-moss-m"), Some(2_400), Some(false)),
            (Some("linen-towel-oat-m"), Some(2_400), Some(true)),
        ]
    );
    let words = serde_json::json!([{"name": "Colour", "word": "oat"}, {"name": "Size", "word": "M"}]);
    assert_eq!((&options[2]["words"], &options[2]["product_id"]), (&words, &one["product"]["product_id"]));
    let ada = Shopper::registered(app).await;
    let client = ApiClient::signed_in(app, &ada.email, PASSWORD).await;
    let wish = serde_json::json!({"product_id": options[2]["product_id"], "quantity": 2});
    let cart = client.post("/api/cart/items", wish).await.expect(200).json();
    assert_eq!(cart["cart"]["items"][0]["title"], "Linen Towel, oat, M");
}

async fn a_draft_is_offered_nowhere(app: &TestApp) {
    let (grace, _) = towels(app).await;
    let visitor = Visitor::new(app);
    let nowhere = async || {
        for path in ["/", "/products", "/products?q=towel", "/products/linen-towel", "/api/products", "/api/products/linen-towel"]
        {
            let page = visitor.get(path).await.expect(200);
            assert!(!page.body.contains("slate") && page.body.contains("linen-towel"), "{path}: {}", page.body);
        }
        visitor.get("/products/linen-towel-slate-s").await.expect(404);
        visitor.get("/api/products/linen-towel-slate-s").await.expect(404);
    };
    nowhere().await;
    let own = "/admin/products/linen-towel-slate-s";
    let page = grace.get(own).await.expect(200);
    grace.press(&page, own, &[("status", "active")]).await.expect_to(own);
    assert!(visitor.get("/products/linen-towel").await.expect(200).words().contains("slate"));
    let page = grace.get(own).await.expect(200);
    grace.press(&page, own, &[("status", "archived")]).await.expect_to(own);
    nowhere().await;
}
