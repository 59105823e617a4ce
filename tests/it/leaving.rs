//! Taking home what is kept of oneself, and leaving.
//!
//! Invariant: whoever leaves is gone everywhere at once and nothing is half done, whatever else they do at that moment; stock and sums
//! stay true.

use crate::on_both;
use crate::payments;
use crate::support::app::TestApp;
use crate::support::page::Page;
use crate::support::people::{ADDRESS, Admin, PASSWORD, Shopper, sign_in};
use crate::support::visitor::Visitor;
use crate::tokens::{makes, program};
use diesel::prelude::*;
use futures_util::future::join_all;
use latchkey::db::schema::{audit_events, carts, orders, outbox, products, sessions, stock_movements, users};
use std::time::Duration;

const DELETE: &str = "/account/delete";

on_both! {
    the_file_holds_what_is_kept_and_no_secret,
    who_leaves_is_gone_and_the_shop_still_adds_up,
    orders_go_too_where_the_shop_wants_it with { "LATCHKEY_DELETE_KEEPS_ORDERS" = "off" },
    what_is_owed_to_who_left_stays_on_the_books with { "LATCHKEY_DELETE_KEEPS_ORDERS" = "off" },
    what_is_packed_waits_until_it_is_sent,
    leaving_asks_for_a_proof_and_goes_on_after_it,
    of_two_who_run_the_shop_one_stays,
    a_deletion_and_orders_at_once_leave_nothing_half_done,
    a_deletion_and_sign_ins_at_once_leave_nobody_in,
}

async fn leaves(person: &Visitor) -> Page {
    let page = person.get(DELETE).await.expect(200);
    person.press(&page, DELETE, &[]).await
}

/// Stock, and the sum of its movements, of the one product.
fn stock(app: &TestApp) -> (i64, i64) {
    let mut conn = app.storage.second_connection();
    let there = products::table.select(products::stock).first(&mut conn).expect("a product");
    let moved: Vec<i64> = stock_movements::table.select(stock_movements::pieces).load(&mut conn).expect("movements");
    (there, moved.iter().sum())
}

async fn the_file_holds_what_is_kept_and_no_secret(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let bowl = app.stocks("Oak Bowl", 2_400, 70).await;
    for _ in 0..53 {
        ada.adds(&bowl.slug, 1).await.expect_to("/cart");
        ada.orders().await.expect(303);
    }
    ada.adds(&bowl.slug, 3).await.expect_to("/cart");
    let token = makes(&ada, "read", "7").await;
    let page = ada.get("/account").await.expect(200);
    let file = ada.press(&page, "/account/export", &[]).await.expect(200);
    assert_eq!(file.header("content-type"), "application/json");
    assert!(file.header("content-disposition").starts_with("attachment") && file.header("cache-control").contains("no-store"));
    let kept = file.json();
    assert_eq!((&kept["account"]["email"], &kept["account"]["name"]), (&ada.email.as_str().into(), &ada.name.as_str().into()));
    let numbers: std::collections::BTreeSet<_> =
        kept["orders"].as_array().expect("orders").iter().map(|order| order["number"].to_string()).collect();
    assert_eq!(numbers.len(), 53, "each once, over more than one piece");
    assert_eq!(kept["orders"][0]["address"]["address1"], "12 St James's Square");
    assert_eq!(kept["cart"]["items"][0]["quantity"], 3);
    assert_eq!(kept["api_tokens"][0]["name"], "My stock sheet");
    assert_eq!(kept["sessions"].as_array().map(Vec::len), Some(1));
    let events: Vec<&str> = kept["events"].as_array().expect("events").iter().filter_map(|row| row["event"].as_str()).collect();
    assert_eq!(events[0], "account_exported");
    assert!(events.contains(&"registered") && events.contains(&"order_placed"), "{events:?}");
    for secret in [&token[3..30], &ada.jar.borrow().value("__Host-rt"), "lk1$"] {
        assert!(!file.body.contains(secret));
    }
    // Somebody new has an empty file that is a file all the same.
    let eve = Shopper::registered(app).await;
    let page = eve.get("/account").await.expect(200);
    let kept = eve.press(&page, "/account/export", &[]).await.expect(200).json();
    assert_eq!(kept["orders"], serde_json::json!([]));
    // An hour later it takes a proof, and then goes on.
    app.pass(Duration::from_mins(6));
    eve.press(&page, "/account/export", &[]).await.expect_to("/confirm-identity?next=/parked");
    let form = eve.get("/confirm-identity?next=/parked").await.expect(200);
    eve.press(&form, "/confirm-identity", &[("password", PASSWORD)]).await.expect_to("/parked");
    let asked = eve.get("/parked").await.expect(200);
    assert_eq!(eve.press(&asked, "/parked", &[]).await.expect(200).json()["account"]["email"], eve.email);
    // It is done then, and nothing offers the file once more, though the browser is still at the page with its button.
    assert!(eve.press(&asked, "/parked", &[]).await.expect(404).words().contains("sent already"));
    assert!(!eve.get("/parked").await.expect(200).words().contains("Download"));
    let account = eve.get("/account").await.expect(200).words();
    assert!(!account.contains("still kept"), "{account}");
}

