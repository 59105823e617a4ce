//! The catalogue as those who run the shop keep it: words, prices, and every piece that comes or goes.
//!
//! Invariant: of two who change one thing the second is told; the movements of a product add up to its stock, whatever raced.

use crate::on_both;
use crate::support::app::TestApp;
use crate::support::binary::Place;
use crate::support::people::{Admin, Shopper};
use diesel::prelude::*;
use futures_util::future::join_all;
use latchkey::db::schema::{categories, families, products};
use latchkey::db::{Conn, Db};
use latchkey::ids::{FamilyKey, ProductKey};
use latchkey::shop::stock;

on_both! {
    what_an_operator_saves_is_what_shoppers_see,
    of_two_who_edit_the_second_is_told_and_loses_nothing,
    pieces_are_booked_with_a_reason,
    a_count_that_sales_overtook_is_not_taken,
    a_change_that_makes_no_sense_is_told_beside_its_field,
    movements_add_up_after_a_race,
    products_are_listed_by_what_is_the_matter_with_them,
}

async fn what_an_operator_saves_is_what_shoppers_see(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 5).await;
    let (ada, grace) = (Shopper::registered(app).await, Admin::registered(app).await);
    let (path, shop) = (format!("/admin/products/{}", bowl.slug), format!("/products/{}", bowl.slug));
    let page = grace.get(&path).await.expect(200);
    assert_eq!((page.value("title").as_str(), page.value("price").as_str()), ("Oak Bowl", "24.00"));
    let fields = [("title", "Ash Bowl"), ("description", "Turned.\nOiled."), ("price", "26.5")];
    grace.press(&page, &path, &fields).await.expect_to(&path);
    let seen = ada.get(&shop).await.expect(200);
    assert_eq!(seen.heading(), "Ash Bowl");
    assert!(seen.words().contains("€26.50") && seen.words().contains("Turned. Oiled."), "{}", seen.words());
    assert!(ada.get("/products?q=ash").await.expect(200).words().contains("Ash Bowl"), "it is found by its new name");
    for (status, answer) in [("archived", 404), ("draft", 404), ("active", 200)] {
        let page = grace.get(&path).await.expect(200);
        grace.press(&page, &path, &[("status", status)]).await.expect_to(&path);
        ada.get(&shop).await.expect(answer);
    }
}

async fn of_two_who_edit_the_second_is_told_and_loses_nothing(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 5).await;
    let (grace, mary) = (Admin::registered(app).await, Admin::registered(app).await);
    let path = format!("/admin/products/{}", bowl.slug);
    let (one, other) = (grace.get(&path).await.expect(200), mary.get(&path).await.expect(200));
    grace.press(&one, &path, &[("price", "30.00")]).await.expect_to(&path);
    let told = mary.press(&other, &path, &[("title", "Beech Bowl")]).await.expect(409);
    assert!(told.text(".summary").contains("Somebody changed this product"), "{}", told.words());
    assert_eq!((told.value("title").as_str(), told.heading().as_str()), ("Beech Bowl", "Oak Bowl"), "what she typed is kept");
    assert!(told.text(".now").contains("€30.00"), "{}", told.words());
    let price =
        || -> i64 { products::table.select(products::price).first(&mut app.storage.second_connection()).expect("a price") };
    assert_eq!(price(), 3_000, "nothing is overwritten");
    mary.press(&told, &path, &[("price", "30.00")]).await.expect_to(&path);
    assert_eq!((price(), mary.get(&path).await.heading().as_str()), (3_000, "Beech Bowl"));
}

async fn pieces_are_booked_with_a_reason(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 5).await;
    let grace = Admin::registered(app).await;
    let (path, action) = (format!("/admin/products/{}", bowl.slug), format!("/admin/products/{}/stock", bowl.slug));
    for (reason, count, left) in [("received", "10", 15), ("damaged", "4", 11), ("returned", "1", 12), ("counted", "9", 9)] {
        let page = grace.get(&path).await.expect(200);
        let fields = [("reason", reason), ("count", count), ("note", "slip 7")];
        grace.press(&page, &action, &fields).await.expect_to(&path);
        assert_eq!(app.stock_of(&bowl), left, "{reason}");
    }
    let page = grace.get(&path).await.expect(200);
    assert_eq!(page.texts(".ledger tbody td:nth-child(2)"), ["−3", "+1", "−4", "+10", "+5"]);
    assert_eq!(page.texts(".ledger tbody td:nth-child(4)"), ["Grace Hopper", "Grace Hopper", "Grace Hopper", "Grace Hopper", ""]);
    assert!(page.text(".ledger tbody tr").contains("Counted: slip 7"), "{}", page.words());
    let told = grace.press(&page, &action, &[("reason", "damaged"), ("count", "10")]).await.expect(422);
    assert!(told.wrong("count").contains("There are 9"), "{}", told.words());
    assert_eq!(app.stock_of(&bowl), 9);
}

