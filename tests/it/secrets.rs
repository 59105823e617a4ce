//! The master secret is changed on running nodes, and nobody notices.
//!
//! Invariant: two nodes of one shop differ in their secrets and in nothing else.

use crate::on_both;
use crate::support::app::TestApp;
use crate::support::binary::Place;
use crate::support::people::{PASSWORD, Shopper, sign_in};
use crate::support::visitor::Visitor;
use diesel::prelude::*;
use futures_util::future::join_all;
use latchkey::auth::keys::life;
use latchkey::db::schema::{audit_events, users};
use latchkey::web::server::Running;
use std::time::Duration;

const OLD: &str = "q8Vn2LxT0sRb5YwZ7mKc3JdH9fGpA1eU";
const NEW: &str = "Zr4Yb8Qm1Wc6Xn3Kt9Vs5Ld0Pf7Hg2Ja";

on_both! {
    the_secret_is_changed_on_running_nodes_and_nobody_is_signed_out
        with { "LATCHKEY_SECRET" = "q8Vn2LxT0sRb5YwZ7mKc3JdH9fGpA1eU", "LATCHKEY_SECRET_PREVIOUS" = "Zr4Yb8Qm1Wc6Xn3Kt9Vs5Ld0Pf7Hg2Ja" },
    a_start_that_would_orphan_passwords_refuses_and_counts_them with { "LATCHKEY_SECRET" = "q8Vn2LxT0sRb5YwZ7mKc3JdH9fGpA1eU" },
    a_node_with_another_secret_is_not_ready_and_goes_on with { "LATCHKEY_SECRET" = "q8Vn2LxT0sRb5YwZ7mKc3JdH9fGpA1eU" },
}

/// The command line of an operator who has these secrets.
fn operator(app: &TestApp, secret: &str, others: &str) -> Place {
    Place::new(&[
        ("DATABASE_URL", &app.storage.text()),
        ("LATCHKEY_SECRET", secret),
        ("LATCHKEY_SECRET_PREVIOUS", others),
        ("LATCHKEY_VAR", &app.storage.folder.path().join("var").display().to_string()),
    ])
}

async fn readiness(app: &TestApp, node: &Running) -> (u16, String) {
    node.app.latch.keep_keys().expect("the upkeep");
    let answer = app.http.get(format!("http://{}/readyz", node.address)).send().await.expect("an answer");
    (answer.status().as_u16(), answer.text().await.expect("text"))
}

async fn signs_in(app: &TestApp, node: &Running, email: &str) {
    let browser = Visitor::new(app);
    browser.is_sent_to(node.address);
    sign_in(&browser, email, PASSWORD).await.expect_to("/dashboard");
}

async fn the_secret_is_changed_on_running_nodes_and_nobody_is_signed_out(app: &TestApp) {
    // 1. Every node lists the new one beside the old, which rules. 2. One of them is started anew with the two swapped.
    let (ada, bob) = (Shopper::registered(app).await, Shopper::registered(app).await);
    let open = ada.get("/account").await.expect(200);
    let swapped = app.node_with(&[("LATCHKEY_SECRET", NEW), ("LATCHKEY_SECRET_PREVIOUS", OLD)]).await;
    ada.is_sent_to(swapped.address);
    ada.press(&open, "/account", &[("name", "Countess")]).await.expect_to("/account");
    ada.is_sent_to(app.address());
    let page = ada.get("/account").await.expect(200);
    assert_eq!(page.messages().len(), 1, "what one node leaves the other shows: {:?}", page.messages());
    for _ in 0..3 {
        app.pass(Duration::from_secs(601));
        let tabs: Vec<_> = (0..8).map(|_| ada.copy()).collect();
        tabs.iter().step_by(2).for_each(|tab| tab.is_sent_to(swapped.address));
        let pages = join_all(tabs.iter().map(|tab| tab.get("/dashboard"))).await;
        assert!(pages.iter().all(|page| page.status == 200));
        let mut tokens: Vec<String> = tabs.iter().map(|tab| tab.jar.borrow().value("__Host-rt")).collect();
        tokens.dedup();
        assert_eq!(tokens.len(), 1, "whoever derives it, it is the same");
        ada.jar.replace(tabs[0].jar.borrow().clone());
        ada.get("/orders").await.expect(200);
    }
    ada.is_sent_to(swapped.address);
    let zoe = Shopper::registered(app).await;
    sign_in(&Visitor::new(app), &zoe.email, PASSWORD).await.expect_to("/dashboard");
    signs_in(app, &swapped, &ada.email).await;

    // 3. The other nodes follow, and what is sealed is sealed anew.
    let told = operator(app, NEW, OLD).run(&["doctor"], "");
    assert!(told.output.contains("1 signing keys need it; run `latchkey keys reencrypt`"), "{}", told.output);
    let told = operator(app, NEW, OLD).run(&["keys", "reencrypt"], "");
    assert!(told.code == Some(0) && told.output.starts_with("1 signing keys"), "{told:?}");
    assert_eq!(readiness(app, &swapped).await.0, 200);
    let told = operator(app, NEW, OLD).run(&["doctor"], "");
    assert!(told.output.contains("2 passwords, ") && told.output.contains("0 signing keys need it"), "{}", told.output);

    // 4. When everybody was here once, the old one may go.
    for person in [&bob, &zoe] {
        signs_in(app, &swapped, &person.email).await;
        person.is_sent_to(swapped.address);
        person.get("/dashboard").await.expect(200);
        person.get("/dashboard").await.expect(200);
    }
    ada.get("/dashboard").await.expect(200);
    let told = operator(app, NEW, OLD).run(&["doctor"], "");
    assert!(told.code == Some(0) && told.output.contains("nothing needs it"), "{told:?}");
    let last = app.node_with(&[("LATCHKEY_SECRET", NEW)]).await;
    for person in [&ada, &bob, &zoe] {
        person.is_sent_to(last.address);
        assert!(person.is_signed_in().await);
        app.pass(Duration::from_secs(601));
        assert!(person.is_signed_in().await);
        signs_in(app, &last, &person.email).await;
    }
    let reuse = audit_events::table.filter(audit_events::kind.eq("token_reuse")).count();
    assert_eq!(reuse.get_result::<i64>(&mut app.storage.second_connection()), Ok(0));
    last.stop().await.expect("it closes");
    swapped.stop().await.expect("it closes");
}

