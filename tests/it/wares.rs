//! What is sold and where it stands, as those who run the shop make it and put it away.
//!
//! Invariant: of two who change one thing the second is told; a slug is made once, is nobody else's, and stays.

use crate::on_both;
use crate::support::app::TestApp;
use crate::support::people::{Admin, Shopper};
use crate::support::visitor::Visitor;
use diesel::prelude::*;
use futures_util::future::join_all;
use latchkey::db::schema::{audit_events, categories, products, stock_movements};
use std::collections::BTreeSet;

on_both! {
    a_product_is_made_and_sold,
    a_draft_is_seen_by_nobody_until_it_is_for_sale,
    a_title_that_is_taken_gets_another_address,
    a_code_that_is_taken_is_told,
    a_product_that_makes_no_sense_is_told_beside_its_field,
    many_who_make_one_product_at_once_make_one,
    a_category_is_made_renamed_and_found_by_its_new_name,
    of_two_who_change_a_category_the_second_is_told,
    a_category_with_something_for_sale_is_not_archived,
    what_goes_on_sale_brings_its_category_back,
}

const NEW: &str = "/admin/products/new";

const VASE: [(&str, &str); 6] = [
    ("title", "Löv's Vase"),
    ("sku", "VAS-100"),
    ("description", "Blown.\nNot cast."),
    ("category", "tableware"),
    ("price", "38.5"),
    ("status", "active"),
];

async fn makes(grace: &Admin, fields: &[(&str, &str)]) -> crate::support::page::Page {
    let page = grace.get(NEW).await.expect(200);
    grace.press(&page, NEW, fields).await
}

fn with<'a>(changed: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let same = VASE.into_iter().filter(|(name, _)| changed.iter().all(|(other, _)| other != name));
    same.chain(changed.iter().copied()).collect()
}

async fn a_product_is_made_and_sold(app: &TestApp) {
    app.stocks("Oak Bowl", 2_400, 5).await;
    let (ada, grace) = (Shopper::registered(app).await, Admin::registered(app).await);
    let made = makes(&grace, &with(&[("stock", "7")])).await.expect_to("/admin/products/lovs-vase");
    assert!(grace.follow(made).await.messages().join(" ").contains("It is made"));
    let seen = ada.get("/products/lovs-vase").await.expect(200);
    assert!(seen.words().contains("€38.50") && seen.words().contains("Blown. Not cast."), "{}", seen.words());
    assert!(ada.get("/products?q=lov&category=tableware").await.expect(200).words().contains("Löv's Vase"));
    ada.adds("lovs-vase", 2).await.expect_to("/cart");
    ada.orders().await.expect(303);
    let mut conn = app.storage.second_connection();
    let opening =
        stock_movements::table.filter(stock_movements::user_id.is_not_null()).filter(stock_movements::reason.eq("opening"));
    assert_eq!(opening.select(stock_movements::pieces).load::<i64>(&mut conn).expect("movements"), [7], "with who made it");
    let told = audit_events::table.filter(audit_events::kind.eq("product_changed")).select(audit_events::detail);
    assert_eq!(told.load::<String>(&mut conn).expect("events"), ["lovs-vase, new, price 3850, active"]);
}

async fn a_draft_is_seen_by_nobody_until_it_is_for_sale(app: &TestApp) {
    app.stocks("Oak Bowl", 2_400, 5).await;
    let (ada, grace) = (Shopper::registered(app).await, Admin::registered(app).await);
    assert_eq!(grace.get(NEW).await.expect(200).attributes("#status option[selected]", "value"), ["draft"]);
    makes(&grace, &with(&[("status", "draft")])).await.expect_to("/admin/products/lovs-vase");
    ada.get("/products/lovs-vase").await.expect(404);
    assert!(!ada.get("/products?q=vase").await.expect(200).words().contains("Löv"));
    let path = "/admin/products/lovs-vase";
    let page = grace.get(path).await.expect(200);
    grace.press(&page, path, &[("status", "active")]).await.expect_to(path);
    ada.get("/products/lovs-vase").await.expect(200);
}

