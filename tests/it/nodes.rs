//! Two nodes of one shop behind a proxy that sends people to either.
//!
//! Invariant: nothing that a promise stands on lives in one node's memory alone.

use crate::on_both;
use crate::support::app::TestApp;
use crate::support::people::{ADDRESS, Shopper};
use diesel::prelude::*;
use futures_util::future::join_all;
use latchkey::db::schema::{audit_events, orders};
use std::time::Duration;

on_both! {
    who_signs_in_at_one_node_is_known_at_the_other,
    tabs_that_refresh_at_two_nodes_at_once_get_one_successor,
    forty_shoppers_race_for_ten_pieces_at_two_nodes,
    clicks_at_two_nodes_make_one_order,
}

async fn who_signs_in_at_one_node_is_known_at_the_other(app: &TestApp) {
    let second = app.second_node().await;
    let ada = Shopper::registered(app).await;
    let form = ada.get("/account").await.expect(200);
    ada.is_sent_to(second.address);
    ada.get("/dashboard").await.expect(200);
    ada.press(&form, "/account", &[("name", "Countess")]).await.expect_to("/account");
    app.pass(Duration::from_secs(601));
    ada.get("/dashboard").await.expect(200);
    ada.is_sent_to(app.address());
    assert_eq!(ada.get("/account").await.expect(200).value("name"), "Countess");
    second.stop().await.expect("it closes");
    assert!(ada.is_signed_in().await);
}

async fn tabs_that_refresh_at_two_nodes_at_once_get_one_successor(app: &TestApp) {
    let second = app.second_node().await;
    let ada = Shopper::registered(app).await;
    for _ in 0..4 {
        app.pass(Duration::from_secs(601));
        let tabs: Vec<_> = (0..8).map(|_| ada.copy()).collect();
        tabs.iter().step_by(2).for_each(|tab| tab.is_sent_to(second.address));
        let pages = join_all(tabs.iter().map(|tab| tab.get("/dashboard"))).await;
        assert!(pages.iter().all(|page| page.status == 200));
        let mut tokens: Vec<String> = tabs.iter().map(|tab| tab.jar.borrow().value("__Host-rt")).collect();
        tokens.dedup();
        assert_eq!(tokens.len(), 1);
        ada.jar.replace(tabs[0].jar.borrow().clone());
        ada.get("/orders").await.expect(200);
    }
    let reuse = audit_events::table.filter(audit_events::kind.eq("token_reuse")).count();
    assert_eq!(reuse.get_result::<i64>(&mut app.storage.second_connection()), Ok(0));
    second.stop().await.expect("it closes");
}

async fn forty_shoppers_race_for_ten_pieces_at_two_nodes(app: &TestApp) {
    let second = app.second_node().await;
    let bowl = app.stocks("Oak Bowl", 2_400, 10).await;
    let mut shoppers = Vec::new();
    for number in 0..40 {
        let shopper = Shopper::registered(app).await;
        shopper.adds(&bowl.slug, 1).await.expect_to("/cart");
        let page = shopper.get("/checkout").await.expect(200);
        if number % 2 == 0 {
            shopper.is_sent_to(second.address);
        }
        shoppers.push((shopper, page));
    }
    let answers = join_all(shoppers.iter().map(|(shopper, page)| shopper.press(page, "/checkout", &ADDRESS))).await;
    let count = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    let all: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!((count(303), count(409)), (10, 30), "{all:?}");
    assert_eq!(app.stock_of(&bowl), 0);
    second.stop().await.expect("it closes");
}

async fn clicks_at_two_nodes_make_one_order(app: &TestApp) {
    let second = app.second_node().await;
    let bowl = app.stocks("Oak Bowl", 2_400, 50).await;
    let ada = Shopper::registered(app).await;
    ada.adds(&bowl.slug, 2).await.expect_to("/cart");
    let page = ada.get("/checkout").await.expect(200);
    let tabs: Vec<_> = (0..20).map(|_| ada.copy()).collect();
    tabs.iter().step_by(2).for_each(|tab| tab.is_sent_to(second.address));
    let answers = join_all(tabs.iter().map(|tab| tab.press(&page, "/checkout", &ADDRESS))).await;
    let mut places: Vec<_> = answers.iter().map(|answer| (answer.status, answer.location().to_owned())).collect();
    places.dedup();
    assert_eq!(places.len(), 1, "{places:?}");
    let placed: i64 = orders::table.count().get_result(&mut app.storage.second_connection()).expect("orders can be counted");
    assert_eq!((placed, app.stock_of(&bowl)), (1, 48));
    second.stop().await.expect("it closes");
}
