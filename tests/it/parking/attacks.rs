//! Parked forms as thieves, strangers and a changed table would have them.
//!
//! Invariant: a form is opened in its own browser, by its own person, as it was sent; from another site nothing is even kept.

use super::{comes_back, is_signed_out_elsewhere, kept, looks};
use crate::on_both;
use crate::support::app::TestApp;
use crate::support::people::{PASSWORD, Shopper, sign_in};
use crate::support::visitor::Visitor;
use diesel::prelude::*;
use futures_util::future::join_all;
use latchkey::auth::parking::{self, NewForm, Ticket};
use latchkey::auth::secrets::Secrets;
use latchkey::auth::user;
use latchkey::db::schema::{parked_forms, users};

on_both! {
    a_stolen_ticket_opens_nothing_for_another_account,
    a_locked_person_cannot_come_back_for_it_and_nobody_else_can,
    a_row_that_somebody_changed_is_worth_nothing,
    the_table_tells_nobody_what_was_typed,
    a_confirmation_without_a_fresh_value_does_nothing,
    another_site_gets_nothing_kept_or_confirmed,
    a_path_that_no_page_of_ours_has_is_not_kept,
    a_form_over_its_limit_is_refused_and_not_kept,
    only_so_many_forms_are_kept_however_many_come_at_once,
    who_finds_no_room_is_told,
}

/// Ada's form, sent after her session ended; her browser has the ticket.
async fn parked(app: &TestApp) -> Shopper {
    let ada = Shopper::registered(app).await;
    let account = ada.get("/account").await;
    is_signed_out_elsewhere(&ada).await;
    ada.press(&account, "/account", &[("name", "Ada King")]).await.expect_to("/login?next=/parked");
    ada
}

async fn a_stolen_ticket_opens_nothing_for_another_account(app: &TestApp) {
    let ada = parked(app).await;
    let eve = Shopper::named(app, "Eve").await;
    let ticket = ada.jar.borrow().value("__Host-park");
    eve.jar.borrow_mut().put("__Host-park", &ticket);
    let page = eve.get("/parked").await.expect(200);
    assert!(page.words().contains("Nobody but its owner can open it") && !page.words().contains("King"), "{}", page.words());
    let row: String =
        parked_forms::table.select(parked_forms::public_id).first(&mut app.storage.second_connection()).expect("it is kept");
    let csrf = eve.get("/account").await.value("csrf");
    for fields in [vec![("csrf", csrf.as_str())], vec![("csrf", &csrf), ("form", &row)]] {
        eve.post("/parked", &fields).await.expect(404);
    }
    eve.post("/parked", &[("csrf", csrf.as_str()), ("form", &row), ("discard", "1")]).await.expect(303);
    assert_eq!((eve.get("/account").await.value("name"), kept(app)), ("Eve".to_owned(), 1));
    let page = looks(&ada).await;
    ada.press(&page, "/parked", &[]).await.expect_to("/account");
    assert_eq!(ada.get("/account").await.value("name"), "Ada King", "its owner still has it");
}

async fn a_locked_person_cannot_come_back_for_it_and_nobody_else_can(app: &TestApp) {
    let ada = parked(app).await;
    let email = ada.email.parse().expect("an address");
    let now = app.clock.now();
    app.db().write(move |conn| user::set_locked(conn, &email, Some(now))).await.expect("she can be locked out");
    comes_back(&ada).await.expect(401);
    let eve = Shopper::registered(app).await;
    sign_in(&ada, &eve.email, PASSWORD).await.expect(303);
    let page = ada.get("/parked").await.expect(200);
    assert!(!page.has("form[action='/parked']") && !page.words().contains("King"), "{}", page.words());
}

