//! Everything at once: messages, cancelling, operators, the shop's own rounds.
//!
//! Invariant: whatever the order, one of each counts; the money is in the order or owed, and the pieces are sold or on the shelf.

use super::{bowls, goes_to_pay, place};
use crate::on_both;
use crate::support::app::TestApp;
use crate::support::people::Shopper;
use futures_util::future::{join, join_all};
use latchkey::shop::payment::provider::Verdict;

on_both! {
    twenty_messages_at_once_with_one_name_count_once with { "LATCHKEY_PAYMENT" = "trial" },
    twenty_messages_at_once_with_names_of_their_own_are_one_payment with { "LATCHKEY_PAYMENT" = "trial" },
    money_and_cancelling_at_once_end_in_one_truth with { "LATCHKEY_PAYMENT" = "trial" },
    twenty_presses_to_pay_are_one_payment with { "LATCHKEY_PAYMENT" = "trial" },
    two_nodes_hear_and_ask_at_once with { "LATCHKEY_PAYMENT" = "trial" },
}

async fn twenty_messages_at_once_with_one_name_count_once(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let number = place(app, &ada, 1).await;
    goes_to_pay(&ada, &number).await;
    let tidings = app.tidings(&number, Verdict::Paid);
    let answers = join_all((0..20).map(|_| app.hears(&tidings))).await;
    assert_eq!(answers, [200; 20]);
    assert_eq!(app.life_of(&number), ["placed", "pending", "paid"]);
}

async fn twenty_messages_at_once_with_names_of_their_own_are_one_payment(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let number = place(app, &ada, 1).await;
    goes_to_pay(&ada, &number).await;
    let all: Vec<_> =
        (0..20).map(|nth| app.tidings(&number, if nth % 4 == 0 { Verdict::Declined } else { Verdict::Paid })).collect();
    let answers = join_all(all.iter().map(|tidings| app.hears(tidings))).await;
    assert_eq!(answers, [200; 20]);
    assert_eq!((app.payments_of(&number), app.order_is(&number)), (vec!["paid".to_owned()], "paid".to_owned()));
    let paid = app.life_of(&number).iter().filter(|it| *it == "paid").count();
    assert_eq!(paid, 1, "{:?}", app.life_of(&number));
}

async fn money_and_cancelling_at_once_end_in_one_truth(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    for round in 0..10 {
        let number = place(app, &ada, 2).await;
        goes_to_pay(&ada, &number).await;
        let (order, cancel) = (format!("/orders/{number}"), format!("/orders/{number}/cancel"));
        let page = ada.get(&order).await.expect(200);
        let tidings = app.tidings(&number, Verdict::Paid);
        let tabs: Vec<_> = (0..3).map(|_| ada.copy()).collect();
        let hear = join_all((0..3).map(|_| app.hears(&tidings)));
        let call_off = join_all(tabs.iter().map(|tab| tab.press(&page, &cancel, &[])));
        let (heard, cancelled) = join(hear, call_off).await;
        assert_eq!(heard, [200; 3], "round {round}");
        for answer in cancelled {
            answer.expect_to(&order);
        }
        // Cancelling is allowed before and after the money: either way it ends cancelled, and the money is owed.
        assert_eq!((app.payments_of(&number), app.order_is(&number)), (vec!["refund_due".to_owned()], "cancelled".to_owned()));
        assert_eq!(bowls(app), 50, "round {round}: {:?}", app.life_of(&number));
    }
}

async fn twenty_presses_to_pay_are_one_payment(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let number = place(app, &ada, 1).await;
    let page = ada.get(&format!("/orders/{number}")).await.expect(200);
    let tabs: Vec<_> = (0..20).map(|_| ada.copy()).collect();
    let pay = format!("/orders/{number}/pay");
    let answers = join_all(tabs.iter().map(|tab| tab.press(&page, &pay, &[]))).await;
    let mut led: Vec<String> = answers.into_iter().map(|answer| answer.expect(303).location().to_owned()).collect();
    led.dedup();
    assert_eq!((led.len(), app.payments_of(&number)), (1, vec!["pending".to_owned()]), "{led:?}");
}

async fn two_nodes_hear_and_ask_at_once(app: &TestApp) {
    let second = app.second_node().await;
    let ada = Shopper::registered(app).await;
    let mut numbers = Vec::new();
    for _ in 0..6 {
        let number = place(app, &ada, 1).await;
        let page = goes_to_pay(&ada, &number).await;
        super::answers(&ada, &page, "silent").await.expect(303);
        numbers.push(number);
    }
    let later = app.clock.now() + std::time::Duration::from_mins(3);
    let settled: usize = std::thread::scope(|scope| {
        let nodes = [app.server(), &second.app];
        let rounds = (0..6).map(|nth| {
            let shop = nodes[nth % 2];
            scope.spawn(move || {
                let round = latchkey::shop::payment::upkeep::round(&shop.db, later, &shop.latch.post, &shop.payments);
                round.expect("a round").settled
            })
        });
        rounds.collect::<Vec<_>>().into_iter().map(|round| round.join().expect("no panic")).sum()
    });
    assert_eq!(settled, 6);
    for number in numbers {
        assert_eq!(app.life_of(&number), ["placed", "pending", "paid"]);
    }
    second.stop().await.expect("it closes");
}
