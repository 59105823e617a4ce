//! Paying, as people meet it: at once with a provider, on invoice, too late, twice, never.
//!
//! Invariant: money that came is in an order or owed back, and the pieces of an order that nobody pays come back once. The provider is
//! the trial one, with its own page and its own messages.

mod power_cut;
mod races;
mod webhook;

use crate::on_both;
use crate::support::app::TestApp;
use crate::support::page::Page;
use crate::support::people::{Admin, Shopper};
use crate::support::visitor::Visitor;
use diesel::prelude::*;
use latchkey::db::schema::{outbox, products};
use latchkey::shop::payment::provider::Verdict;
use std::time::Duration;

on_both! {
    a_shopper_pays_at_the_providers_page with { "LATCHKEY_PAYMENT" = "trial" },
    a_declined_payment_can_be_tried_again with { "LATCHKEY_PAYMENT" = "trial" },
    going_to_pay_twice_is_one_payment with { "LATCHKEY_PAYMENT" = "trial" },
    a_provider_that_says_nothing_is_asked with { "LATCHKEY_PAYMENT" = "trial" },
    what_nobody_pays_is_called_off_and_its_pieces_come_back_once with { "LATCHKEY_PAYMENT" = "trial", "LATCHKEY_PAYMENT_WITHIN" = "2h" },
    who_paid_in_time_is_not_called_off_though_nobody_told with { "LATCHKEY_PAYMENT" = "trial", "LATCHKEY_PAYMENT_WITHIN" = "2h" },
    a_signed_out_person_goes_to_pay_after_signing_in with { "LATCHKEY_PAYMENT" = "trial" },
    what_costs_nothing_is_paid with { "LATCHKEY_PAYMENT" = "trial" },
    an_order_on_invoice_waits_for_an_operator,
    an_invoice_that_is_paid_after_the_parcel_went_is_written_down,
    a_cancelled_paid_order_is_owed_back_and_an_operator_pays_it_back,
    an_order_paid_by_hand_owes_what_the_provider_takes_after_all with { "LATCHKEY_PAYMENT" = "trial" },
}

/// An order; its number.
pub async fn place(app: &TestApp, shopper: &Shopper, quantity: u32) -> String {
    let page = shopper.get("/products/oak-bowl").await;
    if page.status == 404 {
        app.stocks("Oak Bowl", 2_400, 50).await;
    }
    shopper.adds("oak-bowl", quantity).await.expect_to("/cart");
    let placed = shopper.orders().await.expect(303);
    placed.location().trim_start_matches("/orders/").to_owned()
}

/// Goes to the provider's page.
pub async fn goes_to_pay(shopper: &Visitor, number: &str) -> Page {
    let pressed = shopper.submit_to(&format!("/orders/{number}"), &format!("/orders/{number}/pay")).await.expect(303);
    assert!(pressed.location().starts_with("/pay/trial/"), "{}", pressed.location());
    shopper.get(pressed.location()).await.expect(200)
}

/// Answers there.
pub async fn answers(shopper: &Visitor, page: &Page, answer: &str) -> Page {
    shopper.press(page, &page.path, &[("answer", answer)]).await
}

/// How many letters of a kind were left.
fn letters(app: &TestApp, kind: &str) -> i64 {
    let left = outbox::table.filter(outbox::kind.eq(kind)).count();
    left.get_result(&mut app.storage.second_connection()).expect("a count")
}

fn bowls(app: &TestApp) -> i64 {
    let bowl = products::table.filter(products::slug.eq("oak-bowl")).select(products::stock);
    bowl.first(&mut app.storage.second_connection()).expect("it is on the shelf")
}

