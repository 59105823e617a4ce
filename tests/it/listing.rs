//! The catalogue as a CSV file, by the command line, beside a shop that runs.
//!
//! Invariant: a file with a wrong line changes nothing; what is exported comes back and changes nothing; shoppers go on ordering.

use crate::support::binary::Place;
use std::fs;

const SEED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/seed/products.csv");

#[test]
fn the_seed_goes_in_and_comes_out_again() {
    let place = Place::new(&[]);
    let import = |file: &str| place.run(&["shop", "import", file], "");
    let dry = place.run(&["shop", "import", SEED, "--dry-run"], "");
    assert!(dry.code == Some(0) && dry.output.contains("48 products") && dry.output.contains("nothing was changed"), "{dry:?}");
    assert!(!place.path("var").join("latchkey.db").exists(), "a dry run makes nothing");
    assert_eq!(import(SEED).output.trim(), "48 new, 0 changed, 0 as they were");
    let more = "sku,title,description,category,price\nB-1,Jar,,Jars,1\nB-2,Lid,,Lids,1\n";
    fs::write(place.path("more.csv"), more).expect("written");
    let dry = place.run(&["shop", "import", "more.csv", "--dry-run"], "");
    assert!(
        dry.output.contains("2 new, 0 changed, 0 as they are. It makes 2 new categories: Jars, Lids; nothing was"),
        "{dry:?}"
    );
    let exported = place.run(&["shop", "export", "out.csv"], "");
    assert!(exported.code == Some(0) && exported.output.contains("48 products are in out.csv"), "{exported:?}");
    assert_eq!(import("out.csv").output.trim(), "0 new, 0 changed, 48 as they were");
    let changed = fs::read_to_string(place.path("out.csv")).expect("a file").replacen(",38.00,", ",39.00,", 1);
    fs::write(place.path("out.csv"), changed).expect("written");
    assert_eq!(import("out.csv").output.trim(), "0 new, 1 changed, 47 as they were");
    assert!(!place.path("out.csv.part").exists());
}

#[test]
fn a_wrong_file_changes_nothing_and_says_where() {
    let place = Place::new(&[]);
    let head = "sku,title,description,category,price\n";
    fs::write(place.path("bad.csv"), format!("{head}A-1,Mug,Blue.,Mugs,12.50\nA-2,Cup,Blue.,Mugs,free\nA-3,Cup"))
        .expect("written");
    for more in [&[][..], &["--dry-run"]] {
        let told = place.run(&[&["shop", "import", "bad.csv"], more].concat(), "");
        assert_eq!(told.code, Some(1), "{told:?}");
        for line in ["nothing was changed", "line 3: price: `free`", "line 4: this line has 2 cells"] {
            assert!(told.errors.contains(line), "{line}: {told:?}");
        }
    }
    fs::write(place.path("semicolons.csv"), "sku;title;description;category;price\n").expect("written");
    let told = place.run(&["shop", "import", "semicolons.csv"], "");
    assert!(told.code == Some(1) && told.errors.contains("line 1: the columns are parted by semicolons"), "{told:?}");
    let told = place.run(&["shop", "import", "nowhere.csv"], "");
    assert!(told.code == Some(1) && told.errors.contains("nowhere.csv cannot be read"), "{told:?}");
    fs::write(
        place.path("picture.csv"),
        format!("{}\n", "sku,title,description,category,price,image") + "A-1,Mug,,Mugs,1,/pictures/AAAAAAAAAAAAAAAAAAAAAA\n",
    )
    .expect("written");
    let told = place.run(&["shop", "import", "picture.csv"], "");
    assert!(told.code == Some(1) && told.errors.contains("there is no picture"), "{told:?}");
    let exported = place.run(&["shop", "export", "out.csv"], "");
    assert!(exported.output.starts_with("0 products"), "{exported:?}");
}

#[test]
fn a_file_is_taken_while_the_shop_runs() {
    let place = Place::new(&[]);
    let shop = place.serve();
    let lines: Vec<String> = (0..1_500).map(|nth| format!("A-{nth},Mug {nth},Blue.,Mugs,12.50,5\n")).collect();
    let lines = lines.concat();
    fs::write(place.path("goods.csv"), format!("sku,title,description,category,price,stock\n{lines}")).expect("written");
    let told = place.run(&["shop", "import", "goods.csv"], "");
    assert_eq!(told.output.trim(), "1500 new, 0 changed, 0 as they were", "{told:?}");
    assert_eq!(shop.stop(), Some(0));
    let checked = place.run(&["doctor"], "");
    assert!(!checked.output.contains("do not add up"), "{checked:?}");
}