async fn a_count_that_sales_overtook_is_not_taken(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 5).await;
    let (ada, grace) = (Shopper::registered(app).await, Admin::registered(app).await);
    let (path, action) = (format!("/admin/products/{}", bowl.slug), format!("/admin/products/{}/stock", bowl.slug));
    let page = grace.get(&path).await.expect(200);
    ada.adds(&bowl.slug, 2).await.expect_to("/cart");
    ada.orders().await.expect(303);
    let told = grace.press(&page, &action, &[("reason", "counted"), ("count", "5")]).await.expect(409);
    assert!(told.text(".summary").contains("it is 3 now"), "{}", told.words());
    assert_eq!(app.stock_of(&bowl), 3, "what was sold stays sold");
    grace.press(&told, &action, &[("count", "2")]).await.expect_to(&path);
    assert_eq!(app.stock_of(&bowl), 2);
}

async fn a_change_that_makes_no_sense_is_told_beside_its_field(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 5).await;
    let grace = Admin::registered(app).await;
    let (path, action) = (format!("/admin/products/{}", bowl.slug), format!("/admin/products/{}/stock", bowl.slug));
    let page = grace.get(&path).await.expect(200);
    let long = "x".repeat(101);
    for (field, value) in [
        ("price", "-1"),
        ("price", "1,50"),
        ("price", "1.999"),
        ("price", "٢"),
        ("price", "99999999999999"),
        ("title", ""),
        ("title", &long),
        ("status", "gone"),
    ] {
        let told = grace.press(&page, &path, &[(field, value)]).await.expect(422);
        assert!(!told.wrong(field).is_empty(), "{field} {value}: {}", told.words());
    }
    for (field, value) in [("count", "-1"), ("count", "0"), ("count", "1.5"), ("count", "9999999999"), ("reason", "sold")] {
        let right = [("reason", "received"), ("count", "1")].into_iter().filter(|(name, _)| *name != field);
        let fields: Vec<_> = right.chain([(field, value)]).collect();
        let told = grace.press(&page, &action, &fields).await.expect(422);
        assert!(!told.wrong(field).is_empty(), "{field} {value}: {}", told.words());
    }
    assert_eq!(app.stock_of(&bowl), 5);
    grace.get("/admin/products/nothing").await.expect(404);
}

/// Every product whose movements do not add up.
fn drift(db: &Db) -> Vec<stock::Drift> {
    let (mut after, mut found) = (ProductKey(0), Vec::new());
    while let (some, Some(last)) = db.read_here(|conn| stock::drift(conn, after, 100)).expect("a check") {
        found.extend(some);
        after = last;
    }
    found
}

async fn movements_add_up_after_a_race(app: &TestApp) {
    let (bowl, jug) = (app.stocks("Oak Bowl", 2_400, 6).await, app.stocks("Jug", 1_000, 20).await);
    let grace = Admin::registered(app).await;
    let mut people = Vec::new();
    for _ in 0..8 {
        let ada = Shopper::registered(app).await;
        ada.adds(&bowl.slug, 1).await.expect_to("/cart");
        ada.adds(&jug.slug, 1).await.expect_to("/cart");
        people.push(ada);
    }
    let (path, action) = (format!("/admin/products/{}", jug.slug), format!("/admin/products/{}/stock", jug.slug));
    let page = grace.get(&path).await.expect(200);
    let buy = |(nth, ada): (usize, Shopper)| async move {
        let placed = ada.orders().await;
        if placed.status == 303 && nth % 2 == 0 {
            let order = placed.location().split('?').next().unwrap_or_default().to_owned();
            let page = ada.get(&order).await.expect(200);
            ada.press(&page, &format!("{order}/cancel"), &[]).await.expect(303);
        }
        i64::from(placed.status == 303 && nth % 2 == 1)
    };
    let count = async {
        for _ in 0..5 {
            grace.press(&page, &action, &[("reason", "received"), ("count", "2")]).await.expect_to(&path);
        }
    };
    let (kept, ()) = futures_util::join!(join_all(people.into_iter().enumerate().map(buy)), count);
    let kept: i64 = kept.into_iter().sum();
    assert_eq!((app.stock_of(&bowl), app.stock_of(&jug)), (6 - kept, 30 - kept));
    assert_eq!(drift(app.db()), []);
}

