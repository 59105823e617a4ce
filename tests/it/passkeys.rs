//! Passkeys: signing in with a key that its person unlocks.
//!
//! Invariant: the keys of these tests are made of other code than the shop's; each answer is to a challenge that the shop gave.

use crate::on_both;
use crate::support::app::TestApp;
use crate::support::authenticator::Authenticator;
use crate::support::page::Page;
use crate::support::people::{PASSWORD, Shopper, sign_in};
use crate::support::visitor::Visitor;
use diesel::prelude::*;
use latchkey::db::schema::{audit_events, outbox, passkeys, users};
use latchkey::ids::PasskeyId;
use serde_json::{Value, json};
use std::time::Duration;

mod attacks;
mod browser;
mod crossing;
mod keeping;
mod nodes;

const PAGE: &str = "/account/passkeys";
const NEW: &str = "/account/passkeys/new";

on_both! {
    a_passkey_signs_in_alone_and_is_both_factors,
    after_the_password_a_passkey_is_the_second_step,
    whoever_lost_the_passkey_comes_in_with_a_recovery_code,
    a_passkey_confirms_who_it_is_and_what_was_sent_goes_on,
    what_signing_in_was_to_do_is_done_with_a_passkey_too,
}

/// A `csrf` value for what this browser sends next.
async fn csrf(browser: &Visitor) -> String {
    let page = browser.get("/login").await;
    let page = if page.status == 200 { page } else { browser.get("/account").await.expect(200) };
    page.value("csrf")
}

async fn asks(browser: &Visitor, path: &str) -> Page {
    let mut asked = json!({ "csrf": csrf(browser).await });
    if path == NEW {
        asked["name"] = json!("My phone");
    }
    browser.tells(&format!("{path}/challenge"), &asked).await
}

/// Asks for a challenge below `path`.
async fn offered(browser: &Visitor, path: &str) -> Value {
    asks(browser, path).await.expect(200).json()
}

/// Makes a passkey, as the script of its page does.
async fn makes(browser: &Visitor, key: &mut Authenticator, name: &str) -> Page {
    browser.get(NEW).await.expect(200);
    let offer = offered(browser, NEW).await;
    let credential = key.makes(&offer["publicKey"]).to_string();
    let csrf = csrf(browser).await;
    let sent = json!({ "csrf": csrf, "name": name, "challenge": offer["challenge"], "credential": credential });
    browser.tells(NEW, &sent).await
}

/// A passkey that somebody has made, and their recovery codes.
async fn with_key(app: &TestApp, ada: &Visitor) -> (Authenticator, Vec<String>) {
    let mut key = Authenticator::at(&ada.origin());
    makes(ada, &mut key, "My phone").await.expect(200);
    let codes = ada.get(PAGE).await.expect(200).texts(".codes li");
    app.pass(Duration::from_secs(1));
    (key, codes)
}

/// The name of a passkey of theirs that is no more than a row.
pub fn planted(app: &TestApp, email: &str) -> String {
    let mut conn = app.storage.second_connection();
    let owner: i64 = users::table.filter(users::email.eq(email)).select(users::id).first(&mut conn).expect("a person");
    let id = PasskeyId::random();
    let row = (
        passkeys::public_id.eq(id),
        passkeys::user_id.eq(owner),
        passkeys::credential_id.eq(id.as_str()),
        passkeys::credential.eq("{}"),
        passkeys::sign_count.eq(0_i64),
        passkeys::backed_up.eq(false),
        passkeys::name.eq("My phone"),
        passkeys::created_at.eq(app.clock.now()),
    );
    diesel::insert_into(passkeys::table).values(row).execute(&mut conn).expect("a row");
    id.to_string()
}

/// What a script sends that shows a passkey for that offer.
async fn shown(browser: &Visitor, key: &mut Authenticator, offer: &Value) -> Value {
    let credential = key.shows(&offer["publicKey"]).to_string();
    json!({ "csrf": csrf(browser).await, "challenge": offer["challenge"], "credential": credential })
}

/// Shows a passkey, as the script of a page does.
async fn shows(browser: &Visitor, key: &mut Authenticator, path: &str) -> Page {
    let offer = offered(browser, path).await;
    let sent = shown(browser, key, &offer).await;
    browser.tells(path, &sent).await
}

fn details(app: &TestApp, kind: &str) -> Vec<String> {
    let all = audit_events::table.filter(audit_events::kind.eq(kind)).order(audit_events::id).select(audit_events::detail);
    all.load(&mut app.storage.second_connection()).expect("an audit")
}

fn letters(app: &TestApp, kind: &str) -> i64 {
    let all = outbox::table.filter(outbox::kind.eq(kind)).count();
    all.get_result(&mut app.storage.second_connection()).expect("letters can be counted")
}

