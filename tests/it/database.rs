//! The database: the traps of our dependencies, each with a test that fails without its remedy.
//!
//! Invariant: the numbers in comments are those of docs/TRAPS.md, "Two databases". What happens while a database is away:
//! outage.rs.

use crate::on_both;
use crate::support::storage::TestDb;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Text;
use latchkey::clock::Clock;
use latchkey::db::schema::{audit_events, categories, recovery_codes};
use latchkey::db::{Conn, Db, is_duplicate};
use latchkey::error::Error;
use latchkey::on_either;
use std::sync::{Arc, Barrier};
use std::time::Duration;

on_both! {
    writers_who_read_first_lose_nothing,
    a_write_that_fails_leaves_nothing,
    a_write_that_panics_leaves_no_transaction_and_a_healthy_pool,
    a_panic_does_not_cost_the_pool_its_connections,
    every_pooled_connection_is_prepared,
    a_duplicate_is_told_from_other_broken_rules,
    a_broken_rule_of_the_schema_is_a_fault_of_ours,
    a_moment_is_kept_to_the_microsecond_and_without_a_zone,
    a_purged_id_is_never_used_again,
    what_follows_a_commit_happens_although_nobody_waits,
}

fn add_category(conn: &mut Conn, slug: &str) -> QueryResult<usize> {
    diesel::insert_into(categories::table)
        .values((categories::slug.eq(slug), categories::name.eq(slug), categories::position.eq(0_i64)))
        .execute(conn)
}

fn slugs(conn: &mut Conn) -> Vec<String> {
    categories::table.select(categories::slug).order(categories::id).load(conn).expect("categories can be listed")
}

/// Trap 1. Each node has doors of its own, so that nothing but the database stands between the writers.
/// (Postgres makes no promise about reading first: there the conditional update is the promise, and it is what is tried.)
async fn writers_who_read_first_lose_nothing(test: &TestDb) {
    test.db.write(|conn| Ok(add_category(conn, "counter")?)).await.expect("a category is added");
    let start = Arc::new(Barrier::new(4));
    let nodes: Vec<_> = (0..4)
        .map(|_| {
            let (db, start) = (test.storage.doors(), start.clone());
            std::thread::spawn(move || {
                start.wait();
                for _ in 0..25 {
                    db.write_here(add_one).expect("a write waits for its turn");
                }
            })
        })
        .collect();
    for node in nodes {
        node.join().expect("no node gives up");
    }
    let count: i64 =
        test.db.read(|conn| Ok(categories::table.select(categories::position).first(conn)?)).await.expect("the counter");
    assert_eq!(count, 100);
}

fn add_one(conn: &mut Conn) -> latchkey::error::Result<()> {
    loop {
        let seen: i64 = categories::table.select(categories::position).first(conn)?;
        let changed = diesel::update(categories::table.filter(categories::position.eq(seen)))
            .set(categories::position.eq(seen + 1))
            .execute(conn)?;
        if changed == 1 {
            return Ok(());
        }
    }
}

async fn a_write_that_fails_leaves_nothing(test: &TestDb) {
    let outcome = test
        .db
        .write(|conn| {
            add_category(conn, "half")?;
            Err::<(), _>(Error::NotFound)
        })
        .await;
    assert!(matches!(outcome, Err(Error::NotFound)), "the reason comes through: {outcome:?}");
    assert_eq!(slugs(&mut test.storage.second_connection()), [""; 0]);
    test.db.write(|conn| Ok(add_category(conn, "whole")?)).await.expect("the next write is not disturbed");
    assert_eq!(slugs(&mut test.storage.second_connection()), ["whole"]);
}

/// Trap 9, with the one writer that SQLite has: without the remedy the next write finds a transaction open.
async fn a_write_that_panics_leaves_no_transaction_and_a_healthy_pool(test: &TestDb) {
    for round in 0..6 {
        let outcome = test
            .db
            .write(move |conn| -> latchkey::error::Result<()> {
                add_category(conn, "half")?;
                panic!("on purpose, round {round}");
            })
            .await;
        assert!(matches!(outcome, Err(Error::Internal(_))), "{outcome:?}");
    }
    assert_eq!(slugs(&mut test.storage.second_connection()), [""; 0], "nothing of it was committed");
    for slug in ["one", "two", "three", "four", "five"] {
        test.db.write(move |conn| Ok(add_category(conn, slug)?)).await.expect("the pool is healthy");
        assert_eq!(slugs(&mut test.storage.second_connection()).last().map(String::as_str), Some(slug), "and commits at once");
    }
}

async fn a_panic_does_not_cost_the_pool_its_connections(test: &TestDb) {
    for _ in 0..12 {
        let outcome = test.db.read(|_| -> latchkey::error::Result<()> { panic!("on purpose") }).await;
        assert!(matches!(outcome, Err(Error::Internal(_))), "{outcome:?}");
    }
    with_all_connections(&test.db, |conn| assert_eq!(slugs(conn), [""; 0]));
}

