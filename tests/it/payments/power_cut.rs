//! A power cut while people pay.
//!
//! Invariant: the server is the real binary, ended by SIGKILL between commit and answer; afterwards every order has its payment, every
//! piece is sold or on the shelf, and what the provider took is found.

use crate::support::Backend;
use crate::support::binary::{Place, Serving};
use crate::support::jar::Jar;
use crate::support::people::ADDRESS;
use crate::support::storage::Storage;
use crate::support::visitor::Visitor;
use diesel::prelude::*;
use futures_util::future::join_all;
use latchkey::auth::secrets::Secrets;
use latchkey::clock::Clock;
use latchkey::config::PaidBy;
use latchkey::db::Conn;
use latchkey::db::schema::{orders, payments, products, trial_bills};
use latchkey::mail::outbox::Postbox;
use latchkey::shop::demo;
use latchkey::shop::payment::{Providers, upkeep};
use std::time::{Duration, Instant};
use url::Url;

const PASSWORD: &str = "correct-wagon-lantern-42";
const PEOPLE: usize = 6;

/// What is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Placing,
    GoingToPay,
    Answering,
}

/// A form that is open in somebody's browser, and where it goes.
struct Ready {
    browser: Visitor,
    action: String,
    body: String,
}

#[test]
fn a_node_killed_while_people_order_and_pay_loses_no_piece_and_no_money() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let storage = Storage::empty(backend);
        let off = ["REGISTER", "SIGN_IN", "CHECKOUT"].map(|act| format!("LATCHKEY_LIMIT_{act}"));
        let database = storage.text();
        let mut settings: Vec<(&str, &str)> = off.iter().map(|name| (name.as_str(), "off")).collect();
        settings.extend([("DATABASE_URL", database.as_str()), ("LATCHKEY_PAYMENT", "trial")]);
        let place = Place::new(&settings);
        let mut serving = place.serve();
        let (db, clock) = (storage.doors(), Clock::default());
        let euro = "EUR".parse().expect("a currency");
        demo::products(&db, clock.now(), &euro, &mut |_, _| {}).expect("the shelves are filled");
        let mut conn = storage.second_connection();
        let before = pieces(&mut conn);
        for act in [Act::Placing, Act::GoingToPay, Act::Answering] {
            let system = actix_web::rt::System::new();
            let ready = system.block_on(people_about_to(&serving.origin, act));
            let killer = kill_at_the_first_commit(&storage, serving, act);
            system.block_on(join_all(ready.into_iter().map(|ready| async move {
                // Whether there is an answer is up to the power.
                let sent = ready.browser.form_request(&ready.action).body(ready.body).send().await;
                sent.is_ok()
            })));
            killer.join().expect("it was killed");
            serving = place.serve();
            let made: i64 = orders::table.count().get_result(&mut conn).expect("a count");
            assert_eq!(billed(&mut conn), made, "{backend:?} {act:?}: each order has one payment, of its total");
            assert_eq!(before - pieces(&mut conn), made, "{backend:?} {act:?}: each took one piece");
        }
        // What the provider decided and could not tell is found when it is asked.
        let secret = "q8Vn2LxT0sRb5YwZ7mKc3JdH9fGpA1eU".parse().expect("a secret");
        let post = Postbox::new(Secrets::new(&secret, &[]));
        let providers = Providers::open(PaidBy::Trial, &db, &clock, Vec::new());
        upkeep::round(&db, clock.now() + Duration::from_mins(10), &post, &providers).expect("a round");
        let decided: i64 = count(&mut conn, Act::Answering);
        let paid = payments::table.filter(payments::state.eq("paid")).count().get_result::<i64>(&mut conn);
        let orders_paid = orders::table.filter(orders::status.eq("paid")).count().get_result::<i64>(&mut conn);
        assert_eq!((Ok(decided), Ok(decided)), (paid, orders_paid), "{backend:?}");
        assert!(decided > 0, "{backend:?}: somebody's answer was committed");
        assert_eq!(serving.stop(), Some(0));
    }
}

/// So many people, each one press before the act.
async fn people_about_to(origin: &Url, act: Act) -> Vec<Ready> {
    let mut ready = Vec::new();
    for number in 0..PEOPLE {
        let browser = Visitor::at(origin, Jar::new(Clock::default()));
        let email = format!("{act:?}{number}@example.com");
        browser.submit("/register", &[("name", "Ada"), ("email", &email), ("password", PASSWORD)]).await.expect_to("/dashboard");
        let page = browser.get("/products/ember-vase").await.expect(200);
        browser.press(&page, "/cart/items", &[("quantity", "1")]).await.expect_to("/cart");
        let mut page = browser.get("/checkout").await.expect(200);
        let mut action = "/checkout".to_owned();
        let mut fields: Vec<(&str, &str)> = ADDRESS.to_vec();
        if act != Act::Placing {
            let order = browser.press(&page, &action, &fields).await.expect(303).location().to_owned();
            page = browser.get(&order).await.expect(200);
            action = format!("{order}/pay");
            fields = Vec::new();
        }
        if act == Act::Answering {
            let led = browser.press(&page, &action, &[]).await.expect(303);
            page = browser.get(led.location()).await.expect(200);
            action.clone_from(&page.path);
            fields = vec![("answer", "approve")];
        }
        let mut form = page.form(&action);
        form.retain(|(name, _)| fields.iter().all(|(changed, _)| changed != name));
        form.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        ready.push(Ready { browser, action, body });
    }
    ready
}

/// Kills the server as soon as one more of the act is committed, as a second connection sees it.
fn kill_at_the_first_commit(storage: &Storage, serving: Serving, act: Act) -> std::thread::JoinHandle<()> {
    let mut conn = storage.second_connection();
    let before = count(&mut conn, act);
    std::thread::spawn(move || {
        let since = Instant::now();
        while count(&mut conn, act) == before {
            assert!(since.elapsed() < Duration::from_secs(20), "{act:?}: nothing is committed");
        }
        serving.kill();
    })
}

fn count(conn: &mut Conn, act: Act) -> i64 {
    let found = match act {
        Act::Placing => orders::table.count().get_result(conn),
        Act::GoingToPay => payments::table.filter(payments::state.ne("due")).count().get_result(conn),
        Act::Answering => trial_bills::table.filter(trial_bills::verdict.is_not_null()).count().get_result(conn),
    };
    found.expect("a count")
}

fn billed(conn: &mut Conn) -> i64 {
    let exact = payments::table.inner_join(orders::table).filter(payments::amount.eq(orders::total));
    exact.count().get_result(conn).expect("a count")
}

fn pieces(conn: &mut Conn) -> i64 {
    let vase = products::table.filter(products::slug.eq("ember-vase")).select(products::stock);
    vase.first(conn).expect("it is on the shelf")
}
