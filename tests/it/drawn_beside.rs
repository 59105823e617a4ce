//! Pages that are drawn beside the exchange of their refresh token, and what happens when it fails in the end.
//!
//! Invariant: a second connection holds the session's row, so that the look is over and the exchange is not: what a request does in
//! that time is what is tried here.

use crate::on_both;
use crate::support::app::TestApp;
use crate::support::page::Page;
use crate::support::people::Shopper;
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use futures_util::future::{Either, join, select};
use latchkey::auth::session::Because;
use latchkey::db::Conn;
use latchkey::db::schema::{cart_items, sessions};
use latchkey::on_either;
use std::pin::pin;
use std::time::Duration;

on_both! {
    no_answer_leaves_before_its_exchange_is_committed,
    a_page_of_a_session_that_ended_meanwhile_is_shown_to_nobody,
    a_form_begins_after_the_exchange,
}

const TOKEN_LIFE: Duration = Duration::from_secs(601);
const A_WHILE: Duration = Duration::from_millis(400);

/// Takes the rows of all sessions.
fn hold(app: &TestApp) -> Conn {
    let mut other = app.storage.second_connection();
    let take = match other {
        Conn::Sqlite(_) => "BEGIN IMMEDIATE",
        Conn::Postgres(_) => "BEGIN; SELECT id FROM sessions FOR UPDATE",
    };
    on_either!(&mut other, conn => conn.batch_execute(take)).expect("the rows are free");
    other
}

fn let_go(mut other: Conn) {
    on_either!(&mut other, conn => conn.batch_execute("COMMIT")).expect("they are given back");
}

/// What becomes of a request when everybody is signed out between its look and its exchange.
async fn overtaken(app: &TestApp, request: impl Future<Output = Page>) -> Page {
    let mut other = hold(app);
    let ends = async {
        tokio::time::sleep(A_WHILE).await;
        let ended = (sessions::ended_at.eq(app.clock.now()), sessions::ended_because.eq(Because::SignOut.word()));
        diesel::update(sessions::table).set(ended).execute(&mut other).expect("they end");
        let_go(other);
    };
    join(request, ends).await.0
}

fn carries_a_token(page: &Page) -> bool {
    page.cookies_set().iter().any(|cookie| cookie.starts_with("__Host-at=") || cookie.starts_with("__Host-rt="))
}

async fn no_answer_leaves_before_its_exchange_is_committed(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    app.pass(TOKEN_LIFE);
    let other = hold(app);
    let asked = pin!(ada.get("/dashboard"));
    let asked = match select(asked, pin!(tokio::time::sleep(A_WHILE))).await {
        Either::Left((page, _)) => panic!("answered with {} while the exchange waits", page.status),
        Either::Right(((), asked)) => asked,
    };
    let_go(other);
    let page = asked.await.expect(200);
    assert!(carries_a_token(&page) && page.words().contains(&ada.name));
}

async fn a_page_of_a_session_that_ended_meanwhile_is_shown_to_nobody(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    app.pass(TOKEN_LIFE);
    let page = overtaken(app, ada.get("/dashboard?from=here")).await;
    assert!(!page.words().contains(&ada.name) && !carries_a_token(&page), "{}", page.words());
    page.expect_to("/dashboard?from=here");
    ada.get("/dashboard?from=here").await.expect_to("/login?next=/dashboard%3Ffrom%3Dhere");
}

async fn a_form_begins_after_the_exchange(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 9).await;
    let ada = Shopper::registered(app).await;
    let product = ada.get(&format!("/products/{}", bowl.slug)).await.expect(200);
    app.pass(TOKEN_LIFE);
    let page = overtaken(app, ada.press(&product, "/cart/items", &[("quantity", "1")])).await;
    assert!(page.status == 303 && !carries_a_token(&page), "{}", page.status);
    let items: i64 = cart_items::table.count().get_result(&mut app.storage.second_connection()).expect("a count");
    assert_eq!(items, 0, "nothing was done for a session that is over");
}
