//! Bad days of the database: locked, full, gone, back again.
//!
//! Invariant: each is `Unavailable`, never anything that could be taken for an answer. What the web makes of it: safety.rs.

use crate::on_both;
use crate::support::postgres::Cluster;
use crate::support::storage::{Storage, TestDb};
use crate::support::{Backend, run};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use latchkey::clock::Clock;
use latchkey::config::DatabaseUrl;
use latchkey::db::schema::{categories, users};
use latchkey::db::{Conn, Db};
use latchkey::error::{Error, Result};
use latchkey::{audit, on_either};
use std::time::{Duration, Instant};

on_both! { a_database_that_is_locked_is_unavailable_soon_and_readable_meanwhile }

fn add_event(conn: &mut Conn) -> Result<()> {
    audit::record(conn, Clock::default().now(), audit::Kind::Started, &audit::Actor::default(), &"x".repeat(256))
}

fn count(conn: &mut Conn) -> Result<i64> {
    Ok(latchkey::db::schema::audit_events::table.count().get_result(conn)?)
}

fn is_unavailable<T>(outcome: &Result<T>) -> bool {
    matches!(outcome, Err(Error::Unavailable(_)))
}

/// Another program holds the lock, such as a backup or a careless shell.
async fn a_database_that_is_locked_is_unavailable_soon_and_readable_meanwhile(test: &TestDb) {
    let mut other = test.storage.second_connection();
    let lock = match other {
        Conn::Sqlite(_) => "BEGIN EXCLUSIVE",
        Conn::Postgres(_) => "BEGIN; LOCK TABLE audit_events IN EXCLUSIVE MODE",
    };
    on_either!(&mut other, conn => conn.batch_execute(lock)).expect("the lock is free");
    let asked = Instant::now();
    let refused = test.db.write(add_event).await;
    assert!(is_unavailable(&refused), "{refused:?}");
    assert!((1..4).contains(&asked.elapsed().as_secs()), "it waits two seconds, not {:?}", asked.elapsed());
    assert_eq!(test.db.read(count).await.expect("reading goes on"), 0);
    on_either!(&mut other, conn => conn.batch_execute("ROLLBACK")).expect("the lock is given back");
    test.db.write(add_event).await.expect("and all is well again");
}

#[test]
fn a_full_sqlite_file_is_unavailable_and_keeps_what_it_has() {
    run(Backend::Sqlite, &[], async |test: &TestDb| {
        test.db.write(add_event).await.expect("there is room");
        let limit = |pages: u32| {
            move |conn: &mut Conn| Ok(on_either!(conn, conn => conn.batch_execute(&format!("PRAGMA max_page_count = {pages}")))?)
        };
        test.db.write(limit(1)).await.expect("the one writer is told that the disk ends here");
        let fill = |conn: &mut Conn| (0..2_000).try_for_each(|_| add_event(conn));
        let refused = test.db.write(fill).await;
        assert!(is_unavailable(&refused), "{refused:?}");
        assert_eq!(
            count(&mut test.storage.second_connection()).expect("it can be read"),
            1,
            "nothing of the failed write is there"
        );
        test.db.write(limit(1_000_000)).await.expect("the disk is larger now");
        test.db.write(fill).await.expect("and takes it all");
    });
}

#[test]
fn the_door_for_reading_refuses_writes_on_sqlite() {
    run(Backend::Sqlite, &[], async |test: &TestDb| {
        let refused = test.db.read(|conn| Ok(diesel::delete(categories::table).execute(conn)?)).await;
        assert!(refused.is_err(), "{refused:?}");
    });
}

#[test]
fn a_database_that_is_not_there_is_said_with_its_name_and_without_its_password() {
    let storage = Storage::empty(Backend::Sqlite);
    let nowhere = storage.folder.path().join("no/such/folder/shop.db");
    let text = storage.folder.path().join("letter.db");
    std::fs::write(&text, "Dear reader, this is no database. ".repeat(200)).expect("a folder of our own");
    let urls = [
        DatabaseUrl::Sqlite(nowhere),
        DatabaseUrl::Sqlite(text),
        DatabaseUrl::Postgres("postgres://shop:hunter2@127.0.0.1:9/shop".to_owned()),
    ];
    for url in urls {
        match Db::open(&url, 2).map(|_| ()) {
            Err(Error::Unavailable(words)) => {
                assert!(words.contains(&url.to_string()), "{words}");
                assert!(!words.contains("hunter2"), "{words}");
            }
            other => panic!("{url}: {other:?}"),
        }
    }
}

