//! The checkout on each database, and what races make of it.

use super::*;
use crate::db::Db;
use crate::db::schema::audit_events;
use crate::ids::ProductId;
use crate::shop::order;
use crate::shop::product;
use crate::shop::trial::{change, house, money, now, on_each, person, pieces, post, product, shop, stock, wish};
use std::collections::BTreeSet;

fn buy(db: &Db, user: UserKey, wish: &Wish) -> Outcome {
    let actor = Actor { user: Some(user), ..Actor::default() };
    db.write_here(|conn| place(conn, now(), &actor, house(&shop(), &post()), user, wish)).expect("an outcome")
}

fn put_in(db: &Db, user: UserKey, id: ProductId, count: i64) {
    db.write_here(|conn| cart::add(conn, now(), user, id, pieces(count))).expect("added");
}

/// Everything a checkout writes: orders, lines, events, audit, and carts that became orders.
fn written(db: &Db) -> [i64; 5] {
    let read = |conn: &mut Conn| {
        Ok([
            orders::table.count().get_result(conn)?,
            order_lines::table.count().get_result(conn)?,
            order_events::table.count().get_result(conn)?,
            audit_events::table.count().get_result(conn)?,
            carts::table.filter(carts::status.eq(cart::ORDERED)).count().get_result(conn)?,
        ])
    };
    db.read_here(read).expect("counts")
}

#[test]
fn an_order_copies_what_was_bought() {
    on_each(|db| {
        let (user, mug, vase) = (person(db), product(db, "Mug", 1250, 5), product(db, "Vase", 4000, 2));
        put_in(db, user, mug, 3);
        put_in(db, user, vase, 2);
        let seen = wish(db, user);
        let Outcome::Placed(number) = buy(db, user, &seen) else { panic!("not placed") };
        change(db, mug, 9999, stock(db, mug), product::Status::Archived);
        let order = db.read_here(|conn| order::show(conn, user, &number)).expect("an order");
        assert_eq!((order.sums.total.minor(), order.currency.as_str(), order.status), (11750, "EUR", Status::Placed));
        let lines: Vec<_> =
            order.lines.iter().map(|it| (it.title.as_str(), it.unit_price.minor(), it.line_total.minor())).collect();
        assert_eq!(lines, [("Mug", 1250, 3750), ("Vase", 4000, 8000)]);
        assert_eq!((order.address, order.events.len()), (seen.address.clone(), 1));
        assert_eq!((stock(db, mug), stock(db, vase)), (2, 0));
        assert_eq!(written(db), [1, 2, 1, 1, 1]);
        assert_eq!(db.read_here(|conn| cart::count(conn, user)).expect("a count"), 0);
        let Outcome::Already(again) = buy(db, user, &seen) else { panic!("not found again") };
        assert_eq!(again, number);
        put_in(db, user, vase_back(db, vase), 1);
        assert!(matches!(buy(db, user, &seen), Outcome::Already(again) if again == number), "also beside a new cart");
        let stranger = person(db);
        assert!(matches!(buy(db, stranger, &seen), Outcome::Empty), "another person's version names nothing");
        assert!(db.read_here(|conn| order::show(conn, stranger, &number)).is_err());
    });
}

fn vase_back(db: &Db, vase: ProductId) -> ProductId {
    change(db, vase, 4000, 3, product::Status::Active);
    vase
}

#[test]
fn what_is_not_as_it_was_seen_is_reviewed_and_nothing_is_done() {
    on_each(|db| {
        let user = person(db);
        let (mug, vase) = (product(db, "Mug", 1000, 5), product(db, "Vase", 4000, 5));
        assert!(matches!(buy(db, user, &wish(db, user)), Outcome::Empty));
        put_in(db, user, mug, 2);
        put_in(db, user, vase, 2);
        let seen = wish(db, user);
        let review = |wish: &Wish| match buy(db, user, wish) {
            Outcome::Changed(review) => *review,
            other => panic!("{other:?}"),
        };
        let line = |title: &str, notice| Change::Line { title: title.to_owned(), wanted: 2, notice };
        change(db, vase, 4500, 5, product::Status::Active);
        let price = cart::Notice::PriceChanged { old: money(4000), new: money(4500) };
        let total = Change::Total { old: money(10_000), new: money(11_000) };
        assert_eq!(review(&seen).changes, [line("Vase", price), total]);
        change(db, vase, 4000, 1, product::Status::Active);
        assert_eq!(review(&seen).changes, [line("Vase", cart::Notice::StockFell { wanted: 2, left: 1 })]);
        change(db, vase, 4000, 0, product::Status::Active);
        assert_eq!(review(&seen).changes, [line("Vase", cart::Notice::SoldOut)]);
        change(db, vase, 4000, 5, product::Status::Active);
        assert_eq!(review(&Wish { cart_version: "nonsense".to_owned(), ..seen.clone() }).changes, [Change::Cart]);
        put_in(db, user, mug, 1);
        let fresh = review(&seen);
        assert_eq!(fresh.cart.sums.total, money(11_000));
        assert_eq!((written(db), stock(db, mug), stock(db, vase)), ([0; 5], 5, 5));
        let next = Wish { cart_version: fresh.cart.version_text(), expected_total: fresh.cart.sums.total, ..seen };
        assert!(matches!(buy(db, user, &next), Outcome::Placed(_)), "the review's own version and total place the order");
    });
}

