//! Acts that ask once more who it is.
//!
//! Invariant: after five minutes a session alone changes nothing that matters; what was sent is kept and goes on, with nothing retyped.

use crate::on_both;
use crate::second_factor::turned_on;
use crate::support::app::TestApp;
use crate::support::page::Page;
use crate::support::people::{Admin, PASSWORD, Shopper};
use crate::support::phone::Phone;
use crate::support::visitor::Visitor;
use diesel::prelude::*;
use latchkey::db::schema::{audit_events, parked_forms, users};
use std::time::Duration;

on_both! {
    an_act_on_a_person_goes_on_after_the_password,
    a_wrong_proof_does_nothing_and_is_counted,
    a_code_proves_it_too_and_once,
    a_proof_is_of_one_session_and_makes_a_new_one,
    a_code_in_a_form_is_not_kept,
    what_one_sent_is_not_offered_to_another,
    too_many_proofs_wait with { "LATCHKEY_LIMIT_SIGN_IN" = "4/1h" },
}

async fn proves(browser: &Visitor, at: &str, password: &str) -> Page {
    let form = browser.get(at).await.expect(200);
    browser.press(&form, "/confirm-identity", &[("password", password)]).await
}

fn audit(app: &TestApp, kind: &str) -> Vec<String> {
    let of_kind = audit_events::table.filter(audit_events::kind.eq(kind)).order(audit_events::id);
    of_kind.select(audit_events::detail).load(&mut app.storage.second_connection()).expect("an audit")
}

async fn person(grace: &Shopper, email: &str) -> Page {
    let found = grace.get(&format!("/admin/people?email={email}")).await.expect(303);
    grace.get(found.location()).await.expect(200)
}

async fn an_act_on_a_person_goes_on_after_the_password(app: &TestApp) {
    let (ada, grace) = (Shopper::registered(app).await, Admin::registered(app).await);
    let page = person(&grace, &ada.email).await;
    app.pass(Duration::from_mins(5));
    let way = "/confirm-identity?next=/parked";
    grace.press(&page, &page.path, &[("act", "lock")]).await.expect_to(way);
    assert!(ada.is_signed_in().await);
    assert!(grace.get(way).await.expect(200).words().contains("What you sent is kept"));
    proves(&grace, way, PASSWORD).await.expect_to("/parked");
    let kept = grace.get("/parked").await.expect(200);
    let told = kept.words();
    assert!(told.contains(&ada.name) && told.contains("Lock them out") && !told.contains("signed out before"), "{told}");
    grace.press(&kept, "/parked", &[]).await.expect_to(&page.path);
    assert!(!ada.is_signed_in().await);
    assert_eq!(audit(app, "stepped_up"), ["password"]);
    let again = grace.get(&page.path).await.expect(200);
    grace.press(&again, &page.path, &[("act", "unlock")]).await.expect_to(&page.path);
    grace.get("/confirm-identity?next=/admin").await.expect_to("/admin");
}

async fn a_wrong_proof_does_nothing_and_is_counted(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    turned_on(app, &ada).await;
    let page = ada.get("/account/two-factor").await.expect(200);
    app.pass(Duration::from_mins(5));
    let told = ada.press(&page, "/account/two-factor/disable", &[]).await.expect_to("/confirm-identity?next=/parked");
    let told = proves(&ada, told.location(), "wrong-wagon-lantern-42").await.expect(422);
    assert!(told.wrong("password").contains("not your password") && !told.body.contains("wrong-wagon"), "{}", told.words());
    assert!(told.title().starts_with("Error:") && told.value("next") == "/parked");
    let fields = [("password", PASSWORD), ("code", "123456")];
    assert!(ada.press(&told, "/confirm-identity", &fields).await.expect(422).wrong("code").contains("not both"));
    ada.press(&told, "/confirm-identity", &[("password", "")]).await.expect(422);
    assert_eq!((audit(app, "sign_in_failed"), audit(app, "stepped_up")), (vec!["step-up".to_owned()], vec![]));
    let page = ada.get("/account/two-factor").await.expect(200);
    ada.press(&page, "/account/two-factor/recovery-codes", &[]).await.expect_to("/confirm-identity?next=/parked");
    ada.get("/confirm-identity?next=https://evil.example").await.expect(200);
    let page = ada.get("/confirm-identity?next=//evil.example").await.expect(200);
    ada.press(&page, "/confirm-identity", &[("password", PASSWORD), ("next", "//evil.example")]).await.expect_to("/dashboard");
}

