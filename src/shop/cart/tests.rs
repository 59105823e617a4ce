//! The cart on each database.

use super::*;
use crate::db::Db;
use crate::error::Error;
use crate::shop::quantity::SetQuantity;
use crate::shop::trial::{change, now, on_each, person, pieces, product, product_in, shop};

fn put_in(db: &Db, user: UserKey, id: ProductId, count: i64) -> Result<Changed> {
    db.write_here(|conn| add(conn, now(), user, id, pieces(count)))
}

fn shown(db: &Db, user: UserKey) -> Cart {
    db.read_here(|conn| show(conn, now(), &shop().terms, user)).expect("a cart")
}

fn counted(db: &Db, user: UserKey) -> i64 {
    db.read_here(|conn| count(conn, user)).expect("a count")
}

#[test]
fn adding_adds_setting_sets_and_zero_removes() {
    on_each(|db| {
        let (user, mug, vase) = (person(db), product(db, "Mug", 1250, 20), product(db, "Vase", 4000, 20));
        assert_eq!((shown(db, user).version, counted(db, user)), (None, 0));
        put_in(db, user, mug, 2).expect("added");
        let before = shown(db, user).version.expect("a version");
        put_in(db, user, mug, 3).expect("added");
        assert_ne!(shown(db, user).version, Some(before));
        let set_to = |id, count| db.write_here(|conn| set(conn, now(), user, id, SetQuantity(count)));
        set_to(vase, Some(pieces(4))).expect("set");
        let cart = shown(db, user);
        assert_eq!(
            cart.lines.iter().map(|line| (line.title.as_str(), line.quantity.get())).collect::<Vec<_>>(),
            [("Mug", 5), ("Vase", 4)]
        );
        assert_eq!((cart.sums.total.minor(), cart.count(), counted(db, user)), (5 * 1250 + 4 * 4000, 9, 9));
        set_to(mug, None).expect("removed");
        db.write_here(|conn| remove(conn, user, vase)).expect("removed");
        let unchanged = shown(db, user);
        db.write_here(|conn| remove(conn, user, vase)).expect("nothing to remove");
        assert_eq!((unchanged.lines.len(), unchanged.version), (0, shown(db, user).version));
        assert_eq!(shown(db, person(db)).lines.len(), 0, "another person's cart is another cart");
    });
}

#[test]
fn what_cannot_be_had_is_lowered_or_refused() {
    on_each(|db| {
        let user = person(db);
        let (few, none) = (product(db, "Few", 100, 3), product(db, "None", 100, 0));
        let draft = product_in(db, "Things", "Draft", 100, 5, Status::Draft);
        let done = put_in(db, user, few, 5).expect("lowered");
        assert_eq!((done.quantity, done.notices), (3, vec![Notice::LoweredToStock { left: 3 }]));
        let again = put_in(db, user, few, 1).expect("lowered");
        assert_eq!(again.quantity, 3);
        assert_eq!(shown(db, user).said(again).lines[0].notices, [Notice::LoweredToStock { left: 3 }]);
        assert!(matches!(put_in(db, user, none, 1), Err(Error::Refused { code: "sold_out", .. })));
        for nothing in [draft, ProductId::random()] {
            assert!(matches!(put_in(db, user, nothing, 1), Err(Error::NotFound)));
            assert!(matches!(db.write_here(|conn| remove(conn, user, nothing)), Err(Error::NotFound)));
        }
        assert_eq!(shown(db, user).lines.len(), 1);
    });
}

#[test]
fn a_line_says_what_became_of_its_product() {
    on_each(|db| {
        let user = person(db);
        let mug = product(db, "Mug", 1000, 9);
        put_in(db, user, mug, 5).expect("added");
        assert!(shown(db, user).lines[0].notices.is_empty());
        let after = |price, stock, status| {
            change(db, mug, price, stock, status);
            let cart = shown(db, user);
            (cart.lines[0].notices.clone(), cart.is_blocked())
        };
        let (old, new) = (Money::new(1000).expect("money"), Money::new(1200).expect("money"));
        assert_eq!(after(1200, 9, Status::Active), (vec![Notice::PriceChanged { old, new }], false));
        assert_eq!(after(1000, 4, Status::Active), (vec![Notice::StockFell { wanted: 5, left: 4 }], true));
        assert_eq!(after(1000, 0, Status::Active), (vec![Notice::SoldOut], true));
        assert_eq!(after(1000, 9, Status::Archived), (vec![Notice::NoLongerSold], true));
        db.write_here(|conn| set(conn, now(), user, mug, SetQuantity(None))).expect("what is no longer sold can be taken out");
        assert!(shown(db, user).lines.is_empty());
    });
}

#[test]
fn a_cart_holds_fifty_different_things() {
    on_each(|db| {
        let user = person(db);
        let ids: Vec<ProductId> = (0..=MOST_LINES).map(|number| product(db, &format!("Thing {number}"), 100, 5)).collect();
        for id in &ids[..MOST_LINES] {
            put_in(db, user, *id, 1).expect("room");
        }
        assert!(matches!(put_in(db, user, ids[MOST_LINES], 1), Err(Error::Invalid(_))));
        put_in(db, user, ids[0], 1).expect("more of what is there");
        assert_eq!(counted(db, user), 51);
    });
}

#[test]
fn adds_at_once_are_all_kept() {
    on_each(|db| {
        let user = person(db);
        let ids: Vec<ProductId> = (0..4).map(|number| product(db, &format!("Thing {number}"), 100, 99)).collect();
        std::thread::scope(|scope| {
            for number in 0..16 {
                let id = ids[number % ids.len()];
                scope.spawn(move || put_in(db, user, id, 1).expect("added"));
            }
        });
        assert_eq!(counted(db, user), 16);
        assert_eq!(shown(db, user).lines.len(), 4);
    });
}
