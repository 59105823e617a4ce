//! A shop with very many products.
//!
//! Invariant: what a server believes of its tables decides how long an answer takes, never what is answered. Prices and places follow
//! from a product's number, so that what comes first is known.

use crate::on_both;
use crate::support::Backend;
use crate::support::heard::heard;
use crate::support::storage::{Storage, TestDb};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use latchkey::clock::Clock;
use latchkey::config::DatabaseUrl;
use latchkey::db::{Conn, Db};
use latchkey::on_either;
use latchkey::shop::catalogue::{self, Query, Sort};
use latchkey::shop::demo;
use latchkey::shop::paging::PageNumber;
use latchkey::shop::search::Search;

on_both! {
    what_is_believed_of_a_word_is_found_out_when_it_was_long_ago,
}

fn run(db: &Db, statement: &str) {
    db.write_here(|conn| Ok(on_either!(conn, conn => diesel::sql_query(statement).execute(conn))?)).expect(statement);
}

/// So many products like the demo's first.
fn fill(db: &Db, many: i64) {
    let currency = "EUR".parse().expect("a currency");
    demo::products(db, Clock::default().now(), &currency, &mut |_, _| {}).expect("a shop");
    let crowd = format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {many})
         INSERT INTO products (public_id, sku, slug, title, words, sort_title, description, category_id, price, stock, status, created_at)
         SELECT 'P' || (1000000000 + i) || '0123456789A', 'crowd-' || i, 'crowd-' || i, 'Crowd ' || i, 'heron crowd', 'crowd ' || i, '',
         category_id, i, 1, 'active', created_at FROM n, products p WHERE p.sku = (SELECT min(sku) FROM products)"
    );
    run(db, &crowd);
    run(db, "ANALYZE");
}

async fn what_is_believed_of_a_word_is_found_out_when_it_was_long_ago(test: &TestDb) {
    fill(&test.db, 12_000);
    let look = |query: Query| {
        let looked = test.db.read_here(|conn| Ok(heard(conn, |conn| catalogue::page(conn, &query))));
        let (page, texts) = looked.expect("a connection");
        (page.expect("a page"), texts.iter().any(|text| text.contains("count(*) AS matches")))
    };
    let page = |sort, page| {
        let query = Query { q: Search::read("heron"), sort, page: PageNumber::read(Some(page)), ..Query::default() };
        let (page, counted) = look(query);
        let title = page.products.first().map_or_else(String::new, |product| product.title.clone());
        (title, page.paging.total, page.more, counted)
    };
    let found = |q: &str| {
        let (page, counted) = look(Query { q: Search::read(q), ..Query::default() });
        (page.paging.total, counted)
    };
    let counts = matches!(test.storage.url(), DatabaseUrl::Sqlite(_));
    assert_eq!(page(None, "1"), ("Crowd 12000".to_owned(), 1000, true, counts));
    assert_eq!(page(Some(Sort::Price), "3"), ("Crowd 49".to_owned(), 1000, true, counts));
    assert_eq!(found("heron crowd"), (1000, counts));
    // A word that its statistics do not know.
    run(&test.db, "UPDATE products SET words = 'heron grouse' WHERE sku LIKE 'crowd-%' AND price <= 30");
    assert_eq!(found("heron grouse"), (30, true));
    run(&test.db, "UPDATE products SET words = 'heron crowd' WHERE sku LIKE 'crowd-%' AND price <= 30");
    run(&test.db, "UPDATE products SET words = 'egret' WHERE sku LIKE 'crowd-%' AND price > 100");
    assert_eq!(page(None, "1").0, "Crowd 100");
    assert_eq!(page(None, "5"), ("Crowd 4".to_owned(), 100, false, true));
    assert_eq!(page(Some(Sort::Price), "5"), ("Crowd 97".to_owned(), 100, false, true));
    assert_eq!(page(Some(Sort::Price), "6"), (String::new(), 100, false, true));
}

#[derive(QueryableByName)]
struct Plans {
    #[diesel(sql_type = BigInt)]
    anew: i64,
    #[diesel(sql_type = BigInt)]
    kept: i64,
}

#[test]
fn a_server_plans_the_pages_of_visitors_once() {
    let storage = Storage::migrated(Backend::Postgres);
    fill(&storage.doors(), 2_000);
    let mut conn = storage.second_connection();
    for _ in 0..30 {
        catalogue::page(&mut conn, &Query::default()).expect("a list");
        catalogue::front(&mut conn).expect("a front");
    }
    let Conn::Postgres(conn) = &mut conn else { panic!("a server") };
    let plans: Vec<Plans> = diesel::sql_query(
        "SELECT custom_plans AS anew, generic_plans AS kept FROM pg_prepared_statements WHERE statement LIKE '%\"products\"%'",
    )
    .load(conn)
    .expect("what it has prepared");
    assert!(plans.len() >= 2, "{}", plans.len());
    for Plans { anew, kept } in plans {
        assert!(anew == 5 && kept == 25, "planned {anew} times, kept {kept} times");
    }
}
