//! The address of an account: confirming it, and changing it.
//!
//! Invariant: whoever reads a mailbox confirms it, in any browser, by a button and not by looking; an account's address is never one
//! that nobody confirmed for it.

use crate::on_both;
use crate::support::app::TestApp;
use crate::support::letterbox::{CHANGE, KNOWN, VERIFY};
use crate::support::page::Page;
use crate::support::people::{PASSWORD, Shopper, sign_in};
use crate::support::visitor::Visitor;
use std::time::Duration;

on_both! {
    an_address_is_confirmed_by_a_button_and_not_by_looking,
    a_link_is_followed_in_another_browser_that_nobody_is_signed_in_at,
    who_is_signed_in_to_another_account_is_not_told_that_theirs_is_confirmed,
    the_link_is_sent_again_and_only_the_newest_works,
    an_address_changes_when_the_new_one_is_confirmed,
    who_asks_for_another_address_proves_who_they_are_and_types_it_once,
    an_address_that_has_an_account_is_not_told_to_who_asks,
    of_two_who_want_an_address_the_second_is_too_late,
    a_link_for_an_earlier_address_or_password_is_dead,
    letters_link_to_the_public_url_whatever_the_host_said,
    a_link_in_a_mailbox_on_the_web_leads_here,
}

async fn confirms(browser: &Visitor, link: &str) -> Page {
    let page = browser.visit(link).await.expect(200);
    if page.heading().contains("no longer good") {
        return page;
    }
    browser.press(&page, "/verify-email", &[]).await
}

async fn wants(person: &Visitor, email: &str) -> Page {
    person.submit("/account/email", &[("email", email)]).await
}

async fn an_address_is_confirmed_by_a_button_and_not_by_looking(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    for path in ["/account", "/dashboard", "/account/email"] {
        let page = ada.get(path).await.expect(200);
        assert!(page.words().contains("Not confirmed yet") && page.words().contains("Send the link again"), "{}", page.words());
    }
    let link = app.link(&ada.email, VERIFY, 0).await;
    for _ in 0..3 {
        assert!(ada.visit(&link).await.expect(200).words().contains(&ada.email));
        Visitor::new(app).visit(&link).await.expect(200);
    }
    assert!(ada.get("/account").await.words().contains("Not confirmed yet"));
    confirms(&ada, &link).await.expect_to("/account");
    let account = ada.get("/account").await.expect(200);
    assert!(
        account.text(".tag-good").contains("Confirmed") && account.messages()[0].contains("confirmed"),
        "{}",
        account.words()
    );
    assert!(!account.words().contains("Send the link again"));
    let again = confirms(&ada, &link).await;
    assert!(again.heading().contains("no longer good"), "once");
    let words = again.words();
    assert!(
        words.contains("It was used already") && words.contains(&format!("Your address {} is confirmed", ada.email)),
        "{words}"
    );
    let words = Visitor::new(app).visit(&link).await.expect(200).words();
    assert!(words.contains("If it was you who followed it, nothing is left to do") && !words.contains(&ada.email), "{words}");
    let page = ada.get("/account/password").await.expect(200);
    let fields = [("csrf", page.value("csrf"))];
    ada.post("/account/email/resend", &fields).await.expect_to("/account/email");
    assert!(ada.get("/account/email").await.messages()[0].contains("confirmed already"));
}

async fn a_link_is_followed_in_another_browser_that_nobody_is_signed_in_at(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let somewhere_else = Visitor::new(app);
    confirms(&somewhere_else, &app.link(&ada.email, VERIFY, 0).await).await.expect_to("/login");
    assert!(!somewhere_else.is_signed_in().await, "a link signs nobody in");
    assert!(ada.is_signed_in().await);
    assert!(ada.get("/dashboard").await.text(".tag-good").contains("Confirmed"));
}

async fn who_is_signed_in_to_another_account_is_not_told_that_theirs_is_confirmed(app: &TestApp) {
    let (ada, eve) = (Shopper::registered(app).await, Shopper::registered(app).await);
    confirms(&eve, &app.link(&ada.email, VERIFY, 0).await).await.expect_to("/login");
    eve.get("/login").await.expect_to("/dashboard");
    let dashboard = eve.get("/dashboard").await.expect(200);
    assert!(dashboard.messages().concat().contains("signed in to another one"), "{}", dashboard.words());
    assert!(dashboard.words().contains("Not confirmed yet"));
    assert!(ada.get("/dashboard").await.text(".tag-good").contains("Confirmed"));
}

