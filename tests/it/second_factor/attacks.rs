//! What an intruder tries with half a sign-in.
//!
//! Invariant: nothing of the second step is worth anything without the first, and no secret of it is ever shown, logged or stored plain.

use super::{PAGE, enters, half_in, turned_on};
use crate::on_both;
use crate::support::app::TestApp;
use crate::support::people::{PASSWORD, Shopper, sign_in};
use crate::support::visitor::Visitor;
use diesel::prelude::*;
use latchkey::db::schema::{half_sign_ins, recovery_codes, second_factors, users};

on_both! {
    the_ticket_of_one_opens_nothing_of_another,
    nothing_secret_is_stored_plain,
    a_locked_person_is_not_let_in_by_a_code,
    too_many_codes_from_one_address_wait with { "LATCHKEY_LIMIT_CODE" = "3/1h" },
}

async fn the_ticket_of_one_opens_nothing_of_another(app: &TestApp) {
    let (ada, eve) = (Shopper::registered(app).await, Shopper::registered(app).await);
    let (phone, codes) = turned_on(app, &ada).await;
    let (hers, _) = turned_on(app, &eve).await;
    let browser = half_in(app, &eve).await;
    for code in [&phone.code(), &codes[0]] {
        enters(&browser, code).await.expect(401);
    }
    enters(&browser, &hers.code()).await.expect_to("/dashboard");
    assert!(browser.get("/account").await.expect(200).words().contains(&eve.email));
    // A ticket that nobody gave out, and one that was spent.
    let stale = half_in(app, &eve).await;
    let (form, ticket) = (stale.get("/login/code").await.expect(200), stale.jar.borrow().value("__Host-mfa"));
    app.pass(std::time::Duration::from_secs(30));
    enters(&stale, &hers.code()).await.expect_to("/dashboard");
    let thief = Visitor::new(app);
    let csrf = thief.get("/login").await.expect(200).value("csrf");
    app.pass(std::time::Duration::from_secs(30));
    for planted in [&*ticket, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "short"] {
        thief.jar.borrow_mut().put("__Host-mfa", planted);
        thief.post("/login/code", &[("code", hers.code()), ("csrf", csrf.clone())]).await.expect_to("/login");
    }
    stale.post("/login/code", &form.form("/login/code")).await.expect_to("/dashboard");
}

async fn nothing_secret_is_stored_plain(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let key = ada.get(PAGE).await.expect(200).text(".key").replace(' ', "");
    let (_, codes) = turned_on(app, &ada).await;
    let browser = half_in(app, &ada).await;
    let mut conn = app.storage.second_connection();
    let sealed: Vec<String> = second_factors::table.select(second_factors::sealed).load(&mut conn).expect("a seed");
    assert!(sealed.len() == 1 && !sealed[0].contains(&key));
    let hashes: Vec<String> = recovery_codes::table.select(recovery_codes::hash).load(&mut conn).expect("codes");
    assert!(hashes.len() == 10 && hashes.iter().all(|hash| codes.iter().all(|code| !hash.contains(&code[..5]))));
    let tickets: Vec<String> = half_sign_ins::table.select(half_sign_ins::ticket).load(&mut conn).expect("a ticket");
    assert_eq!(tickets.len(), 1);
    assert_ne!(tickets[0], browser.jar.borrow().value("__Host-mfa"));
}

async fn a_locked_person_is_not_let_in_by_a_code(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let (phone, _) = turned_on(app, &ada).await;
    let browser = half_in(app, &ada).await;
    let form = browser.get("/login/code").await.expect(200);
    let (email, now) = (ada.email.clone(), app.clock.now());
    let lock = move |conn: &mut latchkey::db::Conn| {
        Ok(diesel::update(users::table.filter(users::email.eq(email))).set(users::locked_at.eq(now)).execute(conn)?)
    };
    app.db().write(lock).await.expect("a lock");
    browser.press(&form, "/login/code", &[("code", &phone.code())]).await.expect_to("/login");
    sign_in(&Visitor::new(app), &ada.email, PASSWORD).await.expect(401);
}

async fn too_many_codes_from_one_address_wait(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let (phone, _) = turned_on(app, &ada).await;
    let browser = half_in(app, &ada).await;
    for _ in 0..2 {
        enters(&browser, "000000").await.expect(401);
    }
    let told = enters(&browser, &phone.code()).await.expect(429);
    assert!(!told.header("retry-after").is_empty());
}
