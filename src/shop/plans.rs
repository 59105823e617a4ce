//! How SQLite finds what the pages ask for.
//!
//! Invariant: no page reads a whole table that grows with the shop, and no list of products is sorted. Only tests know this module.

use crate::audit;
use crate::db::Conn;
use crate::db::heard::{heard, plan};
use crate::error::Result;
use crate::ids::{FamilyKey, ProductKey, UserKey};
use crate::shop::catalogue::{self, Query, Sort};
use crate::shop::paging::PageNumber;
use crate::shop::search::{self, Search};
use crate::shop::trial::{eur, now, on_each, person, shop};
use crate::shop::{cart, category, demo, family, order, payment, product, takings};

/// The steps of each statement that `work` runs; nothing on Postgres, which plans by what it knows of the rows.
fn plans<T>(conn: &mut Conn, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<Vec<Vec<String>>> {
    if matches!(conn, Conn::Postgres(_)) {
        return Ok(Vec::new());
    }
    let (done, texts) = heard(conn, work);
    done?;
    texts.iter().map(|text| plan(conn, text)).collect()
}

/// A step that looks for the family of a product, or for its other options.
fn is_of_family(step: &str) -> bool {
    let options = ["SEARCH o USING INDEX products_family (family_id=? AND status=?)", "CORRELATED SCALAR SUBQUERY"];
    step == "SEARCH families USING INTEGER PRIMARY KEY (rowid=?) LEFT-JOIN" || options.iter().any(|it| step.starts_with(it))
}

#[test]
fn no_list_of_products_sorts_or_reads_the_whole_table() {
    on_each(|db| {
        demo::products(db, now(), &eur(), &mut |_, _| {}).expect("seeded");
        for sort in [Sort::Name, Sort::Newest, Sort::Price, Sort::PriceDown] {
            for (category, in_stock) in [(None, false), (None, true), (Some("mugs"), false), (Some("mugs"), true)] {
                let query = Query { category: category.map(str::to_owned), sort: Some(sort), in_stock, ..Query::default() };
                let plans = db.read_here(|conn| plans(conn, |conn| catalogue::page(conn, &query))).expect("plans");
                for plan in plans.iter().skip(1) {
                    let walked = |step: &&String| step.starts_with("SEARCH products USING") && step.contains("INDEX products_");
                    assert_eq!(plan.iter().filter(walked).count(), 1, "{plan:?}");
                    // Those of one page are put in order, once they are found.
                    let few = [
                        "SEARCH products USING INTEGER PRIMARY KEY (rowid=?)",
                        "CREATE BLOOM FILTER",
                        "USE TEMP B-TREE FOR ORDER BY",
                    ];
                    let known = |step: &String| few.contains(&&**step) || step.starts_with("LIST SUBQUERY") || is_of_family(step);
                    assert_eq!(plan.iter().filter(|step| !walked(step)).find(|step| !known(step)), None, "{plan:?}");
                    assert_eq!(plan.iter().filter(|step| step.contains("TEMP B-TREE")).count(), 1, "{plan:?}");
                    assert!(in_stock || plan.iter().any(|step| step.contains("COVERING INDEX products_")), "{plan:?}");
                }
                assert!(plans.len() == 2 || plans.is_empty(), "{plans:?}");
            }
        }
    });
}

#[test]
fn a_search_walks_the_index_of_words_and_sorts_only_what_it_was_asked_to_sort() {
    on_each(|db| {
        demo::products(db, now(), &eur(), &mut |_, _| {}).expect("seeded");
        for (sort, category, in_stock) in [
            (None, None, false),
            (None, Some("mugs"), true),
            (Some(Sort::Price), None, false),
            (Some(Sort::Newest), Some("mugs"), true),
        ] {
            let q = Search::read("by hand 100% a-b");
            let query = Query { q, category: category.map(str::to_owned), sort, in_stock, ..Query::default() };
            let plans = db.read_here(|conn| plans(conn, |conn| catalogue::page(conn, &query))).expect("plans");
            assert!(plans.len() <= 12, "{plans:?}");
            for step in plans.iter().skip(1).flatten() {
                let by_words = step.starts_with("SCAN w VIRTUAL TABLE INDEX");
                let by_key = step.starts_with("SEARCH p USING INTEGER PRIMARY KEY");
                let counted = step == "CO-ROUTINE counted" || step == "SCAN counted";
                let sorted = sort.is_some() && step == "USE TEMP B-TREE FOR ORDER BY";
                let known = by_words || by_key || counted || sorted || in_stock && is_of_family(step);
                assert!(known, "{sort:?} {in_stock}: {plans:?}");
            }
        }
    });
}

#[test]
fn of_very_many_matches_the_index_of_the_order_is_walked() {
    on_each(|db| {
        demo::products(db, now(), &eur(), &mut |_, _| {}).expect("seeded");
        for (q, near) in [("hand", None), ("hand", Some(30)), ("100%", None), ("100%", Some(30))] {
            let search = Search::read(q);
            let plans = db.read_here(|conn| plans(conn, |conn| search::walk(conn, &search, Sort::Price, near))).expect("plans");
            for plan in &plans {
                let range = if near.is_some() { "(status=? AND price<?)" } else { "(status=?)" };
                assert!(
                    plan[0].starts_with("SEARCH p USING ") && plan[0].ends_with(&format!("INDEX products_price {range}")),
                    "{plan:?}"
                );
                assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{plan:?}");
            }
        }
    });
}

/// A page, and how many statements it may take.
type Asked = (&'static str, usize, fn(&mut Conn, UserKey) -> Result<()>);

const PAGES: [Asked; 16] = [
    ("cart", 1, |conn, user| cart::show(conn, now(), &shop().terms, user).map(drop)),
    ("saved", 1, |conn, user| cart::saved(conn, user).map(drop)),
    ("count", 1, |conn, user| cart::count(conn, user).map(drop)),
    ("latest", 1, |conn, user| order::latest(conn, user).map(drop)),
    ("history", 3, |conn, user| order::history(conn, user, PageNumber::FIRST).map(drop)),
    ("payments", 1, |conn, _| payment::of(conn, &"HG-2222-2222".parse().expect("a number")).map(drop)),
    ("last address", 1, |conn, user| order::last_address(conn, user).map(drop)),
    ("ledger of a status", 1, |conn, _| order::ledger(conn, Some(order::Status::Paid), None).map(drop)),
    ("waiting", 2, |conn, _| order::waiting(conn, 100).map(drop)),
    ("takings", 1, |conn, _| takings::since(conn, now()).map(drop)),
    ("tally", 1, |conn, _| audit::tally(conn, audit::Kind::SignIn, now()).map(drop)),
    ("front", 2, |conn, _| catalogue::front(conn).map(drop)),
    ("shelves", 1, |conn, _| category::shelves(conn).map(drop)),
    ("product", 2, |conn, _| {
        let product = product::by_slug(conn, "ember-vase")?;
        assert_ne!(product.key, ProductKey(0));
        product::related(conn, &product).map(drop)
    }),
    ("all options", 2, |conn, _| family::whole(conn, FamilyKey(1)).map(drop)),
    ("options", 1, |conn, _| family::offered(conn, &[FamilyKey(1)]).map(drop)),
];

#[test]
fn every_page_finds_its_rows_by_index_in_few_statements() {
    on_each(|db| {
        demo::products(db, now(), &eur(), &mut |_, _| {}).expect("seeded");
        let user = person(db);
        for (name, statements, work) in PAGES {
            let plans = db.read_here(|conn| plans(conn, |conn| work(conn, user))).expect("plans");
            assert!(plans.len() <= statements, "{name}: {plans:?}");
            // There are few categories, and the front shows them all.
            let scans = |step: &&String| step.starts_with("SCAN") && **step != "SCAN categories";
            assert_eq!(plans.iter().flatten().find(scans), None, "{name}: {plans:?}");
        }
    });
}

#[test]
fn whatever_is_looked_for_in_the_audit_an_index_leads_there_and_gives_the_order() {
    on_each(|db| {
        let (person, kind) = (Some(UserKey(1)), Some(audit::Kind::SignIn));
        let place = Some(audit::Place { at: now(), id: 7 });
        for (person, kind, index) in [
            (None, None, "audit_events_at (at"),
            (person, None, "audit_events_person (user_id=? AND at"),
            (None, kind, "audit_events_kind (kind=? AND at"),
            (person, kind, "audit_events_person_kind (user_id=? AND kind=? AND at"),
        ] {
            for (day, after) in [(None, place), (Some(now()), None), (Some(now()), place)] {
                let filter = audit::Filter { kind, person, from: day, before: day };
                let plans = db.read_here(|conn| plans(conn, |conn| audit::search(conn, &filter, after, 50))).expect("plans");
                for plan in plans {
                    assert!(
                        plan.len() == 1 && plan[0].starts_with("SEARCH") && plan[0].contains(index),
                        "{filter:?} {after:?}: {plan:?}"
                    );
                }
            }
        }
        let own = db.read_here(|conn| plans(conn, |conn| audit::of_account(conn, UserKey(1), place, 25))).expect("plans");
        assert!(
            own.iter().all(|plan| plan.len() == 1 && plan[0].contains("audit_events_person (user_id=? AND at<?)")),
            "{own:?}"
        );
    });
}

#[test]
fn figures_and_long_lists_are_read_from_an_index_alone_and_never_sorted() {
    on_each(|db| {
        let number = db.read_here(|conn| plans(conn, |conn| takings::since(conn, now()))).expect("plans");
        assert!(number.iter().all(|plan| plan[0].contains("USING COVERING INDEX orders_placed (placed_at>?)")), "{number:?}");
        let tally = db.read_here(|conn| plans(conn, |conn| audit::tally(conn, audit::Kind::SignIn, now()))).expect("plans");
        assert!(tally.iter().all(|plan| plan[0].contains("COVERING INDEX audit_events_kind (kind=? AND at>?)")), "{tally:?}");
        let user = person(db);
        demo::products(db, now(), &eur(), &mut |_, _| {}).expect("seeded");
        let customer = demo::Customer { key: user, name: "Ada".to_owned() };
        demo::orders(db, now(), &shop(), &[customer], &mut |_, _| {}).expect("seeded");
        let some = db.read_here(|conn| order::ledger(conn, None, None)).expect("a page");
        // The newest: the index is walked from its end, as far as the page goes.
        let first = db.read_here(|conn| plans(conn, |conn| order::ledger(conn, None, None))).expect("plans");
        assert!(first.iter().flatten().all(|step| step == "SCAN orders USING INDEX orders_placed"), "{first:?}");
        let after = some.orders.last().expect("there are orders").number.clone();
        for status in [None, Some(order::Status::Delivered)] {
            let plans = db.read_here(|conn| plans(conn, |conn| order::ledger(conn, status, Some(&after)))).expect("plans");
            let index = if status.is_some() { "orders_status (status=? AND placed_at<?)" } else { "orders_placed (placed_at<?)" };
            for plan in plans.iter().skip(1) {
                assert!(plan.len() == 1 && plan[0].contains(index), "{plan:?}");
            }
        }
    });
}
