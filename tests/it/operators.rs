//! Those who run the shop: the overview, everybody's orders, and moving one on.
//!
//! Invariant: of two operators who act on one thing the second is told, and nothing is overwritten. Who may come in is `access.rs`'s.

use crate::on_both;
use crate::support::app::TestApp;
use crate::support::page::Page;
use crate::support::people::{Admin, Shopper, sign_in};
use crate::support::visitor::Visitor;
use diesel::prelude::*;
use futures_util::future::join_all;
use latchkey::db::schema::{order_events, orders, outbox};
use std::time::Duration;

on_both! {
    the_overview_counts_the_last_thirty_days,
    everybodys_orders_are_walked_by_key,
    a_number_that_somebody_reads_out_is_found,
    a_shopper_sees_how_far_an_operator_is,
    of_two_operators_the_second_is_told,
    twelve_presses_at_once_are_one_step,
    a_shopper_is_told_when_an_operator_was_faster,
}

const DAY: Duration = Duration::from_hours(24);

async fn place(shopper: &Shopper, slug: &str, quantity: u32) -> String {
    shopper.adds(slug, quantity).await.expect_to("/cart");
    let placed = shopper.orders().await.expect(303);
    placed.location().trim_start_matches("/orders/").split('?').next().unwrap_or_default().to_owned()
}

/// The last row of a plot's table: today.
fn today(page: &Page, plot: usize) -> String {
    page.texts(&format!(".plot:nth-of-type({plot}) tbody tr:last-child td")).remove(0)
}

async fn the_overview_counts_the_last_thirty_days(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 50).await;
    let ada = Shopper::registered(app).await;
    place(&ada, &bowl.slug, 1).await;
    app.pass(40 * DAY);
    let ada = ada.elsewhere(app).await;
    let cancelled = place(&ada, &bowl.slug, 2).await;
    app.pass(2 * DAY);
    let (ada, grace) = (ada.elsewhere(app).await, Admin::registered(app).await);
    sign_in(&Visitor::new(app), &ada.email, "wrong-wagon-lantern-42").await.expect(401);
    let page = ada.get(&format!("/orders/{cancelled}")).await.expect(200);
    ada.press(&page, &format!("/orders/{cancelled}/cancel"), &[]).await.expect(303);
    place(&ada, &bowl.slug, 3).await;
    place(&ada, &bowl.slug, 1).await;
    let page = grace.get("/admin").await.expect(200);
    assert_eq!(
        page.texts(".plot-sum"),
        ["3 in 30 days", "€96.00 in 30 days", "3 in 30 days", "1 in 30 days"],
        "{}",
        page.words()
    );
    assert_eq!((today(&page, 1), today(&page, 2), today(&page, 4)), ("2".to_owned(), "€96.00".to_owned(), "1".to_owned()));
    assert_eq!(page.texts(".plot rect").len(), 4 * 30);
    assert_eq!(page.text(".glance li:first-child strong"), "3", "two of today, one that nobody packed in forty days");
    assert_eq!(page.text(".glance li:last-child strong"), "3", "what idled out is not alive: {}", page.words());
}

async fn everybodys_orders_are_walked_by_key(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 90).await;
    let (ada, eve, grace) = (Shopper::registered(app).await, Shopper::registered(app).await, Admin::registered(app).await);
    let mut placed = Vec::new();
    for nth in 0..56 {
        placed.push(place(if nth % 2 == 0 { &ada } else { &eve }, &bowl.slug, 1).await);
    }
    let (first, second) = (&placed[0], &placed[1]);
    let pay = orders::table.filter(orders::number.eq_any([first, second]));
    diesel::update(pay).set(orders::status.eq("paid")).execute(&mut app.storage.second_connection()).expect("two are paid");
    let (mut path, mut seen) = ("/admin/orders".to_owned(), Vec::new());
    loop {
        let page = grace.get(&path).await.expect(200);
        let listed = page.attributes(".order-number a", "href");
        assert!(listed.len() <= 25 && !path.contains("page="), "{path}");
        seen.extend(listed.into_iter().map(|href| href.trim_start_matches("/admin/orders/").to_owned()));
        match page.attributes("a[rel='next']", "href").first() {
            Some(next) => next.clone_into(&mut path),
            None => break,
        }
    }
    placed.reverse();
    assert_eq!(seen, placed, "each once, the newest first");
    let paid = grace.get("/admin/orders?status=paid").await.expect(200);
    assert_eq!(paid.attributes(".order-number a", "href").len(), 2);
    for absent in ["/admin/orders?status=lost", "/admin/orders?after=x&page=9"] {
        assert_eq!(grace.get(absent).await.expect(200).attributes(".order-number a", "href").len(), 25, "{absent}");
    }
    grace.get("/admin/orders?after=HG-2222-2222").await.expect(404);
}

async fn a_number_that_somebody_reads_out_is_found(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 5).await;
    let (ada, grace) = (Shopper::registered(app).await, Admin::registered(app).await);
    let number = place(&ada, &bowl.slug, 1).await;
    let spoken = number.to_lowercase().replace('-', "+");
    grace.get(&format!("/admin/orders?q={spoken}")).await.expect_to(&format!("/admin/orders/{number}"));
    for wrong in ["HG-2222-2222", "nonsense", "%3Cb%3E"] {
        let page = grace.get(&format!("/admin/orders?q={wrong}")).await.expect(200);
        assert!(page.text(".empty").contains("There is no order"), "{}", page.words());
        assert!(!page.has(".order"), "no list looks like an answer");
    }
}

