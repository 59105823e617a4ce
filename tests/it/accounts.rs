//! Accounts: making one, signing in, name and password.
//!
//! Invariant: whatever is refused says why in words, keeps what was typed but the password, and changes nothing.

use crate::on_both;
use crate::support::app::TestApp;
use crate::support::people::{PASSWORD, Shopper, sign_in};
use crate::support::visitor::Visitor;
use diesel::prelude::*;
use latchkey::db::schema::{audit_events, users};
use std::time::Duration;

on_both! {
    a_new_account_is_signed_in_at_once,
    an_account_needs_a_name_an_address_and_a_password_of_some_strength,
    a_known_address_is_told_to_sign_in,
    a_closed_shop_takes_no_accounts with { "LATCHKEY_REGISTRATION" = "closed" },
    every_wrong_sign_in_reads_the_same,
    an_empty_field_is_named,
    signing_in_leads_to_where_they_were_going,
    a_signed_in_person_is_not_asked_again,
    an_address_is_the_same_however_it_is_written,
    a_person_changes_their_name,
    a_password_is_changed_by_who_knows_the_old_one,
    a_password_is_kept_as_it_was_typed,
    a_locked_person_cannot_sign_in_and_is_not_told_why,
    what_happened_is_in_the_audit,
}

async fn a_new_account_is_signed_in_at_once(app: &TestApp) {
    let ada = Shopper::named(app, "Ada Lovelace").await;
    let dashboard = ada.get("/dashboard").await.expect(200);
    assert!(dashboard.heading().contains("Ada"), "{}", dashboard.heading());
    let account = ada.get("/account").await.expect(200);
    assert!(account.words().contains(&ada.email), "{}", account.words());
    assert_eq!(account.value("name"), "Ada Lovelace");
}

async fn an_account_needs_a_name_an_address_and_a_password_of_some_strength(app: &TestApp) {
    let visitor = Visitor::new(app);
    let good = [("name", "Ada"), ("email", "ada@example.com"), ("password", PASSWORD)];
    let long_name = "n".repeat(500);
    let long_password = "Zq4 ".repeat(200);
    let cases = [
        ("name", ""),
        ("name", long_name.as_str()),
        ("name", "A\u{0}da"),
        ("name", "A\u{7}da"),
        ("email", ""),
        ("email", "ada"),
        ("email", "ada@"),
        ("email", "a da@example.com"),
        ("email", "ada@exa\u{0}mple.com"),
        ("password", ""),
        ("password", "short"),
        ("password", "password1234"),
        ("password", "aaaaaaaaaaaaaaaa"),
        ("password", "ada@example.com"),
        ("password", long_password.as_str()),
    ];
    for (field, bad) in cases {
        let fields = good.map(|(name, value)| (name, if name == field { bad } else { value }));
        let page = visitor.submit("/register", &fields).await.expect(422);
        assert!(page.title().starts_with("Error: "), "{}", page.title());
        assert!(!page.wrong(field).is_empty(), "{field}={bad:?}: {}", page.words());
        assert!(!page.body.contains(PASSWORD), "a password is never sent back");
        if field != "email" {
            assert_eq!(page.value("email"), "ada@example.com", "what was typed is kept");
        }
        for other in ["name", "email", "password"].into_iter().filter(|other| *other != field) {
            assert_eq!(page.wrong(other), "", "{field}={bad:?} is not the fault of {other}");
        }
    }
    let people: i64 = users::table.count().get_result(&mut app.storage.second_connection()).expect("people can be counted");
    assert_eq!(people, 0);
}

async fn a_known_address_is_told_to_sign_in(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let fields = [("name", "Eve"), ("email", ada.email.as_str()), ("password", PASSWORD)];
    let page = Visitor::new(app).submit("/register", &fields).await.expect(422);
    assert!(page.wrong("email").contains("already"), "{}", page.wrong("email"));
    assert!(ada.is_signed_in().await);
    assert!(page.has("a[href='/forgot-password']"), "and a way on: {}", page.words());
}

