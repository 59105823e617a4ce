//! What happened, as the person and those who run the shop read it.
//!
//! Invariant: a person sees their own events alone, operators see all, nobody changes any, and a list costs the same however long it is.

use crate::on_both;
use crate::support::api_client::ApiClient;
use crate::support::app::TestApp;
use crate::support::people::{Admin, PASSWORD, Shopper, sign_in};
use crate::support::visitor::Visitor;
use diesel::prelude::*;
use latchkey::audit::{self, Actor, Kind};
use latchkey::auth::upkeep;
use latchkey::db::Conn;
use latchkey::db::schema::{audit_events, users};
use latchkey::ids::UserKey;
use std::time::Duration;

on_both! {
    a_person_reads_what_happened_to_them_in_words,
    nobody_reads_about_others_and_nothing_internal_is_named,
    a_long_story_is_read_to_its_end_each_event_once,
    operators_find_who_did_that,
    the_whole_list_goes_home_as_a_file_and_that_is_an_event,
    nobody_changes_an_event_or_loses_one_of_this_year,
    a_year_later_it_is_swept_in_steps,
}

const CHROME: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";

fn key(app: &TestApp, email: &str) -> UserKey {
    let found = users::table.filter(users::email.eq(email)).select(users::id);
    found.first(&mut app.storage.second_connection()).expect("a person")
}

/// Writes so many events of a kind about a person.
async fn happens(app: &TestApp, person: UserKey, kind: Kind, times: usize) {
    let (now, actor) = (app.clock.now(), Actor { user: Some(person), session: None, address: "198.51.100.4".to_owned() });
    let write = move |conn: &mut Conn| audit::record_each(conn, now, kind, &vec![actor; times], "");
    app.db().write(write).await.expect("events");
}

async fn a_person_reads_what_happened_to_them_in_words(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let stranger = Visitor::new(app);
    stranger.calls_itself(CHROME);
    sign_in(&stranger, &ada.email, "wrong-wagon-lantern-42").await.expect(401);
    ApiClient::signed_in(app, &ada.email, PASSWORD).await;
    ada.submit("/account", &[("name", "Countess")]).await.expect_to("/account");
    let change = [("current_password", PASSWORD), ("new_password", "seven quiet lamps glow")];
    ada.submit("/account/password", &change).await.expect_to("/account");
    let page = ada.get("/account/activity").await.expect(200);
    let told = page.texts(".device-name");
    let expected = [
        "The password was changed",
        "Signed out, because the password was changed",
        "The name was changed",
        "A program signed in with your password",
        "A sign-in failed: the password was wrong Was it you?",
        "You made this account",
    ];
    for words in expected {
        assert!(told.contains(&words.to_owned()), "{words}: {told:?}");
    }
    assert_eq!(told.last().map(String::as_str), Some("You made this account"));
    // A session that a change made anew ended the one before it. Nobody was signed out by that, and it would only frighten.
    ada.get("/account").await.expect(200);
    let page = ada.get("/account/activity").await.expect(200);
    let out = page.texts(".device-name").into_iter().filter(|words| words.starts_with("Signed out"));
    assert_eq!(out.collect::<Vec<_>>(), ["Signed out, because the password was changed"]);
    let facts = page.texts(".device-facts").join(" | ");
    assert!(facts.contains("With Chrome on Linux From the shop’s own machine"), "{facts}");
    assert!(ada.get("/account").await.expect(200).has("a[href='/account/activity']"));
}

async fn nobody_reads_about_others_and_nothing_internal_is_named(app: &TestApp) {
    let (ada, eve) = (Shopper::registered(app).await, Shopper::registered(app).await);
    happens(app, key(app, &ada.email), Kind::TokenReuse, 30).await;
    let page = ada.get("/account/activity").await.expect(200);
    let next = page.attributes("a[rel='next']", "href").remove(0);
    let (_, place) = next.split_once("after=").expect("a place");
    assert!(place.len() > 40 && !next.contains("id="), "{next}");
    // A place is a place in time: behind it, everybody finds their own.
    assert_eq!(eve.get(&next).await.expect(200).texts(".device-name"), ["You made this account"]);
    assert_eq!(eve.get("/account/activity").await.expect(200).texts(".device-name"), ["You made this account"]);
    for wrong in ["1", "", "AAAAAAAAAAAAAAAAAAAAAA", &place[1..]] {
        ada.get(&format!("/account/activity?after={wrong}")).await.expect(404);
    }
}

async fn a_long_story_is_read_to_its_end_each_event_once(app: &TestApp) {
    let (ada, grace) = (Shopper::registered(app).await, Admin::registered(app).await);
    let person = key(app, &ada.email);
    // Many of one moment, and some that are no matter of the account.
    happens(app, person, Kind::NameChanged, 60).await;
    happens(app, person, Kind::OrderPlaced, 40).await;
    app.pass(Duration::from_secs(1));
    happens(app, person, Kind::SignOut, 7).await;
    let mut lengths = Vec::new();
    for (browser, start, css) in [
        (&*ada, "/account/activity".to_owned(), ".device-name"),
        (&grace, format!("/admin/audit?email={}", ada.email), "tbody tr"),
    ] {
        let (mut path, mut seen) = (start, Vec::new());
        loop {
            let page = browser.get(&path).await.expect(200);
            seen.extend(page.texts(css));
            match page.attributes("a[rel='next']", "href").first() {
                Some(next) => next.clone_into(&mut path),
                None => break,
            }
        }
        lengths.push(seen.len());
    }
    assert_eq!(lengths, [60 + 7 + 1, 60 + 40 + 7 + 1]);
}

