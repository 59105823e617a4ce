//! A shop with very many products.
//!
//! Invariant: what a sample or a server believes of the tables decides how long an answer takes, never what is answered. Prices and places follow
//! from a product's number, so that what comes first is known.

use crate::on_both;
use crate::support::Backend;
use crate::support::heard::heard;
use crate::support::storage::{Storage, TestDb};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use latchkey::clock::Clock;
use latchkey::config::DatabaseUrl;
use latchkey::db::{Conn, Db};
use latchkey::on_either;
use latchkey::shop::catalogue::{self, Query, Sort};
use latchkey::shop::demo;
use latchkey::shop::paging::PageNumber;
use latchkey::shop::search::{Search, Vocabulary};
use std::collections::HashSet;

on_both! {
    what_is_believed_of_a_word_is_found_out_when_it_was_long_ago,
    several_words_are_found_however_common_each_is,
}

fn run(db: &Db, statement: &str) {
    db.write_here(|conn| Ok(on_either!(conn, conn => diesel::sql_query(statement).execute(conn))?)).expect(statement);
}

const CROWD: (&str, &str) = ("'heron crowd'", "1");

/// So many products like the demo's first, with words and a stock that may say `i`, which counts from 1 as the prices do.
fn fill(db: &Db, many: i64, (words, stock): (&str, &str)) {
    let currency = "EUR".parse().expect("a currency");
    demo::products(db, Clock::default().now(), &currency, &mut |_, _| {}).expect("a shop");
    for from in (0..many).step_by(2_000) {
        let to = many.min(from + 2_000);
        let crowd = format!(
            "WITH RECURSIVE n (i) AS (SELECT {from} + 1 UNION ALL SELECT i + 1 FROM n WHERE i < {to})
             INSERT INTO products (public_id, sku, slug, title, words, sort_title, description, category_id, price, stock, status,
             created_at)
             SELECT 'P' || (1000000000 + i) || '0123456789A', 'crowd-' || i, 'crowd-' || i, 'Crowd ' || i, {words}, 'crowd ' || i, '',
             category_id, i, {stock}, 'active', created_at FROM n, products p WHERE p.sku = (SELECT min(sku) FROM products)"
        );
        run(db, &crowd);
    }
    run(db, "ANALYZE");
}

