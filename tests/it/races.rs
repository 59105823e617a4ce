//! Tabs that race, answers that are late, and a thief among them, at two nodes of one shop.
//!
//! Invariant: a copied jar is a tab, a lost answer or a thief, and a proxy sends each to either node. What a rule does is counted from
//! a second connection.

use crate::on_both;
use crate::support::app::TestApp;
use crate::support::page::Page;
use crate::support::people::Shopper;
use crate::support::soon;
use crate::support::visitor::Visitor;
use diesel::prelude::*;
use futures_util::future::join_all;
use latchkey::db::schema::{audit_events, refresh_tokens, sessions};
use latchkey::web::server::Running;
use reqwest::Method;
use std::time::Duration;

on_both! {
    fifty_requests_with_one_token_get_one_successor,
    answers_in_reverse_order_leave_a_working_cookie,
    a_lost_answer_works_an_hour_later_for_two_tabs_that_wake_together,
    a_late_replay_at_the_other_node_ends_that_session_and_no_other,
    a_replay_within_the_grace_gets_no_token_at_either_node,
    a_thief_who_calls_everything_a_guess_is_caught,
    a_thief_who_goes_first_is_caught_at_the_owners_next_refresh,
    a_thief_who_walks_in_step_is_caught_at_the_owners_next_refresh,
}

const TOKEN_LIFE: Duration = Duration::from_secs(601);

/// Opens the same page in all tabs at once, every second one at the other node.
async fn all_at_once(tabs: &[Visitor], other: &Running, path: &str) -> Vec<Page> {
    tabs.iter().step_by(2).for_each(|tab| tab.is_sent_to(other.address));
    join_all(tabs.iter().map(|tab| tab.get(path))).await
}

fn refresh(browser: &Visitor) -> String {
    browser.jar.borrow().value("__Host-rt")
}

/// Does an answer carry tokens?
fn carries_tokens(page: &Page) -> bool {
    page.cookies_set().iter().any(|cookie| cookie.starts_with("__Host-at=") || cookie.starts_with("__Host-rt="))
}

/// Sessions that ended for reuse, and audit events of it.
fn reuses(app: &TestApp) -> (i64, i64) {
    let mut conn = app.storage.second_connection();
    let ended = sessions::table.filter(sessions::ended_because.eq("reuse")).count();
    let told = audit_events::table.filter(audit_events::kind.eq("token_reuse")).count();
    (ended.get_result(&mut conn).expect("a count"), told.get_result(&mut conn).expect("a count"))
}

async fn fifty_requests_with_one_token_get_one_successor(app: &TestApp) {
    let other = app.second_node().await;
    let ada = Shopper::registered(app).await;
    app.pass(TOKEN_LIFE);
    let tabs: Vec<Visitor> = (0..50).map(|_| ada.copy()).collect();
    let pages = all_at_once(&tabs, &other, "/account").await;
    for (tab, page) in tabs.iter().zip(&pages) {
        // Who waits for too long on a busy machine is told to come again, and does.
        if page.status != 503 {
            assert!(page.status == 200 && carries_tokens(page), "{}: {}", page.status, page.words());
        } else if !carries_tokens(page) {
            soon("an answer", async || tab.get("/account").await.status == 200).await;
        }
    }
    let mut successors: Vec<String> = tabs.iter().map(refresh).collect();
    successors.dedup();
    assert_eq!(successors.len(), 1);
    assert_ne!(successors[0], refresh(&ada));
    let rows: i64 = refresh_tokens::table.count().get_result(&mut app.storage.second_connection()).expect("a count");
    assert_eq!(rows, 2, "fifty exchanges made one generation");
    // Any of the fifty answers leaves a cookie that goes on.
    for tab in tabs.iter().step_by(10) {
        assert!(tab.is_signed_in().await);
    }
    assert_eq!(reuses(app), (0, 0));
    other.stop().await.expect("it closes");
}

async fn answers_in_reverse_order_leave_a_working_cookie(app: &TestApp) {
    let other = app.second_node().await;
    let ada = Shopper::registered(app).await;
    for _ in 0..3 {
        app.pass(TOKEN_LIFE);
        let tabs: Vec<Visitor> = (0..4).map(|_| ada.copy()).collect();
        let answers = all_at_once(&tabs, &other, "/orders").await;
        for answer in answers.iter().rev() {
            for cookie in answer.cookies_set() {
                ada.jar.borrow_mut().take(cookie);
            }
            assert!(ada.is_signed_in().await, "after each of them");
        }
    }
    app.pass(TOKEN_LIFE);
    assert!(ada.is_signed_in().await);
    assert_eq!(reuses(app), (0, 0));
    other.stop().await.expect("it closes");
}