async fn a_row_that_somebody_changed_is_worth_nothing(app: &TestApp) {
    let ada = parked(app).await;
    let eve = Shopper::named(app, "Eve").await;
    let mut conn = app.storage.second_connection();
    let sealed: String = parked_forms::table.select(parked_forms::sealed).first(&mut conn).expect("it is kept");
    let eves = Ticket::random();
    eve.jar.borrow_mut().put("__Host-park", eves.expose());
    let key: i64 = users::table.filter(users::email.eq(&eve.email)).select(users::id).first(&mut conn).expect("she is there");
    let owner = (parked_forms::user_id.eq(key), parked_forms::epoch.eq(0_i64));
    let nobody = (parked_forms::user_id.eq(None::<i64>), parked_forms::epoch.eq(None::<i64>));
    // Given to her browser, to her, to whoever comes.
    diesel::update(parked_forms::table).set(parked_forms::browser.eq(eves.hash())).execute(&mut conn).expect("a change");
    assert!(!eve.get("/parked").await.has("form[action='/parked']"));
    eve.jar.borrow_mut().put("__Host-park", eves.expose());
    diesel::update(parked_forms::table).set(owner).execute(&mut conn).expect("a change");
    assert!(!eve.get("/parked").await.has("form[action='/parked']"));
    eve.jar.borrow_mut().put("__Host-park", eves.expose());
    diesel::update(parked_forms::table).set(nobody).execute(&mut conn).expect("a change");
    assert!(!eve.get("/parked").await.has("form[action='/parked']"));
    eve.jar.borrow_mut().put("__Host-park", eves.expose());
    let csrf = eve.get("/account").await.value("csrf");
    eve.post("/parked", &[("csrf", csrf)]).await.expect(404);
    assert_eq!(eve.get("/account").await.value("name"), "Eve");
    // In the right browser, but another text.
    let flipped = if sealed.starts_with('A') { "B" } else { "A" }.to_owned() + &sealed[1..];
    let hash = Ticket::parse(&ada.jar.borrow().value("__Host-park")).expect("a ticket").hash();
    let change = (parked_forms::browser.eq(hash), parked_forms::sealed.eq(flipped));
    diesel::update(parked_forms::table).set(change).execute(&mut conn).expect("a change");
    comes_back(&ada).await.expect_to("/parked");
    assert_eq!(ada.get("/parked").await.expect(200).heading(), "Nothing is kept");
}

async fn the_table_tells_nobody_what_was_typed(app: &TestApp) {
    let ada = parked(app).await;
    let ticket = ada.jar.borrow().value("__Host-park");
    let (browser, sealed): (String, String) = parked_forms::table
        .select((parked_forms::browser, parked_forms::sealed))
        .first(&mut app.storage.second_connection())
        .expect("it is kept");
    for secret in ["King", "account", ticket.as_str()] {
        assert!(!sealed.contains(secret) && !browser.contains(secret), "{secret}");
    }
}

async fn a_confirmation_without_a_fresh_value_does_nothing(app: &TestApp) {
    let ada = parked(app).await;
    let page = looks(&ada).await;
    let id = page.value("form");
    let other = Shopper::registered(app).await.get("/account").await.value("csrf");
    for csrf in ["", "x", &other] {
        let stale = ada.post("/parked", &[("form", id.as_str()), ("csrf", csrf)]).await.expect(403);
        assert_eq!(stale.texts(".parked h2"), ["Change your name to Ada King"], "the page again, with a fresh value");
    }
    ada.post("/parked", &[("form", id.as_str())]).await.expect(403);
    let csrf = page.value("csrf");
    for (field, value) in [("admin", "1"), ("form", "again"), ("discard", "perhaps")] {
        ada.post("/parked", &[("form", id.as_str()), ("csrf", &csrf), (field, value)]).await.expect(422);
    }
    ada.post("/parked", &[("form", "AAAAAAAAAAAAAAAAAAAAAA"), ("csrf", &csrf)]).await.expect(404);
    assert_eq!((ada.get("/account").await.value("name"), kept(app)), ("Ada Lovelace".to_owned(), 1));
}

async fn another_site_gets_nothing_kept_or_confirmed(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 5).await;
    let ada = parked(app).await;
    let page = looks(&ada).await;
    let foreign = |browser: &Visitor, path: &str, site: &str, body: String| {
        let request = browser.request(reqwest::Method::POST, path).header("sec-fetch-site", site.to_owned());
        request.header("content-type", "application/x-www-form-urlencoded").header("origin", "https://evil.example").body(body)
    };
    for site in ["cross-site", "same-site", "none"] {
        let body = format!("csrf={}&form={}", page.value("csrf"), page.value("form"));
        ada.send("/parked", foreign(&ada, "/parked", site, body)).await.expect(403);
        let visitor = Visitor::new(app);
        let body = format!("product_id={}", bowl.id);
        let refused = visitor.send("/cart/items", foreign(&visitor, "/cart/items", site, body)).await.expect(403);
        assert!(!visitor.jar.borrow().has("__Host-park"), "{:?}", refused.cookies_set());
    }
    let visitor = Visitor::new(app);
    let json = visitor.request(reqwest::Method::POST, "/cart/items").header("origin", visitor.origin()).json(&bowl.slug);
    visitor.send("/cart/items", json).await.expect(415);
    assert_eq!((kept(app), ada.get("/account").await.value("name")), (1, "Ada Lovelace".to_owned()));
}

