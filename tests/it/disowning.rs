//! "This wasn't me": the link in letters that warn of something.
//!
//! Invariant: whoever is in is out at once, everywhere, and the reader of the mailbox gets the way to a new password; looking does
//! nothing, and nobody gets in or learns anything by it.

use crate::on_both;
use crate::password_reset::FRESH;
use crate::support::api_client::ApiClient;
use crate::support::app::TestApp;
use crate::support::letterbox::{RESET, VERIFY};
use crate::support::page::Page;
use crate::support::people::{PASSWORD, Shopper, sign_in};
use crate::support::visitor::Visitor;
use crate::tokens::{makes, program};
use diesel::prelude::*;
use futures_util::future::join_all;
use latchkey::db::schema::{audit_events, mail_links, users};
use std::time::Duration;

mod limits;

on_both! {
    who_is_in_is_out_at_once_everywhere_and_the_owner_gets_back_in,
    looking_burns_nothing_and_a_link_works_once,
    it_outlives_what_whoever_is_in_changed,
    an_account_with_another_address_is_closed_and_no_letter_goes_to_it,
    a_browser_that_waits_for_its_code_waits_in_vain,
}

/// The subject of the letter about a sign-in.
pub const NEW: &str = "A new sign-in";

/// Follows a link and presses the button, if there is one.
pub async fn disowns(browser: &Visitor, link: &str) -> Page {
    browser.get(link).await.expect_to("/not-me");
    let page = browser.get("/not-me").await.expect(200);
    if page.heading().contains("no longer good") {
        return page;
    }
    browser.press(&page, "/not-me", &[]).await
}

pub fn events(app: &TestApp, kind: &str) -> Vec<String> {
    let of_kind = audit_events::table.filter(audit_events::kind.eq(kind)).order(audit_events::id);
    of_kind.select(audit_events::detail).load(&mut app.storage.second_connection()).expect("an audit")
}

/// The letters to an address with a link to set a new password.
pub fn resets(app: &TestApp, email: &str) -> usize {
    app.letters_to(email).iter().filter(|mail| mail.header("Subject").contains(RESET)).count()
}

async fn who_is_in_is_out_at_once_everywhere_and_the_owner_gets_back_in(app: &TestApp) {
    let (second, ada) = (app.second_node().await, Shopper::registered(app).await);
    let thief = ada.elsewhere(app).await;
    let key = makes(&thief, "read", "30").await;
    let api = ApiClient::signed_in(app, &ada.email, PASSWORD).await;
    let far = thief.copy();
    far.is_sent_to(second.address);
    far.get("/dashboard").await.expect(200);
    api.get("/api/profile").await.expect(200);
    let mailbox = Visitor::new(app);
    let link = app.link(&ada.email, NEW, 0).await;
    mailbox.get(&link).await.expect_to("/not-me");
    let page = mailbox.get("/not-me").await.expect(200);
    for told in ["Every sign-in ends", "API tokens are revoked", "No browser is known", &ada.email, "stays as it is"] {
        assert!(page.words().contains(told), "{told}: {}", page.words());
    }
    let done = mailbox.press(&page, "/not-me", &[]).await.expect_to("/login");
    assert!(!done.cookies_set().iter().any(|cookie| cookie.starts_with("__Host-at=ey")), "nobody is signed in by it");
    // Its own node needs no feed.
    assert!(!thief.is_signed_in().await && !ada.is_signed_in().await);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!far.is_signed_in().await, "the other node has heard of it within a second");
    api.get("/api/profile").await.expect(401);
    program(app, &key).get("/api/profile").await.expect(401);
    let login = mailbox.get("/login").await.expect(200);
    assert!(login.messages()[0].contains("look in your mail"), "{:?}", login.messages());
    assert_eq!((events(app, "disowned").len(), events(app, "reset_asked").len()), (1, 1));
    let ended = events(app, "session_ended");
    assert_eq!(ended.iter().filter(|detail| detail.contains("disowned")).count(), 3, "{ended:?}");
    let way = app.link(&ada.email, RESET, 0).await;
    mailbox.get(&way).await.expect_to("/reset-password");
    mailbox.submit("/reset-password", &[("password", FRESH)]).await.expect_to("/login");
    sign_in(&thief, &ada.email, PASSWORD).await.expect(401);
    sign_in(&mailbox, &ada.email, FRESH).await.expect_to("/dashboard");
    let told = mailbox.get("/account/activity").await.expect(200).words();
    assert!(told.contains("Every sign-in and API token ended") && told.contains("Signed out by a link from a mail"), "{told}");
    second.stop().await.expect("it closes");
}

