//! Pages of which only words change.
//!
//! Invariant: whatever was drawn before for whomever, a page says what is so now, to the one who asks; and a word stays a word.

use crate::on_both;
use crate::support::app::TestApp;
use crate::support::page::Page;
use crate::support::people::Shopper;
use crate::support::visitor::Visitor;
use diesel::prelude::*;
use latchkey::db::schema::products;

on_both! {
    a_card_says_what_the_product_is_now,
    two_people_with_equal_carts_get_each_their_own,
    what_is_typed_is_text_wherever_it_stands,
}

async fn a_card_says_what_the_product_is_now(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 9).await;
    let visitor = Visitor::new(app);
    let card = async || {
        let page = visitor.get("/products").await.expect(200);
        [".card-name", ".card-price", ".card-stock", ".card-add"].map(|part| page.texts(part).join(" "))
    };
    assert_eq!(card().await, ["Oak Bowl", "€24.00", "In stock", "Add to cart : Oak Bowl"]);
    let change = |title: &'static str, price: i64, stock: i64| {
        let changed = (products::title.eq(title), products::price.eq(price), products::stock.eq(stock));
        let one = diesel::update(products::table.filter(products::slug.eq(bowl.slug.clone()))).set(changed);
        assert_eq!(one.execute(&mut app.storage.second_connection()), Ok(1));
    };
    change("Ash & <b>Elm", 1_050, 9);
    assert_eq!(card().await, ["Ash & <b>Elm", "€10.50", "In stock", "Add to cart : Ash & <b>Elm"]);
    change("Ash & <b>Elm", 1_050, 2);
    assert_eq!(card().await, ["Ash & <b>Elm", "€10.50", "Only 2 left", "Add to cart : Ash & <b>Elm"]);
    change("\u{f0000}Elm", 1_050, 0);
    assert_eq!(card().await, ["\u{f0000}Elm", "€10.50", "Sold out", ""], "a sign that could stand for a word is a sign");
}

/// The nonce that the page's policy allows.
fn nonce(page: &Page) -> String {
    let policy = page.header("content-security-policy");
    policy.split_once("'nonce-").and_then(|(_, rest)| rest.split_once('\'')).expect("a nonce").0.to_owned()
}

async fn two_people_with_equal_carts_get_each_their_own(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 90).await;
    let mut csrf = Vec::new();
    let people = [Shopper::registered(app).await, Shopper::registered(app).await];
    for person in &people {
        person.adds(&bowl.slug, 2).await.expect_to("/cart");
        person.get("/cart").await.expect(200);
    }
    for person in people.iter().chain(&people) {
        for path in ["/dashboard", "/products", "/orders"] {
            let page = person.get(path).await.expect(200);
            assert_eq!(page.attributes("head script[nonce]", "nonce")[0], nonce(&page), "{path}");
            let values = page.attributes("input[name='csrf']", "value");
            assert!(!values.is_empty() && values.iter().all(|value| *value == values[0]), "{path}");
            csrf.push((values[0].clone(), &person.email));
        }
        let page = person.get("/dashboard").await.expect(200);
        assert!(page.text(".desk-account dl").contains(&person.email), "{}", page.words());
        let other = people.iter().find(|other| other.email != person.email).expect("two people");
        assert!(!page.body.contains(&other.email));
    }
    for (value, email) in &csrf {
        assert!(csrf.iter().all(|(same, of)| same != value || of == email), "a value is one person's");
    }
}

async fn what_is_typed_is_text_wherever_it_stands(app: &TestApp) {
    let name = "\"><script>alert('1')</script>&{{ csrf }}\u{f0001}";
    app.stocks(name, 2_400, 9).await;
    let visitor = Visitor::new(app);
    let typed: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
    for path in ["/".to_owned(), "/products".to_owned(), format!("/products?q={typed}&sort=name")] {
        for _ in 0..2 {
            let page = visitor.get(&path).await.expect(200);
            assert!(!page.body.contains("<script>"), "{path}");
            assert_eq!(page.texts(".card-name"), [name], "{path}");
        }
    }
    let page = visitor.get(&format!("/products?q={typed}")).await.expect(200);
    assert_eq!((page.value("q").as_str(), page.heading().contains(name)), (name, true), "{}", page.heading());
    assert!(page.title().contains(name), "{}", page.title());
}