async fn a_title_that_is_taken_gets_another_address(app: &TestApp) {
    app.stocks("Oak Bowl", 2_400, 5).await;
    let grace = Admin::registered(app).await;
    for (title, sku, slug) in [
        ("Oak Bowl", "A-1", "oak-bowl-2"),
        ("Oak  bowl!", "A-2", "oak-bowl-3"),
        ("New", "A-3", "product"),
        ("花瓶", "A-4", "product-2"),
    ] {
        makes(&grace, &with(&[("title", title), ("sku", sku)])).await.expect_to(&format!("/admin/products/{slug}"));
    }
    let path = "/admin/products/oak-bowl-2";
    let page = grace.get(path).await.expect(200);
    grace.press(&page, path, &[("title", "Ash Bowl")]).await.expect_to(path);
    assert_eq!(grace.get(path).await.expect(200).heading(), "Ash Bowl", "the address stays");
}

async fn a_code_that_is_taken_is_told(app: &TestApp) {
    app.stocks("Oak Bowl", 2_400, 5).await;
    let grace = Admin::registered(app).await;
    let told = makes(&grace, &with(&[("sku", "SKU-oak-bowl")])).await.expect(422);
    assert!(told.wrong("sku").contains("has this code already"), "{}", told.words());
    assert_eq!((told.value("title").as_str(), told.value("price").as_str()), ("Löv's Vase", "38.5"), "what was typed is kept");
    let all = products::table.count().get_result::<i64>(&mut app.storage.second_connection()).expect("a count");
    assert_eq!(all, 1);
}

async fn a_product_that_makes_no_sense_is_told_beside_its_field(app: &TestApp) {
    app.stocks("Oak Bowl", 2_400, 5).await;
    let grace = Admin::registered(app).await;
    let long = "x".repeat(101);
    for (field, value) in [
        ("price", "-1"),
        ("price", "1,50"),
        ("price", "99999999999999"),
        ("title", ""),
        ("title", &long),
        ("sku", " "),
        ("status", "gone"),
        ("category", "nowhere"),
        ("category", ""),
        ("stock", "-1"),
        ("stock", "1e3"),
        ("stock", "9999999999"),
    ] {
        let told = makes(&grace, &with(&[(field, value)])).await.expect(422);
        assert!(!told.wrong(field).is_empty(), "{field} {value}: {}", told.words());
    }
    let page = grace.get("/admin/products/oak-bowl").await.expect(200);
    let told = grace.press(&page, "/admin/products/oak-bowl", &[("category", "nowhere")]).await.expect(422);
    assert!(!told.wrong("category").is_empty(), "{}", told.words());
}

async fn many_who_make_one_product_at_once_make_one(app: &TestApp) {
    app.stocks("Oak Bowl", 2_400, 5).await;
    let grace = Admin::registered(app).await;
    let page = grace.get(NEW).await.expect(200);
    let tabs: Vec<Visitor> = (0..10).map(|_| grace.copy()).collect();
    let seen = &page;
    let pressed = join_all(tabs.iter().map(|tab| tab.press(seen, NEW, &VASE))).await;
    let statuses: Vec<u16> = pressed.iter().map(|page| page.status).collect();
    assert_eq!((statuses.iter().filter(|it| **it == 303).count(), statuses.iter().filter(|it| **it == 422).count()), (1, 9));
    // Others with the same title at once: each has an address of its own.
    let others = join_all(tabs.iter().enumerate().map(|(nth, tab)| async move {
        tab.press(seen, NEW, &with(&[("sku", &format!("VAS-2{nth}"))])).await.expect(303).location().to_owned()
    }))
    .await;
    let apart: BTreeSet<&String> = others.iter().collect();
    assert_eq!(apart.len(), 10, "{others:?}");
}

