//! What else lies on the operators' desk: discount codes, and the settings.
//!
//! Invariant: a code that is stopped takes nothing off any more, also in a cart that has it; what is secret is never shown.

use crate::on_both;
use crate::support::app::TestApp;
use crate::support::people::{Admin, Shopper};
use diesel::prelude::*;
use latchkey::db::schema::audit_events;

on_both! {
    a_code_is_made_used_and_stopped,
    a_code_that_makes_no_sense_is_told_beside_its_field,
    settings_are_shown_and_secrets_are_not with {
        "LATCHKEY_SECRET" = "3q2-7wR0b1tZ9uXk5cVh8nMfJ6sLpYdGaEoQiTyBxWz",
        "LATCHKEY_MAIL" = "smtp://shop:hunter2hunter2@mail.example:587",
        "LATCHKEY_SHOP_NAME" = "Oak & <b>Ash</b>",
    },
}

const LIST: &str = "/admin/discounts";

async fn a_code_is_made_used_and_stopped(app: &TestApp) {
    app.stocks("Oak Bowl", 2_400, 5).await;
    let (ada, grace) = (Shopper::registered(app).await, Admin::registered(app).await);
    let until = [("code", "spring-25"), ("percent", "25"), ("uses", "9"), ("until", "2999-12-31")];
    grace.submit(LIST, &until).await.expect_to(LIST);
    ada.adds("oak-bowl", 1).await.expect_to("/cart");
    let cart = ada.get("/cart").await.expect(200);
    ada.press(&cart, "/cart/discount", &[("code", "SPRING-25")]).await.expect(303);
    assert!(ada.get("/cart").await.expect(200).words().contains("€18.00"));
    let page = grace.get(LIST).await.expect(200);
    assert!(page.text(".ledger tbody tr").contains("SPRING-25 25 % 0 of 9 until"), "{}", page.words());
    let stop = format!("{LIST}/SPRING-25/stop");
    grace.press(&page, &stop, &[]).await.expect_to(LIST);
    let page = grace.get(LIST).await.expect(200);
    assert!(page.text(".ledger tbody tr").ends_with("over"), "{}", page.words());
    assert!(!ada.get("/cart").await.expect(200).words().contains("€18.00"), "it takes nothing off any more");
    let csrf = page.value("csrf");
    let again = grace.post(&stop, &[("csrf", &csrf)]).await.expect_to(LIST);
    assert!(grace.follow(again).await.messages().join(" ").contains("over already"));
    grace.post(&format!("{LIST}/NONE/stop"), &[("csrf", &csrf)]).await.expect(404);
    grace.post(&stop, &[("csrf", "stale")]).await.expect(403);
    let told = audit_events::table.filter(audit_events::kind.eq("discount_changed")).order(audit_events::id);
    let told: Vec<String> = told.select(audit_events::detail).load(&mut app.storage.second_connection()).expect("events");
    assert_eq!(told, ["SPRING-25, new, 25 % off", "SPRING-25, stopped"]);
}

async fn a_code_that_makes_no_sense_is_told_beside_its_field(app: &TestApp) {
    let grace = Admin::registered(app).await;
    grace.submit(LIST, &[("code", "FIVER"), ("amount", "5.00")]).await.expect_to(LIST);
    for (field, fields) in [
        ("code", vec![("code", "A"), ("percent", "5")]),
        ("code", vec![("code", "fiver"), ("percent", "5")]),
        ("percent", vec![("code", "NEW")]),
        ("percent", vec![("code", "NEW"), ("percent", "101")]),
        ("percent", vec![("code", "NEW"), ("percent", "0")]),
        ("amount", vec![("code", "NEW"), ("percent", "5"), ("amount", "5")]),
        ("amount", vec![("code", "NEW"), ("amount", "0")]),
        ("amount", vec![("code", "NEW"), ("amount", "-1")]),
        ("uses", vec![("code", "NEW"), ("percent", "5"), ("uses", "0")]),
        ("from", vec![("code", "NEW"), ("percent", "5"), ("from", "tomorrow")]),
        ("until", vec![("code", "NEW"), ("percent", "5"), ("from", "2027-03-02"), ("until", "2027-03-01")]),
    ] {
        let told = grace.submit(LIST, &fields).await.expect(422);
        assert!(!told.wrong(field).is_empty(), "{fields:?}: {}", told.words());
        assert_eq!(told.value("code"), fields[0].1, "what was typed is kept");
    }
    assert_eq!(grace.get(LIST).await.expect(200).texts(".ledger tbody tr").len(), 1);
}

async fn settings_are_shown_and_secrets_are_not(app: &TestApp) {
    let grace = Admin::registered(app).await;
    let page = grace.get("/admin/settings").await.expect(200);
    let row = |name: &str| page.texts(".ledger tbody tr").into_iter().find(|row| row.starts_with(name)).expect("a row");
    assert_eq!(row("LATCHKEY_SHOP_NAME "), "LATCHKEY_SHOP_NAME Oak & <b>Ash</b> environment");
    assert_eq!(row("LATCHKEY_PASSWORD_MIN "), "LATCHKEY_PASSWORD_MIN 12 default");
    assert_eq!(row("LATCHKEY_SECRET "), "LATCHKEY_SECRET (hidden) environment");
    for secret in ["3q2-7wR0b1tZ9", "hunter2"] {
        assert!(!page.body.contains(secret), "{secret}");
    }
}
