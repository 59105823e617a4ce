//! Options in files.

use super::*;
use crate::clock::Clock;
use crate::shop::listing::{Count, Reader, Taken, check, export, import, survey};
use crate::shop::trial::eur;
use std::ops::ControlFlow;

const HEAD: &str = "sku,title,description,category,price,stock,status,family,options\n";

fn take(db: &Db, text: &str) -> Result<(u64, u64, u64)> {
    let file = Reader::new(text.as_bytes(), eur()).expect("a file");
    match import(db, &Clock::default(), &Actor::default(), file, |_, _| ControlFlow::Continue(()))? {
        Taken::All(Count { new, changed, same }) => Ok((new, changed, same)),
        Taken::Part(_) => panic!("nobody stopped it"),
    }
}

/// Takes a file, which does what was said before that it would.
fn taken(db: &Db, text: &str) -> (u64, u64, u64) {
    let file = Reader::new(text.as_bytes(), eur()).expect("a file");
    let said = survey(db, file, |_, _| ControlFlow::Continue(())).expect("an answer").expect("all of it").count;
    let done = take(db, text).expect("taken");
    assert_eq!((said.new, said.changed, said.same), done);
    done
}

fn exported(db: &Db) -> String {
    let some = db.read_here(|conn| export(conn, &eur(), None)).expect("some lines");
    String::from_utf8(some.bytes).expect("text")
}

fn titles(db: &Db) -> Vec<String> {
    db.read_here(|conn| Ok(products::table.order(products::sku).select(products::title).load(conn)?)).expect("titles")
}

#[test]
fn lines_of_one_family_are_options_of_one_thing() {
    on_each(|db| {
        let file = format!(
            "{HEAD}A-1,Mug,Blue.,Mugs,12.50,3,active,mug,Colour: moss; Size: S\n\
            A-2,Mug,Red.,Mugs,11,0,active,mug,Colour: oat; Size: S\nA-3,Cup,,Mugs,5,1,active,,\n"
        );
        assert_eq!(taken(db, &file), (3, 0, 0));
        assert_eq!(taken(db, &file), (0, 0, 3));
        assert_eq!(titles(db), ["Mug, moss, S", "Mug, oat, S", "Cup"]);
        assert_eq!((listed(db, &Query::default()).1, found(db, "moss blue")), (2, texts(&["Mug, oat, S"])));
        let out = exported(db);
        assert!(out.contains("active,mug,Colour: moss; Size: S") && out.contains("A-2,mug-oat-s,Mug,"), "{out}");
        assert_eq!(taken(db, &out), (0, 0, 3), "what is exported changes nothing: {out}");
        assert_eq!(counts(db), [(2, 2)]);
    });
}

#[test]
fn a_line_changes_words_and_title_and_one_without_a_family_leaves_it() {
    on_each(|db| {
        taken(db, &format!("{HEAD}A-1,Mug,,Mugs,12,3,active,mug,Colour: moss\nA-2,Mug,,Mugs,11,1,active,mug,Colour: oat\n"));
        let plain = "sku,title,description,category,price\n";
        assert_eq!(taken(db, &format!("{plain}A-1,Mug,,Mugs,12\nA-2,Mug,,Mugs,10\n")), (0, 1, 1));
        assert_eq!(titles(db), ["Mug, moss", "Mug, oat"]);
        assert_eq!(taken(db, &format!("{plain}A-1,Beaker,,Cups,12\n")), (0, 1, 0), "the title of one is the title of all");
        assert_eq!(titles(db), ["Beaker, moss", "Beaker, oat"]);
        assert_eq!(counts(db), [(0, 0), (1, 1)], "and so is the category");
        assert_eq!(taken(db, &format!("{HEAD}A-2,Beaker,,Cups,10,1,active,mug,Colour: rust\n")), (0, 1, 0));
        assert_eq!(titles(db), ["Beaker, moss", "Beaker, rust"]);
        assert_eq!(
            taken(db, &format!("{HEAD}A-2,Jug,,Cups,10,1,active,jug,Size: L\nA-1,Jug,,Cups,12,3,active,jug,Size: M\n")),
            (0, 2, 0)
        );
        assert_eq!(titles(db), ["Jug, M", "Jug, L"]);
        let families = |conn: &mut Conn| Ok(families::table.select(families::code).load::<String>(conn)?);
        assert_eq!(db.read_here(families).expect("codes"), ["jug"], "the family that all left is gone");
        assert_eq!(counts(db), [(0, 0), (1, 1)]);
    });
}

