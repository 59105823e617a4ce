//! The webhook: signatures, old and doubled and crossed messages, sums that are not the order's.
//!
//! Invariant: only a signed message of the last minutes moves anything, each moves something once, and none moves it back.

use super::{goes_to_pay, place};
use crate::on_both;
use crate::support::app::TestApp;
use crate::support::gateway::HOOK;
use crate::support::people::Shopper;
use crate::support::soon;
use aws_lc_rs::hmac;
use futures_util::future::join_all;
use latchkey::shop::payment::provider::Verdict;
use latchkey::shop::payment::signature;
use latchkey::shop::payment::trial::Message;
use std::time::Duration;

on_both! {
    a_forged_an_unsigned_and_an_old_message_are_refused with { "LATCHKEY_PAYMENT" = "trial" },
    a_message_that_comes_again_changes_nothing with { "LATCHKEY_PAYMENT" = "trial" },
    messages_out_of_order_move_nothing_back with { "LATCHKEY_PAYMENT" = "trial" },
    another_sum_than_the_orders_is_owed_back with { "LATCHKEY_PAYMENT" = "trial" },
    money_for_an_order_that_was_called_off_is_owed_back with { "LATCHKEY_PAYMENT" = "trial" },
    money_that_comes_twice_is_owed_back_once with { "LATCHKEY_PAYMENT" = "trial" },
    what_is_not_ours_is_not_found with { "LATCHKEY_PAYMENT" = "trial" },
    where_the_shop_is_paid_on_invoice_there_is_no_webhook,
    a_flood_waits_and_what_is_said_again_counts with { "LATCHKEY_PAYMENT" = "trial" },
}

async fn a_forged_an_unsigned_and_an_old_message_are_refused(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let number = place(app, &ada, 1).await;
    goes_to_pay(&ada, &number).await;
    let good = app.signed(&app.tidings(&number, Verdict::Paid));
    let mallory = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
    let forged = signature::sign(&mallory, app.clock.now(), good.body.as_bytes());
    let other_body = good.body.replace("2400", "24");
    assert_ne!(other_body, good.body);
    let message = |signature: &str, body: &str| Message { signature: signature.to_owned(), body: body.to_owned() };
    for bad in [
        message(&forged, &good.body),
        message("", &good.body),
        message(&good.signature, &other_body),
        message("t=1,v1=AAAA", "{}"),
    ] {
        assert_eq!(app.takes(&bad).await, 403, "{bad:?}");
    }
    let address = app.origin.join(HOOK).expect("a path");
    let unsigned = app.http.post(address.clone()).body(good.body.clone()).send().await.expect("an answer");
    assert_eq!(unsigned.status(), 403);
    let twice = app.http.post(address.clone()).header("latchkey-signature", &good.signature);
    let twice = twice.header("latchkey-signature", &good.signature).body(good.body.clone()).send().await.expect("an answer");
    assert_eq!(twice.status(), 403, "of two signatures none counts");
    let long = app.http.post(address).body("x".repeat(17 * 1024)).send().await.expect("an answer");
    assert_eq!(long.status(), 413);
    app.pass(Duration::from_secs(301));
    assert_eq!(app.takes(&good).await, 403, "too old");
    assert_eq!((app.payments_of(&number), app.order_is(&number)), (vec!["pending".to_owned()], "placed".to_owned()));
}

async fn a_message_that_comes_again_changes_nothing(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let number = place(app, &ada, 1).await;
    goes_to_pay(&ada, &number).await;
    let tidings = app.tidings(&number, Verdict::Paid);
    for _ in 0..3 {
        assert_eq!(app.hears(&tidings).await, 200);
        app.pass(Duration::from_mins(1));
    }
    assert_eq!(
        (app.payments_of(&number), app.life_of(&number)),
        (vec!["paid".into()], vec!["placed".into(), "pending".into(), "paid".to_owned()])
    );
}

async fn messages_out_of_order_move_nothing_back(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let number = place(app, &ada, 1).await;
    goes_to_pay(&ada, &number).await;
    assert_eq!(app.hears(&app.tidings(&number, Verdict::Paid)).await, 200);
    assert_eq!(app.hears(&app.tidings(&number, Verdict::Declined)).await, 200);
    assert_eq!((app.payments_of(&number), app.order_is(&number)), (vec!["paid".to_owned()], "paid".to_owned()));
    // The other way round, the money counts: it is there.
    let other = place(app, &ada, 1).await;
    goes_to_pay(&ada, &other).await;
    assert_eq!(app.hears(&app.tidings(&other, Verdict::Declined)).await, 200);
    assert_eq!(app.hears(&app.tidings(&other, Verdict::Paid)).await, 200);
    assert_eq!((app.payments_of(&other), app.order_is(&other)), (vec!["paid".to_owned()], "paid".to_owned()));
}

