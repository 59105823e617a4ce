//! The demo shop on each database.

use super::*;
use crate::db::schema::{order_events, order_lines, orders as placed};
use crate::shop::catalogue::{self, Query};
use crate::shop::order;
use crate::shop::paging::PageNumber;
use crate::shop::trial::{change, eur, now, on_each, person, shop};

#[test]
fn seeding_twice_changes_nothing() {
    on_each(|db| {
        assert!(db.read_here(is_empty).expect("an answer"));
        let mut steps = Vec::new();
        let added = products(db, now(), &eur(), &mut |done, of| steps.push((done, of))).expect("seeded");
        assert_eq!((added, steps.last()), (48, Some(&(48, 48))));
        assert!(!db.read_here(is_empty).expect("an answer"));
        let page = db.read_here(|conn| catalogue::page(conn, &Query::default())).expect("a page");
        assert_eq!((page.paging.total, page.categories.len(), page.products.len()), (40, 8, 24), "options are one thing");
        assert!(page.products.iter().all(|product| product.picture.is_some() && product.price.minor() >= 450));
        let bought = &page.products[0];
        change(db, bought.id, 1, 777, Status::Active);
        assert_eq!(products(db, now(), &eur(), &mut |_, _| {}).expect("seeded"), 0);
        let kept = db.read_here(|conn| product::by_id(conn, bought.id)).expect("a product");
        assert_eq!((kept.price.minor(), kept.stock), (1, 777));
        let (shelves, chosen) = db.read_here(catalogue::front).expect("a front");
        assert!(shelves.len() == 8 && shelves.iter().all(|shelf| shelf.picture.is_some()));
        let kinds: std::collections::BTreeSet<_> = chosen.iter().map(|product| &product.category).collect();
        assert!(kinds.len() >= 4, "the choice is a mixture");
        let file = db.read_here(|conn| picture::show(conn, chosen[0].picture.expect("a picture"), true)).expect("a file");
        assert!(file.media_type == "image/svg+xml" && file.bytes.starts_with(b"<svg"));
    });
}

#[test]
fn ninety_days_of_orders_are_the_same_each_time() {
    on_each(|db| {
        products(db, now(), &eur(), &mut |_, _| {}).expect("seeded");
        let customer = |name: &str| Customer { key: person(db), name: name.to_owned() };
        let customers = [customer("Robin"), customer("Kim"), customer("Sam")];
        let at = now();
        let added = orders(db, at, &shop(), &customers, &mut |done, of| assert!(done <= of)).expect("seeded");
        assert!((120..350).contains(&added), "{added}");
        let later = at + time::Duration::days(3);
        assert_eq!(orders(db, later, &shop(), &customers, &mut |_, _| {}).expect("seeded"), 0);
        let own = db.read_here(|conn| order::history(conn, customers[0].key, PageNumber::FIRST)).expect("a history");
        assert!((8..30).contains(&own.paging.total), "{}", own.paging.total);
        let newest = own.orders.first().expect("an order");
        assert!(newest.placed_at < at && newest.placed_at > at - time::Duration::days(2));
        let check = |conn: &mut Conn| {
            let all: Vec<(i64, order::Status, Moment, i64)> =
                placed::table.select((placed::id, placed::status, placed::placed_at, placed::total)).load(conn)?;
            let lines: Vec<(i64, i64)> =
                order_lines::table.select((order_lines::order_id, order_lines::line_total)).load(conn)?;
            let events: Vec<(i64, order::Status, Moment)> = order_events::table
                .order(order_events::id)
                .select((order_events::order_id, order_events::status, order_events::at))
                .load(conn)?;
            for (id, status, since, total) in &all {
                assert!(*since < at && *since > at - time::Duration::days(92));
                assert_eq!(lines.iter().filter(|line| line.0 == *id).map(|line| line.1).sum::<i64>(), *total);
                let steps: Vec<_> = events.iter().filter(|event| event.0 == *id).collect();
                assert_eq!(steps.last().map(|step| step.1), Some(*status));
                assert!(steps.windows(2).all(|pair| pair[0].1.may_become(pair[1].1) && pair[0].2 < pair[1].2 && pair[1].2 < at));
            }
            let seen = order::Status::ALL.into_iter().filter(|status| all.iter().any(|it| it.1 == *status)).count();
            assert!(seen >= 6, "statuses vary");
            Ok(())
        };
        db.read_here(check).expect("orders that agree");
    });
}

#[test]
fn prices_fit_the_currency() {
    let of = |code: &str| price("34.50", &code.parse().expect("a currency")).expect("a price").minor();
    assert_eq!((of("EUR"), of("JPY"), of("KWD")), (3450, 3450, 34500));
}
