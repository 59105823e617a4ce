//! Families on each database.

mod files;
mod sales;

use super::*;
use crate::audit::Actor;
use crate::db::Db;
use crate::shop::catalogue::{self, Query};
use crate::shop::category;
use crate::shop::product::{self, Change, Edited};
use crate::shop::search::Search;
use crate::shop::trial::{change, money, now, on_each, product, product_in};

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn version(db: &Db, slug: &str) -> i64 {
    let read = |conn: &mut Conn| {
        let record = product::record(conn, slug)?;
        record.family.map_or(Ok(record.version), |key| Ok(whole(conn, key)?.0.version))
    };
    db.read_here(read).expect("a version")
}

fn called(db: &Db, slug: &str, title: &str, words: &[&str], version: i64) -> Changed {
    let names = texts(&["Colour", "Size"][..words.len()]);
    let wish = Wish { title: title.to_owned(), names, words: texts(words), version };
    db.write_here(|conn| call(conn, now(), &Actor::default(), slug, &wish)).expect("an answer")
}

fn added(db: &Db, slug: &str, words: &[&str], (price, stock, status): (i64, i64, Status), version: i64) -> Changed {
    let sku = format!("{slug}-{}", words.join("-"));
    let addition = Addition { words: texts(words), sku, price: money(price), stock, status, version };
    db.write_here(|conn| add(conn, now(), &Actor::default(), slug, &addition)).expect("an answer")
}

/// A towel in moss (first), oat, and a slate one that is a draft.
fn towels(db: &Db) {
    product_in(db, "Towels", "Linen Towel", 2000, 5, Status::Active);
    assert_eq!(called(db, "linen-towel", "Linen Towel", &["moss"], 0), Changed::Done);
    for (words, rest) in [("oat", (1800, 3, Status::Active)), ("slate", (1500, 9, Status::Draft))] {
        assert_eq!(added(db, "linen-towel", &[words], rest, version(db, "linen-towel")), Changed::Done);
    }
}

/// Titles in the list, and how many the list says there are.
fn listed(db: &Db, query: &Query) -> (Vec<String>, i64) {
    let page = db.read_here(|conn| catalogue::page(conn, query)).expect("a page");
    (page.products.into_iter().map(|product| product.title).collect(), page.paging.total)
}

fn found(db: &Db, q: &str) -> Vec<String> {
    listed(db, &Query { q: Search::read(q), ..Query::default() }).0
}

/// What each category's triggers counted, beside what a count of the rows says.
fn counts(db: &Db) -> Vec<(i64, i64)> {
    let read = |conn: &mut Conn| {
        let mut counts = Vec::new();
        for category in category::all(conn)? {
            let rows: Vec<(ProductKey, Option<FamilyKey>, i64)> = products::table
                .filter(products::category_id.eq(category.key))
                .filter(products::status.eq("active"))
                .select((products::id, products::family_id, products::stock))
                .load(conn)?;
            let things = |least: i64| {
                let mut things: Vec<_> =
                    rows.iter().filter(|row| row.2 >= least).map(|row| row.1.map_or((row.0.0, 0), |key| (0, key.0))).collect();
                things.sort_unstable();
                things.dedup();
                i64::try_from(things.len()).expect("few")
            };
            assert_eq!((category.shown, category.shown_in_stock), (things(0), things(1)), "{}", category.slug);
            counts.push((category.shown, category.shown_in_stock));
        }
        Ok(counts)
    };
    db.read_here(read).expect("counts")
}