async fn what_is_believed_of_a_word_is_found_out_when_it_was_long_ago(test: &TestDb) {
    fill(&test.db, 12_000, CROWD);
    let vocabulary = Vocabulary::open(&test.db).expect("a vocabulary");
    let look = |query: Query| {
        let query = Query { vocabulary: vocabulary.clone(), ..query };
        let looked = test.db.read_here(|conn| Ok(heard(conn, |conn| catalogue::page(conn, &query))));
        let (page, texts) = looked.expect("a connection");
        let reads_all = |text: &String| text.contains("count(*) AS number") || text.contains("THEN 3 ELSE 4");
        (page.expect("a page"), texts.iter().any(reads_all))
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
    assert_eq!(page(None, "1"), ("Crowd 12000".to_owned(), 1000, true, false));
    assert_eq!(page(Some(Sort::Price), "3"), ("Crowd 49".to_owned(), 1000, true, false));
    assert_eq!(found("heron crowd"), (1000, false));
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

async fn several_words_are_found_however_common_each_is(test: &TestDb) {
    let words =
        "'heron crowd' || CASE WHEN i % 2 = 0 THEN ' even' ELSE ' odd' END || CASE WHEN i % 3 = 0 THEN ' thrice' ELSE '' END
        || CASE WHEN i % 1000 < 550 THEN ' alpha' ELSE '' END || CASE WHEN i % 1000 >= 450 THEN ' beta' ELSE '' END
        || CASE WHEN i <= 13000 THEN ' gamma' ELSE '' END || CASE WHEN i > 11000 THEN ' delta' ELSE '' END
        || CASE WHEN i <= 12000 THEN ' early' ELSE ' late' END || CASE WHEN i = 7778 THEN ' single' WHEN i % 1000 = 0 THEN ' seldom' ELSE '' END";
    fill(&test.db, 24_000, (words, "CASE WHEN i % 4 = 0 THEN 1 ELSE 0 END"));
    let vocabulary = Vocabulary::open(&test.db).expect("a vocabulary");
    let asked = |q: &str| Query { q: Search::read(q), vocabulary: vocabulary.clone(), ..Query::default() };
    let look = |query: &Query| {
        let page = test.db.read_here(|conn| catalogue::page(conn, query)).expect("a page");
        let titles: Vec<String> = page.products.iter().take(2).map(|product| product.title.replace("Crowd ", "")).collect();
        (page.paging.total, page.more, titles.join(" "))
    };
    let is_server = !matches!(test.storage.url(), DatabaseUrl::Sqlite(_));
    for q in ["heron single", "heron crowd"] {
        let texts = test.db.read_here(|conn| Ok(heard(conn, |conn| catalogue::page(conn, &asked(q))).1)).expect("a connection");
        assert_eq!(
            texts.iter().any(|text| text.contains("IS TRUE")),
            is_server,
            "no index is asked for a word of all: {texts:#?}"
        );
    }
    // The last page ends beyond what is counted.
    for q in ["heron crowd", "gamma delta", "alpha beta", "even thrice"] {
        let query = Query { page: PageNumber::read(Some("42")), ..asked(q) };
        let (page, texts) =
            test.db.read_here(|conn| Ok(heard(conn, |conn| catalogue::page(conn, &query)))).expect("a connection");
        assert!(page.expect("a page").products.len() >= 16, "{q}");
        let searches = texts.iter().filter(|text| text.contains("product_words"));
        assert!(searches.clone().count() >= 1 && searches.clone().all(|text| text.contains("LIMIT")), "{q}: {texts:#?}");
        let query = Query { page: PageNumber::read(Some("43")), ..query };
        assert_eq!(look(&query), (1000, true, String::new()), "{q}");
    }
    let category = look_up_category(&test.db);
    for (q, total, newest, cheapest) in [
        ("heron single", 1, "7778", "7778"),
        ("odd single", 0, "", ""),
        ("heron crow", 1000, "24000 23999", "1 2"),
        ("even thrice", 1000, "24000 23994", "6 12"),
        ("heron early", 1000, "12000 11999", "1 2"),
        ("lat her", 1000, "24000 23999", "12001 12002"),
        ("early odd", 1000, "11999 11997", "1 3"),
        ("gamma delta", 1000, "13000 12999", "11001 11002"),
        ("even odd", 0, "", ""),
        ("od ev", 0, "", ""),
        ("he thr", 1000, "24000 23997", "3 6"),
        ("heron s", 25, "24000 23000", "1000 2000"),
        ("even seldom single", 0, "", ""),
    ] {
        let query = asked(q);
        let cheapest_first = Query { sort: Some(Sort::Price), ..query.clone() };
        for category in [None, Some(category.clone())] {
            let of_category = |query: &Query| Query { category: category.clone(), ..query.clone() };
            assert_eq!(look(&of_category(&query)), (total, total == 1000, newest.to_owned()), "{q} {category:?}");
            assert_eq!(look(&of_category(&cheapest_first)), (total, total == 1000, cheapest.to_owned()), "{q} {category:?}");
        }
    }
    let in_stock = |q: &str| look(&Query { in_stock: true, ..asked(q) });
    assert_eq!(in_stock("even thrice"), (1000, true, "24000 23988".to_owned()));
    assert_eq!(in_stock("heron odd"), (0, false, String::new()));
    assert_eq!(in_stock("heron single"), (0, false, String::new()));
    assert_eq!(in_stock("heron seldom"), (24, false, "24000 23000".to_owned()));
    let query = Query { in_stock: true, ..asked("even thrice") };
    let texts = test.db.read_here(|conn| Ok(heard(conn, |conn| catalogue::page(conn, &query)).1)).expect("a connection");
    let is_blind = |text: &String| text.contains("(SELECT $");
    assert!(!texts.iter().any(is_blind), "the server is told of the words where it knows how much is in stock: {texts:#?}");
    // One that begins with the words, in its title, has its place on every page, however the others are come by.
    let title = "title = 'Alphas Betas', sort_title = 'alphas betas', words = words || ' alphas betas'";
    run(&test.db, &format!("UPDATE products SET {title} WHERE sku = 'crowd-5'"));
    for (number, first) in [("1", "Alphas Betas 23549"), ("2", "23526 23525"), ("40", "14514 14513")] {
        let query = Query { page: PageNumber::read(Some(number)), ..asked("alpha beta") };
        assert_eq!(look(&query), (1000, true, first.to_owned()), "page {number}");
        let texts = test.db.read_here(|conn| Ok(heard(conn, |conn| catalogue::page(conn, &query)).1)).expect("a connection");
        let is_exact = texts[1].contains("0 AS tier");
        assert_eq!(is_exact, is_server && number == "40", "page {number}: {texts:#?}");
    }
    let apart = test.db.read_here(|conn| catalogue::page(conn, &asked("odd single")));
    let instead: Vec<String> = apart.expect("a page").instead.iter().map(|search| search.text().to_owned()).collect();
    assert_eq!(instead, ["odd", "single"]);
}

/// The one that the crowd is in.
fn look_up_category(db: &Db) -> String {
    let page = db
        .read_here(|conn| catalogue::page(conn, &Query { q: Search::read("heron single"), ..Query::default() }))
        .expect("a page");
    page.products[0].category_slug.clone()
}

#[derive(QueryableByName)]
struct Plans {
    #[diesel(sql_type = Text)]
    statement: String,
    #[diesel(sql_type = BigInt)]
    anew: i64,
    #[diesel(sql_type = BigInt)]
    kept: i64,
}

#[test]
fn a_server_plans_the_pages_of_visitors_once() {
    let storage = Storage::migrated(Backend::Postgres);
    fill(&storage.doors(), 2_000, CROWD);
    let mut conn = storage.second_connection();
    let mut asked = HashSet::new();
    for _ in 0..30 {
        catalogue::page(&mut conn, &Query::default()).expect("a list");
        let later = Query { page: PageNumber::read(Some("40")), ..Query::default() };
        assert_eq!(catalogue::page(&mut conn, &later).expect("a list").products.len(), 24);
        let much_later = Query { page: PageNumber::read(Some("43")), ..Query::default() };
        assert_eq!(catalogue::page(&mut conn, &much_later).expect("a list").products.len(), 24);
        catalogue::front(&mut conn).expect("a front");
        for (q, sort) in [("heron", None), ("heron", Some(Sort::Price)), ("number 7", None), ("crowd-7 here", None)] {
            let query = Query { q: Search::read(q), sort, ..Query::default() };
            let (page, texts) = heard(&mut conn, |conn| catalogue::page(conn, &query));
            page.expect("a search");
            asked.extend(texts);
            let later = Query { page: PageNumber::read(Some("9")), ..query };
            catalogue::page(&mut conn, &later).expect("a search");
        }
    }
    let Conn::Postgres(conn) = &mut conn else { panic!("a server") };
    let plans: Vec<Plans> = diesel::sql_query(
        "SELECT statement, custom_plans AS anew, generic_plans AS kept FROM pg_prepared_statements
         WHERE statement LIKE '%\"products\"%' OR statement LIKE '%product_words%'",
    )
    .load(conn)
    .expect("what it has prepared");
    assert!(plans.len() >= 7, "{}", plans.len());
    let kept: HashSet<&String> = plans.iter().map(|plan| &plan.statement).collect();
    let is_search = |text: &&String| text.contains("products") || text.contains("product_words");
    let searches: Vec<&String> = asked.iter().filter(is_search).collect();
    assert!(searches.len() >= 4 && searches.iter().all(|text| kept.contains(text)), "{searches:#?}");
    for Plans { statement, anew, kept } in plans {
        assert!(anew == 5 && kept >= 25, "planned {anew} times, kept {kept} times: {statement}");
    }
}