/// Takes all four connections of the pool at once and looks at each.
fn with_all_connections(db: &Db, look: fn(&mut Conn)) {
    let all_taken = Arc::new(Barrier::new(4));
    let takers: Vec<_> = (0..4)
        .map(|_| {
            let (db, all_taken) = (db.clone(), all_taken.clone());
            std::thread::spawn(move || {
                db.read_here(|conn| {
                    all_taken.wait();
                    look(conn);
                    Ok(())
                })
            })
        })
        .collect();
    for taker in takers {
        taker.join().expect("every connection is as it should be").expect("four connections can be had");
    }
}

/// Trap 7.
async fn every_pooled_connection_is_prepared(test: &TestDb) {
    with_all_connections(&test.db, looks_prepared);
    test.db
        .write(|conn| {
            looks_prepared(conn);
            Ok(())
        })
        .await
        .expect("a writer can be had");
}

fn looks_prepared(conn: &mut Conn) {
    let expected: &[(&str, &str)] = match conn {
        Conn::Sqlite(_) => &[("foreign_keys", "1"), ("busy_timeout", "2000"), ("journal_mode", "wal"), ("synchronous", "2")],
        Conn::Postgres(_) => {
            &[("TimeZone", "UTC"), ("synchronous_commit", "on"), ("lock_timeout", "2s"), ("statement_timeout", "10s")]
        }
    };
    for (name, value) in expected {
        let query = match conn {
            Conn::Sqlite(_) => format!("PRAGMA {name}"),
            Conn::Postgres(_) => format!("SELECT current_setting('{name}')"),
        };
        let found: String =
            on_either!(conn, conn => sql::<Text>(&query).get_result(conn)).unwrap_or_else(|cause| panic!("{name}: {cause}"));
        assert_eq!(&found, value, "{name}");
    }
}

/// Trap 4.
async fn a_duplicate_is_told_from_other_broken_rules(test: &TestDb) {
    test.db
        .write(|conn| {
            add_category(conn, "tea")?;
            let again = conn.transaction(|conn| add_category(conn, "tea")).expect_err("a slug is unique");
            assert!(is_duplicate(&again), "{again}");
            let broken = conn
                .transaction(|conn| diesel::update(categories::table).set(categories::shown.eq(-1_i64)).execute(conn))
                .expect_err("a count is not negative");
            assert!(!is_duplicate(&broken), "{broken}");
            Ok(())
        })
        .await
        .expect("the refusals were expected");
}

async fn a_broken_rule_of_the_schema_is_a_fault_of_ours(test: &TestDb) {
    let code = (recovery_codes::user_id.eq(404), recovery_codes::hash.eq("A".repeat(43)));
    let orphan = test.db.write(move |conn| Ok(diesel::insert_into(recovery_codes::table).values(code).execute(conn)?)).await;
    assert!(matches!(orphan, Err(Error::Internal(_))), "foreign keys are enforced, and it is no outage: {orphan:?}");
}

/// Trap 8.
async fn a_moment_is_kept_to_the_microsecond_and_without_a_zone(test: &TestDb) {
    let now = Clock::default().now();
    let kept: latchkey::clock::Moment = test
        .db
        .write(move |conn| {
            latchkey::audit::record(conn, now, latchkey::audit::Kind::Started, &latchkey::audit::Actor::default(), "")?;
            Ok(audit_events::table.select(audit_events::at).first(conn)?)
        })
        .await
        .expect("an event is kept");
    assert_eq!(kept, now);
}

async fn a_purged_id_is_never_used_again(test: &TestDb) {
    let ids: Vec<i64> = test
        .db
        .write(|conn| {
            let mut ids = Vec::new();
            for slug in ["first", "second"] {
                add_category(conn, slug)?;
                ids.push(categories::table.select(categories::id).first(conn)?);
                diesel::delete(categories::table).execute(conn)?;
            }
            Ok(ids)
        })
        .await
        .expect("categories come and go");
    assert!(ids[1] > ids[0], "{ids:?}");
}

async fn what_follows_a_commit_happens_although_nobody_waits(test: &TestDb) {
    let (tell, told) = std::sync::mpsc::channel();
    let db = test.db.clone();
    let request = tokio::time::timeout(
        Duration::from_millis(20),
        db.write_then(
            |conn| {
                std::thread::sleep(Duration::from_millis(200));
                Ok(add_category(conn, "late")?)
            },
            move |added| tell.send(*added).expect("the test waits"),
        ),
    )
    .await;
    assert!(request.is_err(), "the request was dropped while its write went on");
    assert_eq!(told.recv_timeout(Duration::from_secs(5)), Ok(1));
    assert_eq!(slugs(&mut test.storage.second_connection()), ["late"], "told only after the commit");
}
