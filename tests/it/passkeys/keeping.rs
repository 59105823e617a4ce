//! Looking after one's passkeys.
//!
//! Invariant: each change is told, ends the other sessions, and asks for no more to be typed than was.

use super::{NEW, PAGE, asks, csrf, details, letters, makes, offered, shows, with_key};
use crate::on_both;
use crate::support::app::TestApp;
use crate::support::authenticator::Authenticator;
use crate::support::letterbox::{RESET, VERIFY};
use crate::support::people::{Admin, PASSWORD, Shopper, sign_in};
use crate::support::visitor::Visitor;
use diesel::prelude::*;
use latchkey::db::schema::{passkeys, recovery_codes};
use serde_json::json;
use std::time::Duration;

on_both! {
    a_passkey_is_renamed_and_removed,
    a_proof_that_is_too_old_is_asked_again_and_the_name_is_kept,
    nobody_has_more_than_twenty,
    who_runs_the_shop_may_do_so_with_a_passkey with { "LATCHKEY_ADMIN_SECOND_FACTOR" = "on" },
    an_app_and_a_passkey_stand_beside_each_other,
    operators_help_who_lost_their_passkeys,
    who_changes_the_password_is_told_that_passkeys_stay,
    the_passkey_of_who_never_proved_the_address_goes_with_their_password,
}

async fn a_passkey_is_renamed_and_removed(app: &TestApp) {
    let (ada, eve) = (Shopper::registered(app).await, Shopper::registered(app).await);
    let (mut key, _) = with_key(app, &ada).await;
    let (mut spare, none) = with_key(app, &ada).await;
    assert!(none.is_empty(), "a second one brings no new codes");
    let page = ada.get(PAGE).await.expect(200);
    let renames: Vec<String> = page.attributes(".rename form", "action");
    let removes: Vec<String> = page.attributes(".device > form", "action");
    assert_eq!((renames.len(), removes.len()), (2, 2));
    ada.press(&page, &renames[0], &[("name", " Old phone ")]).await.expect_to(PAGE);
    let page = ada.get(PAGE).await.expect(200);
    assert_eq!(page.texts(".device-name"), ["Old phone", "My phone"]);
    let wrong = ada.press(&page, &renames[1], &[("name", &"x".repeat(61))]).await.expect(422);
    assert!(wrong.wrong("name").contains("at most 60") && wrong.has("details[open]"), "{}", wrong.words());

    let csrf = csrf(&eve).await;
    eve.post(&renames[0], &[("csrf", &*csrf), ("name", "Mine")]).await.expect(404);
    eve.post(&removes[0], &[("csrf", &*csrf)]).await.expect(404);

    app.pass(Duration::from_mins(6));
    let page = ada.get(PAGE).await.expect(200);
    ada.press(&page, &removes[0], &[]).await.expect_to("/confirm-identity?next=/parked");
    ada.submit("/confirm-identity", &[("password", PASSWORD), ("next", "/parked")]).await.expect_to("/parked");
    let parked = ada.get("/parked").await.expect(200);
    ada.press(&parked, "/parked", &[]).await.expect_to(PAGE);
    assert_eq!(ada.get(PAGE).await.expect(200).texts(".device-name"), ["My phone"]);
    shows(&Visitor::new(app), &mut key, "/login/passkey").await.expect(401);
    shows(&Visitor::new(app), &mut spare, "/login/passkey").await.expect(200);

    let last = ada.get(PAGE).await.expect(200);
    assert!(last.text("#last").contains("recovery codes go with it") && !page.has("#last"), "{}", last.words());
    assert!(!last.words().contains("your app"), "there is none: {}", last.words());
    ada.press(&last, &removes[1], &[]).await.expect_to(PAGE);
    let done = ada.get(PAGE).await.expect(200).messages().concat();
    assert!(done.contains("your recovery codes with it"), "{done}");
    assert!(ada.get("/dashboard").await.expect(200).text(".desk-account").contains("Second step Off"));
    sign_in(&Visitor::new(app), &ada.email, PASSWORD).await.expect_to("/dashboard");
    let left: i64 = recovery_codes::table.count().get_result(&mut app.storage.second_connection()).expect("codes can be counted");
    assert_eq!(left, 0, "with the last second factor its codes go");
    let all = ["passkey added", "passkey added", "passkey removed", "passkey removed"];
    assert_eq!(details(app, "second_factor_changed"), all);
    assert_eq!(letters(app, "second_factor_changed"), 4);
}

async fn a_proof_that_is_too_old_is_asked_again_and_the_name_is_kept(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    app.pass(Duration::from_mins(6));
    ada.get(NEW).await.expect_to("/confirm-identity?next=/account/passkeys/new");
    let asked = asks(&ada, NEW).await.expect(303);
    assert!(asked.location().starts_with("/confirm-identity?next=/account/passkeys/new"), "{}", asked.location());
    ada.submit("/confirm-identity", &[("password", PASSWORD), ("next", NEW)]).await.expect_to(NEW);
    let offer = offered(&ada, NEW).await;
    app.pass(Duration::from_mins(6));
    let credential = Authenticator::at(&ada.origin()).makes(&offer["publicKey"]).to_string();
    let csrf = csrf(&ada).await;
    let sent = json!({ "csrf": csrf, "name": "My phone & key", "challenge": offer["challenge"], "credential": credential });
    let asked = ada.tells(NEW, &sent).await.expect(303);
    assert!(asked.location().starts_with("/confirm-identity?next="), "{}", asked.location());
    let page = ada.follow(asked).await.expect(200);
    let go_on = page.value("next");
    ada.press(&page, "/confirm-identity", &[("password", PASSWORD)]).await.expect_to(&go_on);
    assert_eq!(ada.get(&go_on).await.expect(200).value("name"), "My phone & key");
}