async fn a_shopper_pays_at_the_providers_page(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let number = place(app, &ada, 2).await;
    let order = format!("/orders/{number}");
    assert_eq!((app.payments_of(&number), app.order_is(&number)), (vec!["due".to_owned()], "placed".to_owned()));
    let page = goes_to_pay(&ada, &number).await;
    assert!(page.words().contains("€48.00") && page.words().contains(&number), "{}", page.words());
    assert_eq!(app.payments_of(&number), ["pending"]);
    answers(&ada, &page, "approve").await.expect_to(&order);
    assert_eq!((app.payments_of(&number), app.order_is(&number)), (vec!["paid".to_owned()], "paid".to_owned()));
    assert_eq!(app.life_of(&number), ["placed", "pending", "paid"]);
    let page = ada.get(&order).await.expect(200);
    assert!(!page.actions().contains(&format!("{order}/pay")) && page.words().contains("€48.00 paid"), "{}", page.words());
    assert_eq!(letters(app, "order_paid"), 1);
    let page = ada.get("/products").await.expect(200);
    let csrf = page.attributes("input[name='csrf']", "value").remove(0);
    ada.post(&format!("{order}/pay"), &[("csrf", csrf)]).await.expect(409);
}

async fn a_declined_payment_can_be_tried_again(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let number = place(app, &ada, 2).await;
    let first = goes_to_pay(&ada, &number).await;
    answers(&ada, &first, "decline").await.expect(303);
    assert_eq!((app.payments_of(&number), app.order_is(&number)), (vec!["declined".to_owned()], "placed".to_owned()));
    let again = ada.get(&first.path).await.expect(200);
    assert!(!again.has("[name='answer']"), "it was decided");
    let page = ada.get(&format!("/orders/{number}")).await.expect(200);
    assert!(page.words().contains("declined"), "{}", page.words());
    let second = goes_to_pay(&ada, &number).await;
    assert_ne!(first.path, second.path);
    assert_eq!(app.payments_of(&number), ["declined", "pending"]);
    answers(&ada, &second, "twice").await.expect(303);
    assert_eq!(app.payments_of(&number), ["declined", "paid"]);
    assert_eq!(app.life_of(&number), ["placed", "pending", "declined", "pending", "paid"]);
}

async fn going_to_pay_twice_is_one_payment(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let number = place(app, &ada, 1).await;
    let (first, second) = (goes_to_pay(&ada, &number).await, goes_to_pay(&ada, &number).await);
    assert_eq!((first.path, app.payments_of(&number)), (second.path, vec!["pending".to_owned()]));
    let eve = Shopper::registered(app).await;
    let page = eve.get("/products").await.expect(200);
    let csrf = page.attributes("input[name='csrf']", "value").remove(0);
    eve.post(&format!("/orders/{number}/pay"), &[("csrf", csrf)]).await.expect(404);
}

async fn a_provider_that_says_nothing_is_asked(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let (paid, open) = (place(app, &ada, 1).await, place(app, &ada, 1).await);
    let page = goes_to_pay(&ada, &paid).await;
    answers(&ada, &page, "silent").await.expect(303);
    goes_to_pay(&ada, &open).await;
    assert_eq!(app.looks_after_payments().asked, 0, "it has a while to say something by itself");
    app.pass(Duration::from_mins(3));
    let round = app.looks_after_payments();
    assert_eq!((round.asked, round.settled), (2, 1));
    assert_eq!((app.payments_of(&paid), app.payments_of(&open)), (vec!["paid".to_owned()], vec!["pending".to_owned()]));
    assert_eq!(app.looks_after_payments().asked, 0, "not again at once");
    app.pass(Duration::from_mins(3));
    assert_eq!(app.looks_after_payments().asked, 1, "only the one that is open");
}