#[test]
fn forty_buyers_of_ten_pieces_buy_exactly_ten() {
    on_each(|db| {
        let (rare, other) = (product(db, "Rare", 1000, 10), product(db, "Plenty", 500, 1000));
        let buyers: Vec<(UserKey, Wish)> = (0..40)
            .map(|number| {
                let user = person(db);
                // Half of them put the products in the other way round.
                let order = if number % 2 == 0 { [rare, other] } else { [other, rare] };
                for id in order {
                    put_in(db, user, id, 1);
                }
                (user, wish(db, user))
            })
            .collect();
        let outcomes: Vec<Outcome> = std::thread::scope(|scope| {
            let started: Vec<_> = buyers.iter().map(|(user, wish)| scope.spawn(move || buy(db, *user, wish))).collect();
            started.into_iter().map(|buyer| buyer.join().expect("no panic")).collect()
        });
        let placed = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Placed(_))).count();
        let reviewed = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Changed(_))).count();
        assert_eq!((placed, reviewed), (10, 30));
        assert_eq!((stock(db, rare), stock(db, other)), (0, 990), "what was half taken went back");
        assert_eq!(written(db), [10, 20, 10, 10, 10]);
    });
}

#[test]
fn buyers_who_sell_out_whole_categories_do_not_wait_in_a_circle() {
    on_each(|db| {
        let single =
            |category: &str, title: &str| crate::shop::trial::product_in(db, category, title, 100, 1, product::Status::Active);
        let wares: Vec<[ProductId; 2]> = (0..12)
            .map(|number| {
                let (first, second) = if number % 2 == 0 { ("Left", "Right") } else { ("Right", "Left") };
                [single(first, &format!("First {number}")), single(second, &format!("Second {number}"))]
            })
            .collect();
        let buyers: Vec<(UserKey, Wish)> = wares
            .iter()
            .map(|pair| {
                let user = person(db);
                for id in pair {
                    put_in(db, user, *id, 1);
                }
                (user, wish(db, user))
            })
            .collect();
        std::thread::scope(|scope| {
            for (user, wish) in &buyers {
                scope.spawn(move || assert!(matches!(buy(db, *user, wish), Outcome::Placed(_))));
            }
        });
        assert!(wares.iter().flatten().all(|id| stock(db, *id) == 0));
    });
}

#[test]
fn twenty_presses_make_one_order() {
    on_each(|db| {
        let (user, mug) = (person(db), product(db, "Mug", 1000, 50));
        put_in(db, user, mug, 2);
        let seen = &wish(db, user);
        let numbers: Vec<Number> = std::thread::scope(|scope| {
            let presses: Vec<_> = (0..20).map(|_| scope.spawn(move || buy(db, user, seen))).collect();
            let number = |outcome| match outcome {
                Outcome::Placed(number) | Outcome::Already(number) => number,
                other => panic!("{other:?}"),
            };
            presses.into_iter().map(|press| number(press.join().expect("no panic"))).collect()
        });
        assert_eq!(numbers.iter().map(Number::as_str).collect::<BTreeSet<_>>().len(), 1);
        assert_eq!((written(db), stock(db, mug)), ([1; 5], 48));
    });
}

#[test]
fn a_total_is_read_from_digits() {
    assert_eq!(expected_total("2400"), Ok(money(2400)));
    for wrong in ["", "-1", "+1", "24.00", "99999999999999999999", "٢"] {
        assert!(expected_total(wrong).is_err(), "{wrong}");
    }
}