async fn operators_find_who_did_that(app: &TestApp) {
    let (ada, grace) = (Shopper::registered(app).await, Admin::registered(app).await);
    happens(app, key(app, &ada.email), Kind::RoleChanged, 1).await;
    let page = grace.get("/admin/audit").await.expect(200);
    assert!(page.texts("tbody th").contains(&"Role changed".to_owned()), "{}", page.words());
    let only = async |query: &str| {
        let page = grace.get(&format!("/admin/audit?{query}")).await.expect(200);
        page.texts("tbody tr").len()
    };
    assert_eq!(only("event=role_changed").await, 1);
    assert_eq!(only(&format!("email={}", ada.email.to_uppercase())).await, 2);
    assert_eq!(only(&format!("email={}&event=registered", ada.email)).await, 1);
    assert_eq!(only(&format!("email={}&event=stopped", ada.email)).await, 0);
    assert_eq!(only("from=2999-01-01").await, 0);
    assert_eq!(only("to=2000-01-01").await, 0);
    let all = only("").await;
    assert!(all > 4);
    assert_eq!(only("from=2000-01-01&to=2999-01-01&event=nonsense").await, all, "what is not legal is as absent");
    assert_eq!(only("from=yesterday&to=9999-12-31").await, all);
    let page = grace.get("/admin/audit?email=nobody@example.com").await.expect(200);
    assert!(page.text(".empty").contains("Nobody has an account"), "{}", page.words());
    let whose = grace.get("/admin/audit?event=role_changed").await.expect(200).attributes("tbody a", "href").remove(0);
    assert!(grace.get(&whose).await.expect(200).words().contains(&ada.email));
    for path in ["/admin/audit", "/admin/audit.csv"] {
        ada.get(path).await.expect(404);
        Visitor::new(app).get(path).await.expect(303);
    }
}

async fn the_whole_list_goes_home_as_a_file_and_that_is_an_event(app: &TestApp) {
    let (ada, grace) = (Shopper::named(app, "=SUM(A1)").await, Admin::registered(app).await);
    happens(app, key(app, &ada.email), Kind::NameChanged, 2_345).await;
    let page = grace.get(&format!("/admin/audit?email={}", ada.email)).await.expect(200);
    let path = page.attributes("a[download]", "href").remove(0);
    let file = grace.get(&path).await.expect(200);
    assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
    assert!(file.header("content-disposition").contains("audit.csv") && file.header("cache-control") == "no-store");
    let mut rows = csv::Reader::from_reader(file.body.as_bytes());
    assert_eq!(
        rows.headers().expect("a head").iter().collect::<Vec<_>>(),
        ["time", "event", "person", "name", "session", "client", "address", "detail"]
    );
    let rows: Vec<csv::StringRecord> = rows.records().map(|row| row.expect("a row")).collect();
    assert_eq!(rows.iter().filter(|row| &row[1] == "name_changed").count(), 2_345);
    assert_eq!(rows.len(), 2_346);
    assert!(rows.iter().all(|row| &row[3] == "'=SUM(A1)"), "no cell is a formula");
    assert!(!file.body.contains("@example.com"));
    grace.get("/admin/audit.csv?email=nobody@example.com").await.expect(404);
    let page = grace.get("/admin/audit?event=audit_exported").await.expect(200);
    assert_eq!(page.texts("tbody tr").len(), 1, "{}", page.words());
    assert!(!page.texts("tbody").join("").contains('@'), "{}", page.words());
}

async fn nobody_changes_an_event_or_loses_one_of_this_year(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let mut conn = app.storage.second_connection();
    let all: i64 = audit_events::table.count().get_result(&mut conn).expect("a count");
    for forbidden in [
        "DELETE FROM audit_events",
        "UPDATE audit_events SET detail = 'nothing to see here'",
        "UPDATE audit_events SET kind = 'sign_in', user_id = NULL",
        "UPDATE audit_events SET at = '2000-01-01 00:00:00'",
        "UPDATE audit_events SET user_id = 1",
    ] {
        let told = diesel::sql_query(forbidden).execute(&mut conn);
        assert!(told.is_err_and(|cause| cause.to_string().contains("an audit event is")), "{forbidden}");
    }
    let named: i64 =
        audit_events::table.filter(audit_events::user_id.is_not_null()).count().get_result(&mut conn).expect("a count");
    assert!(named > 0);
    let nameless = diesel::update(audit_events::table).set(audit_events::user_id.eq(None::<UserKey>));
    nameless.execute(&mut conn).expect("a deleted person is no longer named");
    assert_eq!(audit_events::table.count().get_result::<i64>(&mut conn).expect("a count"), all);
    assert_eq!(ada.get("/account/activity").await.expect(200).texts(".device-name").len(), 0);
}

async fn a_year_later_it_is_swept_in_steps(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let person = key(app, &ada.email);
    happens(app, person, Kind::NameChanged, 1_200).await;
    app.pass(Duration::from_hours(24 * 364));
    happens(app, person, Kind::SignOut, 3).await;
    assert_eq!(upkeep::sweep(app.db(), app.clock.now()).expect("a round").audit, 0);
    app.pass(Duration::from_hours(48));
    // The age is counted from the newest event, as the table itself counts it.
    assert_eq!(upkeep::sweep(app.db(), app.clock.now()).expect("a round").audit, 0);
    happens(app, person, Kind::SignOut, 1).await;
    let swept = upkeep::sweep(app.db(), app.clock.now()).expect("a round").audit;
    assert!(swept >= 1_201, "{swept}");
    let left: i64 = audit_events::table.count().get_result(&mut app.storage.second_connection()).expect("a count");
    assert_eq!(left, 4);
}
