//! What a search finds, on each database, and in which order.

use super::*;
use crate::db::Db;
use crate::db::schema::products;
use crate::shop::catalogue::{self, Query};
use crate::shop::paging::PageNumber;
use crate::shop::product::Status;
use crate::shop::search::token;
use crate::shop::trial::{change, on_each, product, product_in};
use diesel::connection::SimpleConnection as _;
use std::collections::HashSet;

fn asked(q: &str) -> Query {
    Query { q: Search::read(q), ..Query::default() }
}

fn titles(db: &Db, query: &Query) -> Vec<String> {
    let page = db.read_here(|conn| catalogue::page(conn, query)).expect("a page");
    page.products.into_iter().map(|product| product.title).collect()
}

fn run(db: &Db, statements: &str) {
    db.write_here(|conn| Ok(conn.batch_execute(statements)?)).expect("statements");
}

/// Another product like the one there is, many times; `stock`, `words` and `price` may say `i`, which counts from 1.
fn crowd(db: &Db, many: i64, (words, price, stock): (&str, &str, &str)) {
    run(
        db,
        &format!(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {many})
             INSERT INTO products (public_id, sku, slug, title, words, sort_title, description, category_id, price, stock, status,
             created_at)
             SELECT 'P' || (1000000000 + i) || '0123456789A', 'c-' || i, 'c-' || i, 'Crowd ' || i, {words}, 'crowd ' || i, '',
             category_id, {price}, {stock}, 'active', created_at FROM n, products p WHERE p.id = 1"
        ),
    );
}

#[test]
fn the_best_match_is_first_and_of_equals_the_newest() {
    on_each(|db| {
        for (category, title) in [
            ("Pots", "Hand Brush"),  // the word is in the description of all
            ("Hands", "Brass Bell"), // and here in the category
            ("Pots", "Handle"),      // begins with it
            ("Pots", "Bell by Hand"),
            ("Pots", "Plain Bell"),
        ] {
            product_in(db, category, title, 100, 1, Status::Active);
        }
        assert_eq!(titles(db, &asked("hand")), ["Bell by Hand", "Hand Brush", "Handle", "Brass Bell", "Plain Bell"]);
        assert_eq!(titles(db, &asked("bell hand")), ["Bell by Hand", "Brass Bell", "Plain Bell"]);
        assert_eq!(titles(db, &asked("brass-bell"))[0], "Brass Bell", "by its code, too");
        let by_name = Query { sort: Some(Sort::Name), ..asked("bell") };
        assert_eq!(titles(db, &by_name), ["Bell by Hand", "Brass Bell", "Plain Bell"]);
        assert_eq!(titles(db, &Query { category: Some("hands".to_owned()), ..asked("bell") }), ["Brass Bell"]);
    });
}

#[test]
fn a_category_that_got_another_name_is_found_by_that_only() {
    on_each(|db| {
        product_in(db, "Mugs", "Old Cup", 100, 1, Status::Active);
        product_in(db, "Pots", "Tea Mugs", 100, 1, Status::Active);
        run(db, "UPDATE categories SET name = 'Cups' WHERE name = 'Mugs'");
        run(db, "UPDATE products SET words = 'old cup cups' WHERE title = 'Old Cup'");
        let page = db.read_here(|conn| catalogue::page(conn, &asked("mugs"))).expect("a page");
        let found: Vec<&str> = page.products.iter().map(|product| product.title.as_str()).collect();
        assert_eq!((found, page.paging.total), (vec!["Tea Mugs"], 1));
        assert_eq!(titles(db, &asked("cups")), ["Old Cup"]);
    });
}

#[test]
fn a_product_is_found_by_its_own_words_whatever_symbols_they_have() {
    on_each(|db| {
        let symbols: Vec<char> = (' '..='~').filter(|c| !c.is_alphanumeric()).chain("–—«»·×→°€£’“”…½".chars()).collect();
        for (number, symbol) in symbols.iter().enumerate() {
            product(db, &format!("ware{symbol}house {number}x"), 100, 1);
        }
        for (number, symbol) in symbols.iter().enumerate() {
            let found = titles(db, &asked(&format!("WARE{symbol}house {number}x")));
            assert_eq!(found, [format!("ware{symbol}house {number}x")], "{symbol}");
            let alone = titles(db, &asked(&symbol.to_string()));
            let is_letter = "\"#$%&'*+@_€£’“”".contains(*symbol);
            if is_letter {
                let same = |other: &String| token::tokens(other) == token::tokens(&format!("ware{symbol}house {number}x"));
                assert!(alone.iter().any(same) && alone.len() <= 3, "{symbol}: {alone:?}");
            }
        }
        for none in
            ["war*", "*ware", "\"ware house\"", "ware OR nothing", "{ware}x", "^ware house$", "NEAR(ware house)", "title:x"]
        {
            assert_eq!(titles(db, &asked(none)), [""; 0], "{none}");
        }
        for nothing in ["!", "- -", "()", "\\"] {
            assert_eq!(titles(db, &asked(nothing)), [""; 0], "{nothing}");
        }
    });
}