#[test]
fn options_that_make_no_sense_are_refused() {
    on_each(|db| {
        for (cells, why) in [
            ("mug,", "line 2: options: `` is not a name"),
            (",Colour: moss", "line 2: options: these are options of nothing"),
            ("Big Mug,Colour: moss", "line 2: options: the family `Big Mug`"),
            ("mug,moss", "line 2: options: `moss` is not a name"),
        ] {
            let file = format!("{HEAD}A-1,Mug,,Mugs,12,3,active,{cells}\n");
            let told = check(Reader::new(file.as_bytes(), eur()).expect("a file"), |_| ()).expect_err("it is wrong");
            assert!(told[0].to_string().starts_with(why), "{cells}: {told:?}");
        }
        let first = "A-1,Mug,,Mugs,12,3,active,mug,Colour: moss\n";
        for (second, why) in [("Colour: Moss", "both"), ("Size: S", "differ in Colour")] {
            let told = take(db, &format!("{HEAD}{first}A-2,Mug,,Mugs,12,3,active,mug,{second}\n"));
            assert!(matches!(&told, Err(Error::Refused { code: "bad_file", text }) if text.contains(why)), "{second}: {told:?}");
            assert_eq!(titles(db), [""; 0], "nothing of the batch was taken");
        }
    });
}

/// What the database counts, and what there is: categories, families, and what is listed.
fn miscounted(db: &Db) -> Vec<String> {
    #[derive(diesel::QueryableByName)]
    struct Said {
        #[diesel(sql_type = diesel::sql_types::Text)]
        what: String,
    }
    let things = "SELECT category_id, coalesce('f' || family_id, 'p' || id) AS thing, max(CASE WHEN stock > 0 THEN 1 ELSE 0 END) AS stocked,
        sum(CASE WHEN listed THEN 1 ELSE 0 END) AS listed FROM products WHERE status = 'active' GROUP BY 1, 2";
    let wrong = format!(
        "SELECT 'category ' || name AS what FROM categories c WHERE shown <> (SELECT count(*) FROM ({things}) t WHERE category_id = c.id)
            OR shown_in_stock <> (SELECT coalesce(sum(stocked), 0) FROM ({things}) t WHERE category_id = c.id)
         UNION ALL SELECT 'listed ' || thing FROM ({things}) t WHERE listed <> 1
         UNION ALL SELECT 'family ' || code FROM families f WHERE
            shown <> (SELECT count(*) FROM products p WHERE p.family_id = f.id AND p.status = 'active')
            OR dearest <> (SELECT coalesce(max(price), 0) FROM products p WHERE p.family_id = f.id AND p.status = 'active')
            OR NOT EXISTS (SELECT 1 FROM products p WHERE p.family_id = f.id)
         UNION ALL SELECT 'words ' || sku FROM products p WHERE (status = 'active' AND listed)
            <> EXISTS (SELECT 1 FROM product_words w WHERE w.rowid = p.id)
         UNION ALL SELECT 'low ' || sku FROM products p WHERE (status = 'active' AND stock <= 5)
            <> EXISTS (SELECT 1 FROM low_stock l WHERE l.id = p.id AND l.stock = p.stock)"
    );
    let said: Vec<Said> = db.read_here(|conn| Ok(diesel::sql_query(wrong).load(conn)?)).expect("an answer");
    said.into_iter().map(|said| said.what).collect()
}

#[test]
fn whatever_files_say_of_options_they_are_counted_right() {
    on_each(|db| {
        // Numbers without chance, so that what fails fails again.
        let mut state = 7_u32;
        let mut dice = move |most: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) % most
        };
        for round in 0..12 {
            let mut file = HEAD.to_owned();
            for nth in 0..60 {
                let (family, title) = (dice(6), dice(2));
                let seat = if dice(5) == 0 { ",".to_owned() } else { format!("mug-{family},Size: {nth}") };
                let status = ["active", "draft", "archived", "active"][dice(4) as usize];
                let (price, stock, shelf) = (dice(9), dice(3) * 4, dice(3));
                let line = format!("A-{nth},Mug {family} {title},x,Shelf {shelf},{price},{stock},{status},{seat}\n");
                file.push_str(&line);
            }
            taken(db, &file);
            assert_eq!(miscounted(db), [""; 0], "round {round}");
        }
    });
}