async fn a_start_that_would_orphan_passwords_refuses_and_counts_them(app: &TestApp) {
    for _ in 0..2 {
        Shopper::registered(app).await;
    }
    let add = ["user", "add", "--email", "eve@example.com", "--name", "Eve", "--password-stdin"];
    let told = operator(app, NEW, "").run(&add, PASSWORD);
    assert_eq!(told.code, Some(2), "her password would be good nowhere: {told:?}");
    assert_eq!(users::table.count().get_result::<i64>(&mut app.storage.second_connection()), Ok(2));
    let both = operator(app, NEW, OLD);
    assert_eq!(both.run(&["keys", "reencrypt"], "").code, Some(0));
    let told = operator(app, NEW, "").run(&["serve"], "");
    assert_eq!(told.code, Some(2), "{told:?}");
    assert!(told.errors.contains("LATCHKEY_SECRET") && told.errors.contains(": 2 with "), "{}", told.errors);
    assert!(told.errors.contains("LATCHKEY_SECRET_PREVIOUS"), "{}", told.errors);
    let told = operator(app, NEW, "").run(&["doctor"], "");
    assert!(told.code == Some(1) && told.output.contains("2 passwords"), "{told:?}");
    assert_eq!(both.serve().stop(), Some(0), "with both it starts");
}

async fn a_node_with_another_secret_is_not_ready_and_goes_on(app: &TestApp) {
    let own = app.node_with(&[("LATCHKEY_SECRET", OLD)]).await;
    let ada = Shopper::registered(app).await;
    ada.is_sent_to(own.address);
    assert_eq!(readiness(app, &own).await.0, 200);
    // Somebody forgot to list the new one here before it was used there.
    let other = app.node_with(&[("LATCHKEY_SECRET", NEW), ("LATCHKEY_SECRET_PREVIOUS", OLD)]).await;
    let browser = Visitor::new(app);
    browser.is_sent_to(other.address);
    let zoe = [("name", "Zoe"), ("email", "zoe@example.com"), ("password", PASSWORD)];
    browser.submit("/register", &zoe).await.expect_to("/dashboard");
    let not_ready = (503, "this node has another secret than the shop\n".to_owned());
    assert_eq!(readiness(app, &own).await, not_ready, "there is a password that it cannot check");
    life::rotate(&other.app.db, &other.app.latch.secrets, app.clock.now()).expect("a rotation");
    life::reseal(&other.app.db, &other.app.latch.secrets, app.clock.now()).expect("sealed anew");
    assert_eq!(readiness(app, &own).await, not_ready, "there is no key that it can open");
    assert_eq!(readiness(app, &other).await.0, 200);
    app.pass(Duration::from_mins(5));
    ada.get("/dashboard").await.expect(200);
    app.pass(Duration::from_mins(6));
    ada.get("/dashboard").await.expect(200);
    signs_in(app, &own, &ada.email).await;
    ada.is_sent_to(other.address);
    assert!(ada.is_signed_in().await);
    own.stop().await.expect("it closes");
    other.stop().await.expect("it closes");
}
