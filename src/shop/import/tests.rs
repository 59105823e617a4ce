//! One import at a time, from its file to its end, on each database.

use super::*;
use crate::audit::Actor;
use crate::clock::Clock;
use crate::db::Db;
use crate::db::schema::{products, users};
use crate::shop::trial::{eur, now, on_each, person};
use std::io::Cursor;

const GOOD: &str = "sku,title,description,category,price\nA-1,Mug,Blue.,Mugs,12.50\nA-2,Cup,Red.,Mugs,9\n";

fn claimed(db: &Db, now: Moment, user: UserKey) -> (ImportKey, ImportId) {
    match db.write_here(|conn| claim(conn, now, user, 100)).expect("the database is there") {
        Claim::Made(key, id) => (key, id),
        Claim::Taken(import) => panic!("{import:?}"),
    }
}

fn found(db: &Db, id: ImportId) -> Import {
    db.read_here(|conn| find(conn, now(), id)).expect("it is there")
}

fn products_of(db: &Db) -> i64 {
    db.read_here(|conn| Ok(products::table.count().get_result(conn)?)).expect("a count")
}

/// Runs the work of a claimed import beside `meanwhile`, to its end.
fn beside(db: &Db, clock: &Clock, key: ImportKey, text: &str, meanwhile: impl FnOnce()) {
    let job = Job { key, actor: Actor::default(), currency: eur(), stands: |_, _| Ok(true) };
    std::thread::scope(|scope| {
        let worker = scope.spawn(|| work(db, clock, &job, Cursor::new(text.as_bytes()), || false));
        meanwhile();
        worker.join().expect("no panic");
    });
}

