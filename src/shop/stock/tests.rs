//! Stock and its movements on each database.

use super::*;
use crate::db::Db;
use crate::db::schema::{audit_events, low_stock, stock_movements};
use crate::ids::{ProductId, UserKey};
use crate::shop::order::{Number, cancel};
use crate::shop::trial::{change, house, now, on_each, person, pieces, post, product, shop, stock, wish};
use crate::shop::{cart, checkout};

fn booked(db: &Db, slug: &str, why: Why, count: i64, seen: i64) -> Booked {
    let booking = Booking { why, count, seen, note: "by hand".to_owned() };
    db.write_here(|conn| book(conn, now(), &Actor::default(), slug, &booking)).expect("an outcome")
}

fn order(db: &Db, user: UserKey, wares: &[ProductId]) -> Option<Number> {
    for id in wares {
        db.write_here(|conn| cart::add(conn, now(), user, *id, pieces(1))).ok()?;
    }
    let seen = wish(db, user);
    match db.write_here(|conn| checkout::place(conn, now(), &Actor::default(), house(&shop(), &post()), user, &seen)) {
        Ok(checkout::Outcome::Placed(number)) => Some(number),
        _ => None,
    }
}

fn off(db: &Db) -> Vec<Drift> {
    let (mut after, mut found) = (ProductKey(0), Vec::new());
    while let (some, Some(last)) = db.read_here(|conn| drift(conn, after, 2)).expect("a check") {
        found.extend(some);
        after = last;
    }
    found
}

#[test]
fn every_piece_that_comes_or_goes_is_a_movement() {
    on_each(|db| {
        let (user, mug) = (person(db), product(db, "Mug", 1000, 5));
        let number = order(db, user, &[mug]).expect("placed");
        db.write_here(|conn| cancel(conn, now(), &Actor::default(), &post(), user, &number)).expect("cancelled");
        assert_eq!(booked(db, "mug", Why::Received, 10, 5), Booked::Done(15));
        assert_eq!(booked(db, "mug", Why::Returned, 1, 0), Booked::Done(16));
        assert_eq!(booked(db, "mug", Why::Damaged, 4, 0), Booked::Done(12));
        assert_eq!(booked(db, "mug", Why::Damaged, 13, 12), Booked::Impossible(12));
        assert_eq!(booked(db, "mug", Why::Received, MOST, 12), Booked::Impossible(12));
        assert_eq!(booked(db, "mug", Why::Counted, 9, 11), Booked::Overtaken(12));
        assert_eq!(booked(db, "mug", Why::Counted, 9, 12), Booked::Done(9));
        assert_eq!(booked(db, "mug", Why::Counted, 9, 9), Booked::Done(9));
        let key = |conn: &mut Conn| -> Result<ProductKey> { Ok(products::table.select(products::id).first(conn)?) };
        let latest = db.read_here(|conn| key(conn).and_then(|key| latest(conn, key, 10))).expect("movements");
        let told: Vec<_> =
            latest.iter().rev().map(|it| (it.reason.code(), it.pieces, it.order.as_ref() == Some(&number))).collect();
        let expected = [
            ("opening", 5, false),
            ("sold", -1, true),
            ("cancelled", 1, true),
            ("received", 10, false),
            ("returned", 1, false),
            ("damaged", -4, false),
            ("counted", -3, false),
        ];
        assert_eq!(told, expected);
        assert_eq!(off(db), []);
        let changes = audit_events::table.filter(audit_events::kind.eq("stock_changed")).count();
        assert_eq!(db.read_here(|conn| Ok(changes.get_result::<i64>(conn)?)).expect("a count"), 4);
    });
}

#[test]
fn a_stock_that_was_changed_without_a_movement_is_found() {
    on_each(|db| {
        for title in ["Mug", "Vase", "Lamp"] {
            product(db, title, 1000, 5);
        }
        let behind = products::table.filter(products::slug.eq("lamp"));
        db.write_here(|conn| Ok(diesel::update(behind).set(products::stock.eq(7)).execute(conn)?)).expect("changed");
        assert_eq!(off(db), [Drift { slug: "lamp".to_owned(), stock: 7, moved: 5 }]);
    });
}

#[test]
fn what_does_not_come_about_leaves_no_movement() {
    on_each(|db| {
        let (user, mug, vase) = (person(db), product(db, "Mug", 1000, 5), product(db, "Vase", 1000, 1));
        for id in [mug, vase] {
            db.write_here(|conn| cart::add(conn, now(), user, id, pieces(1))).expect("added");
        }
        let seen = wish(db, user);
        change(db, vase, 1000, 0, Status::Active);
        let placed = db.write_here(|conn| checkout::place(conn, now(), &Actor::default(), house(&shop(), &post()), user, &seen));
        assert!(matches!(placed, Ok(checkout::Outcome::Changed(_))), "{placed:?}");
        let sold = stock_movements::table.filter(stock_movements::reason.eq(Reason::Sold)).count();
        assert_eq!(db.read_here(|conn| Ok(sold.get_result::<i64>(conn)?)).expect("a count"), 0);
    });
}

#[test]
fn whatever_races_the_movements_add_up_and_the_low_shelf_is_right() {
    on_each(|db| {
        let wares: Vec<ProductId> = ["Mug", "Vase", "Lamp"].into_iter().map(|title| product(db, title, 1000, 8)).collect();
        let people: Vec<UserKey> = (0..6).map(|_| person(db)).collect();
        std::thread::scope(|scope| {
            for (nth, user) in people.iter().enumerate() {
                let wares = &wares;
                scope.spawn(move || {
                    for round in 0..4 {
                        let mut mixed = wares.clone();
                        mixed.rotate_left((nth + round) % 3);
                        if let Some(number) = order(db, *user, &mixed[..2]).filter(|_| round % 2 == 0) {
                            db.write_here(|conn| cancel(conn, now(), &Actor::default(), &post(), *user, &number))
                                .expect("cancelled");
                        }
                    }
                });
            }
            scope.spawn(|| {
                for count in 1..6 {
                    booked(db, "mug", Why::Received, count, 0);
                    booked(db, "vase", Why::Damaged, count, 0);
                }
            });
        });
        assert_eq!(off(db), []);
        let mut left: Vec<i64> = wares.iter().map(|id| stock(db, *id)).filter(|left| *left <= 5).collect();
        left.sort_unstable();
        let low = low_stock::table.order(low_stock::stock).select(low_stock::stock);
        assert_eq!(db.read_here(|conn| Ok(low.load::<i64>(conn)?)).expect("a list"), left);
    });
}