async fn looking_burns_nothing_and_a_link_works_once(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let (phone, _tablet) = (ada.elsewhere(app).await, ada.elsewhere(app).await);
    let (first, second) = (app.link(&ada.email, NEW, 0).await, app.link(&ada.email, NEW, 1).await);
    for _ in 0..3 {
        let scanner = Visitor::new(app);
        scanner.visit(&first).await.expect(200);
        let head = scanner.request(reqwest::Method::HEAD, &first);
        assert_eq!(scanner.send(&first, head).await.status, 303);
    }
    assert!(phone.is_signed_in().await && ada.is_signed_in().await);
    // Of many who press at once one does it, also where they are signed in.
    let browsers = [phone.copy(), Visitor::new(app), Visitor::new(app), Visitor::new(app), Visitor::new(app)];
    let mut pages = Vec::new();
    for browser in &browsers {
        pages.push(browser.visit(&first).await.expect(200));
    }
    let presses = browsers.iter().zip(&pages).map(async |(browser, page)| browser.press(page, "/not-me", &[]).await.status);
    let mut statuses = join_all(presses).await;
    statuses.sort_unstable();
    assert!(statuses[0] == 303 && statuses[1..].iter().all(|status| [403, 422].contains(status)), "{statuses:?}");
    assert!(!phone.is_signed_in().await);
    let again = disowns(&Visitor::new(app), &first).await.expect(200);
    assert!(again.words().contains("used already, and works only once"), "{}", again.words());
    assert!(!events(app, "link_refused").is_empty() && events(app, "disowned").len() == 1);
    // Each letter has a link of its own, and a newer one or one that was used takes no other's place.
    let back = ada.elsewhere(app).await;
    disowns(&back, &second).await.expect_to("/login");
    assert!(!back.is_signed_in().await, "pressed where they are signed in");
    assert_eq!(events(app, "disowned").len(), 2);
}

async fn it_outlives_what_whoever_is_in_changed(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let thief = ada.elsewhere(app).await;
    let link = app.link(&ada.email, NEW, 0).await;
    thief.submit("/account/password", &[("current_password", PASSWORD), ("new_password", FRESH)]).await.expect_to("/account");
    assert!(thief.is_signed_in().await && !ada.is_signed_in().await);
    let changed = app.link(&ada.email, "was changed", 0).await;
    assert!(changed.starts_with("/not-me/") && changed != link);
    disowns(&Visitor::new(app), &link).await.expect_to("/login");
    assert!(!thief.is_signed_in().await);
    // They know the password of now, and are told of and thrown out again.
    sign_in(&thief, &ada.email, FRESH).await.expect_to("/dashboard");
    app.link(&ada.email, NEW, 1).await;
    disowns(&Visitor::new(app), &changed).await.expect_to("/login");
    assert!(!thief.is_signed_in().await);
    let owner = Visitor::new(app);
    owner.get(&app.link(&ada.email, RESET, 1).await).await.expect_to("/reset-password");
    owner.submit("/reset-password", &[("password", PASSWORD)]).await.expect_to("/login");
    sign_in(&thief, &ada.email, FRESH).await.expect(401);
    sign_in(&owner, &ada.email, PASSWORD).await.expect_to("/dashboard");
}

async fn an_account_with_another_address_is_closed_and_no_letter_goes_to_it(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let thief = ada.elsewhere(app).await;
    let link = app.link(&ada.email, NEW, 0).await;
    let email = ada.email.clone();
    let moved = move |conn: &mut latchkey::db::Conn| {
        let to = (users::email.eq("thief@elsewhere.example"), users::epoch.eq(users::epoch + 1));
        Ok(diesel::update(users::table.filter(users::email.eq(email))).set(to).execute(conn)?)
    };
    assert_eq!(app.db().write(moved).await.expect("an address can be changed"), 1);
    let mailbox = Visitor::new(app);
    let page = mailbox.visit(&link).await.expect(200);
    assert!(page.words().contains("another one by now") && !page.words().contains("A mail goes to"), "{}", page.words());
    assert!(!page.words().contains("elsewhere.example"), "whose it is now is not told");
    disowns(&mailbox, &link).await.expect_to("/login");
    assert!(mailbox.get("/login").await.expect(200).messages()[0].contains("write to the shop"));
    assert!(!thief.is_signed_in().await);
    assert_eq!(events(app, "disowned"), ["the account has another address"]);
    let links = mail_links::table.filter(mail_links::purpose.eq("reset")).count();
    assert_eq!(links.get_result::<i64>(&mut app.storage.second_connection()), Ok(0));
}

async fn a_browser_that_waits_for_its_code_waits_in_vain(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let page = ada.visit(&app.link(&ada.email, VERIFY, 0).await).await.expect(200);
    ada.press(&page, "/verify-email", &[]).await.expect_to("/account");
    ada.elsewhere(app).await;
    let link = app.link(&ada.email, NEW, 0).await;
    let (phone, _) = crate::second_factor::turned_on(app, &ada).await;
    let thief = Visitor::new(app);
    sign_in(&thief, &ada.email, PASSWORD).await.expect_to("/login/code");
    let asked = thief.get("/login/code").await.expect(200);
    disowns(&Visitor::new(app), &link).await.expect_to("/login");
    app.pass(Duration::from_secs(30));
    thief.press(&asked, "/login/code", &[("code", &phone.code())]).await.expect_to("/login");
    assert!(!thief.is_signed_in().await, "not with the right code either");
    // The second step stays: it is asked for with the new password too.
    let owner = Visitor::new(app);
    owner.get(&app.link(&ada.email, RESET, 0).await).await.expect_to("/reset-password");
    owner.submit("/reset-password", &[("password", FRESH)]).await.expect_to("/login");
    sign_in(&owner, &ada.email, FRESH).await.expect_to("/login/code");
}
