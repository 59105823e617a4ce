//! The feed: what ends at one node ends at the others, whatever happened to the way there.
//!
//! Invariant: a test waits for the effect and never for a time; that it comes in time is measured by benches/revocation. What a node
//! does that hears nothing: stale.rs.

use crate::on_both;
use crate::support::app::TestApp;
use crate::support::binary::Place;
use crate::support::people::{PASSWORD, Shopper};
use crate::support::visitor::Visitor;
use crate::support::{Backend, run, soon};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use latchkey::auth::latch::Latch;
use latchkey::auth::revocation::{self, Revocation};
use latchkey::auth::stewardship;
use latchkey::auth::user::{self, Role};
use latchkey::db::Conn;
use latchkey::db::schema::revocations;
use latchkey::ids::{SessionId, UserId};
use latchkey::on_either;
use std::time::Duration;

on_both! {
    who_signs_out_at_one_node_is_out_at_the_other,
    a_new_password_ends_the_other_browsers_at_every_node,
    a_lock_beside_a_running_shop_is_noticed,
    a_role_given_beside_a_running_shop_comes_with_a_silent_refresh,
    a_node_that_starts_knows_what_was_revoked_before,
    new_entries_are_found_after_a_purge,
    a_database_from_yesterday_is_read_anew,
}

async fn is_sent_to_sign_in(visitor: &Visitor) -> bool {
    let page = visitor.get("/dashboard").await;
    assert!(matches!(page.status, 200 | 303), "{}: {}", page.status, page.words());
    page.status == 303
}

async fn who_signs_out_at_one_node_is_out_at_the_other(app: &TestApp) {
    let second = app.second_node().await;
    let (ada, bob) = (Shopper::registered(app).await, Shopper::registered(app).await);
    let thief = ada.copy();
    thief.is_sent_to(second.address);
    bob.is_sent_to(second.address);
    thief.get("/dashboard").await.expect(200);
    ada.signs_out().await.expect_to("/");
    assert!(is_sent_to_sign_in(&ada).await, "at once where it was done");
    soon("her end at the other node", async || is_sent_to_sign_in(&thief).await).await;
    assert!(bob.is_signed_in().await, "and nobody else's");
    second.stop().await.expect("it closes");
}

async fn a_new_password_ends_the_other_browsers_at_every_node(app: &TestApp) {
    let second = app.second_node().await;
    let ada = Shopper::registered(app).await;
    let phone = ada.elsewhere(app).await;
    phone.is_sent_to(second.address);
    phone.get("/dashboard").await.expect(200);
    let fields = [("current_password", PASSWORD), ("new_password", "another-wagon-lantern-43")];
    ada.submit("/account/password", &fields).await.expect_to("/account");
    soon("the end of the phone's session", async || is_sent_to_sign_in(&phone).await).await;
    assert!(ada.is_signed_in().await);
    ada.is_sent_to(second.address);
    assert!(ada.is_signed_in().await);
    second.stop().await.expect("it closes");
}

/// As `latchkey user lock` does it, in another process.
fn lock(conn: &mut Conn, app: &TestApp, person: &Shopper) {
    let now = app.clock.now();
    let email = person.email.parse().expect("an address");
    let locked = conn.write(|conn| stewardship::set_locked(conn, now, &email, true, ""));
    assert!(locked.expect("a person can be locked out").is_some());
}

async fn a_lock_beside_a_running_shop_is_noticed(app: &TestApp) {
    let (ada, bob) = (Shopper::registered(app).await, Shopper::registered(app).await);
    lock(&mut app.storage.second_connection(), app, &ada);
    soon("the lock", async || is_sent_to_sign_in(&ada).await).await;
    assert!(bob.is_signed_in().await);
}

async fn a_role_given_beside_a_running_shop_comes_with_a_silent_refresh(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let before = ada.jar.borrow().value("__Host-at");
    let (conn, now) = (&mut app.storage.second_connection(), app.clock.now());
    let email = ada.email.parse().expect("an address");
    let raised = conn.write(|conn| {
        let person = user::set_role(conn, &email, Role::Admin)?.expect("it is a new role");
        revocation::record(conn, now, &[Revocation::Epoch(person.id, person.epoch)])
    });
    raised.expect("a role can be given");
    soon("a new token", async || {
        ada.get("/dashboard").await.expect(200);
        ada.jar.borrow().value("__Host-at") != before
    })
    .await;
}

/// Writes one, in a transaction of its own.
fn revoke(conn: &mut Conn, app: &TestApp) -> SessionId {
    let (id, now) = (SessionId::random(), app.clock.now());
    conn.write(|conn| revocation::record(conn, now, &[Revocation::Session(id)])).expect("it is written");
    id
}

fn knows(latch: &Latch, id: SessionId) -> bool {
    latch.feed.memory().covers(id, UserId::random(), 9)
}

async fn hears_of(app: &TestApp, id: SessionId) {
    soon("the news", async || knows(&app.server().latch, id)).await;
}