async fn a_closed_shop_takes_no_accounts(app: &TestApp) {
    let visitor = Visitor::new(app);
    let page = visitor.get("/register").await;
    assert!(page.actions().iter().all(|action| action != "/register"), "there is nothing to fill in: {}", page.words());
    let login = visitor.get("/login").await.expect(200);
    let csrf = login.value("csrf");
    let fields = [("csrf", csrf.as_str()), ("name", "Eve"), ("email", "eve@example.com"), ("password", PASSWORD)];
    let refused = visitor.post("/register", &fields).await;
    assert!((400..500).contains(&refused.status), "{}", refused.status);
    let people: i64 = users::table.count().get_result(&mut app.storage.second_connection()).expect("people can be counted");
    assert_eq!(people, 0);
}

async fn every_wrong_sign_in_reads_the_same(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let mut texts = Vec::new();
    let long = "x".repeat(600);
    for (email, password) in [
        (ada.email.as_str(), "wrong-wagon-lantern-42"),
        ("nobody@example.com", PASSWORD),
        ("no address at all", PASSWORD),
        (ada.email.as_str(), long.as_str()),
        (ada.email.as_str(), &PASSWORD.to_uppercase()),
        (ada.email.as_str(), &format!("{PASSWORD} ")),
    ] {
        let page = sign_in(&Visitor::new(app), email, password).await.expect(401);
        assert_eq!(page.value("email"), email, "the address is kept");
        assert!(!page.body.contains(password), "the password is not");
        texts.push(page.texts("main .summary li, main .flash p").join(" "));
    }
    sign_in(&Visitor::new(app), &ada.email, &format!("{PASSWORD}\u{0}")).await.expect(422);
    assert!(!texts[0].is_empty());
    texts.dedup();
    assert_eq!(texts.len(), 1, "{texts:?}");
}

async fn an_empty_field_is_named(app: &TestApp) {
    let visitor = Visitor::new(app);
    let page = sign_in(&visitor, "", PASSWORD).await.expect(422);
    assert!(!page.wrong("email").is_empty(), "{}", page.words());
    let page = sign_in(&visitor, "ada@example.com", "").await.expect(422);
    assert!(!page.wrong("password").is_empty(), "{}", page.words());
    assert_eq!(page.value("email"), "ada@example.com");
}

async fn signing_in_leads_to_where_they_were_going(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let visitor = Visitor::new(app);
    let sent = visitor.get("/orders?page=2").await.expect_to("/login?next=/orders%3Fpage%3D2");
    let page = visitor.follow(sent).await;
    assert_eq!(page.value("next"), "/orders?page=2");
    let wrong = visitor.press(&page, "/login", &[("email", &ada.email), ("password", "wrong-wagon-lantern")]).await.expect(401);
    assert_eq!(wrong.value("next"), "/orders?page=2", "a wrong password does not lose the way");
    let right = visitor.press(&wrong, "/login", &[("email", &ada.email), ("password", PASSWORD)]).await;
    right.expect_to("/orders?page=2");
}

async fn a_signed_in_person_is_not_asked_again(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    ada.get("/login").await.expect_to("/dashboard");
    ada.get("/register").await.expect_to("/dashboard");
}

async fn an_address_is_the_same_however_it_is_written(app: &TestApp) {
    let visitor = Visitor::new(app);
    let fields = [("name", "Ada"), ("email", "Ada.L@BÜCHER.example"), ("password", PASSWORD)];
    visitor.submit("/register", &fields).await.expect_to("/dashboard");
    for email in ["ada.l@bücher.example", "ADA.L@xn--bcher-kva.EXAMPLE"] {
        sign_in(&Visitor::new(app), email, PASSWORD).await.expect_to("/dashboard");
        let again = [("name", "Ada"), ("email", email), ("password", PASSWORD)];
        Visitor::new(app).submit("/register", &again).await.expect(422);
    }
}

async fn a_person_changes_their_name(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let page = ada.submit("/account", &[("name", "")]).await.expect(422);
    assert!(!page.wrong("name").is_empty());
    let page = ada.submit("/account", &[("name", "Ada <King> & Söhne 🏠")]).await;
    let page = ada.follow(page.expect_to("/account")).await.expect(200);
    assert_eq!(page.value("name"), "Ada <King> & Söhne 🏠", "escaped on the way out, not lost");
    assert!(!page.messages().is_empty(), "it says that it was done");
    assert!(ada.get("/account").await.messages().is_empty(), "once");
    assert!(ada.get("/dashboard").await.heading().contains("Ada"));
}