async fn a_category_is_made_renamed_and_found_by_its_new_name(app: &TestApp) {
    app.stocks("Oak Bowl", 2_400, 5).await;
    let (ada, grace) = (Shopper::registered(app).await, Admin::registered(app).await);
    grace.submit("/admin/categories", &[("name", "Garden & Yard")]).await.expect_to("/admin/categories");
    let told = grace.submit("/admin/categories", &[("name", "garden yard")]).await.expect(422);
    assert!(told.wrong("name").contains("of this name already"), "{}", told.words());
    assert_eq!(told.texts(".ledger-link"), ["tableware", "Garden & Yard"], "it stands last");
    makes(&grace, &with(&[("category", "garden-yard")])).await.expect_to("/admin/products/lovs-vase");
    let path = "/admin/categories/garden-yard";
    grace.submit(path, &[("name", "Terrace"), ("position", "0")]).await.expect_to("/admin/categories");
    assert_eq!(grace.get("/admin/categories").await.expect(200).texts(".ledger-link"), ["Terrace", "tableware"]);
    for (words, found) in [("terrace", true), ("yard", false), ("vase", true)] {
        let list = ada.get(&format!("/products?q={words}")).await.expect(200);
        assert_eq!(list.words().contains("Löv's Vase"), found, "{words}");
    }
    for (field, value) in [("name", ""), ("position", "-1"), ("position", "x"), ("position", "10000"), ("archived", "perhaps")] {
        let told = grace.submit(path, &[(field, value)]).await.expect(422);
        assert!(told.text(".summary").len() > 5, "{field} {value}: {}", told.words());
    }
    grace.get("/admin/categories/nowhere").await.expect(404);
}

async fn of_two_who_change_a_category_the_second_is_told(app: &TestApp) {
    app.stocks("Oak Bowl", 2_400, 5).await;
    let (grace, mary) = (Admin::registered(app).await, Admin::registered(app).await);
    let path = "/admin/categories/tableware";
    let (one, other) = (grace.get(path).await.expect(200), mary.get(path).await.expect(200));
    grace.press(&one, path, &[("name", "Table")]).await.expect_to("/admin/categories");
    let told = mary.press(&other, path, &[("name", "Ware")]).await.expect(409);
    assert!(told.text(".summary").contains("Somebody changed this category"), "{}", told.words());
    assert!(told.text(".now").contains("Table"), "{}", told.words());
    assert_eq!((told.value("name").as_str(), told.heading().as_str()), ("Ware", "Table"), "nothing typed is lost");
    mary.press(&told, path, &[]).await.expect_to("/admin/categories");
    assert_eq!(mary.get(path).await.expect(200).heading(), "Ware");
}

async fn a_category_with_something_for_sale_is_not_archived(app: &TestApp) {
    app.stocks("Oak Bowl", 2_400, 5).await;
    let (ada, grace) = (Shopper::registered(app).await, Admin::registered(app).await);
    let (path, product) = ("/admin/categories/tableware", "/admin/products/oak-bowl");
    let told = grace.submit(path, &[("archived", "on")]).await.expect(422);
    assert!(told.wrong("archived").contains("1 product is still for sale"), "{}", told.words());
    grace.submit(product, &[("status", "archived")]).await.expect_to(product);
    grace.submit(path, &[("archived", "on")]).await.expect_to("/admin/categories");
    assert!(!ada.get("/products").await.expect(200).body.contains("tableware"), "it is offered nowhere");
    assert_eq!(grace.get(NEW).await.expect(200).attributes("#category option", "value"), [""; 0]);
    assert_eq!(grace.get(product).await.expect(200).attributes("#category option", "value"), ["tableware"], "where it stands");
}

async fn what_goes_on_sale_brings_its_category_back(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 5).await;
    let (grace, mary) = (Admin::registered(app).await, Admin::registered(app).await);
    let (path, product) = ("/admin/categories/tableware", format!("/admin/products/{}", bowl.slug));
    for round in 0..6 {
        grace.submit(&product, &[("status", "archived")]).await.expect_to(&product);
        let (shelf, ware) = (grace.get(path).await.expect(200), mary.get(&product).await.expect(200));
        let (archive, sell) = ([("archived", "on")], [("status", "active")]);
        futures_util::join!(grace.press(&shelf, path, &archive), mary.press(&ware, &product, &sell));
        let mut conn = app.storage.second_connection();
        let stands: (bool, i64) =
            categories::table.select((categories::archived, categories::shown)).first(&mut conn).expect("one");
        assert_eq!(stands, (false, 1), "round {round}: nothing is for sale where nobody can find it");
    }
}
