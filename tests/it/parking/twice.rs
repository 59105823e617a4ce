//! Confirmed twice, done once.
//!
//! Invariant: of any number of presses one carries the form out, and every other is answered as that one was.

use super::{is_signed_out_elsewhere, kept, looks};
use crate::on_both;
use crate::support::app::TestApp;
use crate::support::people::{ADDRESS, Shopper};
use crate::support::visitor::Visitor;
use diesel::prelude::*;
use futures_util::future::join_all;
use latchkey::db::schema::{orders, parked_forms};
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

on_both! {
    many_presses_at_once_add_it_once,
    many_presses_at_once_place_one_order,
    two_presses_of_a_form_that_is_wrong_show_it_both_times,
    a_form_that_a_lost_node_had_taken_is_offered_again,
    who_hangs_up_after_pressing_loses_nothing,
}

async fn many_presses_at_once_add_it_once(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 90).await;
    let ada = Shopper::registered(app).await;
    let product = ada.get(&format!("/products/{}", bowl.slug)).await.expect(200);
    is_signed_out_elsewhere(&ada).await;
    ada.press(&product, "/cart/items", &[("quantity", "3")]).await.expect_to("/login?next=/parked");
    let page = looks(&ada).await;
    let other = app.second_node().await;
    let tabs: Vec<Visitor> = (0..12).map(|_| ada.copy()).collect();
    tabs.iter().step_by(2).for_each(|tab| tab.is_sent_to(other.address));
    for sent in join_all(tabs.iter().map(|tab| tab.press(&page, "/parked", &[]))).await {
        sent.expect_to("/cart");
    }
    assert_eq!(ada.get("/cart").await.value("quantity"), "3", "twelve presses on two nodes, one act");
    other.stop().await.expect("the second node closes");
}

async fn many_presses_at_once_place_one_order(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 9).await;
    let ada = Shopper::registered(app).await;
    ada.adds(&bowl.slug, 1).await.expect_to("/cart");
    let checkout = ada.get("/checkout").await.expect(200);
    is_signed_out_elsewhere(&ada).await;
    ada.press(&checkout, "/checkout", &ADDRESS).await.expect_to("/login?next=/parked");
    let page = looks(&ada).await;
    let tabs: Vec<Visitor> = (0..6).map(|_| ada.copy()).collect();
    let mut places: Vec<String> = Vec::new();
    for sent in join_all(tabs.iter().map(|tab| tab.press(&page, "/parked", &[]))).await {
        places.push(sent.expect(303).location().to_owned());
    }
    places.dedup();
    assert_eq!(places.len(), 1, "{places:?}");
    let placed: i64 = orders::table.count().get_result(&mut app.storage.second_connection()).expect("orders can be counted");
    assert_eq!((placed, app.stock_of(&bowl)), (1, 8));
}

async fn two_presses_of_a_form_that_is_wrong_show_it_both_times(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let account = ada.get("/account").await;
    is_signed_out_elsewhere(&ada).await;
    ada.press(&account, "/account", &[("name", &"x".repeat(101))]).await.expect_to("/login?next=/parked");
    let page = looks(&ada).await;
    let tabs = [ada.copy(), ada.copy(), ada.copy()];
    for sent in join_all(tabs.iter().map(|tab| tab.press(&page, "/parked", &[]))).await {
        assert_eq!(sent.expect(422).value("name"), "x".repeat(101), "whichever answer the browser shows");
    }
}

async fn a_form_that_a_lost_node_had_taken_is_offered_again(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let account = ada.get("/account").await;
    is_signed_out_elsewhere(&ada).await;
    ada.press(&account, "/account", &[("name", "Ada King")]).await.expect_to("/login?next=/parked");
    let page = looks(&ada).await;
    let key: i64 = latchkey::db::schema::users::table
        .filter(latchkey::db::schema::users::email.eq(&ada.email))
        .select(latchkey::db::schema::users::id)
        .first(&mut app.storage.second_connection())
        .expect("she is there");
    let taken = (parked_forms::spent_at.eq(app.clock.now()), parked_forms::spent_by.eq(key));
    diesel::update(parked_forms::table).set(taken).execute(&mut app.storage.second_connection()).expect("a form can be taken");
    let meanwhile = ada.get("/parked").await.expect(200);
    assert!(meanwhile.words().contains("done this very moment") && !meanwhile.has(".parked"), "{}", meanwhile.words());
    app.pass(Duration::from_secs(31));
    let again = ada.get("/parked").await.expect(200);
    assert!(again.words().contains("it may be done already"), "{}", again.words());
    ada.press(&page, "/parked", &[]).await.expect_to("/account");
    assert_eq!((ada.get("/account").await.value("name"), kept(app)), ("Ada King".to_owned(), 0));
}

async fn who_hangs_up_after_pressing_loses_nothing(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let account = ada.get("/account").await;
    is_signed_out_elsewhere(&ada).await;
    for (at, pause) in [0, 0, 1, 2, 4, 8].into_iter().enumerate() {
        let name = format!("Ada {at}");
        ada.press(&account, "/account", &[("name", &name)]).await.expect_to("/login?next=/parked");
        let page = looks(&ada).await;
        let body = format!("csrf={}&form={}", page.value("csrf"), page.value("form"));
        let cookies = ada.jar.borrow().header().expect("there are cookies");
        let host = ada.origin().trim_start_matches("http://").to_owned();
        let request = format!(
            "POST /parked HTTP/1.1\r\nhost: {host}\r\norigin: {}\r\ncookie: {cookies}\r\ncontent-length: {}\r\n\
             content-type: application/x-www-form-urlencoded\r\n\r\n{body}",
            ada.origin(),
            body.len()
        );
        let mut socket = TcpStream::connect(app.address()).await.expect("the shop listens");
        socket.write_all(request.as_bytes()).await.expect("it is taken");
        tokio::time::sleep(Duration::from_millis(pause)).await;
        drop(socket);
        // Either it never arrived, and waits; or it is done, and written down as done.
        let mut waited = 0;
        loop {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let underway =
                parked_forms::table.filter(parked_forms::spent_at.is_not_null()).filter(parked_forms::led_to.is_null());
            let underway: i64 = underway.count().get_result(&mut app.storage.second_connection()).expect("a count");
            let done = ada.get("/account").await.value("name") == name;
            if underway == 0 && (done || kept(app) == 1) && waited > 5 {
                assert_eq!(kept(app), i64::from(!done), "after {pause} ms");
                break;
            }
            waited += 1;
            assert!(waited < 200, "taken, and never heard of again");
        }
        is_signed_out_elsewhere(&ada).await;
        diesel::delete(parked_forms::table).execute(&mut app.storage.second_connection()).expect("room for the next");
    }
}
