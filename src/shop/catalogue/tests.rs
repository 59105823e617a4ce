//! The catalogue on each database.

use super::*;
use crate::db::Db;
use crate::error::Error;
use crate::shop::product;
use crate::shop::trial::{change, on_each, product, product_in};

fn titles(db: &Db, query: &Query) -> (Vec<String>, i64) {
    let page = db.read_here(|conn| page(conn, query)).expect("a page");
    (page.products.into_iter().map(|product| product.title).collect(), page.paging.total)
}

fn query(q: &str, category: &str, sort: Sort, in_stock: bool) -> Query {
    let category = (!category.is_empty()).then(|| category.to_owned());
    Query { q: Search::read(q), category, sort: Some(sort), in_stock, ..Query::default() }
}

fn furnish(db: &Db) {
    product_in(db, "Vases", "Élan Vase", 3000, 5, Status::Active);
    product_in(db, "Vases", "amber vase", 1000, 0, Status::Active);
    product_in(db, "Mugs", "Dot_Mug 100%", 2000, 2, Status::Active);
    product_in(db, "Mugs", "Draft Mug", 1500, 9, Status::Draft);
    product_in(db, "Mugs", "Archived Mug", 1500, 9, Status::Archived);
}

#[test]
fn a_list_has_what_is_asked_for_and_only_what_is_for_sale() {
    on_each(|db| {
        furnish(db);
        let list = |query: &Query| titles(db, query);
        let all = |titles: &[&str], total| (titles.iter().map(|title| (*title).to_owned()).collect::<Vec<_>>(), total);
        assert_eq!(list(&Query::default()), all(&["amber vase", "Dot_Mug 100%", "Élan Vase"], 3));
        assert_eq!(list(&query("", "", Sort::PriceDown, false)), all(&["Élan Vase", "Dot_Mug 100%", "amber vase"], 3));
        assert_eq!(list(&query("", "vases", Sort::Price, true)), all(&["Élan Vase"], 1));
        assert_eq!(list(&query("", "nowhere", Sort::Price, true)).1, 2, "an unknown category is as absent");
        assert_eq!(list(&query("ELAN hand", "", Sort::Name, false)), all(&["Élan Vase"], 1));
        assert_eq!(list(&query("mug", "", Sort::Name, false)), all(&["Dot_Mug 100%"], 1), "by its category's name too");
        for (wildcard, matches) in [("%", 1), ("_", 1), ("100%", 1), ("a_e", 0), ("\\", 0), ("!", 0), ("'", 0)] {
            assert_eq!(list(&query(wildcard, "", Sort::Newest, false)).1, matches, "{wildcard}");
        }
        let past = Query { page: PageNumber::read(Some("9")), ..query("vase", "", Sort::Name, false) };
        assert_eq!(list(&past), (vec![], 2));
        assert_eq!(list(&Query { page: PageNumber::read(Some("9")), ..Query::default() }), (vec![], 3));
    });
}

#[test]
fn counts_follow_the_products() {
    on_each(|db| {
        let first = product(db, "First", 100, 1);
        product(db, "Second", 100, 0);
        let in_stock = query("", "things", Sort::Name, true);
        assert_eq!(titles(db, &in_stock).1, 1);
        change(db, first, 100, 0, Status::Active);
        assert_eq!(titles(db, &in_stock).1, 0);
        change(db, first, 100, 7, Status::Archived);
        assert_eq!(titles(db, &Query::default()).1, 1);
    });
}

#[test]
fn one_product_is_found_by_name_and_a_draft_by_nobody() {
    on_each(|db| {
        furnish(db);
        let found = db.read_here(|conn| product::by_slug(conn, "élan-vase")).expect("a product");
        assert_eq!((found.category.as_str(), found.price.minor()), ("Vases", 3000));
        assert_eq!(db.read_here(|conn| product::by_id(conn, found.id)).expect("a product").key, found.key);
        for nothing in ["draft-mug", "archived-mug", "ember\0vase", ""] {
            assert!(matches!(db.read_here(|conn| product::by_slug(conn, nothing)), Err(Error::NotFound)), "{nothing:?}");
        }
        let related = db.read_here(|conn| product::related(conn, &found)).expect("a list");
        assert_eq!(related.iter().map(|it| it.title.as_str()).collect::<Vec<_>>(), ["amber vase"]);
        let (shelves, chosen) = db.read_here(front).expect("a front");
        assert_eq!(shelves.len(), 2);
        assert_eq!(chosen.len(), 2, "neither drafts nor what is sold out");
        assert!(chosen.iter().all(|product| !product.category.is_empty()));
    });
}
