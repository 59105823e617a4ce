//! A form that arrives with a dead access token and a live session: large, slow, and whole.
//!
//! Invariant: the refresh happens before the body is read, and loses no byte of it.

use crate::on_both;
use crate::support::app::TestApp;
use crate::support::people::Shopper;
use crate::support::visitor::Visitor;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

on_both! {
    a_large_form_arrives_whole_after_the_token_expired,
    a_slow_form_arrives_whole_after_the_token_expired,
    a_slow_form_arrives_whole_after_the_session_ended,
}

const TOKEN_LIFE: Duration = Duration::from_secs(601);
/// With `csrf` a little less than the most a form may have.
const LONG: usize = 16 * 1024 - 200;

async fn a_large_form_arrives_whole_after_the_token_expired(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let page = ada.get("/account").await.expect(200);
    app.pass(TOKEN_LIFE);
    let name = "é".repeat(LONG / 6);
    let wrong = ada.press(&page, "/account", &[("name", &name)]).await.expect(422);
    assert_eq!(wrong.value("name"), name);
    assert!(wrong.cookies_set().iter().any(|cookie| cookie.starts_with("__Host-at=")), "and the token is new");
    app.pass(TOKEN_LIFE);
    ada.press(&wrong, "/account", &[("name", &"x".repeat(17_000))]).await.expect(413);
    assert!(ada.is_signed_in().await);
}

/// Sends a form to `/account` in pieces, a good deal slower than any browser; the answer's head.
async fn slowly(app: &TestApp, browser: &Visitor, body: &str) -> String {
    let mut socket = TcpStream::connect(app.address()).await.expect("the shop listens");
    let host = browser.origin().trim_start_matches("http://").to_owned();
    let cookies = browser.jar.borrow().header().expect("there are cookies");
    let head = format!(
        "POST /account HTTP/1.1\r\nhost: {host}\r\norigin: {}\r\nsec-fetch-site: same-origin\r\nconnection: close\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\ncookie: {cookies}\r\n\r\n",
        browser.origin(),
        body.len()
    );
    socket.write_all(head.as_bytes()).await.expect("the head is taken");
    for piece in body.as_bytes().chunks(body.len().div_ceil(8)) {
        tokio::time::sleep(Duration::from_millis(300)).await;
        socket.write_all(piece).await.expect("a piece is taken");
    }
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.expect("there is an answer");
    let head = answer.split("\r\n\r\n").next().unwrap_or_default().to_owned();
    for line in head.lines().filter_map(|line| line.strip_prefix("set-cookie: ")) {
        browser.jar.borrow_mut().take(line);
    }
    head
}

async fn a_slow_form_arrives_whole_after_the_token_expired(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let csrf = ada.get("/account").await.value("csrf");
    app.pass(TOKEN_LIFE);
    let head = slowly(app, &ada, &format!("name=Ada+King+of+Ockham&csrf={csrf}")).await;
    assert!(head.starts_with("HTTP/1.1 303") && head.contains("location: /account\r\n"), "{head}");
    assert_eq!(ada.get("/account").await.value("name"), "Ada King of Ockham");
}

async fn a_slow_form_arrives_whole_after_the_session_ended(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let csrf = ada.get("/account").await.value("csrf");
    super::is_signed_out_elsewhere(&ada).await;
    let head = slowly(app, &ada, &format!("name=Ada+King+of+Ockham&csrf={csrf}")).await;
    assert!(head.starts_with("HTTP/1.1 303") && head.contains("location: /login?next=/parked"), "{head}");
    let page = super::looks(&ada).await;
    ada.press(&page, "/parked", &[]).await.expect_to("/account");
    assert_eq!(ada.get("/account").await.value("name"), "Ada King of Ockham");
}