async fn who_leaves_is_gone_and_the_shop_still_adds_up(app: &TestApp) {
    let (ada, grace) = (Shopper::registered(app).await, Admin::registered(app).await);
    let (other, second) = (ada.elsewhere(app).await, app.second_node().await);
    other.is_sent_to(second.address);
    let bowl = app.stocks("Oak Bowl", 2_400, 10).await;
    ada.adds(&bowl.slug, 4).await.expect_to("/cart");
    let number = ada.orders().await.expect(303).location().trim_start_matches("/orders/").to_owned();
    ada.adds(&bowl.slug, 2).await.expect_to("/cart");
    let sheet = program(app, &makes(&ada, "read", "7").await);
    assert_eq!(stock(app), (6, 6));
    let told = ada.get(DELETE).await.expect(200);
    assert!(told.words().contains("not packed yet: it is cancelled"), "{}", told.words());
    assert!(told.words().contains("What stays Your order, as what was bought"), "{}", told.words());
    let left = leaves(&ada).await.expect_to("/");
    for name in ["__Host-at", "__Host-rt", "__Host-hint", "__Host-dev"] {
        assert!(left.cookies_set().iter().any(|cookie| cookie.starts_with(&format!("{name}=;"))), "{name}");
    }
    assert!(ada.get("/").await.expect(200).messages().concat().contains("Your account is deleted"));
    assert!(!ada.is_signed_in().await);
    sheet.get("/api/profile").await.expect(401);
    sign_in(&Visitor::new(app), &ada.email, PASSWORD).await.expect(401);
    for _ in 0..40 {
        if !other.is_signed_in().await {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(!other.is_signed_in().await, "the other node heard of it");
    assert_eq!(stock(app), (10, 10));
    let mut conn = app.storage.second_connection();
    let of_order = (orders::status, orders::name, orders::address1, orders::phone, orders::note, orders::total);
    let row: (String, String, String, String, String, i64) = orders::table.select(of_order).first(&mut conn).expect("it stays");
    assert_eq!((&*row.0, &*row.1, &*row.2, &*row.3, &*row.4), ("cancelled", "", "", "", ""));
    assert!(row.5 > 9_000, "for how much stays");
    let person: (String, String, String) = users::table
        .filter(users::deleted_at.is_not_null())
        .select((users::email, users::name, users::password_hash))
        .first(&mut conn)
        .expect("a row");
    assert!(!person.0.contains('@') && person.1.is_empty() && person.2.is_empty());
    let agents: i64 = sessions::table
        .filter(sessions::ended_at.is_null())
        .inner_join(users::table)
        .filter(users::deleted_at.is_not_null())
        .count()
        .get_result(&mut conn)
        .expect("a count");
    assert_eq!((agents, carts::table.count().get_result::<i64>(&mut conn)), (0, Ok(0)));
    let told = app.letter(&ada.email, "is cancelled", 0).await;
    assert!(told.contains("because your account was deleted"), "{told}");
    let letters = outbox::table.filter(outbox::kind.eq("account_deleted")).count();
    assert_eq!(letters.get_result::<i64>(&mut conn), Ok(1));
    let kept: Vec<String> = audit_events::table
        .filter(audit_events::user_id.is_not_null())
        .select(audit_events::kind)
        .load(&mut conn)
        .expect("an audit");
    assert!(kept.contains(&"account_deleted".to_owned()) && kept.contains(&"registered".to_owned()));
    // Those who run the shop see what was bought, and nobody.
    let page = grace.get(&format!("/admin/orders/{number}")).await.expect(200);
    assert!(
        page.words().contains("deleted their account") && !page.body.contains("deleted-") && !page.body.contains(&ada.email),
        "{}",
        page.words()
    );
    for list in ["/admin/orders", "/admin/audit", "/admin/people"] {
        let page = grace.get(list).await.expect(200);
        assert!(!page.body.contains("Ada Lovelace") && !page.body.contains("deleted-"), "{list}");
    }
    grace.get(&format!("/admin/people?email={}", ada.email)).await.expect(200);
    // The address is free.
    let fields = [("name", "Ada again"), ("email", &*ada.email), ("password", PASSWORD)];
    Visitor::new(app).submit("/register", &fields).await.expect_to("/dashboard");
}

async fn orders_go_too_where_the_shop_wants_it(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let bowl = app.stocks("Oak Bowl", 2_400, 10).await;
    for _ in 0..2 {
        ada.adds(&bowl.slug, 3).await.expect_to("/cart");
        ada.orders().await.expect(303);
    }
    let sent = diesel::update(orders::table.filter(orders::id.eq(1))).set(orders::status.eq("delivered"));
    app.db().write(move |conn| Ok(sent.execute(conn)?)).await.expect("it is sent");
    assert!(ada.get(DELETE).await.expect(200).words().contains("Your orders"));
    leaves(&ada).await.expect_to("/");
    assert_eq!(orders::table.count().get_result::<i64>(&mut app.storage.second_connection()), Ok(0));
    assert_eq!(stock(app), (7, 7), "what was delivered does not come back, what was not sent does");
}

async fn what_is_owed_to_who_left_stays_on_the_books(app: &TestApp) {
    let (ada, grace) = (Shopper::registered(app).await, Admin::registered(app).await);
    let (paid, unpaid) = (payments::place(app, &ada, 2).await, payments::place(app, &ada, 1).await);
    let order = format!("/admin/orders/{paid}");
    let page = grace.get(&order).await.expect(200);
    grace.press(&page, &format!("{order}/move"), &[("to", "paid")]).await.expect(303);
    leaves(&ada).await.expect_to("/");
    let left: Vec<(String, String)> =
        orders::table.select((orders::number, orders::name)).load(&mut app.storage.second_connection()).expect("orders");
    assert_eq!(left, [(paid.clone(), String::new())], "{unpaid} is gone");
    assert_eq!(app.payments_of(&paid), ["refund_due"]);
    assert!(grace.get("/admin/payments").await.expect(200).words().contains(&paid));
}

async fn what_is_packed_waits_until_it_is_sent(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let bowl = app.stocks("Oak Bowl", 2_400, 10).await;
    let becomes = async |status: &'static str| {
        let moved = diesel::update(orders::table.filter(orders::id.eq(2))).set(orders::status.eq(status));
        app.db().write(move |conn| Ok(moved.execute(conn)?)).await.expect("a status")
    };
    for _ in 0..2 {
        ada.adds(&bowl.slug, 3).await.expect_to("/cart");
        ada.orders().await.expect(303);
    }
    let page = ada.get(DELETE).await.expect(200);
    becomes("packed").await;
    let told = ada.press(&page, DELETE, &[]).await.expect(409);
    assert!(told.words().contains("is packed"), "{}", told.words());
    assert!(ada.is_signed_in().await);
    assert_eq!(stock(app), (4, 4), "nothing was cancelled either");
    assert!(!ada.get(DELETE).await.expect(200).actions().contains(&DELETE.to_owned()));
    becomes("shipped").await;
    leaves(&ada).await.expect_to("/");
    assert_eq!(stock(app), (7, 7));
}

async fn leaving_asks_for_a_proof_and_goes_on_after_it(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let page = ada.get(DELETE).await.expect(200);
    app.pass(Duration::from_mins(6));
    ada.press(&page, DELETE, &[]).await.expect_to("/confirm-identity?next=/parked");
    assert!(ada.is_signed_in().await);
    let form = ada.get("/confirm-identity?next=/parked").await.expect(200);
    ada.press(&form, "/confirm-identity", &[("password", PASSWORD)]).await.expect_to("/parked");
    let asked = ada.get("/parked").await.expect(200);
    assert!(asked.words().contains("delete your account, for good"), "{}", asked.words());
    ada.press(&asked, "/parked", &[]).await.expect_to("/");
    assert!(!ada.is_signed_in().await);
    sign_in(&Visitor::new(app), &ada.email, PASSWORD).await.expect(401);
}

async fn of_two_who_run_the_shop_one_stays(app: &TestApp) {
    for _ in 0..4 {
        let (grace, mary) = (Admin::registered(app).await, Admin::registered(app).await);
        let pages = [grace.get(DELETE).await.expect(200), mary.get(DELETE).await.expect(200)];
        let (one, other) = tokio::join!(grace.press(&pages[0], DELETE, &[]), mary.press(&pages[1], DELETE, &[]));
        let mut answers = [one.status, other.status];
        answers.sort_unstable();
        assert_eq!(answers, [303, 409]);
        let left = if one.status == 409 { &grace } else { &mary };
        let told = left.get(DELETE).await.expect(200);
        assert!(told.words().contains("Nobody else runs this shop") && !told.actions().contains(&DELETE.to_owned()));
        // Out of the way of the next two.
        let all = diesel::update(users::table.filter(users::role.eq("admin"))).set(users::role.eq("shopper"));
        app.db().write(move |conn| Ok(all.execute(conn)?)).await.expect("a role");
    }
}

async fn a_deletion_and_orders_at_once_leave_nothing_half_done(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 500).await;
    for _ in 0..6 {
        let ada = Shopper::registered(app).await;
        ada.adds(&bowl.slug, 2).await.expect_to("/cart");
        let (form, page) = (ada.get("/checkout").await.expect(200), ada.get(DELETE).await.expect(200));
        let tabs: Vec<Visitor> = (0..6).map(|_| ada.copy()).collect();
        let orders = join_all(tabs.iter().map(|tab| tab.press(&form, "/checkout", &ADDRESS)));
        let (_, left) = tokio::join!(orders, ada.press(&page, DELETE, &[]));
        if left.status != 303 {
            assert_eq!(left.status, 503, "{}", left.words());
            leaves(&ada).await.expect_to("/");
        }
    }
    let mut conn = app.storage.second_connection();
    let open = orders::table.filter(orders::status.ne("cancelled").or(orders::name.ne(""))).count();
    assert_eq!(open.get_result::<i64>(&mut conn), Ok(0), "no order of anybody who left still waits");
    assert_eq!(carts::table.count().get_result::<i64>(&mut conn), Ok(0));
    assert_eq!(stock(app), (500, 500));
}

async fn a_deletion_and_sign_ins_at_once_leave_nobody_in(app: &TestApp) {
    for _ in 0..3 {
        let ada = Shopper::registered(app).await;
        let page = ada.get(DELETE).await.expect(200);
        let browsers: Vec<Visitor> = (0..4).map(|_| Visitor::new(app)).collect();
        let signing = join_all(browsers.iter().map(|browser| sign_in(browser, &ada.email, PASSWORD)));
        let (answers, left) = tokio::join!(signing, async {
            tokio::time::sleep(Duration::from_millis(30)).await;
            ada.press(&page, DELETE, &[]).await
        });
        left.expect_to("/");
        assert!(answers.iter().all(|page| [303, 401].contains(&page.status)));
        for browser in &browsers {
            assert!(!browser.is_signed_in().await);
        }
    }
    let alive = sessions::table.filter(sessions::ended_at.is_null()).count();
    assert_eq!(alive.get_result::<i64>(&mut app.storage.second_connection()), Ok(0));
}
