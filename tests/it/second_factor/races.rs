//! Many at once with the same code.
//!
//! Invariant: one of them is in, on one node or on two; and twenty wrong codes at once are five tries.

use super::{enters, half_in, turned_on};
use crate::on_both;
use crate::support::app::TestApp;
use crate::support::page::Page;
use crate::support::people::{Shopper, sign_in};
use crate::support::visitor::Visitor;
use diesel::prelude::*;
use futures_util::future::join_all;
use latchkey::db::schema::{audit_events, code_failures, sessions};
use std::time::Duration;

on_both! {
    the_same_code_sent_twenty_times_at_once_signs_in_once,
    the_same_recovery_code_sent_twenty_times_at_once_signs_in_once,
    one_half_sign_in_is_finished_once,
    wrong_codes_are_counted_by_all_nodes_together,
    of_tabs_that_turn_it_on_at_once_one_does,
}

/// Twenty browsers at two nodes, the password of each right, and what they are answered to the same code.
async fn twenty(app: &TestApp, ada: &Shopper, code: &str) -> Vec<u16> {
    let second = app.second_node().await;
    let mut browsers = Vec::new();
    for _ in 0..20 {
        browsers.push(half_in(app, ada).await);
    }
    browsers.iter().step_by(2).for_each(|browser| browser.is_sent_to(second.address));
    let forms = join_all(browsers.iter().map(|browser| browser.get("/login/code"))).await;
    let sent = browsers.iter().zip(&forms).map(|(browser, form)| sends(browser, form, "/login/code", code));
    let mut statuses: Vec<u16> = join_all(sent).await.iter().map(|page| page.status).collect();
    statuses.sort_unstable();
    second.stop().await.expect("it closes");
    statuses
}

async fn sends(browser: &Visitor, form: &Page, action: &str, code: &str) -> Page {
    browser.press(form, action, &[("code", code)]).await
}

fn failures(app: &TestApp) -> i64 {
    code_failures::table.count().get_result(&mut app.storage.second_connection()).expect("failures can be counted")
}

async fn the_same_code_sent_twenty_times_at_once_signs_in_once(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let (phone, _) = turned_on(app, &ada).await;
    let statuses = twenty(app, &ada, &phone.code()).await;
    assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [303, 401, 429].contains(status)), "{statuses:?}");
}

async fn the_same_recovery_code_sent_twenty_times_at_once_signs_in_once(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let (_, codes) = turned_on(app, &ada).await;
    let statuses = twenty(app, &ada, &codes[0]).await;
    assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 1, "{statuses:?}");
    let used = audit_events::table.filter(audit_events::detail.eq("web, recovery code")).count();
    assert_eq!(used.get_result::<i64>(&mut app.storage.second_connection()), Ok(1));
}

async fn one_half_sign_in_is_finished_once(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let (_, codes) = turned_on(app, &ada).await;
    let browser = half_in(app, &ada).await;
    let form = browser.get("/login/code").await.expect(200);
    let before: i64 = sessions::table.count().get_result(&mut app.storage.second_connection()).expect("a count");
    // Ten good codes, one waiting sign-in.
    let tabs: Vec<Visitor> = codes.iter().map(|_| browser.copy()).collect();
    let sent = tabs.iter().zip(&codes).map(|(tab, code)| sends(tab, &form, "/login/code", code));
    let places: Vec<String> = join_all(sent).await.iter().map(|page| page.location().to_owned()).collect();
    assert_eq!(places.iter().filter(|place| *place == "/dashboard").count(), 1, "{places:?}");
    assert_eq!(places.iter().filter(|place| *place == "/login").count(), 9, "{places:?}");
    let after: i64 = sessions::table.count().get_result(&mut app.storage.second_connection()).expect("a count");
    assert_eq!(after, before + 1);
}

async fn wrong_codes_are_counted_by_all_nodes_together(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let (phone, codes) = turned_on(app, &ada).await;
    let statuses = twenty(app, &ada, "000000").await;
    assert_eq!(statuses, [[401; 5].as_slice(), &[429; 15]].concat());
    assert_eq!(failures(app), 5);
    let browser = half_in(app, &ada).await;
    for code in [&phone.code(), &codes[0]] {
        let told = enters(&browser, code).await.expect(429);
        let seconds: u64 = told.header("retry-after").parse().expect("seconds");
        assert!((880..=900).contains(&seconds), "{seconds}");
        assert!(told.words().contains("Too many codes were wrong. Wait 15 minutes, then try again."), "{}", told.words());
    }
    assert!(ada.is_signed_in().await, "who is in stays in");
    app.pass(Duration::from_mins(15));
    let browser = half_in(app, &ada).await;
    enters(&browser, "000000").await.expect(401);
    enters(&browser, &phone.code()).await.expect_to("/dashboard");
    assert_eq!(failures(app), 0, "a right code forgets the wrong ones");
    sign_in(&Visitor::new(app), &ada.email, "wrong-wagon-lantern-42").await.expect(401);
}

async fn of_tabs_that_turn_it_on_at_once_one_does(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let page = ada.get(super::PAGE).await.expect(200);
    let phone = crate::support::phone::Phone::set_up(&page, &app.clock);
    let (code, tabs) = (phone.code(), (0..8).map(|_| ada.copy()).collect::<Vec<_>>());
    join_all(tabs.iter().map(|tab| sends(tab, &page, "/account/two-factor/enable", &code))).await;
    let changed = audit_events::table.filter(audit_events::kind.eq("second_factor_changed")).count();
    assert_eq!(changed.get_result::<i64>(&mut app.storage.second_connection()), Ok(1));
    let shown = join_all(tabs.iter().map(|tab| tab.get(super::PAGE))).await;
    assert_eq!(shown.iter().filter(|page| page.status == 200 && page.has(".codes")).count(), 1);
}
