//! Getting back in: a forgotten password is set anew by a link in a mail.
//!
//! Invariant: the link does one thing once, for whoever reads the mailbox, and signs nobody in; everything else of the account's
//! sign-ins ends with it.

use crate::on_both;
use crate::second_factor::turned_on;
use crate::support::app::TestApp;
use crate::support::letterbox::{RESET, VERIFY};
use crate::support::page::Page;
use crate::support::people::{PASSWORD, Shopper, sign_in};
use crate::support::post_office::PostOffice;
use crate::support::visitor::Visitor;
use diesel::prelude::*;
use futures_util::future::join_all;
use latchkey::db::schema::{audit_events, users};
use std::time::{Duration, Instant};

on_both! {
    a_forgotten_password_is_set_anew_and_every_sign_in_ends,
    a_link_works_once_and_only_the_newest_does,
    a_scanner_of_mails_burns_nothing_and_any_browser_will_do,
    a_link_is_good_for_half_an_hour_and_for_nothing_else,
    a_link_dies_with_the_password_it_was_to_replace,
    of_many_who_follow_a_link_at_once_one_does,
    an_address_that_was_never_confirmed_is_taken_by_its_owner,
    a_second_factor_outlives_a_new_password_where_the_address_was_confirmed,
    a_letter_goes_to_the_address_of_the_account_and_not_to_one_that_looks_like_it,
    the_answer_does_not_wait_for_a_mail_server_that_is_down,
}

pub const FRESH: &str = "seven quiet lamps glow";

/// Asks for a link in a browser of its own.
pub async fn asks(app: &TestApp, email: &str) -> Page {
    Visitor::new(app).submit("/forgot-password", &[("email", email)]).await
}

/// Follows a link and sends the new password.
async fn follows(browser: &Visitor, link: &str, password: &str) -> Page {
    browser.get(link).await.expect_to("/reset-password");
    let page = browser.get("/reset-password").await.expect(200);
    if page.heading().contains("no longer good") {
        return page;
    }
    browser.press(&page, "/reset-password", &[("password", password)]).await
}

fn events(app: &TestApp, kind: &str) -> i64 {
    let of = audit_events::table.filter(audit_events::kind.eq(kind)).filter(audit_events::user_id.is_not_null());
    of.count().get_result(&mut app.storage.second_connection()).expect("the audit can be read")
}

async fn a_forgotten_password_is_set_anew_and_every_sign_in_ends(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let phone = ada.elsewhere(app).await;
    let login = Visitor::new(app).get("/login").await.expect(200);
    assert_eq!(login.attributes("main form a", "href"), ["/forgot-password"]);
    asks(app, &ada.email).await.expect_to("/forgot-password?sent=1");
    let link = app.link(&ada.email, RESET, 0).await;
    let led = phone.get(&link).await.expect_to("/reset-password");
    let cookie = led.cookies_set().into_iter().find(|cookie| cookie.starts_with("__Host-link=")).expect("the token is kept");
    assert!(cookie.contains("SameSite=Lax") && cookie.contains("Max-Age=900") && cookie.contains("HttpOnly"), "{cookie}");
    let page = phone.get("/reset-password").await.expect(200);
    assert!(page.words().contains(&ada.email), "whose password it is: {}", page.words());
    let weak = phone.press(&page, "/reset-password", &[("password", "password1234")]).await.expect(422);
    assert!(weak.wrong("password").contains("most used"), "{}", weak.words());
    phone.press(&weak, "/reset-password", &[("password", FRESH)]).await.expect_to("/login");
    let login = phone.get("/login").await.expect(200);
    assert!(login.messages()[0].starts_with("Your password is changed"), "{:?}", login.messages());
    for browser in [&*ada, &*phone] {
        assert!(!browser.is_signed_in().await, "no link signs anybody in, and all others are out");
    }
    sign_in(&Visitor::new(app), &ada.email, PASSWORD).await.expect(401);
    sign_in(&phone, &ada.email, FRESH).await.expect_to("/dashboard");
    app.letter(&ada.email, "was changed", 0).await;
    assert_eq!((events(app, "reset_asked"), events(app, "password_changed"), events(app, "email_verified")), (1, 1, 1));
}

