//! Orders on each database.

use super::*;
use crate::audit::Actor;
use crate::db::Db;
use crate::db::schema::audit_events;
use crate::shop::cart;
use crate::shop::checkout::{Outcome, place};
use crate::shop::paging::PageNumber;
use crate::shop::product;
use crate::shop::trial::{change, eur, house, now, on_each, person, pieces, post, product, shop, stock, wish};

pub(super) fn bought(db: &Db, user: UserKey, wares: &[(ProductId, i64)]) -> Number {
    for (id, count) in wares {
        db.write_here(|conn| cart::add(conn, now(), user, *id, pieces(*count))).expect("added");
    }
    let seen = wish(db, user);
    match db.write_here(|conn| place(conn, now(), &Actor::default(), house(&shop(), &post()), user, &seen)).expect("an outcome") {
        Outcome::Placed(number) => number,
        other => panic!("{other:?}"),
    }
}

pub(super) fn call_off(db: &Db, user: UserKey, number: &Number) -> Result<()> {
    db.write_here(|conn| cancel(conn, now(), &Actor::default(), &post(), user, number))
}

pub(super) fn shown(db: &Db, user: UserKey, number: &Number) -> Order {
    db.read_here(|conn| show(conn, user, number)).expect("an order")
}

fn become_of(db: &Db, number: &Number, status: Status) {
    let update = |conn: &mut Conn| {
        Ok(diesel::update(orders::table.filter(orders::number.eq(number))).set(orders::status.eq(status)).execute(conn)?)
    };
    assert_eq!(db.write_here(update).expect("an update"), 1);
}

#[test]
fn a_cancelled_order_gives_its_pieces_back_once() {
    on_each(|db| {
        let (user, mug, vase) = (person(db), product(db, "Mug", 1000, 5), product(db, "Vase", 1000, 2));
        let number = bought(db, user, &[(mug, 3), (vase, 2)]);
        assert_eq!((stock(db, mug), stock(db, vase)), (2, 0));
        assert!(matches!(call_off(db, person(db), &number), Err(Error::NotFound)));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| call_off(db, user, &number).expect("the same answer each time"));
            }
        });
        assert_eq!((stock(db, mug), stock(db, vase)), (5, 2));
        let order = shown(db, user, &number);
        assert_eq!(order.status, Status::Cancelled);
        assert_eq!(order.events.iter().map(|event| event.status).collect::<Vec<_>>(), [Status::Placed, Status::Cancelled]);
        let told =
            audit_events::table.filter(audit_events::kind.eq("order_cancelled")).filter(audit_events::detail.eq(number.as_str()));
        assert_eq!(db.read_here(|conn| Ok(told.count().get_result::<i64>(conn)?)).expect("a count"), 1);
    });
}

#[test]
fn an_order_on_its_way_is_not_cancelled() {
    on_each(|db| {
        let (user, mug) = (person(db), product(db, "Mug", 1000, 5));
        let number = bought(db, user, &[(mug, 1)]);
        for status in [Status::Packed, Status::Shipped, Status::Delivered, Status::Refunded] {
            become_of(db, &number, status);
            assert!(matches!(call_off(db, user, &number), Err(Error::Refused { code: "not_cancellable", .. })));
        }
        become_of(db, &number, Status::Paid);
        call_off(db, user, &number).expect("paid is early enough");
        assert_eq!(stock(db, mug), 5);
    });
}

#[test]
fn a_history_has_the_newest_first_and_only_ones_own() {
    on_each(|db| {
        let (user, mug, vase) = (person(db), product(db, "Mug", 1000, 90), product(db, "Vase", 3000, 90));
        let both = [(mug, 1), (vase, 1)];
        let numbers: Vec<Number> = (0..22).map(|number| bought(db, user, &both[..2 - number % 2])).collect();
        bought(db, person(db), &[(mug, 1)]);
        let page = |text: &str| db.read_here(|conn| history(conn, user, PageNumber::read(Some(text)))).expect("a page");
        let first = page("1");
        assert_eq!((first.orders.len(), first.paging.total, first.paging.pages()), (20, 22, 2));
        assert_eq!(first.orders[0].number, numbers[21]);
        assert_eq!((&first.orders[1].titles[..], first.orders[1].lines_count), (&["Mug".to_owned(), "Vase".to_owned()][..], 2));
        assert_eq!((page("2").orders.len(), page("3").orders.len()), (2, 0));
        let latest = db.read_here(|conn| latest(conn, user)).expect("a list");
        assert_eq!(latest.iter().map(|it| (it.number.clone(), it.lines_count)).next(), Some((numbers[21].clone(), 1)));
        assert_eq!(latest.len(), 5);
        let address = db.read_here(|conn| last_address(conn, user)).expect("an answer");
        assert_eq!(address, Some(crate::shop::trial::home()));
        assert_eq!(db.read_here(|conn| last_address(conn, person(db))).expect("an answer"), None);
    });
}

#[test]
fn buying_again_says_what_cannot_be_had() {
    on_each(|db| {
        let user = person(db);
        let wares: Vec<ProductId> =
            ["Mug", "Vase", "Lamp", "Bowl"].into_iter().map(|title| product(db, title, 1000, 9)).collect();
        let number = bought(db, user, &wares.iter().map(|id| (*id, 4)).collect::<Vec<_>>());
        change(db, wares[1], 1000, 0, product::Status::Active);
        change(db, wares[2], 1000, 3, product::Status::Active);
        change(db, wares[3], 1000, 3, product::Status::Archived);
        let done = db.write_here(|conn| reorder(conn, now(), &eur(), user, &number)).expect("done");
        assert_eq!(done.added, 2);
        let words = ["Vase is sold out.", "Lamp: Only 3 are in stock, so that is how many you have.", "Bowl is no longer sold."];
        assert_eq!(done.words, words);
        assert_eq!(db.read_here(|conn| cart::count(conn, user)).expect("a count"), 7);
        let stranger = person(db);
        assert!(matches!(db.write_here(|conn| reorder(conn, now(), &eur(), stranger, &number)), Err(Error::NotFound)));
    });
}