fn until(db: &Db, id: ImportId, state: State) {
    for _ in 0..500 {
        if found(db, id).state == state {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("it is {:?}", found(db, id));
}

#[test]
fn of_two_who_send_a_file_at_once_one_is_told_of_the_other() {
    on_each(|db| {
        let people = [person(db), person(db)];
        let claims = std::thread::scope(|scope| {
            let claim = |user| scope.spawn(move || db.write_here(|conn| claim(conn, now(), user, 100)).expect("an answer"));
            people.map(claim).map(|claim| claim.join().expect("no panic"))
        });
        let made: Vec<ImportId> =
            claims.iter().filter_map(|claim| if let Claim::Made(_, id) = claim { Some(*id) } else { None }).collect();
        let told: Vec<ImportId> =
            claims.iter().filter_map(|claim| if let Claim::Taken(import) = claim { Some(import.id) } else { None }).collect();
        assert_eq!((made.len(), &made), (1, &told));
    });
}

#[test]
fn a_file_changes_nothing_until_its_sender_says_so() {
    on_each(|db| {
        let (ada, eve) = (person(db), person(db));
        let (key, id) = claimed(db, now(), ada);
        let ask = |user| db.write_here(|conn| ask(conn, now(), id, user)).expect("an answer");
        beside(db, &Clock::default(), key, GOOD, || {
            until(db, id, State::Ready);
            let plan = found(db, id).progress;
            assert_eq!((plan.lines, plan.count.new, products_of(db)), (2, 2, 0));
            assert_eq!(ask(eve), Asked::NotTheirs);
            assert_eq!([ask(ada), ask(ada)], [Asked::Heard; 2]);
        });
        let done = found(db, id);
        assert_eq!((done.state, done.progress.count.new, products_of(db)), (State::Done, 2, 2));
        assert_eq!(db.write_here(|conn| stop(conn, now(), id)).expect("an answer"), Asked::TooLate);
        let (key, id) = claimed(db, now(), eve);
        beside(db, &Clock::default(), key, GOOD, || ());
        let again = found(db, id);
        assert_eq!((again.state, again.progress.count.same), (State::Done, 2), "{}", again.note);
    });
}

#[test]
fn one_that_nobody_wants_ends_and_another_can_begin() {
    on_each(|db| {
        let ada = person(db);
        let (key, id) = claimed(db, now(), ada);
        beside(db, &Clock::default(), key, GOOD, || {
            until(db, id, State::Ready);
            assert_eq!(db.write_here(|conn| stop(conn, now(), id)).expect("an answer"), Asked::Heard);
        });
        assert_eq!((found(db, id).state, products_of(db)), (State::Stopped, 0));
        let clock = Clock::default();
        let (key, id) = claimed(db, clock.now(), ada);
        beside(db, &clock, key, GOOD, || {
            until(db, id, State::Ready);
            clock.advance(WAITS + Duration::from_secs(1));
        });
        assert!(found(db, id).note.contains("half an hour"), "{:?}", found(db, id));
        let (key, id) = claimed(db, clock.now(), ada);
        let job = Job { key, actor: Actor::default(), currency: eur(), stands: |_, _| Ok(true) };
        work(db, &clock, &job, Cursor::new(GOOD.as_bytes()), || true);
        assert_eq!((found(db, id).state, products_of(db)), (State::Interrupted, 0), "the shop was stopped");
    });
}

#[test]
fn what_somebody_sent_who_is_locked_out_meanwhile_is_not_taken() {
    on_each(|db| {
        let (ada, clock) = (person(db), Clock::default());
        let (key, id) = claimed(db, clock.now(), ada);
        let stands = |conn: &mut Conn, key: UserKey| {
            let open = users::table.find(key).filter(users::locked_at.is_null());
            Ok(open.select(users::id).first::<UserKey>(conn).optional()?.is_some())
        };
        let job = Job { key, actor: Actor { user: Some(ada), ..Actor::default() }, currency: eur(), stands };
        std::thread::scope(|scope| {
            let worker = scope.spawn(|| work(db, &clock, &job, Cursor::new(GOOD.as_bytes()), || false));
            until(db, id, State::Ready);
            let locks = |conn: &mut Conn| {
                diesel::update(users::table.find(ada)).set(users::locked_at.eq(now())).execute(conn)?;
                ask(conn, clock.now(), id, ada)
            };
            db.write_here(locks).expect("both at once");
            worker.join().expect("no panic");
        });
        let import = found(db, id);
        assert_eq!((import.state, products_of(db)), (State::Stopped, 0), "{import:?}");
        assert!(import.note.contains("does not run the shop any more"), "{import:?}");
    });
}

#[test]
fn wrong_lines_are_told_and_counted() {
    on_each(|db| {
        let lines: Vec<String> = (0..250).map(|nth| format!("A-{nth},,\u{0}x,Mugs,1\n")).collect();
        let picture = "A,Mug,,Mugs,1,/pictures/AAAAAAAAAAAAAAAAAAAAAA\n";
        for (text, wrong, told) in [
            (format!("{GOOD}{}", lines.concat()), 250, "4 title: this is empty"),
            (format!("sku,title,description,category,price,image\n{picture}"), 1, "2 image: there is no picture"),
            (String::new(), 1, "1 the file is empty"),
            (GOOD.lines().next().unwrap_or_default().to_owned(), 1, "1 there are no products"),
            (format!("{GOOD}A-3,Cu\0p{},x,Mugs,free\u{7}", "x".repeat(300)), 1, "4 title: this has"),
        ] {
            let (key, id) = claimed(db, now(), person(db));
            beside(db, &Clock::default(), key, &text, || ());
            let import = found(db, id);
            assert_eq!((import.state, import.progress.wrong), (State::Wrong, wrong), "{import:?}");
            let first = &import.progress.told[0];
            assert!(format!("{} {}", first.line, first.why).starts_with(told), "{first:?}");
            let said = import.progress.told.len() as u64 + import.progress.untold;
            assert!(said >= wrong && import.progress.told.len() <= 100);
        }
        assert_eq!(products_of(db), 0);
    });
}

#[test]
fn what_a_dead_node_left_is_known_and_closed() {
    on_each(|db| {
        let (ada, clock) = (person(db), Clock::default());
        let (key, id) = claimed(db, clock.now(), ada);
        clock.advance(LOST + Duration::from_secs(1));
        let seen = db.read_here(|conn| Ok((find(conn, clock.now(), id)?, open(conn, clock.now())?))).expect("rows");
        assert!(seen.0.state == State::Interrupted && seen.1.is_none());
        let (_, other) = claimed(db, clock.now(), ada);
        // The node was not dead but slow: it finds its place taken, and leaves.
        let job = Job { key, actor: Actor::default(), currency: eur(), stands: |_, _| Ok(true) };
        work(db, &clock, &job, Cursor::new(GOOD.as_bytes()), || false);
        assert_eq!((found(db, id).state, products_of(db)), (State::Interrupted, 0));
        assert_eq!(found(db, other).state, State::Checking);
        clock.advance(KEPT + LOST);
        assert_eq!(db.write_here(|conn| close_lost(conn, clock.now())).expect("closed"), 1);
        assert_eq!(db.write_here(|conn| purge(conn, clock.now() - KEPT, 10)).expect("forgotten"), 1, "the other has just ended");
    });
}
