//! A node that hears nothing: it asks the database, and where there is none it lets nobody in.
//!
//! Invariant: nobody is signed in on a guess. Whatever is wrong, `/readyz` says it in words.

use crate::on_both;
use crate::support::app::TestApp;
use crate::support::people::{Admin, Shopper};
use crate::support::postgres::Cluster;
use crate::support::visitor::Visitor;
use crate::support::{Backend, Fixture as _, run, soon};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use latchkey::auth::latch::Access;
use latchkey::auth::session::Door;
use latchkey::db::Conn;
use latchkey::db::schema::{sessions, users};
use latchkey::error::Error;
use latchkey::on_either;
use std::time::Duration;

on_both! { a_node_that_hears_nothing_asks_the_database }

fn does(conn: &mut Conn, statements: &str) {
    on_either!(conn, conn => conn.batch_execute(statements)).unwrap_or_else(|cause| panic!("{statements}: {cause}"));
}

/// The feed's table is away, all others are there.
async fn a_node_that_hears_nothing_asks_the_database(app: &TestApp) {
    let (ada, bob, eve) = (Shopper::registered(app).await, Shopper::registered(app).await, Shopper::registered(app).await);
    let (conn, feed) = (&mut app.storage.second_connection(), &app.server().latch.feed);
    does(conn, "ALTER TABLE revocations RENAME TO elsewhere");
    soon("silence", async || feed.is_stale()).await;
    let ready = Visitor::new(app).get("/readyz").await.expect(503);
    assert!(ready.body.contains("revocations"), "{}", ready.body);
    for person in [&ada, &bob, &eve] {
        assert!(person.is_signed_in().await, "who is in, stays in");
    }
    let now = app.clock.now();
    let ended = conn.write(|conn| {
        let hers: i64 = users::table.filter(users::email.eq(&ada.email)).select(users::id).first(conn)?;
        let end = (sessions::ended_at.eq(now), sessions::ended_because.eq("sign_out"));
        diesel::update(sessions::table.filter(sessions::user_id.eq(hers))).set(end).execute(conn)?;
        let lock = (users::locked_at.eq(now), users::epoch.eq(users::epoch + 1));
        Ok(diesel::update(users::table.filter(users::email.eq(&bob.email))).set(lock).execute(conn)?)
    });
    assert_eq!(ended.expect("elsewhere, somebody signed out and somebody was locked out"), 1);
    assert_eq!(ada.get("/dashboard").await.status, 303);
    assert_eq!(bob.get("/dashboard").await.status, 303);
    assert!(eve.is_signed_in().await);
    does(conn, "INSERT INTO elsewhere (session, at) SELECT public_id, ended_at FROM sessions WHERE ended_at IS NOT NULL");
    does(conn, "ALTER TABLE elsewhere RENAME TO revocations");
    soon("the feed", async || !feed.is_stale()).await;
    Visitor::new(app).get("/readyz").await.expect(200);
    assert!(eve.is_signed_in().await && ada.get("/dashboard").await.status == 303);
}

#[test]
fn without_feed_and_database_nobody_is_let_in_on_a_guess() {
    let mut cluster = Cluster::start();
    actix_web::rt::System::new().block_on(async {
        let url = cluster.url("postgres");
        let app = TestApp::start(Backend::Sqlite, &[("DATABASE_URL", &url)]).await;
        let ada = Shopper::registered(&app).await;
        let (latch, token) = (&app.server().latch, ada.jar.borrow().value("__Host-at"));
        assert!(matches!(latch.access(Door::Web, &token).await, Ok(Access::Granted(_))));
        cluster.halt();
        soon("silence", async || latch.feed.is_stale()).await;
        let asked = latch.access(Door::Web, &token).await;
        assert!(matches!(asked, Err(Error::Unavailable(_))), "{asked:?}");
        ada.get("/dashboard").await.expect(503);
        cluster.resume();
        soon("the feed", async || !latch.feed.is_stale()).await;
        assert!(matches!(latch.access(Door::Web, &token).await, Ok(Access::Granted(_))));
        app.tear_down().await;
    });
}

/// A function of our own before the server's, where the search path says so: a database whose clock is wrong.
#[test]
fn a_clock_that_is_wrong_is_said_and_one_that_goes_back_is_noticed() {
    run(Backend::Postgres, &[], async |app: &TestApp| {
        let (visitor, feed) = (Visitor::new(app), &app.server().latch.feed);
        visitor.get("/readyz").await.expect(200);
        app.pass(Duration::from_hours(1));
        visitor.get("/readyz").await.expect(200);
        let grace = Admin::registered(app).await;
        let page = grace.get("/admin/import").await.expect(200);
        let sends = async || grace.uploads(&page, "/admin/import", &[], ("file", "goods.csv", b"nothing")).await.status;
        let mut conn = app.storage.second_connection();
        does(
            &mut conn,
            "CREATE SCHEMA wrong; CREATE TABLE wrong.clock (by interval); INSERT INTO wrong.clock VALUES ('7 seconds');
            CREATE FUNCTION wrong.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS
                'SELECT pg_catalog.clock_timestamp() + (SELECT by FROM wrong.clock)';
            DO 'BEGIN EXECUTE ''ALTER DATABASE '' || current_database() || '' SET search_path = wrong, pg_catalog, public''; END';
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name = 'latchkey feed'",
        );
        soon("the difference", async || visitor.get("/readyz").await.status == 503).await;
        assert!(visitor.get("/readyz").await.body.contains("clocks"));
        assert!((6..8).contains(&feed.offset().whole_seconds()), "{}", feed.offset());
        assert_eq!(sends().await, 503, "by this clock the import of another node might seem dead");
        does(&mut conn, "UPDATE wrong.clock SET by = '-3 seconds'");
        soon("a smaller one", async || visitor.get("/readyz").await.status == 200).await;
        assert!((-3..-1).contains(&feed.offset().whole_seconds()), "{}", feed.offset());
        assert_eq!(sends().await, 303);
    });
}