async fn a_code_proves_it_too_and_once(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let (phone, codes) = turned_on(app, &ada).await;
    let prove = async |code: &str| {
        let form = ada.get("/confirm-identity").await.expect(200);
        ada.post("/confirm-identity", &[("code", code), ("csrf", &form.value("csrf")), ("next", "/account")]).await
    };
    app.pass(Duration::from_mins(6));
    let code = phone.code();
    assert!(prove("000000").await.expect(422).wrong("code").contains("wrong, too old"));
    prove(&code).await.expect_to("/account");
    app.clock.advance(Duration::from_mins(6));
    prove(&code).await.expect(422);
    prove(&codes[0]).await.expect_to("/account");
    app.pass(Duration::from_mins(6));
    assert!(prove(&codes[0]).await.expect(422).wrong("code").contains("recovery code is wrong, or was used already"));
    app.pass(Duration::from_mins(16));
    for _ in 0..5 {
        prove("000000").await.expect(422);
    }
    assert!(prove(&phone.code()).await.expect(429).wrong("code").contains("Too many codes were wrong. Wait"));
    assert!(ada.is_signed_in().await);
}

async fn a_proof_is_of_one_session_and_makes_a_new_one(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let other = ada.elsewhere(app).await;
    app.pass(Duration::from_mins(6));
    let way = "/confirm-identity?next=/account/two-factor";
    for browser in [&ada, &other] {
        browser.get("/account/two-factor").await.expect_to(way);
    }
    let (before, lost) = (ada.jar.borrow().value("__Host-rt"), ada.copy());
    proves(&ada, way, PASSWORD).await.expect_to("/account/two-factor");
    assert_ne!(ada.jar.borrow().value("__Host-rt"), before);
    assert!(lost.is_signed_in().await, "until the new session is seen the old one goes on: an answer can be lost");
    ada.get("/account/two-factor").await.expect(200);
    assert!(!lost.is_signed_in().await);
    other.get("/account/two-factor").await.expect_to(way);
    assert!(ada.get("/account/devices").await.expect(200).texts(".device").len() == 2, "nobody has one device more by it");
}

async fn a_code_in_a_form_is_not_kept(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let page = ada.get("/account/two-factor").await.expect(200);
    let phone = Phone::set_up(&page, &app.clock);
    app.pass(Duration::from_mins(6));
    let told = ada.press(&page, "/account/two-factor/enable", &[("code", "123456")]).await;
    told.expect_to("/confirm-identity?next=/account/two-factor");
    assert_eq!(parked_forms::table.count().get_result::<i64>(&mut app.storage.second_connection()), Ok(0));
    proves(&ada, "/confirm-identity?next=/account/two-factor", PASSWORD).await.expect_to("/account/two-factor");
    // What was scanned is still good, though the page may offer another key by now.
    let again = ada.get("/account/two-factor").await.expect(200);
    ada.press(&again, "/account/two-factor/enable", &[("code", &phone.code())]).await.expect_to("/account/two-factor");
}

async fn what_one_sent_is_not_offered_to_another(app: &TestApp) {
    let (ada, grace, mary) = (Shopper::registered(app).await, Admin::registered(app).await, Admin::registered(app).await);
    let page = person(&grace, &ada.email).await;
    app.pass(Duration::from_mins(6));
    grace.press(&page, &page.path, &[("act", "lock")]).await.expect_to("/confirm-identity?next=/parked");
    let ticket = grace.jar.borrow().value("__Host-park");
    mary.jar.borrow_mut().put("__Host-park", &ticket);
    proves(&mary, "/confirm-identity?next=/parked", PASSWORD).await.expect_to("/parked");
    let told = mary.get("/parked").await.expect(200);
    assert!(told.words().contains("Nobody but its owner") && !told.actions().contains(&"/parked".to_owned()), "{}", told.words());
    // Who lost the shop meanwhile is offered nothing either.
    let email = grace.email.clone();
    let demote = move |conn: &mut latchkey::db::Conn| {
        let shopper = (users::role.eq("shopper"), users::epoch.eq(users::epoch + 1));
        Ok(diesel::update(users::table.filter(users::email.eq(email))).set(shopper).execute(conn)?)
    };
    app.db().write(demote).await.expect("a role");
    let latch = &app.server().latch;
    assert!(latch.reads_all_keys());
    proves(&grace, "/confirm-identity?next=/parked", PASSWORD).await.expect_to("/parked");
    let told = grace.get("/parked").await.expect(200);
    assert!(told.words().contains("Your account was changed after you sent this"), "{}", told.words());
    assert!(ada.is_signed_in().await);
}

async fn too_many_proofs_wait(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    app.pass(Duration::from_mins(6));
    for _ in 0..4 {
        proves(&ada, "/confirm-identity", "wrong-wagon-lantern-42").await.expect(422);
    }
    let told = proves(&ada, "/confirm-identity", PASSWORD).await.expect(429);
    assert!(!told.header("retry-after").is_empty());
}