async fn what_nobody_pays_is_called_off_and_its_pieces_come_back_once(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let (never, begun, declined) = (place(app, &ada, 3).await, place(app, &ada, 4).await, place(app, &ada, 5).await);
    goes_to_pay(&ada, &begun).await;
    let page = goes_to_pay(&ada, &declined).await;
    answers(&ada, &page, "decline").await.expect(303);
    assert_eq!(bowls(app), 38);
    app.pass(Duration::from_mins(119));
    assert_eq!(app.looks_after_payments().called_off, 0);
    app.pass(Duration::from_mins(2));
    let rounds: Vec<_> = std::thread::scope(|scope| {
        let nodes: Vec<_> = (0..4).map(|_| scope.spawn(|| app.looks_after_payments().called_off)).collect();
        nodes.into_iter().map(|node| node.join().expect("no panic")).collect()
    });
    assert_eq!((rounds.iter().sum::<usize>(), bowls(app)), (3, 50), "{rounds:?}");
    for number in [&never, &begun, &declined] {
        assert_eq!((app.payments_of(number), app.order_is(number)), (vec!["cancelled".to_owned()], "cancelled".to_owned()));
    }
    // The person at the provider's page pays after all: the money is known, and owed.
    app.hears(&app.tidings(&begun, Verdict::Paid)).await;
    assert_eq!((app.payments_of(&begun), app.order_is(&begun)), (vec!["refund_due".to_owned()], "cancelled".to_owned()));
    assert_eq!(bowls(app), 50);
}

async fn who_paid_in_time_is_not_called_off_though_nobody_told(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let number = place(app, &ada, 3).await;
    app.pass(Duration::from_mins(119));
    let ada = ada.elsewhere(app).await;
    let page = goes_to_pay(&ada, &number).await;
    answers(&ada, &page, "silent").await.expect(303);
    app.pass(Duration::from_secs(61));
    assert_eq!(app.looks_after_payments().called_off, 0);
    assert_eq!((app.payments_of(&number), app.order_is(&number), bowls(app)), (vec!["paid".to_owned()], "paid".to_owned(), 47));
    app.pass(Duration::from_hours(5));
    assert_eq!(app.looks_after_payments().called_off, 0);
}

async fn a_signed_out_person_goes_to_pay_after_signing_in(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let number = place(app, &ada, 1).await;
    let order = format!("/orders/{number}");
    let page = ada.get(&order).await.expect(200);
    app.pass(Duration::from_hours(3));
    ada.press(&page, &format!("{order}/pay"), &[]).await.expect_to("/login?next=/parked");
    let fields = [("email", ada.email.as_str()), ("password", crate::support::people::PASSWORD)];
    ada.submit("/login?next=/parked", &fields).await.expect_to("/parked");
    let parked = ada.get("/parked").await.expect(200);
    assert!(parked.words().contains(&format!("o to pay for order {number}")), "{}", parked.words());
    let sent = ada.press(&parked, "/parked", &[]).await.expect(303);
    assert!(sent.location().starts_with("/pay/trial/"), "{}", sent.location());
}

async fn what_costs_nothing_is_paid(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    app.stocks("Oak Bowl", 0, 5).await;
    let number = place(app, &ada, 1).await;
    assert_eq!(app.payments_of(&number), ["paid"]);
    app.pass(Duration::from_hours(48));
    assert_eq!(app.looks_after_payments().called_off, 0);
    assert_eq!(app.order_is(&number), "placed");
}

async fn an_order_on_invoice_waits_for_an_operator(app: &TestApp) {
    let (ada, grace) = (Shopper::registered(app).await, Admin::registered(app).await);
    let number = place(app, &ada, 2).await;
    let page = ada.get(&format!("/orders/{number}")).await.expect(200);
    assert!(page.words().contains("€48.00, on invoice") && !page.actions().iter().any(|it| it.ends_with("/pay")));
    app.pass(Duration::from_hours(24 * 40));
    assert_eq!((app.looks_after_payments().called_off, app.order_is(&number)), (0, "placed".to_owned()));
    let grace = grace.elsewhere(app).await;
    let page = grace.get(&format!("/admin/orders/{number}")).await.expect(200);
    assert!(page.words().contains("To be paid") && page.words().contains("On invoice"), "{}", page.words());
    grace.press(&page, &format!("/admin/orders/{number}/move"), &[("to", "paid")]).await.expect(303);
    assert_eq!((app.payments_of(&number), app.life_of(&number)), (vec!["paid".to_owned()], vec!["placed".into(), "paid".into()]));
}