async fn a_path_that_no_page_of_ours_has_is_not_kept(app: &TestApp) {
    let visitor = Visitor::new(app);
    for path in ["/cart/items/%2F%2Fevil.example", "/cart/items/a%20b/remove", "/orders/%0d%0aX/cancel", "/cart/items/é"] {
        let page = visitor.post(path, &[("quantity", "1")]).await;
        assert!(page.status == 404 && page.location().is_empty(), "{path}: {} {}", page.status, page.location());
    }
    assert_eq!(kept(app), 0);
    // A query is no part of what is kept, and a ticket that is none is replaced.
    visitor.jar.borrow_mut().put("__Host-park", "../../etc");
    visitor.post("/cart/items?next=//evil.example", &[("product_id", "x")]).await.expect_to("/login?next=/parked");
    assert_eq!(visitor.jar.borrow().value("__Host-park").len(), 22);
}

async fn a_form_over_its_limit_is_refused_and_not_kept(app: &TestApp) {
    let visitor = Visitor::new(app);
    visitor.post("/account", &[("name", "x".repeat(16 * 1024))]).await.expect(413);
    let many: Vec<(String, &str)> = (0..80).map(|at| (format!("f{at}"), "1")).collect();
    visitor.post("/account", &many).await.expect(400);
    assert_eq!(kept(app), 0);
    visitor.post("/account", &[("name", "x".repeat(16_200))]).await.expect_to("/login?next=/parked");
    assert_eq!(kept(app), 1);
}

async fn only_so_many_forms_are_kept_however_many_come_at_once(app: &TestApp) {
    let secrets = Secrets::new(&"q8Vn2LxT0sRb5YwZ7mKc3JdH9fGpA1eU".parse().expect("a secret"), &[]);
    let now = app.clock.now();
    let park = async |ticket: Ticket, text: String| {
        let (secrets, form) = (secrets.clone(), NewForm { content: text.into_bytes(), holder: None, at_sign_in: false });
        app.db().write(move |conn| parking::park(conn, &secrets, now, &ticket, &form, 5)).await.expect("the database is there")
    };
    let one = Ticket::random();
    join_all((0..9).map(|at| park(one.clone(), at.to_string()))).await;
    assert_eq!(kept(app), 3, "of one browser");
    let kept_at_once = join_all((0..9).map(|at| park(Ticket::random(), at.to_string()))).await;
    assert_eq!((kept(app), kept_at_once.into_iter().filter(|kept| *kept).count()), (5, 2), "of all");
    assert!(park(one, "one more".to_owned()).await, "a browser that has some makes room of its own");
}

async fn who_finds_no_room_is_told(app: &TestApp) {
    let fill = "INSERT INTO parked_forms (public_id, browser, at_sign_in, sealed, secret_id, created_at, expires_at) \
        WITH RECURSIVE many(at) AS (SELECT 1000000 UNION ALL SELECT at + 1 FROM many WHERE at < 1009999) \
        SELECT 'AAAAAAAAAAAAAAA' || at, 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', FALSE, 'x', 'x', \
            '2026-01-01 00:00:00', '2126-01-01 00:00:00' FROM many";
    diesel::sql_query(fill).execute(&mut app.storage.second_connection()).expect("ten thousand rows");
    let bowl = app.stocks("Oak Bowl", 2_400, 5).await;
    let visitor = Visitor::new(app);
    let page = visitor.get(&format!("/products/{}", bowl.slug)).await.expect(200);
    let sent = visitor.press(&page, "/cart/items", &[]).await.expect_to("/login?next=/cart");
    assert!(!visitor.jar.borrow().has("__Host-park"));
    let login = visitor.follow(sent).await;
    assert!(login.messages().iter().any(|text| text.contains("could not keep what you sent")), "{}", login.words());
}