async fn the_link_is_sent_again_and_only_the_newest_works(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let old = app.link(&ada.email, VERIFY, 0).await;
    ada.submit_to("/dashboard", "/account/email/resend").await.expect_to("/account/email");
    let new = app.link(&ada.email, VERIFY, 1).await;
    assert!(confirms(&ada, &old).await.heading().contains("no longer good"));
    app.pass(Duration::from_hours(23));
    let browser = Visitor::new(app);
    browser.visit(&new).await.expect(200);
    confirms(&browser, &new).await.expect_to("/login");
    let late = Shopper::registered(app).await;
    let link = app.link(&late.email, VERIFY, 0).await;
    app.pass(Duration::from_hours(25));
    assert!(confirms(&browser, &link).await.heading().contains("no longer good"));
}

async fn an_address_changes_when_the_new_one_is_confirmed(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let (old, new) = (ada.email.clone(), format!("new.{}", ada.email));
    let phone = ada.elsewhere(app).await;
    let same = wants(&ada, &old.to_uppercase()).await.expect(422);
    assert!(same.wrong("email").contains("you have"), "{}", same.words());
    wants(&ada, &new).await.expect_to("/account/email");
    assert!(ada.get("/account/email").await.messages()[0].contains(&new));
    let told = app.letter(&old, "about to change", 0).await;
    assert!(told.contains(&new) && told.contains("This wasn't you?"), "{told}");
    assert!(ada.get("/account").await.words().contains(&old), "nothing changes before it is confirmed");
    confirms(&Visitor::new(app), &app.link(&new, CHANGE, 0).await).await.expect_to("/login");
    let account = ada.get("/account").await.expect(200);
    assert!(account.words().contains(&new) && account.has(".tag-good"), "who asked stays signed in: {}", account.words());
    assert!(!phone.is_signed_in().await, "every other device is out");
    let told = app.letter(&old, "was changed", 0).await;
    assert!(told.contains(&new), "{told}");
    sign_in(&Visitor::new(app), &old, PASSWORD).await.expect(401);
    sign_in(&Visitor::new(app), &new, PASSWORD).await.expect_to("/dashboard");
}

async fn who_asks_for_another_address_proves_who_they_are_and_types_it_once(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    app.pass(Duration::from_mins(6));
    wants(&ada, "new@example.com").await.expect_to("/confirm-identity?next=/parked");
    let page = ada.get("/confirm-identity?next=/parked").await.expect(200);
    let wrong = ada.press(&page, "/confirm-identity", &[("password", "wrong-wagon-lantern-42")]).await.expect(422);
    for page in [&page, &wrong] {
        let words = page.words();
        assert!(words.contains("What you sent is kept.") && !words.contains("still kept"), "said once: {words}");
    }
    let dashboard = ada.get("/dashboard").await.expect(200).words();
    assert!(dashboard.contains("still kept"), "and everywhere else: {dashboard}");
    ada.press(&page, "/confirm-identity", &[("password", PASSWORD)]).await.expect_to("/parked");
    let kept = ada.get("/parked").await.expect(200);
    assert!(kept.words().contains("new@example.com"), "{}", kept.words());
    ada.press(&kept, "/parked", &[]).await.expect_to("/account/email");
    confirms(&Visitor::new(app), &app.link("new@example.com", CHANGE, 0).await).await.expect_to("/login");
    assert!(ada.get("/account").await.expect(200).words().contains("new@example.com"), "the session that asked goes on");
}

async fn an_address_that_has_an_account_is_not_told_to_who_asks(app: &TestApp) {
    let (ada, bob) = (Shopper::registered(app).await, Shopper::registered(app).await);
    wants(&ada, &bob.email).await.expect_to("/account/email");
    let taken = ada.get("/account/email").await.expect(200);
    wants(&ada, "nobody-has-it@example.com").await.expect_to("/account/email");
    let free = ada.get("/account/email").await.expect(200);
    assert_eq!(taken.messages()[0].replace(&bob.email, ""), free.messages()[0].replace("nobody-has-it@example.com", ""));
    let told = app.letter(&bob.email, KNOWN, 0).await;
    assert!(told.contains("nothing was made or changed"), "{told}");
    assert!(!app.letters_to(&bob.email).iter().any(|mail| mail.header("Subject").contains(CHANGE)));
    assert!(bob.is_signed_in().await);
}