async fn a_node_that_starts_knows_what_was_revoked_before(app: &TestApp) {
    // More than one reading takes.
    let ids: Vec<SessionId> = (0..4_500).map(|_| SessionId::random()).collect();
    let (entries, now): (Vec<Revocation>, _) = (ids.iter().copied().map(Revocation::Session).collect(), app.clock.now());
    let conn = &mut app.storage.second_connection();
    conn.write(|conn| revocation::record(conn, now, &entries)).expect("they are written");
    let second = app.second_node().await;
    assert!(ids.iter().all(|id| knows(&second.app.latch, *id)), "before its first request");
    second.stop().await.expect("it closes");
    hears_of(app, ids[4_499]).await;
    assert!(ids.iter().all(|id| knows(&app.server().latch, *id)), "and who was there hears of all of them");
}

async fn new_entries_are_found_after_a_purge(app: &TestApp) {
    let conn = &mut app.storage.second_connection();
    for _ in 0..3 {
        let id = revoke(conn, app);
        hears_of(app, id).await;
        conn.write(|conn| Ok(diesel::delete(revocations::table).execute(conn)?)).expect("all may go");
        assert!(knows(&app.server().latch, id), "what is purged is still known");
    }
}

async fn a_database_from_yesterday_is_read_anew(app: &TestApp) {
    let conn = &mut app.storage.second_connection();
    let ids: Vec<SessionId> = (0..4).map(|_| revoke(conn, app)).collect();
    hears_of(app, ids[3]).await;
    let back = match conn {
        Conn::Sqlite(_) => "DELETE FROM revocations; UPDATE sqlite_sequence SET seq = 0 WHERE name = 'revocations'",
        Conn::Postgres(_) => "DELETE FROM revocations; ALTER SEQUENCE revocations_id_seq RESTART WITH 1",
    };
    let (id, now) = (SessionId::random(), app.clock.now());
    let restored = conn.write(|conn| {
        on_either!(conn, conn => conn.batch_execute(back))?;
        revocation::record(conn, now, &[Revocation::Session(id)])
    });
    restored.expect("time goes back");
    hears_of(app, id).await;
    let next = revoke(conn, app);
    hears_of(app, next).await;
}

/// Postgres gives ids before it commits: without a line, the feed would pass over the row that is committed late.
#[test]
fn who_revokes_waits_for_the_one_before_so_that_no_row_is_passed_over() {
    run(Backend::Postgres, &[], async |app: &TestApp| {
        let (first, second, now) = (SessionId::random(), SessionId::random(), app.clock.now());
        let (mut slow, mut quick) = (app.storage.second_connection(), app.storage.second_connection());
        on_either!(&mut slow, conn => conn.batch_execute("BEGIN")).expect("a transaction");
        revocation::record(&mut slow, now, &[Revocation::Session(first)]).expect("the first is written");
        let waits = std::thread::spawn(move || quick.write(|conn| revocation::record(conn, now, &[Revocation::Session(second)])));
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert!(!waits.is_finished() && !knows(&app.server().latch, second));
        on_either!(&mut slow, conn => conn.batch_execute("COMMIT")).expect("at last");
        waits.join().expect("no panic").expect("its turn has come");
        hears_of(app, second).await;
        assert!(knows(&app.server().latch, first), "who knows the second knows the first");
    });
}

#[test]
fn a_feed_whose_connection_was_cut_catches_up() {
    run(Backend::Postgres, &[], async |app: &TestApp| {
        let mut conn = app.storage.second_connection();
        for _ in 0..3 {
            let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name = 'latchkey feed'";
            on_either!(&mut conn, conn => conn.batch_execute(cut)).expect("the feed has a connection");
            let id = revoke(&mut conn, app);
            hears_of(app, id).await;
        }
    });
}

#[test]
fn the_command_line_locks_somebody_out_of_a_running_shop() {
    let place = Place::new(&[]);
    let serving = place.serve();
    let words = ["user", "add", "--email", "ada@example.com", "--name", "Ada", "--password-stdin"];
    assert_eq!(place.run(&words, PASSWORD).code, Some(0));
    actix_web::rt::System::new().block_on(async {
        let http = reqwest::Client::new();
        let at = |path: &str| serving.origin.join(path).expect("a path");
        let body = serde_json::json!({"email": "ada@example.com", "password": PASSWORD});
        let answer = http.post(at("/api/login")).json(&body).send().await.expect("an answer");
        let tokens: serde_json::Value = answer.json().await.expect("JSON");
        let token = tokens["access_token"].as_str().expect("a token");
        let profile = async || http.get(at("/api/profile")).bearer_auth(token).send().await.expect("an answer").status().as_u16();
        assert_eq!(profile().await, 200);
        let told = place.run(&["user", "lock", "ada@example.com"], "");
        assert!(told.output.contains("1 sessions ended"), "{told:?}");
        soon("the lock", async || profile().await == 401).await;
    });
    assert_eq!(serving.stop(), Some(0));
}