async fn a_link_works_once_and_only_the_newest_does(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    asks(app, &ada.email).await.expect(303);
    let old = app.link(&ada.email, RESET, 0).await;
    asks(app, &ada.email).await.expect(303);
    let new = app.link(&ada.email, RESET, 1).await;
    assert_ne!(old, new);
    let browser = Visitor::new(app);
    assert!(follows(&browser, &old, FRESH).await.heading().contains("no longer good"));
    follows(&browser, &new, FRESH).await.expect_to("/login");
    let again = follows(&browser, &new, "another quiet lamp glows").await.expect(200);
    let words = again.words();
    assert!(words.contains("A new password was set with it already") && words.contains("Send me a new link"), "{words}");
    // Sent all the same, as by a page that was open in another tab.
    let csrf = browser.get("/login").await.value("csrf");
    browser.get(&new).await.expect(303);
    let fields = [("csrf", csrf.as_str()), ("password", "another quiet lamp glows")];
    browser.post("/reset-password", &fields).await.expect(422);
    assert_eq!(events(app, "link_refused"), 1, "what was spent is remembered");
    sign_in(&Visitor::new(app), &ada.email, FRESH).await.expect_to("/dashboard");
}

async fn a_scanner_of_mails_burns_nothing_and_any_browser_will_do(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    asks(app, &ada.email).await.expect(303);
    let link = app.link(&ada.email, RESET, 0).await;
    for _ in 0..5 {
        let scanner = Visitor::new(app);
        scanner.visit(&link).await.expect(200);
        let head = scanner.request(reqwest::Method::HEAD, &link);
        assert_eq!(scanner.send(&link, head).await.status, 303);
    }
    let somewhere_else = Visitor::new(app);
    follows(&somewhere_else, &link, FRESH).await.expect_to("/login");
    for broken in ["/reset-password/short", "/reset-password/%00", "/reset-password/..%2f"] {
        let page = somewhere_else.get(broken).await;
        assert!([303, 404].contains(&page.status), "{broken}: {}", page.status);
        assert!(page.location().is_empty() || page.location() == "/reset-password", "{}", page.location());
    }
    assert!(somewhere_else.get("/reset-password").await.expect(200).heading().contains("no longer good"));
}

async fn a_link_is_good_for_half_an_hour_and_for_nothing_else(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    asks(app, &ada.email).await.expect(303);
    let (reset, verify) = (app.link(&ada.email, RESET, 0).await, app.link(&ada.email, VERIFY, 0).await);
    let browser = Visitor::new(app);
    let crossed = [
        reset.replace("/reset-password/", "/verify-email/"),
        verify.replace("/verify-email/", "/reset-password/"),
        format!("/reset-password/{}", "A".repeat(43)),
    ];
    for link in &crossed {
        let page = browser.visit(link).await.expect(200);
        assert!(page.heading().contains("no longer good") && page.words().contains("newer one was sent"), "{}", page.words());
    }
    browser.visit(&crossed[1]).await.expect(200);
    let csrf = browser.get("/login").await.value("csrf");
    browser.post("/reset-password", &[("csrf", csrf.as_str()), ("password", FRESH)]).await.expect(422);
    app.pass(Duration::from_mins(29));
    assert!(browser.visit(&reset).await.expect(200).words().contains(&ada.email));
    app.pass(Duration::from_secs(61));
    assert!(browser.visit(&reset).await.expect(200).heading().contains("no longer good"));
    sign_in(&Visitor::new(app), &ada.email, PASSWORD).await.expect_to("/dashboard");
}

async fn a_link_dies_with_the_password_it_was_to_replace(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    asks(app, &ada.email).await.expect(303);
    let link = app.link(&ada.email, RESET, 0).await;
    ada.submit("/account/password", &[("current_password", PASSWORD), ("new_password", FRESH)]).await.expect_to("/account");
    let browser = Visitor::new(app);
    assert!(follows(&browser, &link, "another quiet lamp glows").await.heading().contains("no longer good"));
    asks(app, &ada.email).await.expect(303);
    let link = app.link(&ada.email, RESET, 1).await;
    let (email, now) = (ada.email.clone(), app.clock.now());
    let lock = move |conn: &mut latchkey::db::Conn| {
        Ok(diesel::update(users::table.filter(users::email.eq(email))).set(users::locked_at.eq(now)).execute(conn)?)
    };
    assert_eq!(app.db().write(lock).await.expect("they can be locked"), 1);
    assert!(follows(&browser, &link, "another quiet lamp glows").await.heading().contains("no longer good"));
    asks(app, &ada.email).await.expect_to("/forgot-password?sent=1");
    asks(app, "nobody@example.com").await.expect_to("/forgot-password?sent=1");
    tokio::time::sleep(Duration::from_millis(500)).await;
    let sent = app.letters_to("example.com").iter().filter(|mail| mail.header("Subject").contains(RESET)).count();
    assert_eq!(sent, 2, "a locked person and nobody are sent nothing");
}

