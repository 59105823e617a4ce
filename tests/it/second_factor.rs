//! Two-step sign-in: a code from an app after the password.
//!
//! Invariant: the codes of these tests are made by another program; each lets in once, and nothing opens before it.

use crate::on_both;
use crate::support::api_client::ApiClient;
use crate::support::app::TestApp;
use crate::support::page::Page;
use crate::support::people::{Admin, PASSWORD, Shopper, sign_in};
use crate::support::phone::Phone;
use crate::support::visitor::Visitor;
use diesel::prelude::*;
use latchkey::db::schema::{audit_events, half_sign_ins, outbox, second_factors, sessions};
use serde_json::json;
use std::time::Duration;

mod attacks;
mod browser;
mod races;
mod secrets;

const PAGE: &str = "/account/two-factor";

on_both! {
    a_code_is_asked_after_the_password_and_opens_the_door,
    a_code_is_awaited_for_five_minutes_and_by_its_browser,
    a_recovery_code_lets_in_once_and_is_counted,
    what_signing_in_was_to_do_is_done_after_the_code,
    turning_it_off_ends_the_other_sessions_and_asks_no_more,
    the_api_takes_the_code_with_the_password,
    what_is_no_code_is_said_in_words,
    a_phone_whose_clock_is_off_is_told_so,
    who_runs_the_shop_is_led_to_it with { "LATCHKEY_ADMIN_SECOND_FACTOR" = "on" },
    operators_help_who_lost_everything,
}

/// Sets it up: the phone, the recovery codes, and half a minute later, when the next code is there.
pub async fn turned_on(app: &TestApp, ada: &Visitor) -> (Phone, Vec<String>) {
    let page = ada.get(PAGE).await.expect(200);
    let phone = Phone::set_up(&page, &app.clock);
    ada.press(&page, "/account/two-factor/enable", &[("code", &phone.code())]).await.expect_to(PAGE);
    let codes = ada.get(PAGE).await.expect(200).texts(".codes li");
    assert!(matches!(codes.len(), 10 | 0), "none beside a passkey, whose codes stay");
    app.pass(Duration::from_secs(30));
    (phone, codes)
}

/// A browser whose password was right.
pub async fn half_in(app: &TestApp, ada: &Shopper) -> Visitor {
    let browser = Visitor::new(app);
    sign_in(&browser, &ada.email, PASSWORD).await.expect_to("/login/code");
    browser
}

pub async fn enters(browser: &Visitor, code: &str) -> Page {
    browser.submit("/login/code", &[("code", code)]).await
}

/// The letters about it that were written so far.
fn letters(app: &TestApp) -> i64 {
    let all = outbox::table.filter(outbox::kind.eq("second_factor_changed")).count();
    all.get_result(&mut app.storage.second_connection()).expect("letters can be counted")
}

fn live_sessions(app: &TestApp) -> i64 {
    let live = sessions::table.filter(sessions::ended_at.is_null()).count();
    live.get_result(&mut app.storage.second_connection()).expect("sessions can be counted")
}

async fn a_code_is_asked_after_the_password_and_opens_the_door(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let other = ada.elsewhere(app).await;
    assert!(ada.get("/dashboard").await.expect(200).text(".desk-account").contains("Second step Off"));
    let (phone, _) = turned_on(app, &ada).await;
    assert!(!other.is_signed_in().await, "every other session ended");
    assert!(ada.is_signed_in().await, "this one did not");
    for page in ["/dashboard", "/account"] {
        assert!(ada.get(page).await.expect(200).text(".desk-account").contains("Second step On"), "{page}");
    }
    let again = ada.get(PAGE).await.expect(200);
    assert!(!again.has(".codes") && !again.has(".qr") && !again.has(".key"), "they are shown once: {}", again.words());
    assert_eq!(letters(app), 1);

    let before = live_sessions(app);
    let browser = half_in(app, &ada).await;
    let cookies: Vec<bool> = ["__Host-at", "__Host-rt", "__Host-mfa"].map(|name| browser.jar.borrow().has(name)).into();
    assert_eq!(cookies, [false, false, true]);
    assert!(!browser.is_signed_in().await);
    assert_eq!(live_sessions(app), before, "nothing is there before the code");
    enters(&browser, "000000").await.expect(401);
    enters(&browser, &phone.code()).await.expect_to("/dashboard");
    assert!(browser.is_signed_in().await && !browser.jar.borrow().has("__Host-mfa"));
    assert_eq!(live_sessions(app), before + 1);
    let details: Vec<String> = audit_events::table
        .filter(audit_events::kind.eq("sign_in"))
        .order(audit_events::id.desc())
        .limit(1)
        .select(audit_events::detail)
        .load(&mut app.storage.second_connection())
        .expect("an audit");
    assert_eq!(details, ["web, code"]);
}

