//! Two real tabs in Chromium whose access tokens die together, without JavaScript.
//!
//! Invariant: both are under way at the same time because the database makes them wait for it, not because a machine was quick.

use crate::on_both;
use crate::support::app::TestApp;
use crate::support::browser::{Browser, Scripts};
use crate::support::people::{PASSWORD, Shopper};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use latchkey::db::Conn;
use latchkey::db::schema::{audit_events, refresh_tokens};
use latchkey::on_either;
use std::time::Duration;

on_both! {
    two_tabs_whose_tokens_die_together_both_go_on with { "LATCHKEY_ACCESS_TTL" = "2s" },
}

/// Nobody can exchange a token until this is given back.
fn hold(conn: &mut Conn) {
    let lock = match conn {
        Conn::Sqlite(_) => "BEGIN IMMEDIATE",
        Conn::Postgres(_) => "BEGIN; LOCK TABLE sessions IN EXCLUSIVE MODE",
    };
    on_either!(conn, conn => conn.batch_execute(lock)).expect("the lock is free");
}

async fn two_tabs_whose_tokens_die_together_both_go_on(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let browser = Browser::open_hasty(&app.origin, Scripts::Off).await;
    browser.goto("/login").await;
    browser.arrives_at("/login").await;
    browser.fill("email", &ada.email).await;
    browser.fill("password", PASSWORD).await;
    browser.press("/login").await;
    browser.arrives_at("/dashboard").await;
    let second = browser.opens_tab().await;
    let mut other = app.storage.second_connection();
    for round in 0..4 {
        tokio::time::sleep(Duration::from_millis(2_100)).await;
        let before = newest(&mut other);
        hold(&mut other);
        for (tab, path) in [(0, "/account"), (second, "/cart")] {
            browser.looks_at_tab(tab).await;
            browser.goto(&format!("{path}?round={round}")).await;
        }
        tokio::time::sleep(Duration::from_millis(400)).await;
        on_either!(&mut other, conn => conn.batch_execute("ROLLBACK")).expect("the lock is given back");
        for (tab, path, heading) in [(0, "/account", "Your account"), (second, "/cart", "Your cart")] {
            browser.looks_at_tab(tab).await;
            browser.arrives_at(&format!("{path}?round={round}")).await;
            assert_eq!(browser.text("h1").await, heading);
        }
        assert!(newest(&mut other) > before, "they did exchange");
    }
    let reuse = audit_events::table.filter(audit_events::kind.eq("token_reuse")).count();
    assert_eq!(reuse.get_result::<i64>(&mut other), Ok(0));
    browser.close().await;
}

/// The newest generation of the last session, which is the browser's.
fn newest(conn: &mut Conn) -> i64 {
    let last = refresh_tokens::table.order((refresh_tokens::session_id.desc(), refresh_tokens::generation.desc()));
    last.select(refresh_tokens::generation).first(conn).expect("there is a token")
}
