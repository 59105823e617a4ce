//! How much is taken at once, and by how many statements, on each database.

use super::*;
use crate::db::Conn;
use crate::db::schema::{families, products, stock_movements};
use crate::shop::listing::survey;
use crate::shop::trial::{eur, now, on_each};
use diesel::connection::{Connection as _, Instrumentation, InstrumentationEvent};
use diesel::prelude::*;
use std::cell::Cell;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// So many products; `cells` are what each has behind its code.
fn text(prefix: &str, count: usize, cells: impl Fn(usize) -> String) -> String {
    let mut text = "sku,title,description,category,price,stock,family,options\n".to_owned();
    for nth in 0..count {
        writeln!(text, "{prefix}-{nth},{}", cells(nth)).expect("memory");
    }
    text
}

fn lines(text: &str) -> Vec<Line> {
    Groups::new(Reader::new(text.as_bytes(), eur()).expect("a file")).next_lines().expect("lines")
}

fn plain(prefix: &str, count: usize, price: usize) -> String {
    text(prefix, count, |nth| format!("Mug {nth} {prefix},Blue.,Mugs,{price},{nth},,"))
}

fn slugs(db: &Db) -> Vec<String> {
    db.read_here(|conn| Ok(products::table.order(products::id).select(products::slug).load(conn)?)).expect("slugs")
}

fn comes_in(db: &Db, text: &str) -> Count {
    let file = Reader::new(text.as_bytes(), eur()).expect("a file");
    match import(db, &Clock::default(), &Actor::default(), file, |_, _| ControlFlow::Continue(())).expect("taken") {
        Taken::All(count) => count,
        Taken::Part(_) => panic!("nobody stopped it"),
    }
}

/// Counts what a connection is asked.
#[derive(Clone, Default)]
struct Asked(Arc<AtomicUsize>);

