//! Orders afterwards: history, cancelling, buying again.
//!
//! Invariant: an order is its person's alone; a cancelled one gives back exactly what it took, once.

use crate::on_both;
use crate::support::app::TestApp;
use crate::support::people::Shopper;
use diesel::prelude::*;
use futures_util::future::join_all;
use latchkey::db::schema::orders;

on_both! {
    the_history_lists_the_newest_first,
    the_history_has_pages,
    another_persons_order_is_not_found,
    a_cancelled_order_gives_back_what_it_took_once,
    cancelling_twenty_times_at_once_gives_back_once,
    what_is_packed_cannot_be_cancelled,
    buying_again_fills_the_cart_and_says_what_was_unavailable,
    an_order_number_can_be_read_aloud,
}

async fn place(shopper: &Shopper, slug: &str, quantity: u32) -> String {
    shopper.adds(slug, quantity).await.expect_to("/cart");
    let placed = shopper.orders().await.expect(303);
    assert!(placed.location().starts_with("/orders/"), "{}", placed.location());
    placed.location().split('?').next().unwrap_or_default().to_owned()
}

fn status(app: &TestApp) -> String {
    orders::table
        .select(orders::status)
        .order(orders::id.desc())
        .first(&mut app.storage.second_connection())
        .expect("there is an order")
}

async fn the_history_lists_the_newest_first(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 50).await;
    let ada = Shopper::registered(app).await;
    let none = ada.get("/orders").await.expect(200);
    assert!(none.has("main a"), "an empty history offers the next step");
    let mut placed = Vec::new();
    for _ in 0..3 {
        placed.push(place(&ada, &bowl.slug, 1).await);
        app.pass(std::time::Duration::from_mins(1));
    }
    placed.reverse();
    let page = ada.get("/orders").await.expect(200);
    let mut listed = page.attributes("main a", "href");
    listed.retain(|href| placed.contains(href));
    listed.dedup();
    assert_eq!(listed, placed);
    let dashboard = ada.get("/dashboard").await.expect(200);
    assert!(dashboard.attributes("main a", "href").contains(&placed[0]), "{}", dashboard.words());
}

async fn the_history_has_pages(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 90).await;
    let ada = Shopper::registered(app).await;
    for _ in 0..30 {
        place(&ada, &bowl.slug, 1).await;
    }
    let mut seen = std::collections::BTreeSet::new();
    let mut path = "/orders".to_owned();
    for _ in 0..10 {
        let page = ada.get(&path).await.expect(200);
        seen.extend(page.attributes("main a", "href").into_iter().filter(|href| href.starts_with("/orders/")));
        match page.attributes("a[rel='next']", "href").first() {
            Some(next) => next.clone_into(&mut path),
            None => break,
        }
    }
    assert_eq!(seen.len(), 30);
}

async fn another_persons_order_is_not_found(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 50).await;
    let (ada, eve) = (Shopper::registered(app).await, Shopper::registered(app).await);
    let order = place(&ada, &bowl.slug, 1).await;
    let own = place(&eve, &bowl.slug, 1).await;
    eve.get(&order).await.expect(404);
    let page = eve.get(&own).await.expect(200);
    let csrf = page.form(&format!("{own}/cancel")).into_iter().find(|(name, _)| name == "csrf").expect("a form has it");
    for act in ["cancel", "reorder"] {
        eve.post(&format!("{order}/{act}"), std::slice::from_ref(&csrf)).await.expect(404);
    }
    ada.get(&order).await.expect(200);
    assert_eq!(app.stock_of(&bowl), 48, "nothing was given back");
}

async fn a_cancelled_order_gives_back_what_it_took_once(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 50).await;
    let ada = Shopper::registered(app).await;
    let order = place(&ada, &bowl.slug, 3).await;
    let page = ada.get(&order).await.expect(200);
    assert_eq!(app.stock_of(&bowl), 47);
    ada.press(&page, &format!("{order}/cancel"), &[]).await.expect_to(&order);
    assert_eq!((app.stock_of(&bowl), status(app).as_str()), (50, "cancelled"));
    ada.press(&page, &format!("{order}/cancel"), &[]).await.expect_to(&order);
    assert_eq!(app.stock_of(&bowl), 50);
    let page = ada.get(&order).await.expect(200);
    assert!(page.words().contains("Cancelled"), "{}", page.words());
    assert!(!page.actions().contains(&format!("{order}/cancel")), "there is nothing left to cancel");
}

async fn cancelling_twenty_times_at_once_gives_back_once(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 50).await;
    let ada = Shopper::registered(app).await;
    let order = place(&ada, &bowl.slug, 3).await;
    let page = ada.get(&order).await.expect(200);
    let tabs: Vec<_> = (0..20).map(|_| ada.copy()).collect();
    let action = format!("{order}/cancel");
    for answer in join_all(tabs.iter().map(|tab| tab.press(&page, &action, &[]))).await {
        answer.expect_to(&order);
    }
    assert_eq!(app.stock_of(&bowl), 50);
}

async fn what_is_packed_cannot_be_cancelled(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 50).await;
    let ada = Shopper::registered(app).await;
    let order = place(&ada, &bowl.slug, 3).await;
    let page = ada.get(&order).await.expect(200);
    let pack =
        |conn: &mut latchkey::db::Conn| Ok(diesel::update(orders::table).set(orders::status.eq("packed")).execute(conn)?);
    app.db().write(pack).await.expect("it is packed");
    ada.press(&page, &format!("{order}/cancel"), &[]).await.expect(409);
    assert_eq!((app.stock_of(&bowl), status(app).as_str()), (47, "packed"));
    assert!(!ada.get(&order).await.actions().contains(&format!("{order}/cancel")));
}

async fn buying_again_fills_the_cart_and_says_what_was_unavailable(app: &TestApp) {
    let (bowl, jug) = (app.stocks("Oak Bowl", 2_400, 5).await, app.stocks("Jug", 1_000, 5).await);
    let ada = Shopper::registered(app).await;
    ada.adds(&jug.slug, 2).await.expect_to("/cart");
    let order = place(&ada, &bowl.slug, 3).await;
    app.restocks(&bowl, 0).await;
    let page = ada.get(&order).await.expect(200);
    let sent = ada.press(&page, &format!("{order}/reorder"), &[]).await.expect_to("/cart");
    let cart = ada.follow(sent).await.expect(200);
    assert_eq!(cart.texts(".line-name"), ["Jug"]);
    assert!(cart.messages().join(" ").contains("Oak Bowl"), "it says what could not be had: {}", cart.words());
}

async fn an_order_number_can_be_read_aloud(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 5).await;
    let ada = Shopper::registered(app).await;
    let order = place(&ada, &bowl.slug, 1).await;
    let number = order.trim_start_matches("/orders/");
    assert!(number.len() >= 6 && !number.contains(['0', 'O', '1', 'I']), "{number}");
    assert!(number.bytes().all(|sign| sign.is_ascii_uppercase() || sign.is_ascii_digit() || sign == b'-'), "{number}");
}