async fn an_invoice_that_is_paid_after_the_parcel_went_is_written_down(app: &TestApp) {
    let (ada, grace) = (Shopper::registered(app).await, Admin::registered(app).await);
    let number = place(app, &ada, 2).await;
    let order = format!("/admin/orders/{number}");
    for to in ["packed", "shipped"] {
        let page = grace.get(&order).await.expect(200);
        grace.press(&page, &format!("{order}/move"), &[("to", to)]).await.expect(303);
    }
    let page = grace.get(&order).await.expect(200);
    let mark = |page: &Page| page.value("payment");
    let fields =
        [("payment".to_owned(), mark(&page)), ("act".to_owned(), "paid".to_owned()), ("csrf".to_owned(), page.value("csrf"))];
    grace.post(&format!("{order}/payment"), &fields).await.expect_to(&order);
    grace.post(&format!("{order}/payment"), &fields).await.expect(409);
    assert_eq!((app.payments_of(&number), app.order_is(&number)), (vec!["paid".to_owned()], "shipped".to_owned()));
    assert_eq!(app.life_of(&number), ["placed", "packed", "shipped", "paid"]);
    assert_eq!(letters(app, "order_shipped"), 1);
}

async fn a_cancelled_paid_order_is_owed_back_and_an_operator_pays_it_back(app: &TestApp) {
    let (ada, grace) = (Shopper::registered(app).await, Admin::registered(app).await);
    let number = place(app, &ada, 2).await;
    let order = format!("/admin/orders/{number}");
    let page = grace.get(&order).await.expect(200);
    grace.press(&page, &format!("{order}/move"), &[("to", "paid")]).await.expect(303);
    ada.submit_to(&format!("/orders/{number}"), &format!("/orders/{number}/cancel")).await.expect(303);
    assert_eq!((app.payments_of(&number), bowls(app)), (vec!["refund_due".to_owned()], 50));
    assert!(ada.get(&format!("/orders/{number}")).await.words().contains("You get €48.00 back"));
    let glance = grace.get("/admin").await.expect(200);
    assert!(glance.text(".glance").contains("1 order waits to be paid back"), "{}", glance.words());
    assert!(glance.has(".glance a[href='/admin/payments']"));
    let owed = grace.get("/admin/payments").await.expect(200);
    assert_eq!(owed.attributes(".order-number a", "href"), std::slice::from_ref(&order));
    let page = grace.get(&order).await.expect(200);
    grace.press(&page, &format!("{order}/move"), &[("to", "refunded")]).await.expect(303);
    assert_eq!((app.payments_of(&number), app.order_is(&number)), (vec!["refunded".to_owned()], "refunded".to_owned()));
    assert!(!grace.get("/admin/payments").await.expect(200).has(".order-number"));
    assert!(!grace.get("/admin").await.expect(200).text(".glance").contains("paid back"), "nothing is owed any more");
}

async fn an_order_paid_by_hand_owes_what_the_provider_takes_after_all(app: &TestApp) {
    let (ada, grace) = (Shopper::registered(app).await, Admin::registered(app).await);
    let number = place(app, &ada, 2).await;
    goes_to_pay(&ada, &number).await;
    let tidings = app.tidings(&number, Verdict::Paid);
    let order = format!("/admin/orders/{number}");
    let page = grace.get(&order).await.expect(200);
    grace.press(&page, &format!("{order}/move"), &[("to", "paid")]).await.expect(303);
    assert_eq!(app.payments_of(&number), ["cancelled", "paid"]);
    assert_eq!(app.hears(&tidings).await, 200);
    assert_eq!(
        (app.payments_of(&number), app.order_is(&number)),
        (vec!["refund_due".into(), "paid".to_owned()], "paid".to_owned())
    );
    let page = grace.get(&order).await.expect(200);
    let fields = [("payment", page.value("payment")), ("act", "refunded".to_owned()), ("csrf", page.value("csrf"))];
    grace.post(&format!("{order}/payment"), &fields).await.expect_to(&order);
    assert_eq!(app.payments_of(&number), ["refunded", "paid"]);
    assert_eq!(app.life_of(&number).last().map(String::as_str), Some("refunded"));
}