impl Instrumentation for Asked {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartQuery { .. } = event {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// How many statements these lines are.
fn statements(db: &Db, text: &str) -> usize {
    let asked = Asked::default();
    let lines = lines(text);
    let work = |conn: &mut Conn| {
        conn.set_instrumentation(asked.clone());
        let taken = take(conn, now(), &Actor::default(), &lines, || false);
        conn.set_instrumentation(Asked::default());
        taken
    };
    assert_eq!(db.write_here(work).expect("taken").0, lines.len());
    asked.0.load(Ordering::Relaxed)
}

#[test]
fn a_batch_ends_when_its_time_is_used_up_and_the_next_goes_on_there() {
    on_each(|db| {
        let all = lines(&plain("A", 400, 1));
        let (asked, mut left, mut batches) = (Cell::new(0), all.as_slice(), 0);
        while !left.is_empty() {
            asked.set(0);
            // A clock on which the second look is too late.
            let slow = || {
                asked.set(asked.get() + 1);
                asked.get() == 2
            };
            let (taken, count) = db.write_here(|conn| take(conn, now(), &Actor::default(), left, slow)).expect("taken");
            assert!(taken == left.len() || (asked.get() == 2 && taken > 0), "{taken} of {}", left.len());
            assert_eq!(count.new, taken as u64);
            left = &left[taken..];
            assert_eq!(slugs(db).len(), all.len() - left.len(), "what was not reached was not begun");
            batches += 1;
        }
        assert!(batches > 1, "all at once");
        assert_eq!(slugs(db)[399], "mug-399-a", "in the order of the file");
    });
}

#[test]
fn however_dear_lines_are_the_clock_is_asked_in_time() {
    on_each(|db| {
        let looks = |text: &str| {
            let (lines, asked) = (lines(text), Cell::new(0));
            let clock = || {
                asked.set(asked.get() + 1);
                false
            };
            db.write_here(|conn| take(conn, now(), &Actor::default(), &lines, clock)).expect("taken");
            lines.len().div_ceil(asked.get())
        };
        let cheap = looks(&plain("A", 200, 1));
        let long = looks(&text("B", 60, |nth| format!("Cup {nth},{},Cups,1,1,,", "ab ".repeat(660))));
        let options = looks(&text("C", 60, |nth| format!("Jug,x,Jugs,1,1,jug-{nth},Size: {nth}")));
        assert!(cheap > 50 && long < 8 && options < 8, "{cheap}, {long}, {options} lines between two looks");
    });
}

#[test]
fn more_lines_are_no_more_statements() {
    on_each(|db| {
        comes_in(db, &plain("A", 1, 1));
        let new = statements(db, &plain("B", 10, 1));
        assert_eq!(statements(db, &plain("C", 60, 1)), new);
        let changed = statements(db, &plain("B", 10, 2));
        assert_eq!(statements(db, &plain("C", 60, 2)), changed);
        assert!(new <= 16 && changed <= 12, "{new}, {changed}");
        let alike = |prefix: &str, count| text(prefix, count, |_| "Mug,Blue.,Mugs,1,5,,".to_owned());
        let few = statements(db, &alike("D", 10));
        assert_eq!(statements(db, &alike("E", 60)), few, "names in URLs are not tried one by one");
        assert!(few <= new + 1, "{few}, {new}");
    });
}

#[test]
fn many_of_one_name_have_names_of_their_own_in_urls() {
    on_each(|db| {
        let wished = "sku,slug,title,description,category,price\n\
            A-1,,Mug,,Mugs,1\nA-2,mug-2,Mug,,Mugs,1\nA-3,,Mug,,Mugs,1\nA-4,mug,Mug,,Mugs,1\n";
        comes_in(db, wished);
        assert_eq!(slugs(db), ["mug", "mug-2", "mug-3", "mug-4"]);
        comes_in(db, &text("B", 200, |_| "Mug,Blue.,Mugs,1,5,,".to_owned()));
        let slugs = slugs(db);
        assert_eq!(
            (slugs.len(), &slugs[4..6], slugs[18].as_str()),
            (204, &["mug-5".to_owned(), "mug-6".to_owned()][..], "mug-19")
        );
        assert!(slugs[19..].iter().all(|slug| slug.starts_with("mug-")));
    });
}

#[test]
fn what_is_so_already_is_not_written_and_the_rest_is_whole() {
    on_each(|db| {
        let family = |title: &str| text("O", 30, |nth| format!("{title},x,Towels,1,{nth},towel,Size: {nth}"));
        comes_in(db, &(plain("A", 600, 1) + family("Towel").split_once('\n').expect("lines").1));
        let versions = || {
            let rows = products::table.order(products::id).select((products::version, products::title));
            db.read_here(|conn| Ok(rows.load::<(i64, String)>(conn)?)).expect("rows")
        };
        let before = versions();
        let same = |count: Count| (count.new, count.changed, count.same);
        assert_eq!(same(comes_in(db, &plain("A", 600, 1))), (0, 0, 600));
        assert_eq!(same(comes_in(db, &family("Towel"))), (0, 0, 30));
        assert_eq!(versions(), before);
        let mixed = plain("A", 600, 1).replace("Mug 300 A,Blue.", "Mug 300 A,Red.");
        assert_eq!(same(comes_in(db, &mixed)), (0, 1, 599));
        // One line calls the family otherwise, and the last word is that of the last line.
        let renamed = family("Towel").replacen("Towel,", "Rag,", 1);
        comes_in(db, &renamed);
        let title = families::table.select(families::title);
        assert_eq!(db.read_here(|conn| Ok(title.first::<String>(conn)?)).expect("a title"), "Towel");
        let stock: i64 = (0..600).sum::<i64>() + (0..30).sum::<i64>();
        let moved = stock_movements::table.select(stock_movements::pieces);
        assert_eq!(db.read_here(|conn| Ok(moved.load::<i64>(conn)?)).expect("pieces").iter().sum::<i64>(), stock);
    });
}

#[test]
fn categories_that_a_file_would_make_are_named_and_bounded() {
    on_each(|db| {
        let looks = |text: &str| {
            let file = Reader::new(text.as_bytes(), eur()).expect("a file");
            survey(db, file, |_, _| ControlFlow::Continue(())).expect("an answer").expect("all of it")
        };
        comes_in(db, &plain("A", 1, 1));
        let names = ["Mugs", "Löv & Co", "lov co", "茶碗", "mugs!", "茶碗", "急須"];
        let file = text("B", names.len(), |nth| format!("Cup {nth},,{},1,1,,", names[nth]));
        let seen = looks(&file);
        assert_eq!((seen.categories, seen.wrong), (["Löv & Co", "茶碗", "急須"].map(str::to_owned).to_vec(), 0));
        comes_in(db, &file);
        assert_eq!(looks(&file.replace("B-", "C-")).categories, [""; 0], "it made what it said");
        let many = looks(&text("D", 130, |nth| format!("Cup {nth},,Shelf {},1,1,,", nth % 120)));
        assert_eq!((many.categories.len(), many.wrong, many.told[0].line), (100, 20, 102));
        assert!(many.told[0].why.contains("`Shelf 100` is not there, and a file makes at most 100"), "{:?}", many.told[0]);
    });
}
