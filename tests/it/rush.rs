//! Everybody signs in at once.
//!
//! Invariant: hashing is bounded and honest about it; the rest of the shop stays quick meanwhile. Bodies that never end are cut off.

use crate::on_both;
use crate::support::app::TestApp;
use crate::support::people::{PASSWORD, Shopper};
use crate::support::visitor::Visitor;
use futures_util::future::{join, join_all};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

on_both! {
    a_rush_of_sign_ins_is_answered_or_told_to_come_back with { "LATCHKEY_BCRYPT_COST" = "11" },
    sign_ins_that_hang_up_take_nothing_with_them with { "LATCHKEY_BCRYPT_COST" = "10" },
    a_body_that_does_not_arrive_is_not_waited_for,
}

async fn a_rush_of_sign_ins_is_answered_or_told_to_come_back(app: &TestApp) {
    app.stocks("Oak Bowl", 2_400, 9).await;
    let ada = Shopper::registered(app).await;
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let mut people = Vec::new();
    for _ in 0..cores * 14 {
        let visitor = Visitor::new(app);
        let page = visitor.get("/login").await.expect(200);
        people.push((visitor, page));
    }
    let sign_in = [("email", ada.email.as_str()), ("password", PASSWORD)];
    let rush = join_all(people.iter().map(|(visitor, page)| visitor.press(page, "/login", &sign_in)));
    let browse = async {
        let mut slowest = Duration::ZERO;
        for _ in 0..30 {
            let asked = Instant::now();
            ada.get("/products").await.expect(200);
            slowest = slowest.max(asked.elapsed());
        }
        slowest
    };
    let (answers, slowest) = join(rush, browse).await;
    let count = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    let (signed_in, later) = (count(303), count(503));
    assert_eq!(signed_in + later, answers.len(), "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
    assert!(signed_in > 0 && later > 0, "{signed_in} signed in, {later} were told to come back");
    for answer in answers.iter().filter(|answer| answer.status == 503) {
        assert!(answer.header("retry-after").parse::<u32>().is_ok_and(|wait| wait > 0), "{}", answer.header("retry-after"));
    }
    assert!(slowest < Duration::from_secs(2), "the list is not held up: {slowest:?}");
}

async fn sign_ins_that_hang_up_take_nothing_with_them(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let visitor = Visitor::new(app);
    let page = visitor.get("/login").await.expect(200);
    let sign_in = [("email", ada.email.as_str()), ("password", PASSWORD)];
    for _ in 0..12 {
        let hung_up = tokio::time::timeout(Duration::from_millis(15), visitor.press(&page, "/login", &sign_in)).await;
        drop(hung_up);
    }
    let since = Instant::now();
    while visitor.press(&page, "/login", &sign_in).await.status != 303 {
        assert!(since.elapsed() < Duration::from_secs(10), "the queue empties by itself");
    }
}

async fn a_body_that_does_not_arrive_is_not_waited_for(app: &TestApp) {
    let host = app.origin.authority();
    let mut connection = TcpStream::connect(app.address()).await.expect("the shop listens");
    let head = format!(
        "POST /login HTTP/1.1\r\nhost: {host}\r\norigin: http://{host}\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 1000\r\n\r\nemail="
    );
    connection.write_all(head.as_bytes()).await.expect("it takes a beginning");
    let (asked, mut answer) = (Instant::now(), vec![0; 64]);
    let read = tokio::time::timeout(Duration::from_secs(15), connection.read(&mut answer))
        .await
        .expect("an answer in time")
        .expect("an answer");
    let words = String::from_utf8_lossy(&answer[..read]);
    assert!(words.starts_with("HTTP/1.1 408"), "{words}");
    assert!(asked.elapsed() > Duration::from_secs(8), "ten seconds are given: {:?}", asked.elapsed());
}
