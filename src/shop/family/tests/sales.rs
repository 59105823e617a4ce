//! Options as they are sold.

use super::*;
use crate::db::schema::order_lines;
use crate::shop::checkout::{Outcome, place};
use crate::shop::paging::PageNumber;
use crate::shop::trial::{house, person, pieces, post, shop, stock, wish};
use crate::shop::{cart, order};

#[test]
fn options_sell_by_themselves_and_none_is_oversold() {
    on_each(|db| {
        towels(db);
        let (shop, post) = (shop(), post());
        let ids: Vec<_> = ["linen-towel", "linen-towel-oat"]
            .map(|slug| db.read_here(|conn| product::by_slug(conn, slug)).expect("a product").id)
            .into();
        let buyers: Vec<_> = (0..16)
            .map(|nth| {
                let user = person(db);
                // Some want one, some the other, some both, in either order.
                let wanted = match nth % 4 {
                    0 => vec![ids[0]],
                    1 => vec![ids[1]],
                    2 => vec![ids[0], ids[1]],
                    _ => vec![ids[1], ids[0]],
                };
                for id in &wanted {
                    db.write_here(|conn| cart::add(conn, now(), user, *id, pieces(1))).expect("in the cart");
                }
                (user, wish(db, user), wanted)
            })
            .collect();
        let sold: Vec<i64> = std::thread::scope(|scope| {
            let buy = |(user, wish, wanted): &(_, _, Vec<_>)| {
                let placed = db.write_here(|conn| place(conn, now(), &Actor::default(), house(&shop, &post), *user, wish));
                match placed.expect("an answer") {
                    Outcome::Placed(_) => wanted.iter().map(|id| if *id == ids[0] { 1 } else { 100 }).sum(),
                    _ => 0,
                }
            };
            let racers: Vec<_> = buyers.iter().map(|buyer| scope.spawn(move || buy(buyer))).collect();
            racers.into_iter().map(|racer| racer.join().expect("no panic")).collect()
        });
        let sold: i64 = sold.into_iter().sum();
        assert_eq!((stock(db, ids[0]), stock(db, ids[1])), (5 - sold % 100, 3 - sold / 100));
        assert_eq!(sold / 100, 3, "the oat ones are all gone");
        counts(db);
    });
}

#[test]
fn of_two_options_that_sell_out_at_once_the_last_takes_the_family_off() {
    on_each(|db| {
        towels(db);
        let ids = ["linen-towel", "linen-towel-oat"]
            .map(|slug| db.read_here(|conn| product::by_slug(conn, slug)).expect("a product").id);
        for round in 0..20 {
            std::thread::scope(|scope| {
                for id in ids {
                    scope.spawn(move || change(db, id, 2000, if round % 2 == 0 { 0 } else { 4 }, Status::Active));
                }
            });
            assert_eq!(counts(db), [(1, round % 2)], "round {round}");
        }
    });
}

#[test]
fn what_was_bought_is_called_as_it_was() {
    on_each(|db| {
        towels(db);
        let (shop, post, user) = (shop(), post(), person(db));
        let moss = db.read_here(|conn| product::by_slug(conn, "linen-towel")).expect("a product");
        db.write_here(|conn| cart::add(conn, now(), user, moss.id, pieces(1))).expect("in the cart");
        let cart = db.read_here(|conn| cart::show(conn, now(), &shop.terms, user)).expect("a cart");
        assert_eq!(cart.lines[0].title, "Linen Towel, moss");
        let wish = wish(db, user);
        let placed = db.write_here(|conn| place(conn, now(), &Actor::default(), house(&shop, &post), user, &wish));
        assert!(matches!(placed.expect("an answer"), Outcome::Placed(_)));
        assert_eq!(called(db, "linen-towel", "Dish Cloth", &["fern"], version(db, "linen-towel")), Changed::Done);
        let titles = |conn: &mut Conn| Ok(order_lines::table.select(order_lines::title).load::<String>(conn)?);
        assert_eq!(db.read_here(titles).expect("lines"), ["Linen Towel, moss"]);
        let history = db.read_here(|conn| order::history(conn, user, PageNumber::FIRST)).expect("orders");
        assert_eq!(history.orders[0].titles, ["Linen Towel, moss"]);
    });
}