async fn products_are_listed_by_what_is_the_matter_with_them(app: &TestApp) {
    for nth in 0..27 {
        app.stocks(&format!("Bowl {nth:02}"), 2_400, 50).await;
    }
    let (low, out) = (app.stocks("Jug", 1_000, 3).await, app.stocks("Cup", 1_000, 0).await);
    let grace = Admin::registered(app).await;
    let listed = async |path: &str| grace.get(path).await.expect(200).attributes(".ware-name a", "href");
    let page = grace.get("/admin/products").await.expect(200);
    let next = page.attributes("a[rel='next']", "href").remove(0);
    assert_eq!((page.texts(".ware").len(), listed(&next).await.len()), (25, 4));
    let of = |slug: &str| format!("/admin/products/{slug}");
    assert_eq!(listed("/admin/products?shelf=low").await, [of(&out.slug), of(&low.slug)]);
    assert_eq!(listed("/admin/products?shelf=out").await, [of(&out.slug)]);
    assert_eq!(grace.get("/admin").await.expect(200).attributes(".ware-name a", "href"), [of(&out.slug), of(&low.slug)]);
    assert_eq!(listed("/admin/products?shelf=nowhere&after=").await.len(), 25);
    grace.get("/admin/products?after=nothing").await.expect(404);
    grace.get("/admin/products?sku=SKU-jug").await.expect_to(&of(&low.slug));
    assert!(grace.get("/admin/products?sku=jug").await.expect(200).has(".empty"));
}

#[test]
fn the_doctor_finds_a_stock_that_nobody_moved() {
    let place = Place::new(&[]);
    let seeded = place.run(&["shop", "seed"], "");
    assert_eq!(seeded.code, Some(0), "{}", seeded.errors);
    let well = place.run(&["doctor"], "");
    assert!(well.output.contains("ok       stock: "), "{}", well.output);
    let url = format!("sqlite:{}", place.path("var/latchkey.db").display()).parse().expect("a URL");
    let mut conn = Conn::open(&url).expect("the file is there");
    let one = products::table.filter(products::slug.eq("ember-vase"));
    diesel::update(one).set(products::stock.eq(products::stock + 1)).execute(&mut conn).expect("changed");
    let ill = place.run(&["doctor"], "");
    assert_eq!(ill.code, Some(1), "{}", ill.output);
    assert!(ill.output.contains("problem  stock: ember-vase has "), "{}", ill.output);
}

#[test]
fn the_doctor_finds_families_and_categories_that_say_something_else() {
    let place = Place::new(&[]);
    assert_eq!(place.run(&["shop", "seed"], "").code, Some(0));
    let well = place.run(&["doctor"], "");
    assert!(well.output.contains("ok       options: ") && well.output.contains("ok       categories: "), "{}", well.output);
    assert!(!well.output.contains("one option only"), "{}", well.output);
    let url = format!("sqlite:{}", place.path("var/latchkey.db").display()).parse().expect("a URL");
    let mut conn = Conn::open(&url).expect("the file is there");
    let (one, code): (i64, String) = families::table.select((families::id, families::code)).first(&mut conn).expect("a family");
    let options = products::table.filter(products::family_id.eq(FamilyKey(one)));
    diesel::update(options).set((products::option_1.eq("same"), products::listed.eq(true))).execute(&mut conn).expect("changed");
    diesel::update(families::table.find(one)).set(families::shown.eq(40_i64)).execute(&mut conn).expect("changed");
    let shelf = categories::table.order(categories::id).select(categories::slug).first::<String>(&mut conn).expect("a category");
    let of_shelf = categories::table.filter(categories::slug.eq(&shelf));
    diesel::update(of_shelf).set(categories::shown.eq(categories::shown + 1)).execute(&mut conn).expect("changed");
    let ill = place.run(&["doctor"], "");
    assert_eq!(ill.code, Some(1), "{}", ill.output);
    for sentence in ["has two options of the same words", "counts other options for sale", "is listed by another option"] {
        assert!(ill.output.contains(&format!("problem  options: {code} {sentence}")), "{sentence}: {}", ill.output);
    }
    assert!(ill.output.contains(&format!("problem  categories: {shelf} says ")), "{}", ill.output);
    let statement = ill.output.lines().find_map(|line| line.trim().strip_prefix("fix: UPDATE ")).expect("what puts it right");
    diesel::sql_query(format!("UPDATE {statement}")).execute(&mut conn).expect("it is done");
    assert!(place.run(&["doctor"], "").output.contains("ok       categories: "));
    diesel::update(products::table).set(products::family_id.eq(None::<FamilyKey>)).execute(&mut conn).expect("changed");
    assert!(place.run(&["doctor"], "").output.contains(&format!("problem  options: {code} has no options")));
}