async fn another_sum_than_the_orders_is_owed_back(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let number = place(app, &ada, 2).await;
    goes_to_pay(&ada, &number).await;
    let mut tidings = app.tidings(&number, Verdict::Paid);
    assert_eq!((tidings.amount.minor(), tidings.currency.as_str()), (4_800, "EUR"), "what is asked is the order's total");
    tidings.amount = latchkey::shop::money::Money::new(100).expect("an amount");
    assert_eq!(app.hears(&tidings).await, 200);
    assert_eq!((app.payments_of(&number), app.order_is(&number)), (vec!["refund_due".to_owned()], "placed".to_owned()));
    let page = ada.get(&format!("/orders/{number}")).await.expect(200);
    assert!(page.words().contains("You get €1.00 back") && page.words().contains("€48.00 to be paid"), "{}", page.words());
    goes_to_pay(&ada, &number).await;
    let yen = latchkey::shop::payment::provider::Tidings { currency: "JPY".to_owned(), ..app.tidings(&number, Verdict::Paid) };
    assert_eq!(app.hears(&yen).await, 200);
    goes_to_pay(&ada, &number).await;
    assert_eq!(app.hears(&app.tidings(&number, Verdict::Paid)).await, 200);
    assert_eq!(
        (app.payments_of(&number), app.order_is(&number)),
        (vec!["refund_due".into(), "refund_due".into(), "paid".to_owned()], "paid".to_owned())
    );
}

async fn money_for_an_order_that_was_called_off_is_owed_back(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let number = place(app, &ada, 1).await;
    goes_to_pay(&ada, &number).await;
    ada.submit_to(&format!("/orders/{number}"), &format!("/orders/{number}/cancel")).await.expect(303);
    assert_eq!(app.payments_of(&number), ["cancelled"]);
    app.pass(Duration::from_hours(2));
    for _ in 0..2 {
        assert_eq!(app.hears(&app.tidings(&number, Verdict::Paid)).await, 200);
    }
    assert_eq!((app.payments_of(&number), app.order_is(&number)), (vec!["refund_due".to_owned()], "cancelled".to_owned()));
    assert_eq!(app.life_of(&number), ["placed", "pending", "cancelled", "refund_due"]);
    let ada = ada.elsewhere(app).await;
    assert!(ada.get(&format!("/orders/{number}")).await.words().contains("You get €24.00 back"));
}

async fn money_that_comes_twice_is_owed_back_once(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let number = place(app, &ada, 1).await;
    goes_to_pay(&ada, &number).await;
    let (declined, first) = (app.tidings(&number, Verdict::Declined), app.tidings(&number, Verdict::Paid));
    assert_eq!(app.hears(&declined).await, 200);
    goes_to_pay(&ada, &number).await;
    assert_eq!(app.hears(&app.tidings(&number, Verdict::Paid)).await, 200);
    assert_eq!(app.hears(&first).await, 200, "the first attempt was paid after all");
    assert_eq!(
        (app.payments_of(&number), app.order_is(&number)),
        (vec!["refund_due".into(), "paid".to_owned()], "paid".to_owned())
    );
}

async fn what_is_not_ours_is_not_found(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let number = place(app, &ada, 1).await;
    let mut tidings = app.tidings(&number, Verdict::Paid);
    tidings.payment = latchkey::ids::PaymentId::random();
    assert_eq!(app.hears(&tidings).await, 404);
    let unclear = "{\"id\":\"1\",\"verdict\":\"maybe\"}";
    let key = &app.server().latch.secrets.current().trial_payments;
    let signature = signature::sign(key, app.clock.now(), unclear.as_bytes());
    assert_eq!(app.takes(&Message { signature, body: unclear.to_owned() }).await, 400);
    for other in ["/payments/invoice/webhook", "/payments/nobody/webhook"] {
        let answer = app.http.post(app.origin.join(other).expect("a path")).body("{}").send().await.expect("an answer");
        assert_eq!(answer.status(), 404, "{other}");
    }
    assert_eq!(app.payments_of(&number), ["due"]);
}

async fn where_the_shop_is_paid_on_invoice_there_is_no_webhook(app: &TestApp) {
    let answer = app.http.post(app.origin.join(HOOK).expect("a path")).body("{}").send().await.expect("an answer");
    assert_eq!(answer.status(), 404);
    assert!(answer.headers().get("set-cookie").is_none(), "it knows no cookies");
}

async fn a_flood_waits_and_what_is_said_again_counts(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let number = place(app, &ada, 1).await;
    goes_to_pay(&ada, &number).await;
    let tidings = app.tidings(&number, Verdict::Paid);
    let address = app.origin.join(HOOK).expect("a path");
    let mut told = Vec::new();
    // However slow this machine is: in the end there are more of them than go through in the time.
    while told.is_empty() {
        let some = (0..60).map(|_| app.http.post(address.clone()).body("{}").send());
        let answers = join_all(some).await.into_iter().map(|answer| answer.expect("an answer"));
        told.extend(answers.filter(|answer| answer.status() != 403));
    }
    for answer in &told {
        assert_eq!(answer.status(), 429);
        let wait: u64 = answer.headers()["retry-after"].to_str().expect("text").parse().expect("seconds");
        assert!((1..=60).contains(&wait), "{wait}");
    }
    // A provider that is told to wait says it again until it is heard.
    soon("the message", async || match app.hears(&tidings).await {
        200 => true,
        status => {
            assert_eq!(status, 429);
            false
        }
    })
    .await;
    assert_eq!(app.payments_of(&number), ["paid"]);
}