#[test]
fn options_are_listed_once_and_each_has_its_own_page() {
    on_each(|db| {
        product_in(db, "Towels", "Bath Mat", 900, 1, Status::Active);
        towels(db);
        let in_stock = Query { in_stock: true, ..Query::default() };
        assert_eq!(listed(db, &Query::default()), (texts(&["Bath Mat", "Linen Towel, oat"]), 2), "the cheapest stands for all");
        let page = db.read_here(|conn| catalogue::page(conn, &Query::default())).expect("a page");
        let kin = page.products[1].kin.clone().expect("a family");
        assert_eq!((kin.title.as_str(), kin.shown, kin.dearest.minor(), kin.in_stock), ("Linen Towel", 2, 2000, true));
        let (_, chosen) = db.read_here(catalogue::front).expect("a front");
        assert_eq!(chosen.len(), 2);
        for (slug, title, price) in [("linen-towel", "Linen Towel, moss", 2000), ("linen-towel-oat", "Linen Towel, oat", 1800)] {
            let one = db.read_here(|conn| product::by_slug(conn, slug)).expect("a product");
            assert_eq!((one.title.as_str(), one.price.minor()), (title, price));
            let related = db.read_here(|conn| product::related(conn, &one)).expect("others");
            assert_eq!(
                related.iter().map(|it| it.title.as_str()).collect::<Vec<_>>(),
                ["Bath Mat"],
                "its own options are no others"
            );
        }
        let oat = db.read_here(|conn| product::by_slug(conn, "linen-towel-oat")).expect("a product");
        change(db, oat.id, 1800, 0, Status::Active);
        assert_eq!(listed(db, &in_stock).0, texts(&["Bath Mat", "Linen Towel, oat"]), "the moss one is left");
        let moss = db.read_here(|conn| product::by_slug(conn, "linen-towel")).expect("a product");
        change(db, moss.id, 2000, 0, Status::Active);
        assert_eq!(listed(db, &in_stock), (texts(&["Bath Mat"]), 1));
        assert_eq!(counts(db), [(2, 1)]);
    });
}

#[test]
fn a_word_of_any_option_finds_the_family_and_one_of_a_draft_does_not() {
    on_each(|db| {
        towels(db);
        product(db, "Moss Lamp", 100, 1);
        for (q, titles) in [
            ("towel", &["Linen Towel, oat"][..]),
            ("towel moss", &["Linen Towel, oat"]),
            ("linen-towel-oat", &["Linen Towel, oat"]),
            ("moss", &["Moss Lamp", "Linen Towel, oat"]),
            ("slate", &[]),
        ] {
            assert_eq!(found(db, q), texts(titles), "{q}");
        }
        let slate = db.read_here(|conn| product::record(conn, "linen-towel-slate")).expect("a draft");
        assert!(db.read_here(|conn| product::by_slug(conn, "linen-towel-slate")).is_err(), "a draft is not there");
        let key = slate.family.expect("an option");
        let seen = db.read_here(|conn| offered(conn, &[key])).expect("a family");
        assert_eq!(seen[0].1.iter().map(|it| it.words[0].as_str()).collect::<Vec<_>>(), ["moss", "oat"]);
        let sell = |status| Change {
            title: slate.title.clone(),
            description: "Grey as rain.".to_owned(),
            price: money(1500),
            status,
            category: None,
            version: version_of(db, "linen-towel-slate"),
        };
        let edited = |change: &Change| {
            db.write_here(|conn| product::edit(conn, now(), &Actor::default(), "linen-towel-slate", change)).expect("an answer")
        };
        assert_eq!(edited(&sell(Status::Active)), Edited::Done);
        assert_eq!(found(db, "moss rain"), texts(&["Linen Towel, slate"]), "it is the cheapest now, and has the words of all");
        assert_eq!(edited(&sell(Status::Archived)), Edited::Done);
        assert_eq!((found(db, "rain"), found(db, "moss oat")), (texts(&[]), texts(&["Linen Towel, oat"])));
        let other = Change { title: "Rag".to_owned(), version: version_of(db, "linen-towel-slate"), ..sell(Status::Active) };
        assert_eq!(edited(&other), Edited::NamedByFamily);
        assert_eq!(counts(db), [(1, 1), (1, 1)]);
    });
}

fn version_of(db: &Db, slug: &str) -> i64 {
    db.read_here(|conn| product::record(conn, slug)).expect("a product").version
}

