//! Steps on each database.

use super::*;
use crate::db::Db;
use crate::db::schema::audit_events;
use crate::shop::order::tests::{bought, call_off, shown};
use crate::shop::trial::{now, on_each, person, post, product, stock};

fn go(db: &Db, by: UserKey, number: &Number, from: Option<Status>, to: Status) -> Stepped {
    let actor = Actor { user: Some(by), ..Actor::default() };
    let wish = Step { from, to, note: format!("to {}", to.code()) };
    db.write_here(|conn| step(conn, now(), &actor, &post(), number, &wish)).expect("an outcome")
}

#[test]
fn an_order_goes_from_placed_to_delivered_and_remembers_who_and_why() {
    on_each(|db| {
        let (user, grace, mug) = (person(db), person(db), product(db, "Mug", 1000, 5));
        let number = bought(db, user, &[(mug, 2)]);
        for to in [Status::Paid, Status::Packed, Status::Shipped, Status::Delivered] {
            assert_eq!(go(db, grace, &number, None, to), Stepped::Done);
        }
        let order = shown(db, user, &number);
        assert_eq!(order.status, Status::Delivered);
        let told: Vec<_> = order.events.iter().map(|it| (it.status.code(), it.by == Some(grace), it.note.as_str())).collect();
        let steps = ["paid", "packed", "shipped", "delivered"];
        let notes = ["to paid", "to packed", "to shipped", "to delivered"];
        assert_eq!(told[0], ("placed", false, ""));
        assert_eq!(told[1..], std::array::from_fn::<_, 4, _>(|at| (steps[at], true, notes[at])));
        assert_eq!(order.events[0].by, Some(user), "the shopper placed it");
        let moved = audit_events::table.filter(audit_events::kind.eq("order_moved")).count();
        assert_eq!(db.read_here(|conn| Ok(moved.get_result::<i64>(conn)?)).expect("a count"), 4);
        assert_eq!(stock(db, mug), 3);
    });
}

#[test]
fn a_step_that_is_not_legal_or_comes_too_late_does_nothing() {
    on_each(|db| {
        let (user, mug) = (person(db), product(db, "Mug", 1000, 5));
        let number = bought(db, user, &[(mug, 2)]);
        assert_eq!(go(db, user, &number, None, Status::Delivered), Stepped::Illegal(Status::Placed));
        assert_eq!(go(db, user, &number, Some(Status::Paid), Status::Packed), Stepped::Overtaken(Status::Placed));
        assert_eq!(shown(db, user, &number).events.len(), 1);
        let nothing = "HG-2222-2222".parse().expect("a number");
        let wish = Step { from: None, to: Status::Paid, note: String::new() };
        let lost = db.write_here(|conn| step(conn, now(), &Actor::default(), &post(), &nothing, &wish));
        assert!(matches!(lost, Err(Error::NotFound)));
    });
}

#[test]
fn what_was_called_off_is_paid_back_only_if_it_was_paid() {
    on_each(|db| {
        let (user, mug) = (person(db), product(db, "Mug", 1000, 5));
        let (unpaid, paid) = (bought(db, user, &[(mug, 1)]), bought(db, user, &[(mug, 2)]));
        assert_eq!(go(db, user, &paid, None, Status::Paid), Stepped::Done);
        assert_eq!(go(db, user, &paid, None, Status::Cancelled), Stepped::Done);
        call_off(db, user, &unpaid).expect("cancelled");
        assert_eq!(stock(db, mug), 5);
        assert_eq!(go(db, user, &paid, Some(Status::Cancelled), Status::Refunded), Stepped::Done);
        assert_eq!(go(db, user, &unpaid, Some(Status::Cancelled), Status::Refunded), Stepped::Illegal(Status::Cancelled));
        assert_eq!(stock(db, mug), 5, "paying back brings no pieces");
    });
}

#[test]
fn of_many_operators_at_once_one_takes_the_step() {
    on_each(|db| {
        let (user, mug) = (person(db), product(db, "Mug", 1000, 5));
        let number = bought(db, user, &[(mug, 2)]);
        let wishes = [Status::Paid, Status::Packed, Status::Cancelled, Status::Cancelled];
        let done: Vec<Stepped> = std::thread::scope(|scope| {
            let racers: Vec<_> = (0..12)
                .map(|nth| {
                    let number = &number;
                    scope.spawn(move || go(db, user, number, Some(Status::Placed), wishes[nth % wishes.len()]))
                })
                .collect();
            racers.into_iter().map(|racer| racer.join().expect("no panic")).collect()
        });
        let order = shown(db, user, &number);
        assert_eq!(done.iter().filter(|it| **it == Stepped::Done).count(), 1, "{done:?}");
        assert_eq!(done.iter().filter(|it| **it == Stepped::Overtaken(order.status)).count(), 11, "{done:?}");
        assert_eq!(order.events.len(), 2);
        assert_eq!(stock(db, mug), if order.status == Status::Cancelled { 5 } else { 3 });
    });
}

#[test]
fn a_shopper_cancels_while_an_operator_packs_and_one_of_them_wins() {
    on_each(|db| {
        let (user, grace, mug) = (person(db), person(db), product(db, "Mug", 1000, 90));
        let mut packed = 0;
        for _ in 0..20 {
            let number = bought(db, user, &[(mug, 1)]);
            let (cancelled, stepped) = std::thread::scope(|scope| {
                let shopper = scope.spawn(|| call_off(db, user, &number).is_ok());
                let operator = scope.spawn(|| go(db, grace, &number, Some(Status::Placed), Status::Packed));
                (shopper.join().expect("no panic"), operator.join().expect("no panic"))
            });
            let order = shown(db, user, &number);
            assert_eq!((cancelled, order.events.len()), (stepped != Stepped::Done, 2), "{stepped:?}");
            let expected = if cancelled { Status::Cancelled } else { Status::Packed };
            assert_eq!(order.status, expected);
            packed += i64::from(!cancelled);
        }
        assert_eq!(stock(db, mug), 90 - packed);
    });
}
