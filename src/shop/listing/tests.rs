//! Files as spreadsheets, scripts and accidents make them, on each database.

use super::*;
use crate::audit::Actor;
use crate::clock::Clock;
use crate::config::Currency;
use crate::db::Db;
use crate::db::schema::{products, stock_movements};
use crate::shop::stock;
use crate::shop::trial::{eur, now, on_each};
use diesel::prelude::*;
use proptest::prelude::*;
use std::ops::ControlFlow;

const HEAD: &str = "sku,title,description,category,price,stock,status\n";

fn reader(text: &[u8]) -> Result<Reader<&[u8]>, Complaint> {
    Reader::new(text, eur())
}

fn wrong(text: &[u8]) -> Vec<String> {
    let complaints = match reader(text) {
        Ok(file) => check(file, |_| ()).expect_err("it is wrong"),
        Err(complaint) => vec![complaint],
    };
    complaints.iter().map(ToString::to_string).collect()
}

fn take(db: &Db, text: &str) -> (u64, u64, u64) {
    let file = reader(text.as_bytes()).expect("a file");
    let taken = import(db, &Clock::default(), &Actor::default(), file, |_, _| ControlFlow::Continue(())).expect("taken");
    let Taken::All(Count { new, changed, same }) = taken else { panic!("nobody stopped it") };
    (new, changed, same)
}

fn exported(db: &Db) -> String {
    let (mut file, mut after) = (Vec::new(), None);
    loop {
        let some = db.read_here(|conn| export(conn, &eur(), after)).expect("some lines");
        file.extend(some.bytes);
        match some.last {
            Some(last) => after = Some(last),
            None => return String::from_utf8(file).expect("text"),
        }
    }
}

#[test]
fn each_wrong_line_is_named_with_its_column() {
    let good = "A-1,Mug,Blue.,Mugs,12.50,3,active\n";
    for (line, why) in [
        ("A-2,Cup,Blue.,Mugs,\"12,50\",3,active\n", "line 3: price: `12,50`"),
        ("A-2,Cup,Blue.,Mugs,-1,3,active\n", "line 3: price"),
        ("A-2,Cup,Blue.,Mugs,1.00,-3,active\n", "line 3: stock: `-3`"),
        ("A-2,Cup,Blue.,Mugs,1.00,٣,active\n", "line 3: stock"),
        ("A-2,Cup,Blue.,Mugs,1.00,3,gone\n", "line 3: status: `gone`"),
        (",Cup,Blue.,Mugs,1.00,3,active\n", "line 3: sku: this is empty"),
        ("A-2,,Blue.,Mugs,1.00,3,active\n", "line 3: title"),
        ("A-2,Cup,Blue.,,1.00,3,active\n", "line 3: category"),
        ("A-2,C\u{7}up,Blue.,Mugs,1.00,3,active\n", "line 3: title: this has invisible"),
        ("A-2,Cup,Blu", "line 3: this line has 3 cells, the first line has 7"),
        ("A-2,Cup,Blue.,Mugs,1.00,3,active,more\n", "line 3: this line has 8 cells"),
        ("A-2,\"Cup\nA-3,Bowl,Blue.,Mugs,1.00,3,active\n", "line 3: this line has 2 cells"),
    ] {
        let told = wrong(format!("{HEAD}{good}{line}").as_bytes());
        assert!(told[0].starts_with(why), "{line}: {told:?}");
    }
    let latin = [HEAD.as_bytes(), b"A-1,L\xf6v,x,Mugs,1,1,active\n", b"A-2,,x,Mugs,1,1,active\n"].concat();
    assert_eq!(wrong(&latin).len(), 2, "the line behind is read as well");
    let many = format!("{HEAD}{}", ",,,,,,\n".repeat(500));
    assert_eq!(wrong(many.as_bytes()).len(), TOLD);
}

#[test]
fn a_file_of_another_kind_is_told_by_its_first_line() {
    for (first, why) in [
        ("", "empty"),
        ("sku;title;price\n", "semicolons"),
        ("sku\ttitle\tprice\n", "tabs"),
        ("sku,title,description,category\n", "`price` is missing"),
        ("sku,title,description,category,price,sku\n", "twice"),
        ("sku,title,description,category,price,colour\n", "no column `colour`"),
        ("PK\u{3}\u{4}\n", "no column"),
    ] {
        let told = wrong(first.as_bytes());
        assert!(told.len() == 1 && told[0].starts_with("line 1: ") && told[0].contains(why), "{first}: {told:?}");
    }
    for head in ["\u{feff}", ""] {
        let file = format!("{head}SKU, Title,description,category,price\r\nA-1,Mug,,Mugs,12\r\n");
        assert_eq!(check(reader(file.as_bytes()).expect("a file"), |_| ()), Ok(1));
    }
}

#[test]
fn a_quote_that_is_never_closed_does_not_fill_the_memory() {
    struct Endless(usize);
    impl std::io::Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.0 += buffer.len();
            assert!(self.0 < 1024 * 1024, "it reads on and on");
            buffer.fill(b'x');
            Ok(buffer.len())
        }
    }
    let start = format!("{HEAD}A-1,\"Mug");
    let file = Reader::new(std::io::Read::chain(start.as_bytes(), Endless(0)), eur()).expect("a first line");
    let told = check(file, |_| ()).expect_err("it is wrong");
    assert!(told[0].why.contains("not closed") && told[0].line == 2, "{told:?}");
}