#[test]
fn of_two_who_change_a_family_the_second_is_told() {
    on_each(|db| {
        towels(db);
        let seen = version(db, "linen-towel");
        assert_eq!(called(db, "linen-towel", "Linen Cloth", &["fern"], seen), Changed::Done);
        assert_eq!(added(db, "linen-towel", &["rust"], (100, 1, Status::Active), seen), Changed::Overtaken);
        assert_eq!(called(db, "linen-towel-oat", "Rag", &["oat"], seen), Changed::Overtaken);
        let late = |work: fn(&mut Conn, i64) -> Result<Changed>| db.write_here(|conn| work(conn, seen)).expect("an answer");
        assert_eq!(late(|conn, seen| shift(conn, "linen-towel-oat", true, seen)), Changed::Overtaken);
        assert_eq!(late(|conn, seen| leave(conn, now(), &Actor::default(), "linen-towel-oat", seen)), Changed::Overtaken);
        let seen = version(db, "linen-towel");
        assert_eq!(added(db, "linen-towel", &["FERN"], (100, 1, Status::Active), seen), Changed::WordsTaken);
        assert_eq!(called(db, "linen-towel", "Linen Cloth", &["oat"], seen), Changed::WordsTaken);
        assert_eq!(added(db, "linen-towel", &["rust"], (2500, 1, Status::Active), seen), Changed::Done);
        let titles = |conn: &mut Conn| {
            let key = product::record(conn, "linen-towel")?.family.expect("a family");
            Ok(products::table
                .filter(products::family_id.eq(key))
                .order(products::place)
                .select(products::title)
                .load::<String>(conn)?)
        };
        let all = ["Linen Cloth, fern", "Linen Cloth, oat", "Linen Cloth, slate", "Linen Cloth, rust"];
        assert_eq!(db.read_here(titles).expect("titles"), all, "all are called after their family");
        assert_eq!(found(db, "cloth rust"), texts(&["Linen Cloth, oat"]));
    });
}

#[test]
fn options_are_put_in_order_and_taken_out() {
    on_each(|db| {
        towels(db);
        let order = |db: &Db| {
            let read = |conn: &mut Conn| {
                let key = product::record(conn, "linen-towel")?.family.expect("a family");
                Ok(whole(conn, key)?.1.iter().map(|it| it.words[0].clone()).collect::<Vec<_>>())
            };
            db.read_here(read).expect("a family")
        };
        for (slug, earlier, after) in [
            ("linen-towel-slate", true, ["moss", "slate", "oat"]),
            ("linen-towel-slate", true, ["slate", "moss", "oat"]),
            ("linen-towel-slate", true, ["slate", "moss", "oat"]),
            ("linen-towel", false, ["slate", "oat", "moss"]),
        ] {
            let seen = version(db, "linen-towel");
            assert_eq!(db.write_here(|conn| shift(conn, slug, earlier, seen)).expect("an answer"), Changed::Done);
            assert_eq!(order(db), after);
        }
        for (slug, left) in [("linen-towel-oat", 2), ("linen-towel-slate", 2), ("linen-towel", 2)] {
            let seen = version(db, slug);
            assert_eq!(
                db.write_here(|conn| leave(conn, now(), &Actor::default(), slug, seen)).expect("an answer"),
                Changed::Done
            );
            assert_eq!(listed(db, &Query::default()).1, left, "{slug}: each that is for sale is listed by itself");
        }
        assert_eq!(found(db, "moss"), texts(&["Linen Towel, moss"]));
        let families: i64 = db.read_here(|conn| Ok(families::table.count().get_result(conn)?)).expect("a count");
        assert_eq!(families, 0, "a family of nothing is gone");
        assert_eq!(counts(db), [(2, 2)]);
    });
}

#[test]
fn all_options_stand_in_one_category() {
    on_each(|db| {
        towels(db);
        product_in(db, "Bath", "Brush", 900, 1, Status::Active);
        let record = db.read_here(|conn| product::record(conn, "linen-towel")).expect("a product");
        let change = Change {
            title: record.title,
            description: record.description,
            price: record.price,
            status: Status::Active,
            category: Some("bath".to_owned()),
            version: record.version,
        };
        let edited = db.write_here(|conn| product::edit(conn, now(), &Actor::default(), "linen-towel", &change));
        assert_eq!(edited.expect("an answer"), Edited::Done);
        let bath = Query { category: Some("bath".to_owned()), ..Query::default() };
        assert_eq!(listed(db, &bath), (texts(&["Brush", "Linen Towel, oat"]), 2));
        assert_eq!(counts(db), [(0, 0), (2, 2)]);
        assert_eq!(found(db, "bath moss"), texts(&["Linen Towel, oat"]));
    });
}
