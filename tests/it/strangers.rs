//! What strangers learn of who has an account: nothing, where a mail is the answer.
//!
//! Invariant: the same statements, the same answer, the same limits, whatever the state of the account.

use crate::on_both;
use crate::support::Backend;
use crate::support::ada::latch_of;
use crate::support::app::TestApp;
use crate::support::heard::{heard, plan};
use crate::support::page::Page;
use crate::support::people::{PASSWORD, Shopper};
use crate::support::storage::{Storage, TestDb};
use crate::support::visitor::Visitor;
use diesel::prelude::*;
use latchkey::audit::Actor;
use latchkey::auth::email::Email;
use latchkey::auth::latch::Latch;
use latchkey::auth::mail_link::budget::{self, Budget, Kind};
use latchkey::auth::mail_link::{self, Pending};
use latchkey::auth::registration::pending;
use latchkey::auth::user::{self, NewUser, Role};
use latchkey::auth::{password_reset, stewardship, upkeep};
use latchkey::clock::Clock;
use latchkey::db::Conn;
use latchkey::db::schema::{mail_budgets, mail_links};
use latchkey::error::Result;
use latchkey::ids::{UserId, UserKey};
use std::time::Duration;

on_both! {
    every_state_of_an_account_costs_the_same_statements,
    the_answers_are_the_same_to_the_byte,
    an_address_is_sent_so_much_and_no_more_at_all_nodes with { "LATCHKEY_LIMIT_EMAIL" = "3/1h" },
    a_client_asks_so_often_and_no_more with { "LATCHKEY_LIMIT_RESET" = "2/1h" },
    what_is_over_is_deleted,
}

/// What the database is asked meanwhile.
fn asked(conn: &mut Conn, work: impl FnOnce(&mut Conn) -> Result<Budget>) -> Vec<String> {
    let (done, texts) = heard(conn, work);
    assert_eq!(done.expect("the database is there"), Budget::Taken);
    texts
}

const STATES: [&str; 4] = ["nobody@example.com", "fresh@example.com", "known@example.com", "locked@example.com"];

fn people(conn: &mut Conn, clock: &Clock) {
    for email in &STATES[1..] {
        let email: Email = email.parse().expect("an address");
        let id = UserId::random();
        let new = NewUser { id, email: &email, name: "Ada", role: Role::Shopper, password_hash: "lk1$none" };
        let user = user::insert(conn, clock.now(), &new).expect("a row").expect("new");
        if email.as_str().starts_with("known") {
            let verified = latchkey::db::schema::users::email_verified_at.eq(clock.now());
            diesel::update(latchkey::db::schema::users::table.find(user.key)).set(verified).execute(conn).expect("a row");
        }
        if email.as_str().starts_with("locked") {
            stewardship::set_locked(conn, clock.now(), &email, true, "").expect("a row");
        }
    }
}

async fn every_state_of_an_account_costs_the_same_statements(test: &TestDb) {
    let clock = Clock::default();
    let latch: Latch = latch_of(test, &clock);
    let conn = &mut test.storage.second_connection();
    people(conn, &clock);
    let now = clock.now();
    let statements = STATES.map(|email| {
        let email: Email = email.parse().expect("an address");
        let reset = asked(conn, |conn| password_reset::asked(conn, &latch, now, &email, "192.0.2.1"));
        let applicant = Pending { id: UserId::random(), name: "Eve".to_owned(), password_hash: "lk1$none".to_owned() };
        let register = asked(conn, |conn| pending::asked(conn, &latch, now, &email, &applicant, "192.0.2.1"));
        (reset, register)
    });
    let (reset, register) = &statements[0];
    assert!(reset.len() > 5 && register.len() > 5, "{statements:#?}");
    for (state, same) in STATES.iter().zip(&statements) {
        let pairs = same.0.iter().zip(&statements[0].0).chain(same.1.iter().zip(&statements[0].1));
        pairs.for_each(|(one, other)| assert_eq!(one, other, "{state}"));
        assert_eq!((same.0.len(), same.1.len()), (reset.len(), register.len()), "{state}");
    }
}

