//! What the link does not do, and for how long it is there.
//!
//! Invariant: a link that is no good tells a stranger the same as one that never was.

use super::{NEW, disowns, events, resets};
use crate::on_both;
use crate::password_reset::asks;
use crate::support::app::TestApp;
use crate::support::letterbox::{RESET, VERIFY};
use crate::support::people::{PASSWORD, Shopper, sign_in};
use crate::support::soon;
use crate::support::visitor::Visitor;
use diesel::prelude::*;
use latchkey::db::schema::{mail_links, users};
use std::time::Duration;

on_both! {
    it_is_good_for_a_week_and_for_nothing_else,
    a_locked_or_deleted_account_is_nobodys_and_a_stranger_learns_nothing,
    of_a_persons_links_the_newest_twenty_are_kept,
    its_letter_comes_when_the_mailbox_has_had_its_share with { "LATCHKEY_LIMIT_EMAIL" = "3/1h" },
}

async fn it_is_good_for_a_week_and_for_nothing_else(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    ada.elsewhere(app).await;
    asks(app, &ada.email).await.expect(303);
    let link = app.link(&ada.email, NEW, 0).await;
    let (reset, verify) = (app.link(&ada.email, RESET, 0).await, app.link(&ada.email, VERIFY, 0).await);
    let browser = Visitor::new(app);
    for crossed in [
        reset.replace("/reset-password/", "/not-me/"),
        verify.replace("/verify-email/", "/not-me/"),
        link.replace("/not-me/", "/reset-password/"),
        link.replace("/not-me/", "/verify-email/"),
    ] {
        let page = browser.visit(&crossed).await.expect(200);
        assert!(page.heading().contains("no longer good"), "{crossed}: {}", page.words());
    }
    // Sent all the same: the token of a letter for a new password.
    let csrf = browser.get("/login").await.value("csrf");
    browser.get(&reset.replace("/reset-password/", "/not-me/")).await.expect(303);
    browser.post("/not-me", &[("csrf", csrf.as_str())]).await.expect(422);
    browser.post("/not-me", &[("csrf", "forged")]).await.expect(403);
    assert!(events(app, "disowned").is_empty());
    app.pass(Duration::from_hours(7 * 24) - Duration::from_mins(1));
    assert!(browser.visit(&link).await.expect(200).words().contains(&ada.email));
    app.pass(Duration::from_secs(61));
    let page = disowns(&browser, &link).await.expect(200);
    assert!(page.words().contains("older than 7 days") && page.words().contains("Set a new password"), "{}", page.words());
}

async fn a_locked_or_deleted_account_is_nobodys_and_a_stranger_learns_nothing(app: &TestApp) {
    let (locked, gone) = (Shopper::registered(app).await, Shopper::registered(app).await);
    let mut links = vec![format!("/not-me/{}", "A".repeat(43)), "/not-me/short".to_owned()];
    for person in [&locked, &gone] {
        person.elsewhere(app).await;
        links.push(app.link(&person.email, NEW, 0).await);
    }
    let (email, now) = (locked.email.clone(), app.clock.now());
    let lock = move |conn: &mut latchkey::db::Conn| {
        Ok(diesel::update(users::table.filter(users::email.eq(email))).set(users::locked_at.eq(now)).execute(conn)?)
    };
    assert_eq!(app.db().write(lock).await.expect("they can be locked"), 1);
    let page = gone.get("/account/delete").await.expect(200);
    gone.press(&page, "/account/delete", &[]).await.expect(303);
    let mut told = Vec::new();
    for link in &links {
        let browser = Visitor::new(app);
        let page = browser.visit(link).await.expect(200);
        assert!(page.heading().contains("no longer good"), "{link}: {}", page.words());
        let csrf = browser.get("/login").await.value("csrf");
        let sent = browser.post("/not-me", &[("csrf", csrf.as_str())]).await.expect(422);
        told.push((page.words(), sent.words()));
    }
    assert!(told.iter().all(|words| *words == told[0]), "{told:?}");
    assert!(events(app, "disowned").is_empty() && resets(app, "@") == 0);
}

async fn of_a_persons_links_the_newest_twenty_are_kept(app: &TestApp) {
    let (ada, other) = (Shopper::registered(app).await, Shopper::registered(app).await);
    other.elsewhere(app).await;
    let mut links = Vec::new();
    for number in 0..22 {
        sign_in(&Visitor::new(app), &ada.email, PASSWORD).await.expect_to("/dashboard");
        links.push(app.link(&ada.email, NEW, number).await);
    }
    let kept = mail_links::table.filter(mail_links::purpose.eq("disown")).count();
    assert_eq!(kept.get_result::<i64>(&mut app.storage.second_connection()), Ok(21), "and one of somebody else's");
    let mailbox = Visitor::new(app);
    assert!(disowns(&mailbox, &links[1]).await.words().contains("gave way to newer ones"));
    disowns(&mailbox, &links[2]).await.expect_to("/login");
}

async fn its_letter_comes_when_the_mailbox_has_had_its_share(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let thief = ada.elsewhere(app).await;
    let link = app.link(&ada.email, NEW, 0).await;
    for status in [303, 303, 303, 429] {
        asks(app, &ada.email).await.expect(status);
    }
    disowns(&Visitor::new(app), &link).await.expect_to("/login");
    soon("the fourth letter", async || resets(app, &ada.email) == 4).await;
    assert!(!thief.is_signed_in().await);
    asks(app, &ada.email).await.expect(429);
}