async fn a_password_is_changed_by_who_knows_the_old_one(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let elsewhere = ada.elsewhere(app).await;
    let new = "another-wagon-lantern-43";
    let page = ada.submit("/account/password", &[("current_password", "wrong-wagon"), ("new_password", new)]).await.expect(422);
    assert!(!page.wrong("current_password").is_empty(), "{}", page.words());
    let page = ada.submit("/account/password", &[("current_password", PASSWORD), ("new_password", "short")]).await.expect(422);
    assert!(!page.wrong("new_password").is_empty(), "{}", page.words());
    assert!(elsewhere.is_signed_in().await, "a refused change ends nothing");

    let page = ada.submit("/account/password", &[("current_password", PASSWORD), ("new_password", new)]).await;
    ada.follow(page.expect_to("/account")).await.expect(200);
    assert!(ada.is_signed_in().await, "here it goes on");
    assert!(!elsewhere.is_signed_in().await, "elsewhere it has ended");
    sign_in(&Visitor::new(app), &ada.email, PASSWORD).await.expect(401);
    sign_in(&Visitor::new(app), &ada.email, new).await.expect_to("/dashboard");
}

async fn a_password_is_kept_as_it_was_typed(app: &TestApp) {
    let visitor = Visitor::new(app);
    let typed = " pässwörd mit Räumen ✓ 한글 "; // the accent is one character here and two below
    let fields = [("name", "Ada"), ("email", "ada@example.com"), ("password", typed)];
    visitor.submit("/register", &fields).await.expect_to("/dashboard");
    sign_in(&Visitor::new(app), "ada@example.com", typed.trim()).await.expect(401);
    let other_keyboard = typed.replace('ä', "a\u{308}").replace('ö', "o\u{308}");
    sign_in(&Visitor::new(app), "ada@example.com", &other_keyboard).await.expect_to("/dashboard");
}

async fn a_locked_person_cannot_sign_in_and_is_not_told_why(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let (email, now) = (ada.email.clone(), app.clock.now());
    let lock = move |conn: &mut latchkey::db::Conn| {
        Ok(diesel::update(users::table.filter(users::email.eq(email))).set(users::locked_at.eq(now)).execute(conn)?)
    };
    assert_eq!(app.db().write(lock).await.expect("they can be locked"), 1);
    let locked = sign_in(&Visitor::new(app), &ada.email, PASSWORD).await.expect(401);
    let unknown = sign_in(&Visitor::new(app), "nobody@example.com", PASSWORD).await.expect(401);
    let said = |page: &crate::support::page::Page| page.texts("main .summary li, main .flash p");
    assert_eq!(said(&locked), said(&unknown));
    app.pass(Duration::from_mins(11));
    assert!(!ada.is_signed_in().await, "nor does a session go on past its access token");
}

async fn what_happened_is_in_the_audit(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    sign_in(&Visitor::new(app), &ada.email, "wrong-wagon-lantern-42").await.expect(401);
    sign_in(&Visitor::new(app), "nobody@example.com", PASSWORD).await.expect(401);
    ada.elsewhere(app).await.signs_out().await.expect_to("/");
    let mut conn = app.storage.second_connection();
    let kinds: Vec<(String, bool, String)> = audit_events::table
        .select((audit_events::kind, audit_events::user_id.is_not_null(), audit_events::detail))
        .order(audit_events::id)
        .load(&mut conn)
        .expect("the audit can be read");
    let known = |kind: &str| kinds.iter().filter(|(found, known, _)| found == kind && *known).count();
    assert_eq!(known("registered"), 1, "{kinds:?}");
    assert_eq!(known("sign_in_failed"), 1, "{kinds:?}");
    assert_eq!(kinds.iter().filter(|(kind, ..)| kind == "sign_in_failed").count(), 2, "{kinds:?}");
    assert!(known("sign_in") >= 1 && known("sign_out") == 1, "{kinds:?}");
    assert!(kinds.iter().all(|(.., detail)| !detail.contains('@')), "no address stands in the audit: {kinds:?}");
}