async fn of_many_who_follow_a_link_at_once_one_does(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    asks(app, &ada.email).await.expect(303);
    let link = app.link(&ada.email, RESET, 0).await;
    let browsers: Vec<Visitor> = (0..8).map(|_| Visitor::new(app)).collect();
    let mut pages = Vec::new();
    for browser in &browsers {
        pages.push(browser.visit(&link).await.expect(200));
    }
    let passwords: Vec<String> = (0..8).map(|number| format!("seven quiet lamps glow {number}")).collect();
    let tries = browsers.iter().zip(&pages).zip(&passwords).map(|((browser, page), password)| async move {
        browser.press(page, "/reset-password", &[("password", password.as_str())]).await.status
    });
    let statuses = join_all(tries).await;
    assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [303, 422].contains(status)), "{statuses:?}");
    let winner = statuses.iter().position(|status| *status == 303).expect("one");
    sign_in(&Visitor::new(app), &ada.email, &passwords[winner]).await.expect_to("/dashboard");
}

async fn an_address_that_was_never_confirmed_is_taken_by_its_owner(app: &TestApp) {
    let impostor = Shopper::registered(app).await;
    let claim = app.link(&impostor.email, VERIFY, 0).await;
    asks(app, &impostor.email).await.expect(303);
    let owner = Visitor::new(app);
    follows(&owner, &app.link(&impostor.email, RESET, 0).await, FRESH).await.expect_to("/login");
    assert!(!impostor.is_signed_in().await);
    sign_in(&Visitor::new(app), &impostor.email, PASSWORD).await.expect(401);
    sign_in(&owner, &impostor.email, FRESH).await.expect_to("/dashboard");
    assert!(owner.get("/account").await.expect(200).text(".tag-good").contains("Confirmed"), "the link came by the mailbox");
    assert!(owner.visit(&claim).await.expect(200).heading().contains("no longer good"), "of another epoch");
}

async fn a_second_factor_outlives_a_new_password_where_the_address_was_confirmed(app: &TestApp) {
    let (impostor, ada) = (Shopper::registered(app).await, Shopper::registered(app).await);
    let page = ada.visit(&app.link(&ada.email, VERIFY, 0).await).await.expect(200);
    ada.press(&page, "/verify-email", &[]).await.expect_to("/account");
    for (person, way) in [(&impostor, "/dashboard"), (&ada, "/login/code")] {
        turned_on(app, person).await;
        asks(app, &person.email).await.expect(303);
        let browser = Visitor::new(app);
        follows(&browser, &app.link(&person.email, RESET, 0).await, FRESH).await.expect_to("/login");
        sign_in(&browser, &person.email, FRESH).await.expect_to(way);
    }
}

async fn a_letter_goes_to_the_address_of_the_account_and_not_to_one_that_looks_like_it(app: &TestApp) {
    let email = "ada@xn--bcher-kva.example";
    let fields = [("name", "Ada"), ("email", "ADA@Bücher.example"), ("password", PASSWORD)];
    Visitor::new(app).submit("/register", &fields).await.expect_to("/dashboard");
    for (number, same) in ["ada@bücher.example", " Ada@BÜCHER.EXAMPLE ", "ada@XN--BCHER-KVA.example"].into_iter().enumerate() {
        asks(app, same).await.expect_to("/forgot-password?sent=1");
        app.link(email, RESET, number).await;
    }
    // Cyrillic letters, a dotless i, another domain.
    asks(app, "аda@bücher.example").await.expect(422);
    asks(app, "ada@büсher.example").await.expect_to("/forgot-password?sent=1");
    asks(app, "ada@bucher.example").await.expect_to("/forgot-password?sent=1");
    tokio::time::sleep(Duration::from_millis(500)).await;
    let sent = app.letters_to("@").iter().filter(|mail| mail.header("Subject").contains(RESET)).count();
    assert_eq!(sent, 3);
}

async fn the_answer_does_not_wait_for_a_mail_server_that_is_down(office: &PostOffice) {
    let (ada, app) = (Shopper::added(&office.app).await, &office.app);
    office.server.does("silent");
    let asked = Instant::now();
    asks(app, &ada.email).await.expect_to("/forgot-password?sent=1");
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
    office.server.goes_down();
    asks(app, &ada.email).await.expect_to("/forgot-password?sent=1");
    office.is_tried(1).await;
    app.pass(Duration::from_mins(31));
    office.server.does("");
    office.server.comes_back();
    office.letters_are(&["expired", "expired"]).await;
    asks(app, &ada.email).await.expect(303);
    let mail = office.server.has(1).await.remove(0);
    let text = mail.part("text/plain");
    let origin = app.origin.as_str().trim_end_matches('/');
    let link = text.lines().find_map(|line| line.strip_prefix(origin)).expect("a link of ours");
    assert!(mail.part("text/html").contains(link), "the same in HTML");
    follows(&Visitor::new(app), link, FRESH).await.expect_to("/login");
}
