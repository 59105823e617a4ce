//! Mail: what people are told, when, and how often.
//!
//! Invariant: the server is a real one; a letter is there if and only if its act is, and arrives once.

use crate::on_both;
use crate::support::people::{ADDRESS, PASSWORD, Shopper};
use crate::support::post_office::{PostOffice, short};
use crate::support::visitor::Visitor;
use diesel::prelude::*;
use latchkey::auth::upkeep;
use latchkey::db::schema::outbox;
use latchkey::error::Error;
use latchkey::mail::outbox::waiting;
use std::time::Duration;

on_both! {
    an_order_is_confirmed_in_text_and_in_html,
    a_cancelled_order_is_confirmed,
    a_changed_password_is_told,
    a_sign_in_that_was_ended_as_stolen_is_told,
    an_act_that_did_not_happen_is_not_told,
    a_letter_for_nobody_goes_as_far_as_any_and_not_out,
    two_nodes_send_each_letter_once,
    a_waiting_letter_is_unreadable_and_a_sent_one_is_empty,
    what_is_done_with_goes_after_thirty_days,
}

async fn ordered(office: &PostOffice, ada: &Shopper) -> String {
    let bowl = office.app.stocks("Oak Bowl", 2_400, 10).await;
    ada.adds(&bowl.slug, 2).await.expect_to("/cart");
    ada.orders().await.expect(303).location().to_owned()
}

async fn an_order_is_confirmed_in_text_and_in_html(office: &PostOffice) {
    let ada = Shopper::added(&office.app).await;
    let order = ordered(office, &ada).await;
    let mail = office.server.has(1).await.remove(0);
    assert_eq!(mail.to, std::slice::from_ref(&ada.email));
    assert!(mail.header("To").contains(&ada.email) && mail.header("To").contains("Ada Lovelace"), "{}", mail.header("To"));
    assert!(mail.header("From").ends_with("<shop@localhost>"), "{}", mail.header("From"));
    let number = order.trim_start_matches("/orders/");
    assert!(mail.header("Subject").contains(number), "{}", mail.header("Subject"));
    assert!(mail.header("Content-Type").starts_with("multipart/alternative"));
    assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
    let link = format!("{}{order}", office.app.origin.as_str().trim_end_matches('/'));
    for kind in ["text/plain", "text/html"] {
        let text = mail.part(kind);
        for fact in ["Oak Bowl", "€48.00", number, "SW1Y 4JH London", "United Kingdom", &link] {
            assert!(text.contains(fact), "{kind} without {fact}: {text}");
        }
        assert!(!text.contains("Please ring twice"), "the note is for the shop");
    }
    office.letters_are(&["sent"]).await;
}

async fn a_cancelled_order_is_confirmed(office: &PostOffice) {
    let ada = Shopper::added(&office.app).await;
    let order = ordered(office, &ada).await;
    office.server.has(1).await;
    let page = ada.get(&order).await.expect(200);
    for _ in 0..2 {
        ada.press(&page, &format!("{order}/cancel"), &[]).await.expect_to(&order);
    }
    let mail = office.server.has(2).await.remove(1);
    assert!(mail.header("Subject").ends_with("is cancelled"), "once, though it was asked twice: {}", mail.header("Subject"));
    assert!(mail.part("text/plain").contains("€48.00"));
}

async fn a_changed_password_is_told(office: &PostOffice) {
    let ada = Shopper::added(&office.app).await;
    let fields = |current| [("current_password", current), ("new_password", "seven quiet lamps glow")];
    ada.submit("/account/password", &fields("wrong-wagon-lantern-42")).await.expect(422);
    ada.submit("/account/password", &fields(PASSWORD)).await.expect_to("/account");
    let mail = office.server.has(1).await.remove(0);
    assert!(mail.header("Subject").starts_with("Your password"), "{}", mail.header("Subject"));
    let text = mail.part("text/plain");
    assert!(text.contains("127.0.0.1") && text.contains("This wasn't you?"), "{text}");
    assert!(!mail.content.contains("quiet lamps") && !mail.content.contains(PASSWORD));
}

async fn a_sign_in_that_was_ended_as_stolen_is_told(office: &PostOffice) {
    let ada = Shopper::added(&office.app).await;
    let thief = ada.copy();
    for _ in 0..2 {
        office.app.pass(Duration::from_secs(601));
        ada.get("/dashboard").await.expect(200);
    }
    thief.get("/dashboard").await.expect(303);
    let mail = office.server.has(1).await.remove(0);
    assert_eq!(mail.to, std::slice::from_ref(&ada.email));
    assert!(mail.header("Subject").contains("sign-in"), "{}", mail.header("Subject"));
    let text = mail.part("text/plain");
    assert!(text.contains("Old copy used from: 127.0.0.1") && text.contains("/account/password"), "{text}");
    thief.get("/dashboard").await.expect(303);
    tokio::time::sleep(Duration::from_millis(500)).await;
    office.server.has(1).await;
}

