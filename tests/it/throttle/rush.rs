//! Everybody at once: parallel guesses at two nodes, a thousand accounts from one address, a thousand addresses for one account.

use super::{WRONG, counts, events};
use crate::on_both;
use crate::support::ada::{self, PASSWORD as ADAS};
use crate::support::api_client::ApiClient;
use crate::support::app::TestApp;
use crate::support::heard::heard;
use crate::support::people::{PASSWORD, Shopper, sign_in};
use crate::support::storage::TestDb;
use crate::support::visitor::Visitor;
use diesel::prelude::*;
use futures_util::future::join_all;
use latchkey::auth::email::Email;
use latchkey::auth::known_device::Browser;
use latchkey::auth::password::Password;
use latchkey::auth::session::Door;
use latchkey::auth::sign_in::{self as auth, Attempt, Outcome, Second};
use latchkey::auth::throttle::Counter;
use latchkey::auth::user;
use latchkey::clock::Clock;
use latchkey::db::Conn;
use latchkey::db::schema::{audit_events, login_failures};
use reqwest::Method;
use serde_json::json;
use std::time::Duration;

on_both! {
    of_fifty_guesses_at_two_nodes_five_are_looked_at,
    the_database_is_asked_the_same_whoever_has_an_account,
    one_password_for_a_thousand_accounts_is_stopped_at_its_address
        with { "LATCHKEY_LIMIT_ACCOUNT" = "5/15m", "LATCHKEY_LIMIT_SIGN_IN" = "10/1m:5", "LATCHKEY_TRUSTED_PROXIES" = "127.0.0.0/8" },
    a_thousand_addresses_for_one_account_are_stopped_and_its_owner_is_not
        with { "LATCHKEY_LIMIT_ACCOUNT" = "5/15m", "LATCHKEY_LIMIT_SIGN_IN" = "10/1m:5", "LATCHKEY_TRUSTED_PROXIES" = "127.0.0.0/8" },
    what_nobody_looked_at_is_not_counted with { "LATCHKEY_LIMIT_ACCOUNT" = "5/15m", "LATCHKEY_BCRYPT_COST" = "12" },
    a_database_that_cannot_count_lets_nobody_guess with { "LATCHKEY_LIMIT_ACCOUNT" = "5/15m" },
}

async fn of_fifty_guesses_at_two_nodes_five_are_looked_at(test: &TestDb) {
    let clock = Clock::standing(Clock::default().now());
    let nodes = [ada::latch_of(test, &clock), ada::latch_of(test, &clock)];
    ada::register(&nodes[0], Door::Web).await;
    for (email, round) in [("ada@example.com", 1), ("nobody@example.com", 1), ("ada@example.com", 2)] {
        let tries = (0..50).map(|nth| {
            let (node, password) = (nodes[nth % 2].clone(), Password::typed(if nth == 49 { ADAS } else { WRONG }));
            // The right one comes last, and is one too many.
            let attempt = Attempt { email: email.parse(), password, wish: ada::wish(Door::Web, None), second: Second::Now(None) };
            async move {
                tokio::time::sleep(Duration::from_millis(if nth == 49 { 300 } else { 0 })).await;
                auth::sign_in(&node, attempt).await.expect("the database is there")
            }
        });
        let outcomes = join_all(tries).await;
        let refused = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Refused)).count();
        let waiting = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Wait(_))).count();
        let looked_at = if round == 1 { 5 } else { 1 };
        assert_eq!((refused, waiting), (looked_at, 50 - looked_at), "{email}");
        clock.advance(Duration::from_secs(2));
    }
    let mut conn = test.storage.second_connection();
    let counts: Vec<i64> =
        login_failures::table.order(login_failures::id).select(login_failures::failures).load(&mut conn).expect("counts");
    assert_eq!(counts, [6, 5]);
    let failed = audit_events::table.filter(audit_events::kind.eq("sign_in_failed")).count();
    assert_eq!(failed.get_result::<i64>(&mut conn).expect("a count"), 11);
}

async fn the_database_is_asked_the_same_whoever_has_an_account(test: &TestDb) {
    let clock = Clock::standing(Clock::default().now());
    let latch = ada::latch_of(test, &clock);
    ada::register(&latch, Door::Web).await;
    let mut asked = Vec::new();
    for (email, browser) in [("ada@example.com", Browser::random()), ("nobody@example.com", Browser::random())] {
        let email: Email = email.parse().expect("an address");
        let looks = |conn: &mut Conn| {
            let counter = Counter::find(conn, &latch, &email, Some(&browser)).expect("a count");
            counter.wait(conn, &latch, clock.now()).expect("no wait");
            user::by_email(conn, &email).expect("a look");
        };
        asked.push(heard(&mut test.storage.second_connection(), looks).1);
    }
    assert_eq!(asked[0].len(), 3, "{asked:?}");
    assert_eq!(asked[0], asked[1]);
}

/// One guess at the API, from that address behind a proxy of ours.
async fn guess(app: &TestApp, email: &str, password: &str, from: &str) -> u16 {
    let client = ApiClient::new(app);
    let body = json!({"email": email, "password": password});
    client.send("/api/login", client.request(Method::POST, "/api/login").header("x-forwarded-for", from).json(&body)).await.status
}