async fn the_answers_are_the_same_to_the_byte(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    people(&mut app.storage.second_connection(), &app.clock);
    let mut answers = Vec::new();
    for email in STATES.into_iter().chain([ada.email.as_str()]) {
        let browser = Visitor::new(app);
        let page = browser.submit("/forgot-password", &[("email", email)]).await.expect_to("/forgot-password?sent=1");
        let names: Vec<String> = page.headers.keys().map(ToString::to_string).collect();
        let look = browser.follow(page.clone()).await.expect(200);
        answers.push((names, page.body.len(), look.words(), look.body.len()));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
}

async fn an_address_is_sent_so_much_and_no_more_at_all_nodes(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let second = app.second_node().await;
    let asks = async |email: &str, elsewhere: bool| -> Page {
        let browser = Visitor::new(app);
        if elsewhere {
            browser.is_sent_to(second.address);
        }
        browser.submit("/forgot-password", &[("email", email)]).await
    };
    let mut told = Vec::new();
    for email in [ada.email.as_str(), "nobody@example.com"] {
        for elsewhere in [false, true, false] {
            asks(email, elsewhere).await.expect(303);
        }
        let page = asks(email, true).await.expect(429);
        let wait: u64 = page.header("retry-after").parse().expect("seconds");
        assert!((1_000..=1_200).contains(&wait), "{wait}");
        told.push(page.texts("h1"));
    }
    assert_eq!(told[0], told[1]);
    // Another kind of mail is counted apart: registration took one of three, two are left.
    for status in [303, 303, 429] {
        ada.submit_to("/account/email", "/account/email/resend").await.expect(status);
    }
    let fields = [("name", "Eve"), ("email", ada.email.as_str()), ("password", PASSWORD)];
    Visitor::new(app).submit("/register", &fields).await.expect(429);
    app.pass(Duration::from_secs(1_201));
    asks(&ada.email, false).await.expect(303);
    asks(&ada.email, false).await.expect(429);
    second.stop().await.expect("it closes");
}

async fn a_client_asks_so_often_and_no_more(app: &TestApp) {
    let browser = Visitor::new(app);
    for (email, status) in [("one@example.com", 303), ("two@example.com", 303), ("three@example.com", 429)] {
        browser.submit("/forgot-password", &[("email", email)]).await.expect(status);
    }
}

async fn what_is_over_is_deleted(test: &TestDb) {
    let clock = Clock::default();
    let latch = latch_of(test, &clock);
    let conn = &mut test.storage.second_connection();
    let email: Email = "nobody@example.com".parse().expect("an address");
    password_reset::asked(conn, &latch, clock.now(), &email, "192.0.2.1").expect("a row");
    let sweep = || upkeep::sweep(&test.db, clock.now()).expect("a sweep").links;
    clock.advance(Duration::from_mins(19));
    assert_eq!(sweep(), 0);
    clock.advance(Duration::from_mins(2));
    assert_eq!(sweep(), 1, "the count is as good as new");
    clock.advance(Duration::from_hours(25));
    assert_eq!(sweep(), 1, "a day after the link was over");
    let left: (i64, i64) = (
        mail_links::table.count().get_result(conn).expect("a count"),
        mail_budgets::table.count().get_result(conn).expect("a count"),
    );
    assert_eq!(left, (0, 0));
}

#[test]
fn links_and_counts_are_found_by_index() {
    let storage = Storage::migrated(Backend::Sqlite);
    let test = TestDb { db: storage.doors(), storage };
    let clock = Clock::default();
    let latch = latch_of(&test, &clock);
    let conn = &mut test.storage.second_connection();
    people(conn, &clock);
    let (now, known): (_, Email) = (clock.now(), STATES[2].parse().expect("an address"));
    let keys = latch.secrets.current();
    let texts = asked(conn, |conn| {
        for purpose in [mail_link::Purpose::Reset, mail_link::Purpose::Register] {
            let token = mail_link::issue(conn, now, purpose, known.as_str(), mail_link::Bound::default())?;
            mail_link::look(conn, now, &token, &[purpose])?;
            mail_link::spend(conn, now, &token, &[purpose])?;
            mail_link::refuse(conn, now, &token, &Actor::default().address)?;
        }
        let taken = budget::take(conn, keys, "3/1h".parse().expect("a limit"), now, Kind::Reset, &known)?;
        mail_link::keep_newest(conn, UserKey(1), mail_link::Purpose::Disown, 20)?;
        let later = now + Duration::from_hours(48);
        assert_eq!((mail_link::purge(conn, later, 500)?, budget::purge(conn, later, 500)?), (2, 1));
        Ok(taken)
    });
    for text in texts.iter().filter(|text| !text.starts_with("INSERT")) {
        let steps = plan(conn, text);
        assert!(steps.iter().all(|step| !step.starts_with("SCAN")), "{text}: {steps:?}");
    }
}