async fn an_act_that_did_not_happen_is_not_told(office: &PostOffice) {
    let ada = Shopper::added(&office.app).await;
    let person = office.key_of(&ada);
    let (post, now) = (office.app.server().latch.post.clone(), office.app.clock.now());
    let undone = office.app.db().write(move |conn| {
        post.put(conn, now, person, short("undone"))?;
        assert_eq!(waiting(conn)?, 1, "it is there inside the transaction");
        Err::<(), _>(Error::NotFound)
    });
    assert!(matches!(undone.await, Err(Error::NotFound)));
    // A checkout that comes too late writes nothing either.
    let bowl = office.app.stocks("Oak Bowl", 2_400, 1).await;
    ada.adds(&bowl.slug, 1).await.expect_to("/cart");
    let page = ada.get("/checkout").await.expect(200);
    office.app.restocks(&bowl, 0).await;
    ada.press(&page, "/checkout", &ADDRESS).await.expect(409);
    assert_eq!(office.letters(), []);
    office.writes_to(person, "done").await;
    let mail = office.server.has(1).await.remove(0);
    assert!(mail.header("Subject").contains("done"));
}

async fn a_letter_for_nobody_goes_as_far_as_any_and_not_out(office: &PostOffice) {
    let ada = Shopper::added(&office.app).await;
    for email in ["nobody@example.com", &ada.email] {
        Visitor::new(&office.app).submit("/forgot-password", &[("email", email)]).await.expect_to("/forgot-password?sent=1");
    }
    office.letters_are(&["expired", "sent"]).await;
    assert_eq!(office.server.has(1).await.remove(0).to, [ada.email]);
}

async fn two_nodes_send_each_letter_once(office: &PostOffice) {
    let second = office.app.second_node().await;
    let ada = Shopper::added(&office.app).await;
    let person = office.key_of(&ada);
    office.server.does("slow 0.05");
    for number in 0..30 {
        let node = if number % 2 == 0 { office.app.server() } else { &second.app };
        let (post, now, letter) = (node.latch.post.clone(), office.app.clock.now(), short(&format!("N-{number}")));
        node.db.write(move |conn| post.put(conn, now, person, letter)).await.expect("the outbox has room");
    }
    office.letters_are(&["sent"; 30]).await;
    let mut subjects: Vec<String> = office.server.has(30).await.iter().map(|mail| mail.header("Subject")).collect();
    subjects.sort();
    subjects.dedup();
    assert_eq!(subjects.len(), 30);
    let by = |app: &latchkey::web::app::App| app.latch.post.tally().sent.get();
    // Counted a moment after it is written down.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let (one, two) = (by(office.app.server()), by(&second.app));
    assert_eq!(one + two, 30);
    assert!(one > 0 && two > 0, "both work: {one} and {two}");
    assert!(office.letters().iter().all(|(_, tries, _)| *tries == 1), "{:?}", office.letters());
    second.stop().await.expect("it closes");
}

async fn a_waiting_letter_is_unreadable_and_a_sent_one_is_empty(office: &PostOffice) {
    office.server.goes_down();
    let ada = Shopper::added(&office.app).await;
    office.writes_to(office.key_of(&ada), "N-CANARY").await;
    let row = || {
        let row = outbox::table.select((outbox::kind, outbox::sealed));
        row.first::<(String, Option<String>)>(&mut office.app.storage.second_connection()).expect("a letter")
    };
    let (kind, sealed) = row();
    let sealed = sealed.expect("it waits");
    assert_eq!(kind, "order_cancelled");
    for secret in [ada.email.as_str(), "CANARY", "Lovelace"] {
        assert!(!sealed.contains(secret), "{sealed}");
    }
    office.is_tried(1).await;
    office.server.comes_back();
    office.app.pass(Duration::from_mins(2));
    office.letters_are(&["sent"]).await;
    assert_eq!(row().1, None);
}

async fn what_is_done_with_goes_after_thirty_days(office: &PostOffice) {
    let ada = Shopper::added(&office.app).await;
    office.writes_to(office.key_of(&ada), "N-1").await;
    office.letters_are(&["sent"]).await;
    let day = Duration::from_hours(24);
    let sweep = || upkeep::sweep(office.app.db(), office.app.clock.now()).expect("a sweep").letters;
    office.app.pass(29 * day);
    assert_eq!(sweep(), 0);
    office.app.pass(2 * day);
    assert_eq!((sweep(), office.letters().len()), (1, 0));
}