/// Fills in the sign-in form, at that address behind a proxy of ours.
async fn signs_in(browser: &Visitor, email: &str, from: &str) -> u16 {
    let page = browser.get("/login").await.expect(200);
    let csrf = page.value("csrf");
    let form = [("csrf", csrf.as_str()), ("email", email), ("password", PASSWORD)];
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    browser.send("/login", browser.form_request("/login").header("x-forwarded-for", from).body(body)).await.status
}

async fn one_password_for_a_thousand_accounts_is_stopped_at_its_address(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    ada.signs_out().await.expect(303);
    let mut statuses = Vec::new();
    for nth in (0..1_000).step_by(50) {
        let emails: Vec<String> = (nth..nth + 50).map(|nth| format!("person{nth}@example.com")).collect();
        statuses.extend(join_all(emails.iter().map(|email| guess(app, email, WRONG, "198.51.100.7"))).await);
    }
    let looked_at = statuses.iter().filter(|status| **status == 401).count();
    // Five at once, and one more every six seconds that this takes.
    assert!((5..=12).contains(&looked_at), "{looked_at}");
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 1_000 - looked_at);
    assert_eq!(counts(app).len(), looked_at);
    assert_eq!(signs_in(&ada, &ada.email, "203.0.113.5").await, 303);
}

async fn a_thousand_addresses_for_one_account_are_stopped_and_its_owner_is_not(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    ada.signs_out().await.expect(303);
    let second = app.second_node().await;
    let mut statuses = Vec::new();
    for nth in (0..1_000_u32).step_by(50) {
        let addresses: Vec<String> = (nth..nth + 50).map(|nth| format!("198.18.{}.{}", nth / 250, nth % 250 + 1)).collect();
        statuses.extend(join_all(addresses.iter().map(|from| guess(app, &ada.email, WRONG, from))).await);
        if nth == 500 {
            assert_eq!(signs_in(&ada, &ada.email, "203.0.113.5").await, 303, "on a browser that is known");
        }
    }
    let looked_at = statuses.iter().filter(|status| **status == 401).count();
    // Five, and one after each wait of 2, 4, 8 and 16 seconds that this takes.
    assert!((5..=9).contains(&looked_at), "{looked_at}");
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 1_000 - looked_at);
    let looked_at = i64::try_from(looked_at).expect("a small number");
    assert_eq!((counts(app), events(app, "sign_in_failed")), (vec![looked_at], looked_at));
    assert_eq!(events(app, "sign_in_throttled"), looked_at - 4, "once for each wait, not for each who is told of it");
    let elsewhere = Visitor::new(app);
    elsewhere.is_sent_to(second.address);
    assert_eq!(signs_in(&elsewhere, &ada.email, "203.0.113.6").await, 429, "at the other node too");
    ada.signs_out().await.expect(303);
    ada.is_sent_to(second.address);
    assert_eq!(signs_in(&ada, &ada.email, "203.0.113.5").await, 303);
    second.stop().await.expect("it closes");
}

async fn what_nobody_looked_at_is_not_counted(app: &TestApp) {
    let hasher = &app.server().latch.hasher;
    let busy: Vec<_> = (0..400)
        .map(|_| {
            let hasher = hasher.clone();
            tokio::spawn(async move { hasher.verify(Password::typed("x"), None).await.is_ok() })
        })
        .collect();
    while hasher.waiting() < 8 {
        tokio::task::yield_now().await;
    }
    let api = ApiClient::new(app);
    for _ in 0..7 {
        api.post("/api/login", json!({"email": "ada@example.com", "password": WRONG})).await.expect(503);
    }
    assert_eq!(counts(app), [0]);
    for task in busy {
        task.await.expect("no panic");
    }
    api.post("/api/login", json!({"email": "ada@example.com", "password": WRONG})).await.expect(401);
}

async fn a_database_that_cannot_count_lets_nobody_guess(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    ada.signs_out().await.expect(303);
    let (freeze, thaw) = (std::sync::mpsc::channel::<()>(), std::sync::mpsc::channel::<()>());
    let mut conn = app.storage.second_connection();
    let holder = std::thread::spawn(move || {
        conn.write(|conn| {
            let table = match conn {
                Conn::Sqlite(_) => "UPDATE login_failures SET failures = 0",
                Conn::Postgres(_) => "LOCK TABLE login_failures IN ACCESS EXCLUSIVE MODE",
            };
            diesel::sql_query(table).execute(conn)?;
            freeze.0.send(()).expect("somebody waits");
            thaw.1.recv().expect("somebody says when");
            Ok(())
        })
    });
    freeze.1.recv().expect("the table is held");
    let page = sign_in(&ada, &ada.email, PASSWORD).await.expect(503);
    assert!(!page.header("retry-after").is_empty() && !page.words().contains("password"), "{}", page.words());
    thaw.0.send(()).expect("the holder waits");
    holder.join().expect("no panic").expect("a commit");
    sign_in(&ada, &ada.email, PASSWORD).await.expect_to("/dashboard");
}