async fn nobody_has_more_than_twenty(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let mut first = Authenticator::at(&ada.origin());
    makes(&ada, &mut first, "Key 1").await.expect(200);
    makes(&ada, &mut first, "Again").await.expect(409);
    for number in 2..=20 {
        makes(&ada, &mut Authenticator::at(&ada.origin()), &format!("Key {number}")).await.expect(200);
    }
    let refused = asks(&ada, NEW).await.expect(409).json();
    assert!(refused["detail"].as_str().is_some_and(|words| words.contains("20 passkeys")), "{refused}");
    let kept = passkeys::table.count().get_result::<i64>(&mut app.storage.second_connection());
    assert_eq!(kept, Ok(20));
}

async fn who_runs_the_shop_may_do_so_with_a_passkey(app: &TestApp) {
    let grace = Admin::registered(app).await;
    grace.get("/admin").await.expect_to("/account/two-factor");
    let (mut key, _) = with_key(app, &grace).await;
    grace.get("/admin").await.expect(200);
    let browser = Visitor::new(app);
    assert_eq!(shows(&browser, &mut key, "/login/passkey").await.expect(200).json(), json!({ "location": "/dashboard" }));
    browser.get("/admin").await.expect(200);
    let page = grace.get(PAGE).await.expect(200);
    let remove = page.attributes(".device > form", "action").remove(0);
    grace.press(&page, &remove, &[]).await.expect_to(PAGE);
    let page = grace.get(PAGE).await.expect(200);
    assert!(page.messages().concat().contains("your only one, so it stays"), "{:?}", page.messages());
    assert_eq!(page.texts(".device-name"), ["My phone"]);
}

async fn an_app_and_a_passkey_stand_beside_each_other(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let (mut key, codes) = with_key(app, &ada).await;
    let (phone, none) = crate::second_factor::turned_on(app, &ada).await;
    assert!(none.is_empty(), "the codes that were printed stay good");
    let half_in = async || {
        let browser = Visitor::new(app);
        sign_in(&browser, &ada.email, PASSWORD).await.expect_to("/login/code");
        browser
    };
    let browser = half_in().await;
    let page = browser.get("/login/code").await.expect(200);
    assert!(page.has("form[data-passkey]") && page.texts("label[for='code']") == ["Code"]);
    shows(&browser, &mut key, "/login/code/passkey").await.expect(200);
    browser.submit_to("/account/two-factor", "/account/two-factor/disable").await.expect_to("/account/two-factor");
    let done = browser.get("/account/two-factor").await.expect(200).messages().concat();
    assert!(done.contains("Your passkeys are the second step"), "{done}");
    app.letter(&ada.email, "Codes from your app are off", 0).await;
    let browser = half_in().await;
    browser.submit("/login/code", &[("code", &phone.code())]).await.expect(401);
    shows(&browser, &mut key, "/login/code/passkey").await.expect(200);
    assert!(browser.is_signed_in().await);
    half_in().await.submit("/login/code", &[("code", &codes[0])]).await.expect(303);
}

async fn operators_help_who_lost_their_passkeys(app: &TestApp) {
    let (ada, grace) = (Shopper::registered(app).await, Admin::registered(app).await);
    let (mut key, _) = with_key(app, &ada).await;
    let found = grace.get(&format!("/admin/people?email={}", ada.email)).await.expect(303);
    let page = grace.get(found.location()).await.expect(200);
    grace.press(&page, &page.path, &[("act", "drop_second_factor")]).await.expect_to(&page.path);
    assert!(!ada.is_signed_in().await);
    shows(&Visitor::new(app), &mut key, "/login/passkey").await.expect(401);
    sign_in(&Visitor::new(app), &ada.email, PASSWORD).await.expect_to("/dashboard");
}

async fn who_changes_the_password_is_told_that_passkeys_stay(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let (mut passwords, mut messages) = ([PASSWORD, "seven quiet lamps glow", "another quiet lamp glows"].windows(2), Vec::new());
    for keys in 0..2 {
        if keys == 1 {
            with_key(app, &ada).await;
        }
        let pair = passwords.next().expect("two passwords");
        let typed = [("current_password", pair[0]), ("new_password", pair[1])];
        ada.submit("/account/password", &typed).await.expect_to("/account");
        messages.push(ada.get("/account").await.expect(200).messages().concat());
    }
    let told: Vec<bool> = messages.iter().map(|words| words.contains("passkeys still sign you in")).collect();
    assert_eq!(told, [false, true], "{messages:?}");
    let letter = app.letter(&ada.email, "was changed", 1).await;
    assert!(letter.contains("/account/passkeys"), "{letter}");
}

async fn the_passkey_of_who_never_proved_the_address_goes_with_their_password(app: &TestApp) {
    let (impostor, ada) = (Shopper::registered(app).await, Shopper::registered(app).await);
    let page = ada.visit(&app.link(&ada.email, VERIFY, 0).await).await.expect(200);
    ada.press(&page, "/verify-email", &[]).await.expect_to("/account");
    for (person, status, stay) in [(&impostor, 401, false), (&ada, 200, true)] {
        let (mut key, _) = with_key(app, person).await;
        crate::password_reset::asks(app, &person.email).await.expect(303);
        let browser = Visitor::new(app);
        browser.get(&app.link(&person.email, RESET, 0).await).await.expect_to("/reset-password");
        browser.submit("/reset-password", &[("password", "seven quiet lamps glow")]).await.expect_to("/login");
        let told = browser.get("/login").await.expect(200).messages().concat();
        assert_eq!(told.contains("Your passkeys still sign you in"), stay, "{told}");
        assert_eq!(shows(&browser, &mut key, "/login/passkey").await.status, status);
    }
}