async fn a_lost_answer_works_an_hour_later_for_two_tabs_that_wake_together(app: &TestApp) {
    let other = app.second_node().await;
    let ada = Shopper::registered(app).await;
    app.pass(TOKEN_LIFE);
    let lost = ada.copy();
    lost.get("/dashboard").await.expect(200); // the answer never reached Ada
    app.pass(Duration::from_hours(1));
    let tabs = [ada.copy(), ada.copy()];
    let pages = all_at_once(&tabs, &other, "/dashboard").await;
    assert!(pages.iter().all(|page| page.status == 200 && carries_tokens(page)));
    assert_eq!((refresh(&tabs[0]), refresh(&tabs[1])), (refresh(&lost), refresh(&lost)));
    for tab in &tabs {
        tab.get("/orders").await.expect(200);
    }
    app.pass(TOKEN_LIFE);
    assert!(tabs[1].is_signed_in().await, "and so does the next exchange");
    assert_eq!(reuses(app), (0, 0));
    other.stop().await.expect("it closes");
}

async fn a_late_replay_at_the_other_node_ends_that_session_and_no_other(app: &TestApp) {
    let other = app.second_node().await;
    let ada = Shopper::registered(app).await;
    let (elsewhere, grace) = (ada.elsewhere(app).await, Shopper::named(app, "Grace Hopper").await);
    let thief = ada.copy();
    app.pass(TOKEN_LIFE);
    ada.get("/dashboard").await.expect(200);
    ada.get("/orders").await.expect(200);
    app.pass(Duration::from_secs(31));
    thief.is_sent_to(other.address);
    assert!(!carries_tokens(&thief.get("/dashboard").await.expect_to("/login?next=/dashboard")));
    assert_eq!(reuses(app), (1, 1));
    app.pass(TOKEN_LIFE);
    assert!(!ada.is_signed_in().await, "it has ended for both");
    assert!(elsewhere.is_signed_in().await, "her other browser has nothing to do with it");
    assert!(grace.is_signed_in().await);
    other.stop().await.expect("it closes");
}

async fn a_replay_within_the_grace_gets_no_token_at_either_node(app: &TestApp) {
    let other = app.second_node().await;
    let ada = Shopper::registered(app).await;
    app.pass(TOKEN_LIFE);
    let slow = [ada.copy(), ada.copy()];
    slow[1].is_sent_to(other.address);
    ada.get("/dashboard").await.expect(200);
    ada.get("/orders").await.expect(200);
    app.pass(Duration::from_secs(20));
    for tab in &slow {
        let page = tab.get("/dashboard").await.expect(200);
        assert!(!carries_tokens(&page), "{:?}", page.cookies_set());
    }
    assert_eq!(reuses(app), (0, 0));
    assert!(ada.is_signed_in().await);
    other.stop().await.expect("it closes");
}

/// What a thief sends: the cookies, and a header that says it is only a guess.
async fn guesses(thief: &Visitor, path: &str) -> Page {
    thief.send(path, thief.request(Method::GET, path).header("sec-purpose", "prefetch")).await
}

async fn a_thief_who_calls_everything_a_guess_is_caught(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let thief = ada.copy();
    guesses(&thief, "/account").await.expect(200); // the access token is good: this was use, whatever it was called
    app.pass(TOKEN_LIFE);
    assert!(!carries_tokens(&guesses(&thief, "/account").await.expect(503)), "and a guess gets no token");
    thief.get("/account").await.expect(200); // so the thief must exchange, and then goes on guessing
    guesses(&thief, "/orders").await.expect(200);
    app.pass(Duration::from_secs(31));
    let told = ada.visit("/dashboard").await;
    assert!(told.words().contains("an old copy of its key was used"), "{}", told.words());
    assert_eq!(reuses(app), (1, 1));
    thief.get("/account").await.expect_to("/login?next=/account");
}

async fn a_thief_who_goes_first_is_caught_at_the_owners_next_refresh(app: &TestApp) {
    let other = app.second_node().await;
    let ada = Shopper::registered(app).await;
    let thief = ada.copy();
    thief.is_sent_to(other.address);
    app.pass(TOKEN_LIFE);
    thief.get("/account").await.expect(200);
    thief.get("/orders").await.expect(200);
    app.pass(TOKEN_LIFE);
    ada.get("/dashboard").await.expect_to("/login?next=/dashboard");
    assert_eq!(reuses(app), (1, 1));
    app.pass(TOKEN_LIFE);
    thief.get("/account").await.expect_to("/login?next=/account");
    other.stop().await.expect("it closes");
}

async fn a_thief_who_walks_in_step_is_caught_at_the_owners_next_refresh(app: &TestApp) {
    let other = app.second_node().await;
    let ada = Shopper::registered(app).await;
    let thief = ada.copy();
    thief.is_sent_to(other.address);
    app.pass(TOKEN_LIFE);
    // Both show one token before its successor is used: like two tabs, they are given the same.
    ada.get("/dashboard").await.expect(200);
    thief.get("/dashboard").await.expect(200);
    assert_eq!(refresh(&ada), refresh(&thief));
    // Whoever refreshes and goes on leaves the other behind.
    app.pass(TOKEN_LIFE);
    thief.get("/dashboard").await.expect(200);
    thief.get("/orders").await.expect(200);
    app.pass(Duration::from_secs(31));
    ada.get("/dashboard").await.expect_to("/login?next=/dashboard");
    assert_eq!(reuses(app), (1, 1));
    other.stop().await.expect("it closes");
}