#[test]
fn the_index_follows_what_is_searched_and_no_sale_writes_it() {
    on_each(|db| {
        let id = product(db, "Oak Bowl", 100, 9);
        let index = |db: &Db| {
            let written = |conn: &mut Conn| {
                let text = match conn {
                    Conn::Sqlite(_) => "SELECT sum(id * length(block)) AS number FROM product_words_data",
                    Conn::Postgres(_) => "SELECT sum(xmin::text::bigint)::bigint AS number FROM product_words",
                };
                Ok(diesel::sql_query(text).get_result::<Number>(conn)?.number)
            };
            db.read_here(written).expect("an index")
        };
        let before = index(db);
        change(db, id, 200, 0, Status::Active);
        assert_eq!(index(db), before);
        assert_eq!(titles(db, &asked("oak")), ["Oak Bowl"]);
        change(db, id, 200, 0, Status::Draft);
        assert_eq!(titles(db, &asked("oak")), [""; 0]);
        change(db, id, 200, 0, Status::Active);
        let words = products::words.eq("elm bowl");
        db.write_here(|conn| Ok(diesel::update(products::table).set(words).execute(conn)?)).expect("an edit");
        assert_eq!(titles(db, &asked("elm")), ["Oak Bowl"]);
        assert_eq!(titles(db, &asked("oak bowl")), [""; 0]);
        run(db, "DELETE FROM low_stock; DELETE FROM stock_movements; DELETE FROM products");
        assert_eq!(titles(db, &asked("elm")), [""; 0]);
    });
}

#[test]
fn nothing_that_matches_is_hidden_by_those_that_do_not() {
    on_each(|db| {
        product_in(db, "Pots", "Old Pot", 700, 3, Status::Active);
        product_in(db, "Pans", "Old Pan", 900, 3, Status::Active);
        crowd(db, 1500, ("'crowd pot pan'", "i", "0"));
        for sort in [None, Some(Sort::Price)] {
            let in_stock = Query { in_stock: true, sort, ..asked("pan") };
            assert_eq!(titles(db, &in_stock), ["Old Pan"], "{sort:?}");
            let of_category = Query { category: Some("pans".to_owned()), sort, ..asked("old") };
            assert_eq!(titles(db, &of_category), ["Old Pan"], "{sort:?}");
        }
        let page = db.read_here(|conn| catalogue::page(conn, &asked("pan"))).expect("a page");
        assert_eq!(
            (page.more, page.paging.total, page.products[0].title.as_str()),
            (true, COUNTED, "Old Pan"),
            "its title says so"
        );
    });
}

#[test]
fn an_order_is_right_however_many_match() {
    on_each(|db| {
        product(db, "Dear Pot", 999_999, 3);
        crowd(db, 5500, ("CASE WHEN i % 50 = 0 THEN 'crowd rare pot 100%' ELSE 'crowd pot 100%' END", "100 + i", "i % 2"));
        let first = |sort, q: &str, page| {
            titles(db, &Query { sort: Some(sort), page: PageNumber::read(Some(page)), ..asked(q) })[..2].to_vec()
        };
        assert_eq!(first(Sort::PriceDown, "pot", "1"), ["Dear Pot", "Crowd 5500"]);
        assert_eq!(first(Sort::Price, "crowd", "2"), ["Crowd 25", "Crowd 26"]);
        assert_eq!(first(Sort::Price, "po", "42"), ["Crowd 985", "Crowd 986"]);
        assert_eq!(first(Sort::Price, "crowd p", "2"), ["Crowd 25", "Crowd 26"]);
        assert_eq!(first(Sort::PriceDown, "crowd po-", "1"), ["Crowd 5500", "Crowd 5499"]);
        assert_eq!(first(Sort::Price, "100%", "3"), ["Crowd 49", "Crowd 50"]);
        assert_eq!(first(Sort::Price, "rare", "2"), ["Crowd 1250", "Crowd 1300"]);
        let in_stock = Query { sort: Some(Sort::Price), in_stock: true, ..asked("crowd") };
        assert_eq!(titles(db, &in_stock)[..2], ["Crowd 1", "Crowd 3"]);
        let found: Vec<String> = (1..=5)
            .flat_map(|page| titles(db, &Query { page: PageNumber::read(Some(&page.to_string())), ..asked("rare") }))
            .collect();
        assert_eq!((found.len(), found.iter().collect::<HashSet<_>>().len()), (110, 110), "each once, over all pages");
    });
}