#[test]
fn what_is_exported_comes_back_and_changes_nothing() {
    on_each(|db| {
        let file = "sku,slug,title,description,category,price,stock,image,status\n\
            A-1,mug,\"'=Mug, \"\"blue\"\"\",\"Two\nlines.\",Mugs,12.50,3,art/ember-vase.svg,active\n\
            A-2,,'+49,,Löv & Co,0.00,0,,draft\nA-3,mug,Mug,,Mugs,5,,,\n";
        assert_eq!(take(db, file), (3, 0, 0));
        let out = exported(db);
        assert_eq!(take(db, &out), (0, 0, 3), "{out}");
        assert!(out.contains("'+49") && out.contains("'=Mug") && out.contains("A-3,mug-2,"), "{out}");
        let titles =
            |conn: &mut crate::db::Conn| Ok(products::table.order(products::sku).select(products::title).load::<String>(conn)?);
        assert_eq!(db.read_here(titles).expect("titles"), ["=Mug, \"blue\"", "+49", "Mug"].map(str::to_owned));
        assert_eq!(exported(db), out);
    });
}

#[test]
fn a_line_changes_what_it_says_and_leaves_what_it_does_not() {
    on_each(|db| {
        take(db, &format!("{HEAD}A-1,Mug,Blue.,Mugs,12.50,3,active\nA-2,Cup,Red.,Cups,1,9,draft\n"));
        assert_eq!(take(db, "sku,title,description,category,price\nA-1,Mug,Blue.,Mugs,13\nA-2,Cup,Red.,Cups,1\n"), (0, 1, 1));
        assert_eq!(take(db, &format!("{HEAD}A-1,Mug,Blue.,Cups,13,1,archived\nA-1,Mug,Blue.,Cups,13,5,active\n")), (0, 2, 0));
        let rows = |conn: &mut crate::db::Conn| {
            let columns = (products::price, products::stock, products::status, products::version);
            Ok(products::table.order(products::sku).select(columns).load::<(i64, i64, String, i64)>(conn)?)
        };
        let rows = db.read_here(rows).expect("rows");
        assert_eq!(rows, [(1300, 5, "active".to_owned(), 3), (100, 9, "draft".to_owned(), 0)]);
        let moved = |conn: &mut crate::db::Conn| {
            Ok(stock_movements::table
                .order(stock_movements::id)
                .select((stock_movements::pieces, stock_movements::reason))
                .load(conn)?)
        };
        let moved: Vec<(i64, String)> = db.read_here(moved).expect("movements");
        let counted = |pieces: i64| (pieces, "counted".to_owned());
        assert_eq!(moved[2..], [counted(-2), counted(4)]);
        let (drift, _) = db.read_here(|conn| stock::drift(conn, crate::ids::ProductKey(0), 10)).expect("a check");
        assert_eq!(drift, [], "the movements add up");
    });
}

#[test]
fn the_seed_is_an_example() {
    on_each(|db| {
        let seed = include_str!("../../../seed/products.csv");
        assert_eq!(take(db, seed), (48, 0, 0));
        assert_eq!(take(db, seed), (0, 0, 48));
    });
}

#[test]
fn shoppers_who_order_meanwhile_lose_no_piece() {
    on_each(|db| {
        let lines: Vec<String> = (0..300).map(|nth| format!("A-{nth},Mug {nth},x,Mugs,10,50,active\n")).collect();
        let lines = lines.concat();
        take(db, &format!("{HEAD}{lines}"));
        let (user, racers) = (crate::shop::trial::person(db), 4);
        let again: Vec<String> = (0..300).map(|nth| format!("A-{nth},Mug {nth},y,Cups,10,,active\n")).collect();
        let again = again.concat();
        std::thread::scope(|scope| {
            let buyers: Vec<_> = (0..racers)
                .map(|nth| {
                    scope.spawn(move || {
                        for round in 0..5 {
                            let key = |conn: &mut crate::db::Conn| {
                                let sku = format!("A-{}", nth * 50 + round);
                                Ok(products::table.filter(products::sku.eq(sku)).select(products::id).first(conn)?)
                            };
                            let key: crate::ids::ProductKey = db.read_here(key).expect("a product");
                            let sold = products::table.filter(products::id.eq(key));
                            db.write_here(|conn| {
                                diesel::update(sold).set(products::stock.eq(products::stock - 1)).execute(conn)?;
                                stock::counted(conn, now(), &Actor { user: Some(user), ..Actor::default() }, &[(key, -1)], "sold")
                            })
                            .expect("a sale");
                        }
                    })
                })
                .collect();
            assert_eq!(take(db, &format!("{HEAD}{again}")), (0, 300, 0));
            for buyer in buyers {
                buyer.join().expect("no panic");
            }
        });
        let stocks = |conn: &mut crate::db::Conn| Ok(products::table.select(products::stock).load::<i64>(conn)?);
        let left: i64 = db.read_here(stocks).expect("stocks").iter().sum();
        assert_eq!(left, 300 * 50 - 20);
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn nothing_that_is_read_falls_over(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let file = [HEAD.as_bytes(), &bytes].concat();
        match check(reader(&file).expect("a first line"), |_| ()) {
            Ok(lines) => prop_assert!(lines <= bytes.len() as u64),
            Err(told) => prop_assert!(!told.is_empty() && told.len() <= TOLD && told.iter().all(|told| told.line >= 2)),
        }
    }
}

#[test]
fn the_currency_says_how_many_decimals() {
    let yen: Currency = "JPY".parse().expect("a currency");
    let file = "sku,title,description,category,price\nA-1,Mug,,Mugs,12.50\n";
    let told = check(Reader::new(file.as_bytes(), yen).expect("a file"), |_| ()).expect_err("it is wrong");
    assert!(told[0].why.contains("JPY has no decimals"), "{told:?}");
}
