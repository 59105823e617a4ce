//! Bad days of the database, as people meet them: locked, gone, back again.
//!
//! Invariant: the answer is a 503 that says when to come back; it is never a wrong password, a lost cookie or an anonymous success.

use crate::on_both;
use crate::support::app::TestApp;
use crate::support::page::Page;
use crate::support::people::{PASSWORD, Shopper};
use crate::support::postgres::Cluster;
use crate::support::visitor::Visitor;
use crate::support::{Backend, Fixture as _};
use diesel::connection::SimpleConnection as _;
use futures_util::future::{join, join_all};
use latchkey::db::Conn;
use latchkey::on_either;
use std::time::{Duration, Instant};

on_both! {
    a_locked_database_costs_nobody_their_session,
    who_waits_to_write_keeps_nobody_from_reading,
}

/// A 503 with all that belongs to one.
#[track_caller]
fn is_unavailable(page: &Page) {
    assert_eq!(page.status, 503, "{}: {}", page.path, page.words());
    assert!(page.header("retry-after").parse::<u32>().is_ok_and(|wait| wait > 0), "{}", page.header("retry-after"));
    let deleted: Vec<_> = page.cookies_set().into_iter().filter(|cookie| cookie.contains("Max-Age=0")).collect();
    assert!(deleted.is_empty(), "{deleted:?}");
    if page.header("content-type").starts_with("text/html") {
        assert!(!page.heading().is_empty() && page.has("main a, main button"), "plain words and a way on: {}", page.words());
        for word in ["SQL", "sqlite", "postgres", "lock", "libpq", "timeout"] {
            assert!(!page.words().contains(word), "a stranger need not know: {}", page.words());
        }
    }
}

async fn a_locked_database_costs_nobody_their_session(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 9).await;
    let ada = Shopper::registered(app).await;
    let product = ada.get(&format!("/products/{}", bowl.slug)).await.expect(200);
    let visitor = Visitor::new(app);
    let login = visitor.get("/login").await.expect(200);

    let mut other = app.storage.second_connection();
    let lock = match other {
        Conn::Sqlite(_) => "BEGIN EXCLUSIVE",
        Conn::Postgres(_) => "BEGIN; LOCK TABLE sessions, refresh_tokens, carts, audit_events IN ACCESS EXCLUSIVE MODE",
    };
    on_either!(&mut other, conn => conn.batch_execute(lock)).expect("the lock is free");
    is_unavailable(&ada.press(&product, "/cart/items", &[("quantity", "1")]).await);
    is_unavailable(&visitor.press(&login, "/login", &[("email", &ada.email), ("password", PASSWORD)]).await);
    app.pass(Duration::from_secs(601));
    let asked = Instant::now();
    is_unavailable(&ada.get("/dashboard").await);
    assert!(asked.elapsed() < Duration::from_secs(6), "{:?}", asked.elapsed());
    on_either!(&mut other, conn => conn.batch_execute("ROLLBACK")).expect("the lock is given back");

    ada.get("/dashboard").await.expect(200);
    ada.press(&product, "/cart/items", &[("quantity", "1")]).await.expect_to("/cart");
    assert_eq!(ada.get("/cart").await.value("quantity"), "1", "what was refused was not done");
    visitor.press(&login, "/login", &[("email", &ada.email), ("password", PASSWORD)]).await.expect_to("/dashboard");
}

async fn who_waits_to_write_keeps_nobody_from_reading(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 9).await;
    let ada = Shopper::registered(app).await;
    let product = ada.get(&format!("/products/{}", bowl.slug)).await.expect(200);
    let mut other = app.storage.second_connection();
    let lock = match other {
        Conn::Sqlite(_) => "BEGIN IMMEDIATE",
        Conn::Postgres(_) => "BEGIN; LOCK TABLE carts IN EXCLUSIVE MODE",
    };
    on_either!(&mut other, conn => conn.batch_execute(lock)).expect("the lock is free");
    let is_sqlite = matches!(other, Conn::Sqlite(_)); // Postgres has one pool for both: there a reader may be told to come back
    let (asked, readers) = (Instant::now(), Visitor::new(app));
    let writes = join_all((0..60).map(|_| ada.press(&product, "/cart/items", &[("quantity", "1")])));
    let reads = async {
        let mut slowest = Duration::ZERO;
        for _ in 0..10 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let asked = Instant::now();
            readers.get("/healthz").await.expect(200);
            let page = readers.get("/products").await;
            assert!(page.status == 200 || !is_sqlite, "{}", page.status);
            slowest = slowest.max(asked.elapsed());
        }
        slowest
    };
    let (writes, slowest) = join(writes, reads).await;
    on_either!(&mut other, conn => conn.batch_execute("ROLLBACK")).expect("the lock is given back");
    assert!(writes.iter().all(|page| page.status == 503), "{:?}", writes.iter().map(|page| page.status).collect::<Vec<_>>());
    assert!(asked.elapsed() < Duration::from_secs(12), "nobody waits for long: {:?}", asked.elapsed());
    assert!(slowest < Duration::from_millis(2_500), "{slowest:?}");
}

#[test]
fn a_restart_of_postgres_signs_nobody_out() {
    let mut cluster = Cluster::start();
    actix_web::rt::System::new().block_on(async {
        let url = cluster.url("postgres");
        let app = TestApp::start(Backend::Sqlite, &[("DATABASE_URL", &url)]).await;
        let ada = Shopper::registered(&app).await;
        let visitor = Visitor::new(&app);
        let login = visitor.get("/login").await.expect(200);
        visitor.get("/readyz").await.expect(200);

        cluster.halt();
        for path in ["/", "/products", "/dashboard", "/api/products"] {
            is_unavailable(&ada.get(path).await);
        }
        is_unavailable(&visitor.press(&login, "/login", &[("email", &ada.email), ("password", PASSWORD)]).await);
        app.pass(Duration::from_secs(601));
        is_unavailable(&ada.get("/dashboard").await);
        visitor.get("/healthz").await.expect(200);
        visitor.get("/readyz").await.expect(503);

        cluster.resume();
        let back = Instant::now();
        while ada.get("/dashboard").await.status != 200 {
            assert!(back.elapsed() < Duration::from_secs(20), "it finds its way back by itself");
        }
        while visitor.get("/readyz").await.status != 200 {
            assert!(back.elapsed() < Duration::from_secs(20), "and so does the feed");
        }
        assert!(ada.is_signed_in().await);
        visitor.press(&login, "/login", &[("email", &ada.email), ("password", PASSWORD)]).await.expect_to("/dashboard");
        app.tear_down().await;
    });
}