/// Postgres is restarted under a running node: requests meanwhile are told to come back, and afterwards nothing has to be done.
#[test]
fn a_pool_recovers_when_postgres_comes_back() {
    let mut cluster = Cluster::start();
    let url: DatabaseUrl = cluster.url("postgres").parse().expect("a URL");
    latchkey::db::migrate(&url).expect("an empty database");
    let db = Db::open(&url, 3).expect("the server is up");
    db.write_here(add_event).expect("and takes writes");

    cluster.halt();
    for _ in 0..3 {
        let asked = Instant::now();
        let refused = db.write_here(add_event);
        assert!(is_unavailable(&refused), "{refused:?}");
        assert!(asked.elapsed() < Duration::from_secs(6), "the answer does not hang: {:?}", asked.elapsed());
    }
    assert!(is_unavailable(&db.read_here(count)));

    cluster.resume();
    let back = Instant::now();
    while db.write_here(add_event).is_err() {
        assert!(back.elapsed() < Duration::from_secs(20), "the pool finds its way back by itself");
    }
    for _ in 0..10 {
        db.write_here(add_event).expect("once back, it stays");
    }
    assert_eq!(db.read_here(count).expect("it can be read"), 12, "refused writes left nothing, answered ones are there");
}

/// The server is restarted between two requests, and the second request does not notice.
#[test]
fn a_restart_while_nobody_asks_costs_nobody_a_request() {
    let mut cluster = Cluster::start();
    let url: DatabaseUrl = cluster.url("postgres").parse().expect("a URL");
    latchkey::db::migrate(&url).expect("an empty database");
    let db = Db::open(&url, 3).expect("the server is up");
    db.write_here(add_event).expect("and takes writes");
    cluster.halt();
    cluster.resume();
    std::thread::sleep(Duration::from_millis(1_100));
    db.write_here(add_event).expect("a connection that lay unused is tried before it is handed out");
}

/// A shop that is busy asks again and again, each time with a connection that was in use a moment ago.
#[test]
fn a_connection_that_broke_in_use_is_not_handed_out_again() {
    let cluster = Cluster::start();
    let url: DatabaseUrl = cluster.url("postgres").parse().expect("a URL");
    latchkey::db::migrate(&url).expect("an empty database");
    let db = Db::open(&url, 1).expect("the server is up");
    db.read_here(count).expect("a connection that was just used");
    cluster.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'latchkey'");
    // A statement this connection never ran: what fails is its preparation, of which Diesel keeps no note.
    let people = |conn: &mut Conn| Ok(users::table.count().get_result::<i64>(conn)?);
    let answered = (0..5).position(|_| db.read_here(people).is_ok());
    assert!(answered.is_some_and(|failed| failed <= 1), "{answered:?}");
}

/// The way to a database of somebody else's machine: encrypted, and to nobody but the one that is meant.
#[test]
fn postgres_is_reached_over_tls_and_only_when_it_is_who_it_says() {
    let cluster = Cluster::start_with_tls();
    let url = |host: &str, rest: &str| -> DatabaseUrl {
        format!("postgres://latchkey@{host}:{}/postgres?{rest}", cluster.port).parse().expect("a URL")
    };
    let vouched = |ca: &str| format!("sslmode=verify-full&sslrootcert={}/{ca}.crt", cluster.folder);
    let good = url("localhost", &vouched("ca"));
    latchkey::db::migrate(&good).expect("an empty database");
    Db::open(&good, 2).expect("it is who it says").write_here(add_event).expect("and takes writes");
    for refused in [
        url("localhost", &vouched("stranger")),
        url("127.0.0.1", &vouched("ca")),
        url("localhost", "sslmode=disable"),
        url("localhost", "sslmode=verify-full&sslrootcert=/nowhere/ca.crt"),
    ] {
        assert!(is_unavailable(&Db::open(&refused, 2).map(|_| ())), "{refused}");
    }
}