async fn a_passkey_signs_in_alone_and_is_both_factors(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let other = ada.elsewhere(app).await;
    assert!(ada.get("/dashboard").await.expect(200).text(".desk-account").contains("Second step Off"));
    let mut key = Authenticator::at(&ada.origin());
    let answer = makes(&ada, &mut key, "My phone").await.expect(200);
    assert_eq!(answer.json(), json!({ "location": PAGE }));
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(!other.is_signed_in().await, "every other session ended");
    assert!(ada.is_signed_in().await, "this one did not");
    let page = ada.get(PAGE).await.expect(200);
    assert_eq!(page.texts(".codes li").len(), 10, "the first second factor comes with recovery codes");
    assert_eq!(page.text(".device-name"), "My phone");
    assert!(!ada.get(PAGE).await.expect(200).has(".codes"), "which are shown once");
    assert!(ada.get("/dashboard").await.expect(200).text(".desk-account").contains("Second step On"));
    assert_eq!((letters(app, "second_factor_changed"), letters(app, "new_device")), (1, 1), "the other browser was new once");
    assert_eq!(details(app, "second_factor_changed"), ["passkey added"]);

    let browser = Visitor::new(app);
    let offer = offered(&browser, "/login/passkey").await;
    assert_eq!(offer["publicKey"]["userVerification"], "required");
    assert_eq!(offer["publicKey"]["allowCredentials"], json!([]), "a stranger learns of no passkey");
    let mut sent = shown(&browser, &mut key, &offer).await;
    sent["next"] = json!("/orders");
    sent["remember"] = json!("1");
    let answer = browser.tells("/login/passkey", &sent).await.expect(200);
    assert_eq!(answer.json(), json!({ "location": "/orders" }));
    assert!(answer.cookies_set().iter().any(|cookie| cookie.starts_with("__Host-rt=") && cookie.contains("Max-Age=2592000")));
    assert!(browser.is_signed_in().await);
    assert_eq!(details(app, "sign_in").last().map(String::as_str), Some("web, passkey"));
    assert_eq!(letters(app, "new_device"), 2, "a new browser is told of as ever");
    assert!(!ada.get(PAGE).await.expect(200).text(".device-facts").contains("never"));
    assert!(ada.get("/account/activity").await.expect(200).words().contains("A passkey was added"));
    let csrf = csrf(&ada).await;
    let kept = ada.post("/account/export", &[("csrf", csrf)]).await.expect(200).json();
    assert_eq!(kept["passkeys"][0]["name"], "My phone");
}

async fn after_the_password_a_passkey_is_the_second_step(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let (mut key, _) = with_key(app, &ada).await;
    let browser = Visitor::new(app);
    browser
        .submit("/login", &[("email", &*ada.email), ("password", PASSWORD), ("next", "/orders")])
        .await
        .expect_to("/login/code");
    let page = browser.get("/login/code").await.expect(200);
    assert!(page.has("form[data-passkey='show'][action='/login/code/passkey']") && page.has("[data-passkey-less]"));
    assert_eq!(page.texts("label[for='code']"), ["Recovery code"], "there is no app whose code could be asked");
    let offer = offered(&browser, "/login/code/passkey").await;
    assert_eq!(offer["publicKey"]["allowCredentials"][0]["id"], latchkey::ids::base64url(&key.id));
    let answer = shows(&browser, &mut key, "/login/code/passkey").await.expect(200);
    assert_eq!(answer.json(), json!({ "location": "/orders" }));
    assert!(browser.is_signed_in().await && !browser.jar.borrow().has("__Host-mfa"));
    let csrf = csrf(&Visitor::new(app)).await;
    let nobody = Visitor::new(app);
    nobody.tells("/login/code/passkey/challenge", &json!({ "csrf": csrf })).await.expect(403);
}

async fn whoever_lost_the_passkey_comes_in_with_a_recovery_code(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let (_, codes) = with_key(app, &ada).await;
    let browser = Visitor::new(app);
    sign_in(&browser, &ada.email, PASSWORD).await.expect_to("/login/code");
    browser.submit("/login/code", &[("code", "000000")]).await.expect(401);
    browser.submit("/login/code", &[("code", &codes[0])]).await.expect_to("/dashboard");
    let page = browser.get(PAGE).await.expect(200);
    assert!(page.words().contains("of which 9 of 10 are left"), "{}", page.words());
    let page = browser.get("/account/two-factor").await.expect(200);
    browser.press(&page, "/account/two-factor/recovery-codes", &[]).await.expect_to("/account/two-factor");
    assert_eq!(browser.get("/account/two-factor").await.expect(200).texts(".codes li").len(), 10);
}

async fn a_passkey_confirms_who_it_is_and_what_was_sent_goes_on(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let (mut key, _) = with_key(app, &ada).await;
    app.pass(Duration::from_mins(6));
    let sheet = [("name", "Sheet"), ("scope", "read"), ("expires_in_days", "1")];
    let asked = ada.submit("/account/tokens", &sheet).await.expect(303);
    let page = ada.follow(asked).await;
    assert!(page.path.starts_with("/confirm-identity"), "{}", page.path);
    assert!(page.has("form[data-passkey='show'][action='/confirm-identity/passkey'] input[name='next'][value='/parked']"));
    let offer = offered(&ada, "/confirm-identity/passkey").await;
    let mut sent = shown(&ada, &mut key, &offer).await;
    sent["next"] = json!("/parked");
    let answer = ada.tells("/confirm-identity/passkey", &sent).await.expect(200);
    assert_eq!(answer.json(), json!({ "location": "/parked" }));
    let parked = ada.get("/parked").await.expect(200);
    assert!(parked.words().contains("Sheet"), "nothing is typed twice: {}", parked.words());
    ada.press(&parked, "/parked", &[]).await.expect_to("/account/tokens");
    assert_eq!(details(app, "stepped_up"), ["passkey"]);
}

async fn what_signing_in_was_to_do_is_done_with_a_passkey_too(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 5).await;
    let ada = Shopper::registered(app).await;
    let (mut key, _) = with_key(app, &ada).await;
    let visitor = Visitor::new(app);
    let page = visitor.get(&format!("/products/{}", bowl.slug)).await.expect(200);
    visitor.press(&page, "/cart/items", &[("quantity", "2")]).await.expect(303);
    let answer = shows(&visitor, &mut key, "/login/passkey").await.expect(200).json();
    assert_eq!(answer, json!({ "location": "/cart" }));
    let cart = visitor.get("/cart").await.expect(200);
    assert!(cart.words().contains("Oak Bowl"), "{}", cart.words());
}
