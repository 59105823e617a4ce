//! Changing products, and listing them, on each database.

use super::*;
use crate::db::Db;
use crate::shop::product::{Inventory, Shelf, inventory};
use crate::shop::trial::{change, money, now, on_each, product, product_in};

fn seen(db: &Db, slug: &str) -> Record {
    db.read_here(|conn| record(conn, slug)).expect("a product")
}

fn save(db: &Db, slug: &str, title: &str, price: i64, status: Status, version: i64) -> Edited {
    let (title, description) = (title.to_owned(), "Blue.".to_owned());
    let change = Change { title, description, price: money(price), status, category: None, version };
    db.write_here(|conn| edit(conn, now(), &Actor::default(), slug, &change)).expect("an outcome")
}

#[test]
fn of_many_who_edit_at_once_one_saves() {
    on_each(|db| {
        product(db, "Mug", 1000, 5);
        let done: Vec<Edited> = std::thread::scope(|scope| {
            let racers: Vec<_> =
                (0..8).map(|nth| scope.spawn(move || save(db, "mug", "Cup", 2000 + nth, Status::Active, 0))).collect();
            racers.into_iter().map(|racer| racer.join().expect("no panic")).collect()
        });
        assert_eq!(done.iter().filter(|it| **it == Edited::Done).count(), 1, "{done:?}");
        let now = seen(db, "mug");
        let winner = done.iter().position(|it| *it == Edited::Done).expect("one");
        assert_eq!((now.version, now.price.minor()), (1, 2000 + i64::try_from(winner).expect("few")));
        assert_eq!((now.title.as_str(), now.description.as_str(), now.slug.as_str()), ("Cup", "Blue.", "mug"));
    });
}

#[test]
fn a_shelf_is_walked_by_key_and_has_each_product_once() {
    on_each(|db| {
        for nth in 0..7 {
            product(db, &format!("Cup {nth}"), 1000, 3);
        }
        let same = product(db, "Zebra", 1000, 0);
        product_in(db, "Things", "Plan", 1000, 4, Status::Draft);
        assert_eq!(save(db, "cup-3", "Cup 4", 1000, Status::Active, 0), Edited::Done, "two of one name");
        change(db, same, 1000, 9, Status::Active);
        let walk = |shelf: Shelf| -> Vec<String> {
            let (mut slugs, mut after): (Vec<String>, Option<String>) = (Vec::new(), None);
            loop {
                let Inventory { items, more } = db.read_here(|conn| inventory(conn, shelf, after.as_deref(), 2)).expect("a page");
                slugs.extend(items.into_iter().map(|item| item.slug));
                after = slugs.last().cloned();
                if !more {
                    return slugs;
                }
            }
        };
        assert_eq!(walk(Shelf::Active), ["cup-0", "cup-1", "cup-2", "cup-3", "cup-4", "cup-5", "cup-6", "zebra"]);
        assert_eq!(walk(Shelf::Low).len(), 7);
        assert_eq!((walk(Shelf::Draft), walk(Shelf::Archived)), (vec!["plan".to_owned()], Vec::new()));
        assert_eq!(save(db, "cup-0", "Cup 0", 1000, Status::Archived, 0), Edited::Done);
        change(db, same, 1000, 0, Status::Active);
        assert_eq!((walk(Shelf::Out), walk(Shelf::Archived)), (vec!["zebra".to_owned()], vec!["cup-0".to_owned()]));
        assert_eq!(walk(Shelf::Low), ["zebra", "cup-1", "cup-2", "cup-3", "cup-4", "cup-5", "cup-6"]);
        let nowhere = db.read_here(|conn| inventory(conn, Shelf::Active, Some("nothing"), 2));
        assert!(matches!(nowhere, Err(Error::NotFound)));
    });
}
