//! Passkeys where a proxy sends people to either of two nodes.
//!
//! Invariant: a challenge is good on every node, and once among all of them.

use super::{details, offered, shown, with_key};
use crate::on_both;
use crate::support::app::TestApp;
use crate::support::people::Shopper;
use crate::support::visitor::Visitor;
use diesel::prelude::*;
use futures_util::future::join_all;
use latchkey::db::schema::{sessions, spent_challenges};

on_both! {
    a_challenge_of_one_node_is_answered_at_the_other_and_once,
    asking_writes_nothing_and_what_was_shown_is_forgotten,
}

async fn a_challenge_of_one_node_is_answered_at_the_other_and_once(app: &TestApp) {
    let second = app.second_node().await;
    let ada = Shopper::registered(app).await;
    let (mut key, _) = with_key(app, &ada).await;
    let browser = Visitor::new(app);
    let offer = offered(&browser, "/login/passkey").await;
    let sent = shown(&browser, &mut key, &offer).await;
    let before = live(app);
    // The same answer twenty times at once, at both nodes.
    let tabs: Vec<Visitor> = (0..20).map(|_| browser.copy()).collect();
    for tab in tabs.iter().step_by(2) {
        tab.is_sent_to(second.address);
    }
    let answers = join_all(tabs.iter().map(|tab| tab.tells("/login/passkey", &sent))).await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [vec![200], vec![401; 19]].concat());
    assert_eq!(live(app), before + 1);
    assert_eq!(details(app, "sign_in_failed").len(), 19);
    second.stop().await.expect("it stops");
}

fn live(app: &TestApp) -> i64 {
    let live = sessions::table.filter(sessions::ended_at.is_null()).count();
    live.get_result(&mut app.storage.second_connection()).expect("sessions can be counted")
}

async fn asking_writes_nothing_and_what_was_shown_is_forgotten(app: &TestApp) {
    let spent = || -> i64 {
        spent_challenges::table.count().get_result(&mut app.storage.second_connection()).expect("challenges can be counted")
    };
    let ada = Shopper::registered(app).await;
    let (mut key, _) = with_key(app, &ada).await;
    assert_eq!(spent(), 1, "the one the passkey was made for");
    let stranger = Visitor::new(app);
    let mut offers = Vec::new();
    for _ in 0..30 {
        offers.push(offered(&stranger, "/login/passkey").await);
    }
    assert_eq!(spent(), 1);
    let sent = shown(&stranger, &mut key, &offers[0]).await;
    stranger.tells("/login/passkey", &sent).await.expect(200);
    assert_eq!(spent(), 2);
    app.pass(std::time::Duration::from_mins(11));
    latchkey::auth::upkeep::sweep(app.db(), app.clock.now()).expect("the upkeep");
    assert_eq!(spent(), 0);
}