async fn a_shopper_sees_how_far_an_operator_is(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 5).await;
    let (ada, grace) = (Shopper::registered(app).await, Admin::registered(app).await);
    let number = place(&ada, &bowl.slug, 2).await;
    let (path, action) = (format!("/admin/orders/{number}"), format!("/admin/orders/{number}/move"));
    for (to, note) in [("paid", ""), ("packed", "Two layers of paper.\nMind the rim."), ("shipped", "")] {
        let page = grace.get(&path).await.expect(200);
        assert!(page.attributes("button[name='to']", "value").contains(&to.to_owned()), "{}", page.words());
        let done = grace.press(&page, &action, &[("to", to), ("note", note)]).await.expect_to(&path);
        assert!(grace.follow(done).await.messages().join(" ").contains(&format!("is {to} now")));
    }
    let page = grace.get(&path).await.expect(200);
    assert_eq!(page.texts(".timeline-by"), ["by Ada Lovelace", "by Grace Hopper", "by Grace Hopper", "by Grace Hopper"]);
    assert_eq!(page.texts(".timeline-note"), ["Two layers of paper. Mind the rim."]);
    assert!(page.words().contains(&ada.email) && page.words().contains("SW1Y 4JH"), "{}", page.words());
    let own = ada.get(&format!("/orders/{number}")).await.expect(200);
    assert_eq!(own.texts(".timeline-word"), ["Placed", "Paid", "Packed", "Shipped"]);
    assert!(!own.body.contains("Two layers") && !own.body.contains("Grace"), "what operators note stays with them");
    for (fields, status) in [(vec![("to", "placed")], 409), (vec![("to", "lost")], 422), (vec![("note", "x")], 422)] {
        let page = grace.get(&path).await.expect(200);
        grace.press(&page, &action, &fields).await.expect(status);
    }
    assert_eq!(app.stock_of(&bowl), 3);
}

async fn of_two_operators_the_second_is_told(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 5).await;
    let (ada, grace, mary) = (Shopper::registered(app).await, Admin::registered(app).await, Admin::registered(app).await);
    let number = place(&ada, &bowl.slug, 2).await;
    let (path, action) = (format!("/admin/orders/{number}"), format!("/admin/orders/{number}/move"));
    let (one, other) = (grace.get(&path).await.expect(200), mary.get(&path).await.expect(200));
    grace.press(&one, &action, &[("to", "cancelled"), ("note", "No oak left.")]).await.expect_to(&path);
    let told = mary.press(&other, &action, &[("to", "packed"), ("note", "Mind the rim.")]).await.expect(409);
    assert!(told.text(".summary").contains("this order is cancelled now"), "{}", told.words());
    assert_eq!(told.texts("textarea[name='note']"), ["Mind the rim."; 0], "a cancelled, unpaid order has no step left");
    assert_eq!(told.texts(".timeline-word"), ["Placed", "Cancelled"]);
    assert_eq!(app.stock_of(&bowl), 5, "the pieces came back once");
    let letters = outbox::table.filter(outbox::kind.eq("order_cancelled")).count();
    let letters: i64 = letters.get_result(&mut app.storage.second_connection()).expect("a count");
    assert_eq!(letters, 1, "the customer is told once");
    // Without the field that says what was seen, the step is tried from where the order stands.
    let csrf = told.attributes("input[name='csrf']", "value").remove(0);
    mary.post(&action, &[("to", "packed"), ("csrf", &csrf)]).await.expect(409);
    mary.post(&action, &[("to", "packed"), ("csrf", "stale")]).await.expect(403);
}

async fn twelve_presses_at_once_are_one_step(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 5).await;
    let (ada, grace) = (Shopper::registered(app).await, Admin::registered(app).await);
    let number = place(&ada, &bowl.slug, 2).await;
    let (path, action) = (format!("/admin/orders/{number}"), format!("/admin/orders/{number}/move"));
    let page = grace.get(&path).await.expect(200);
    let tabs: Vec<Visitor> = (0..12).map(|_| grace.copy()).collect();
    let (seen, action) = (&page, &action);
    let press = |(tab, to): (&Visitor, &'static str)| {
        let tab = tab.copy();
        async move { tab.press(seen, action, &[("to", to)]).await }
    };
    let pressed = join_all(tabs.iter().zip(["paid", "packed", "cancelled"].into_iter().cycle()).map(press)).await;
    let statuses: Vec<u16> = pressed.iter().map(|page| page.status).collect();
    assert_eq!((statuses.iter().filter(|it| **it == 303).count(), statuses.iter().filter(|it| **it == 409).count()), (1, 11));
    let events: Vec<String> = order_events::table
        .order(order_events::id)
        .select(order_events::status)
        .load(&mut app.storage.second_connection())
        .expect("events");
    assert_eq!(events.len(), 2, "{events:?}");
    assert_eq!(app.stock_of(&bowl), if events[1] == "cancelled" { 5 } else { 3 });
}

async fn a_shopper_is_told_when_an_operator_was_faster(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 50).await;
    let (ada, grace) = (Shopper::registered(app).await, Admin::registered(app).await);
    let mut packed = 0;
    for _ in 0..6 {
        let number = place(&ada, &bowl.slug, 1).await;
        let (own, desk) = (format!("/orders/{number}"), format!("/admin/orders/{number}"));
        let (mine, theirs) = (ada.get(&own).await.expect(200), grace.get(&desk).await.expect(200));
        let (cancel, pack) = (format!("{own}/cancel"), format!("{desk}/move"));
        let to_packed = [("to", "packed")];
        let (cancelled, moved) = futures_util::join!(ada.press(&mine, &cancel, &[]), grace.press(&theirs, &pack, &to_packed));
        assert!(matches!((cancelled.status, moved.status), (303, 409) | (409, 303)), "{} {}", cancelled.status, moved.status);
        packed += i64::from(moved.status == 303);
        assert_eq!(app.stock_of(&bowl), 50 - packed);
    }
}
