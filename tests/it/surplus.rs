//! More sign-ins than a person can have: twenty of a kind live, the one longest unseen makes room, and the person is told.
//!
//! Invariant: browsers and programs are counted apart, only the living are counted, and no race makes a twenty-first.

use crate::on_both;
use crate::support::api_client::ApiClient;
use crate::support::app::TestApp;
use crate::support::page::Page;
use crate::support::people::{PASSWORD, Shopper, sign_in};
use crate::support::visitor::Visitor;
use diesel::prelude::*;
use futures_util::future::join_all;
use latchkey::db::schema::sessions;
use std::time::Duration;

on_both! {
    whoever_signs_in_is_told_which_browser_made_room,
    programs_are_counted_apart_and_told_of_once_a_day,
    twenty_five_sign_ins_at_once_leave_twenty,
    those_whose_time_is_over_take_no_place,
    signing_in_again_in_a_browser_takes_no_second_place,
}

const MINUTE: Duration = Duration::from_secs(70);

/// How many live, and how many were ended to make room.
fn living_and_ended(app: &TestApp, kind: &str) -> (i64, i64) {
    let mut conn = app.storage.second_connection();
    let of_kind = || sessions::table.filter(sessions::kind.eq(kind.to_owned())).count();
    let living = of_kind().filter(sessions::ended_at.is_null()).get_result(&mut conn).expect("sessions can be counted");
    let ended = of_kind().filter(sessions::ended_because.eq("limit")).get_result(&mut conn).expect("sessions can be counted");
    (living, ended)
}

fn told(page: &Page) -> Vec<String> {
    page.texts("[role='alert']")
}

async fn whoever_signs_in_is_told_which_browser_made_room(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let firefox = Visitor::new(app);
    firefox.calls_itself("Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0");
    sign_in(&firefox, &ada.email, PASSWORD).await.expect_to("/dashboard");
    app.pass(MINUTE);
    assert!(ada.is_signed_in().await, "seen after the other one");
    for _ in 0..18 {
        let page = ada.elsewhere(app).await.get("/dashboard").await.expect(200);
        assert_eq!(told(&page), [""; 0], "twenty have room");
    }
    let newcomer = ada.elsewhere(app).await;
    let notice = told(&newcomer.get("/dashboard").await.expect(200)).concat();
    assert!(notice.starts_with("You were signed in on 20 browsers"), "{notice}");
    assert!(notice.contains("(Firefox on Linux, ") && notice.contains(" 20"), "which and when: {notice}");
    assert!(!firefox.is_signed_in().await);
    for browser in [&newcomer, &ada] {
        assert_eq!(told(&browser.get("/dashboard").await.expect(200)), [""; 0], "once, and where it happened");
    }
    assert_eq!(living_and_ended(app, "web"), (20, 1));
}

async fn programs_are_counted_apart_and_told_of_once_a_day(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let first = ApiClient::signed_in(app, &ada.email, PASSWORD).await;
    for _ in 0..19 {
        app.pass(Duration::from_secs(1));
        ApiClient::signed_in(app, &ada.email, PASSWORD).await;
    }
    assert_eq!(told(&ada.get("/dashboard").await.expect(200)), [""; 0]);
    first.get("/api/profile").await.expect(200);
    let twentieth = ada.elsewhere(app).await;
    for _ in 0..3 {
        app.pass(Duration::from_secs(1));
        ApiClient::signed_in(app, &ada.email, PASSWORD).await;
    }
    assert_eq!((living_and_ended(app, "api"), living_and_ended(app, "web")), ((20, 3), (2, 0)));
    for browser in [&ada, &twentieth] {
        let notice = told(&browser.get("/dashboard").await.expect(200));
        assert_eq!(notice.len(), 1, "not one for each: {notice:?}");
        assert!(notice[0].contains("20 programs") && notice[0].contains("(Unknown program, "), "{notice:?}");
    }
    app.pass(Duration::from_hours(25));
    let back = ada.elsewhere(app).await;
    ApiClient::signed_in(app, &ada.email, PASSWORD).await;
    assert_eq!(told(&back.get("/dashboard").await.expect(200)).len(), 1, "another day, another notice");
}

async fn twenty_five_sign_ins_at_once_leave_twenty(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let browsers: Vec<Visitor> = (0..25).map(|_| Visitor::new(app)).collect();
    let pages = join_all(browsers.iter().map(|browser| browser.get("/login"))).await;
    let fields = [("email", ada.email.as_str()), ("password", PASSWORD)];
    join_all(browsers.iter().zip(&pages).map(|(browser, page)| async {
        // Hashing has a short queue: who is sent away comes back.
        while browser.press(page, "/login", &fields).await.status == 503 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }))
    .await;
    assert_eq!(living_and_ended(app, "web"), (20, 6), "with the one she registered in they were 26");
    let mut signed_in = 0;
    for browser in browsers.iter().chain([&*ada]) {
        signed_in += i32::from(browser.is_signed_in().await);
    }
    assert_eq!(signed_in, 20);
}

async fn those_whose_time_is_over_take_no_place(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let phone = Visitor::new(app);
    let kept = [("email", ada.email.as_str()), ("password", PASSWORD), ("remember", "1")];
    phone.submit("/login", &kept).await.expect_to("/dashboard");
    for _ in 0..15 {
        ada.elsewhere(app).await;
    }
    app.pass(Duration::from_hours(3));
    for _ in 0..15 {
        ada.elsewhere(app).await;
    }
    assert!(phone.is_signed_in().await, "the fifteen of this morning are over: there is room");
    assert_eq!(living_and_ended(app, "web").1, 0);
}

async fn signing_in_again_in_a_browser_takes_no_second_place(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let oldest = ada.elsewhere(app).await;
    app.pass(MINUTE);
    assert!(ada.is_signed_in().await);
    for _ in 0..18 {
        ada.elsewhere(app).await;
    }
    let csrf = ada.get("/dashboard").await.form("/logout")[0].1.clone();
    let again = [("csrf", csrf.as_str()), ("email", &ada.email), ("password", PASSWORD)];
    ada.post("/login", &again).await.expect_to("/dashboard");
    assert_eq!(told(&ada.get("/dashboard").await.expect(200)), [""; 0]);
    assert!(oldest.is_signed_in().await);
    assert_eq!(living_and_ended(app, "web"), (20, 0));
}
