//! Mail on bad days: the server is down, slow, silent, or says no.
//!
//! Invariant: no request waits for it, nothing is lost that can still arrive, and one who is refused stops nobody else.

use crate::on_both;
use crate::support::people::Shopper;
use crate::support::post_office::PostOffice;
use latchkey::auth::secrets::Secrets;
use latchkey::config::Secret;
use latchkey::mail::outbox::{Postbox, due, sealed_with, take, waiting};
use std::time::{Duration, Instant};

on_both! {
    a_server_that_was_down_gets_everything_when_it_is_back,
    no_request_waits_for_a_silent_server_and_neither_does_a_stop,
    one_who_is_refused_stops_nobody_else,
    content_that_is_refused_is_not_sent_again,
    not_now_means_later,
    a_server_that_does_not_want_us_keeps_every_letter_waiting,
    a_letter_that_is_of_no_use_any_more_is_not_sent,
    a_waiting_letter_lives_on_under_another_secret,
}

async fn a_server_that_was_down_gets_everything_when_it_is_back(office: &PostOffice) {
    office.server.goes_down();
    let ada = Shopper::added(&office.app).await;
    let person = office.key_of(&ada);
    for number in 0..3 {
        office.writes_to(person, &format!("N-{number}")).await;
    }
    office.is_tried(1).await;
    let count = office.app.db().read(waiting).await.expect("a count");
    assert_eq!(count, 3);
    let told = office.app.server().metrics.text(office.app.server()).expect("a text");
    assert!(told.contains("mails_put_off_total ") && !told.contains("mails_put_off_total 0"), "{told}");
    office.server.comes_back();
    office.app.pass(Duration::from_mins(2));
    office.letters_are(&["sent"; 3]).await;
    office.server.has(3).await;
}

async fn no_request_waits_for_a_silent_server_and_neither_does_a_stop(office: &PostOffice) {
    office.server.does("silent");
    let ada = Shopper::added(&office.app).await;
    let bowl = office.app.stocks("Oak Bowl", 2_400, 10).await;
    ada.adds(&bowl.slug, 2).await.expect_to("/cart");
    let asked = Instant::now();
    ada.orders().await.expect(303);
    ada.get("/orders").await.expect(200);
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
    let second = office.app.second_node().await;
    for number in 0..8 {
        office.writes_to(office.key_of(&ada), &format!("N-{number}")).await;
    }
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert!(office.letters().iter().all(|(status, ..)| status == "waiting"));
    let asked = Instant::now();
    second.stop().await.expect("it closes");
    assert!(asked.elapsed() < Duration::from_secs(8), "{:?}", asked.elapsed());
}

async fn one_who_is_refused_stops_nobody_else(office: &PostOffice) {
    let (ada, bob) = (Shopper::added(&office.app).await, Shopper::added(&office.app).await);
    office.server.does(&format!("refuse {}", ada.email));
    office.writes_to(office.key_of(&ada), "N-1").await;
    office.writes_to(office.key_of(&bob), "N-2").await;
    office.letters_are(&["refused", "sent"]).await;
    assert_eq!(office.letters()[0].2, "550", "the code, and not the server's words");
    office.server.does("");
    office.app.pass(Duration::from_hours(2));
    office.writes_to(office.key_of(&bob), "N-3").await;
    office.letters_are(&["refused", "sent", "sent"]).await;
    assert!(office.server.has(2).await.iter().all(|mail| mail.to == std::slice::from_ref(&bob.email)));
}

async fn content_that_is_refused_is_not_sent_again(office: &PostOffice) {
    let ada = Shopper::added(&office.app).await;
    office.server.does("content");
    office.writes_to(office.key_of(&ada), "N-1").await;
    office.letters_are(&["refused"]).await;
    assert_eq!(office.letters()[0], ("refused".to_owned(), 1, "554".to_owned()));
}

async fn not_now_means_later(office: &PostOffice) {
    let ada = Shopper::added(&office.app).await;
    office.server.does("later");
    office.writes_to(office.key_of(&ada), "N-1").await;
    office.is_tried(1).await;
    assert_eq!(office.letters()[0].2, "451");
    office.app.pass(Duration::from_secs(5));
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert_eq!(office.letters()[0].1, 1, "ten seconds are not over");
    office.app.pass(Duration::from_secs(6));
    office.is_tried(2).await;
    office.server.does("");
    office.app.pass(Duration::from_secs(31));
    office.letters_are(&["sent"]).await;
    assert_eq!(office.letters()[0].1, 3);
}

async fn a_server_that_does_not_want_us_keeps_every_letter_waiting(office: &PostOffice) {
    let ada = Shopper::added(&office.app).await;
    office.server.does("sender");
    office.writes_to(office.key_of(&ada), "N-1").await;
    office.is_tried(1).await;
    assert_eq!(office.letters()[0].2, "553", "it is about us, not about who is written to");
    office.server.does("");
    office.app.pass(Duration::from_mins(1));
    office.letters_are(&["sent"]).await;
}

async fn a_letter_that_is_of_no_use_any_more_is_not_sent(office: &PostOffice) {
    office.server.goes_down();
    let ada = Shopper::added(&office.app).await;
    office.writes_to(office.key_of(&ada), "N-1").await;
    office.is_tried(1).await;
    office.app.pass(Duration::from_hours(73));
    office.server.comes_back();
    office.letters_are(&["expired"]).await;
    office.writes_to(office.key_of(&ada), "N-2").await;
    let mail = office.server.has(1).await.remove(0);
    assert!(mail.header("Subject").contains("N-2"));
}

async fn a_waiting_letter_lives_on_under_another_secret(office: &PostOffice) {
    office.server.goes_down();
    let ada = Shopper::added(&office.app).await;
    office.writes_to(office.key_of(&ada), "N-1").await;
    office.is_tried(1).await;
    let fresh: Secret = "Zr4Yb8Qm1Wc6Xn3Kt9Vs5Ld0Pf7Hg2Ja".parse().expect("a secret");
    let old = std::fs::read_to_string(office.app.server().config.var.join("secret")).expect("the shop's own");
    let old: Secret = old.parse().expect("a secret");
    let post = Postbox::new(Secrets::new(&fresh, &[old]));
    let reseal = move |conn: &mut latchkey::db::Conn| Ok((post.reseal(conn, 100)?, post.reseal(conn, 100)?));
    assert_eq!(office.app.db().write(reseal).await.expect("a row"), (1, 0));
    let alone = Secrets::new(&fresh, &[]);
    let counted = office.app.db().read(sealed_with).await.expect("a count");
    assert_eq!(counted, [(alone.current().id().to_owned(), 1)]);
    let now = office.app.clock.now() + Duration::from_mins(1);
    let letter = office.app.db().write(move |conn| {
        let due = due(conn, now, 1)?;
        let taken = take(conn, now, &due)?.expect("it is due");
        Postbox::new(alone).open(&taken)
    });
    assert_eq!(letter.await.expect("a row").expect("it opens").to.address, ada.email);
}