async fn of_two_who_want_an_address_the_second_is_too_late(app: &TestApp) {
    let (ada, bob) = (Shopper::registered(app).await, Shopper::registered(app).await);
    wants(&ada, "both@example.com").await.expect(303);
    let first = app.link("both@example.com", CHANGE, 0).await;
    wants(&bob, "both@example.com").await.expect(303);
    let second = app.link("both@example.com", CHANGE, 1).await;
    let (one, other) = (Visitor::new(app), Visitor::new(app));
    let (one, other) = tokio::join!(confirms(&one, &first), confirms(&other, &second));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 422], "one address is one account");
    let has = |page: Page| page.text(".facts").contains("both@example.com");
    assert_ne!(has(ada.get("/account").await), has(bob.get("/account").await));
}

async fn a_link_for_an_earlier_address_or_password_is_dead(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let verify = app.link(&ada.email, VERIFY, 0).await;
    wants(&ada, "one@example.com").await.expect(303);
    let superseded = app.link("one@example.com", CHANGE, 0).await;
    wants(&ada, "two@example.com").await.expect(303);
    let browser = Visitor::new(app);
    assert!(confirms(&browser, &superseded).await.heading().contains("no longer good"), "she thought better of it");
    confirms(&browser, &app.link("two@example.com", CHANGE, 0).await).await.expect(303);
    assert!(confirms(&browser, &verify).await.heading().contains("no longer good"), "it was for another address");
    wants(&ada, "three@example.com").await.expect(303);
    let link = app.link("three@example.com", CHANGE, 0).await;
    let change = [("current_password", PASSWORD), ("new_password", "seven quiet lamps glow")];
    ada.submit("/account/password", &change).await.expect(303);
    assert!(confirms(&browser, &link).await.heading().contains("no longer good"), "the owner has stopped it");
    wants(&ada, "four@example.com").await.expect(303);
    let link = app.link("four@example.com", CHANGE, 0).await;
    app.pass(Duration::from_secs(3_601));
    assert!(confirms(&browser, &link).await.heading().contains("no longer good"), "an hour is over");
}

async fn letters_link_to_the_public_url_whatever_the_host_said(app: &TestApp) {
    let body = serde_json::json!({"name": "Ada", "email": "host@example.com", "password": PASSWORD});
    let at = |host: &str| {
        let url = app.origin.join("/api/register").expect("a path");
        app.http.post(url).header("host", host).header("x-forwarded-host", "evil.example").json(&body).send()
    };
    assert_eq!(at("evil.example").await.expect("an answer").status(), 421);
    let local = format!("127.0.0.1:{}", app.address().port());
    assert_eq!(at(&local).await.expect("an answer").status(), 201);
    let text = app.letter("host@example.com", VERIFY, 0).await;
    assert!(text.contains(app.origin.as_str()) && !text.contains("127.0.0.1/") && !text.contains("evil"), "{text}");
    app.link("host@example.com", VERIFY, 0).await;
}

/// A GET from another site brings only what is SameSite=Lax.
async fn a_link_in_a_mailbox_on_the_web_leads_here(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let link = app.link(&ada.email, VERIFY, 0).await;
    let led = async |path: &str, cookies: &str| -> Page {
        let headers = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
        let stranger = Visitor::new(app);
        let request = stranger.request(reqwest::Method::GET, path).header("cookie", cookies);
        stranger.send(path, headers.into_iter().fold(request, |request, (name, value)| request.header(name, value))).await
    };
    let page = led(&link, "other=1").await.expect_to("/verify-email");
    let cookies = page.cookies_set();
    let kept = cookies.iter().find_map(|cookie| cookie.split(';').next().filter(|pair| pair.starts_with("__Host-link=")));
    let page = led("/verify-email", kept.expect("the token")).await.expect(200);
    assert!(page.words().contains(&ada.email), "{}", page.words());
    // Where somebody is signed in, the page loads itself again from here, with all cookies.
    let bounce = led(&link, "__Host-hint=1").await.expect(200);
    assert!(bounce.body.contains("http-equiv=\"refresh\"") && bounce.header("cache-control") == "no-store", "{}", bounce.body);
    ada.visit(&link).await.expect(200);
}