async fn a_code_is_awaited_for_five_minutes_and_by_its_browser(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let (phone, _) = turned_on(app, &ada).await;
    let nobody = Visitor::new(app);
    nobody.get("/login/code").await.expect_to("/login");
    let late = half_in(app, &ada).await;
    let form = late.get("/login/code").await.expect(200);
    app.pass(Duration::from_secs(299));
    late.get("/login/code").await.expect(200);
    app.pass(Duration::from_secs(1));
    late.jar.borrow_mut().put("__Host-mfa", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    late.press(&form, "/login/code", &[("code", &phone.code())]).await.expect_to("/login");
    assert!(late.get("/login").await.expect(200).words().contains("took too long"));

    let overtaken = half_in(app, &ada).await;
    let csrf = overtaken.get("/login/code").await.expect(200);
    let fields = [("current_password", PASSWORD), ("new_password", "another-wagon-lantern-42")];
    ada.submit("/account/password", &fields).await.expect_to("/account");
    overtaken.press(&csrf, "/login/code", &[("code", &phone.code())]).await.expect_to("/login");
    assert!(!overtaken.is_signed_in().await, "the password it began with is no longer theirs");

    app.pass(Duration::from_mins(6));
    latchkey::auth::upkeep::sweep(app.db(), app.clock.now()).expect("the upkeep");
    assert_eq!(half_sign_ins::table.count().get_result::<i64>(&mut app.storage.second_connection()), Ok(0));
}

async fn a_recovery_code_lets_in_once_and_is_counted(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let (_, codes) = turned_on(app, &ada).await;
    let browser = half_in(app, &ada).await;
    let page = browser.get("/login/code").await.expect(200);
    assert_eq!(page.attributes("#code", "inputmode"), ["numeric"]);
    let page = browser.get(&page.attributes(".pair-side a.button", "href")[0]).await.expect(200);
    assert!(page.attributes("#code", "inputmode").is_empty(), "a keyboard of digits has no letters");
    let typed = codes[3].to_lowercase().replace('-', " ");
    enters(&browser, &typed).await.expect_to("/dashboard");
    assert!(browser.get("/dashboard").await.expect(200).messages().concat().contains("9 recovery codes are left"));
    assert_eq!(letters(app), 2);
    let told = enters(&half_in(app, &ada).await, &codes[3]).await.expect(401).wrong("code");
    assert!(told.contains("recovery code is wrong, or was used already") && !told.contains("clock"), "{told}");
    let page = browser.get(PAGE).await.expect(200);
    assert!(page.words().contains("9 of 10 are left"), "{}", page.words());
    browser.press(&page, "/account/two-factor/recovery-codes", &[]).await.expect_to(PAGE);
    browser.get("/products").await.expect(200);
    let fresh = browser.get(PAGE).await.expect(200).texts(".codes li");
    assert!(fresh.len() == 10 && !fresh.contains(&codes[4]), "another page in between takes nothing away");
    enters(&half_in(app, &ada).await, &codes[4]).await.expect(401);
    enters(&half_in(app, &ada).await, &fresh[0]).await.expect_to("/dashboard");
}

async fn what_signing_in_was_to_do_is_done_after_the_code(app: &TestApp) {
    app.stocks("Oak Bowl", 2_400, 4).await;
    let ada = Shopper::registered(app).await;
    let (phone, _) = turned_on(app, &ada).await;
    let browser = Visitor::new(app);
    let product = browser.get("/products/oak-bowl").await.expect(200);
    browser.press(&product, "/cart/items", &[("quantity", "2")]).await.expect_to("/login?next=/parked");
    let fields = [("email", ada.email.as_str()), ("password", PASSWORD), ("remember", "1")];
    let form = browser.get("/login?next=/parked").await.expect(200);
    browser.press(&form, "/login", &fields).await.expect_to("/login/code");
    assert_eq!(ada.get("/cart").await.expect(200).texts(".line").len(), 0, "nothing is done before the code");
    let page = browser.get("/login/code").await.expect(200);
    assert!(page.words().contains("add 2 × Oak Bowl to your cart"), "{}", page.words());
    enters(&browser, &phone.code()).await.expect_to("/cart");
    assert!(browser.get("/cart").await.expect(200).messages().concat().contains("Oak Bowl is in your cart"));
    browser.jar.borrow_mut().close_browser();
    assert!(browser.is_signed_in().await, "what was asked at the first step holds: keep me signed in");
}

async fn turning_it_off_ends_the_other_sessions_and_asks_no_more(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let (phone, codes) = turned_on(app, &ada).await;
    let other = half_in(app, &ada).await;
    enters(&other, &phone.code()).await.expect_to("/dashboard");
    ada.submit_to(PAGE, "/account/two-factor/disable").await.expect_to(PAGE);
    assert!(ada.is_signed_in().await && !other.is_signed_in().await);
    sign_in(&Visitor::new(app), &ada.email, PASSWORD).await.expect_to("/dashboard");
    let page = ada.get(PAGE).await.expect(200);
    let anew = Phone::set_up(&page, &app.clock);
    assert_ne!(anew.code_at(90), phone.code_at(90), "the next one has a key of its own");
    ada.press(&page, "/account/two-factor/enable", &[("code", &phone.code())]).await.expect(422);
    ada.press(&page, "/account/two-factor/enable", &[("code", &codes[0])]).await.expect(422);
    ada.press(&page, "/account/two-factor/enable", &[("code", &anew.code())]).await.expect_to(PAGE);
    assert_eq!(letters(app), 3);
}

async fn the_api_takes_the_code_with_the_password(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let client = ApiClient::new(app);
    let told = client.post("/api/login", json!({"email": ada.email, "password": PASSWORD, "code": "123456"})).await.expect(200);
    assert!(told.json()["token"].is_string(), "a client may always send one");
    let (phone, codes) = turned_on(app, &ada).await;
    let ask = async |code: Option<&str>, password: &str| {
        let mut body = json!({"email": ada.email, "password": password});
        if let Some(code) = code {
            body["code"] = code.into();
        }
        client.post("/api/auth/login", body).await
    };
    for (code, password, expected) in [
        (None, PASSWORD, "code_required"),
        (None, "wrong-wagon-lantern-42", "invalid_credentials"),
        (Some("000000"), PASSWORD, "invalid_credentials"),
        (Some(&*phone.code()), "wrong-wagon-lantern-42", "invalid_credentials"),
    ] {
        let told = ask(code, password).await.expect(401);
        assert_eq!(told.json()["code"], expected);
        assert!(told.cookies_set().is_empty());
    }
    assert_eq!(ask(Some("12345"), PASSWORD).await.expect(422).json()["errors"][0]["field"], "code");
    let code = phone.code();
    assert!(ask(Some(&code), PASSWORD).await.expect(200).json()["access_token"].is_string());
    ask(Some(&code), PASSWORD).await.expect(401);
    ask(Some(&codes[0]), PASSWORD).await.expect(200);
}

async fn what_is_no_code_is_said_in_words(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let (phone, _) = turned_on(app, &ada).await;
    let browser = half_in(app, &ada).await;
    let code = phone.code();
    let arabic: String = code.chars().filter_map(|digit| char::from_u32(0x660 + digit.to_digit(10)?)).collect();
    for (typed, why) in [
        ("", "Enter the code"),
        ("①②③④⑤⑥", "digits 0 to 9"),
        (&*format!("{code}{code}"), "twice"),
        ("1234567", "six digits"),
        ("abc", "neither"),
    ] {
        for _ in 0..3 {
            let told = enters(&browser, typed).await.expect(422);
            assert!(told.wrong("code").contains(why), "{typed}: {}", told.words());
            assert!(typed.is_empty() || !told.body.contains(typed), "a code is never sent back");
        }
    }
    // In blanks, and as a phone in Cairo shows it.
    let (first, second) = arabic.split_at(6);
    enters(&browser, &format!(" {first} {second} ")).await.expect_to("/dashboard");
}

async fn a_phone_whose_clock_is_off_is_told_so(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let page = ada.get(PAGE).await.expect(200);
    let phone = Phone::set_up(&page, &app.clock);
    for (ahead, said) in [(240, "4 minutes ahead"), (-180, "3 minutes behind"), (3_600, "does not belong")] {
        let told = ada.press(&page, "/account/two-factor/enable", &[("code", &phone.code_at(ahead))]).await.expect(422);
        assert!(told.wrong("code").contains(said), "{ahead}: {}", told.words());
        assert_eq!(Phone::set_up(&told, &app.clock).code(), phone.code(), "the same key stands there again");
    }
    ada.press(&page, "/account/two-factor/enable", &[("code", &phone.code_at(-30))]).await.expect_to(PAGE);
    app.pass(Duration::from_mins(1));
    let browser = half_in(app, &ada).await;
    for far in [30, -60] {
        enters(&browser, &phone.code_at(far)).await.expect(401);
    }
    enters(&browser, &phone.code_at(-30)).await.expect_to("/dashboard");
}

async fn who_runs_the_shop_is_led_to_it(app: &TestApp) {
    let grace = Admin::registered(app).await;
    for page in ["/admin", "/admin/people", "/admin/products", "/admin/orders"] {
        grace.get(page).await.expect_to(PAGE);
    }
    assert!(grace.get("/dashboard").await.expect(200).messages().concat().contains("needed to run it"));
    let browser = Visitor::new(app);
    sign_in(&browser, &grace.email, PASSWORD).await.expect_to(PAGE);
    let (phone, _) = turned_on(app, &browser).await;
    browser.get("/admin").await.expect(200);
    let page = browser.get(PAGE).await.expect(200);
    assert!(!page.actions().contains(&"/account/two-factor/disable".to_owned()), "{}", page.words());
    let csrf = page.value("csrf");
    browser.post("/account/two-factor/disable", &[("csrf", csrf)]).await.expect_to(PAGE);
    let again = half_in(app, &grace).await;
    enters(&again, &phone.code()).await.expect_to("/dashboard");
    again.get("/admin").await.expect(200);
    let ada = Shopper::registered(app).await;
    ada.get("/admin").await.expect(404);
}

async fn operators_help_who_lost_everything(app: &TestApp) {
    let (ada, grace) = (Shopper::registered(app).await, Admin::registered(app).await);
    turned_on(app, &ada).await;
    let found = grace.get(&format!("/admin/people?email={}", ada.email)).await.expect(303);
    let page = grace.get(found.location()).await.expect(200);
    grace.press(&page, &page.path, &[("act", "drop_second_factor")]).await.expect_to(&page.path);
    assert!(!ada.is_signed_in().await);
    sign_in(&ada, &ada.email, PASSWORD).await.expect_to("/dashboard");
    assert_eq!(second_factors::table.count().get_result::<i64>(&mut app.storage.second_connection()), Ok(0));
    let page = grace.get(&page.path).await.expect(200);
    assert_eq!(page.text("form[action^='/admin/people'] select").matches("two-step").count(), 0, "{}", page.words());
    assert_eq!(letters(app), 2);
}
