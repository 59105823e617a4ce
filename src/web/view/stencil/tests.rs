//! Stencils of the shop's own templates. A debug build holds each new one against Tera (`proof`), so what is tried here is what is
//! laid into them later.

use super::{Mark, ROOM, Stencil};
use crate::config::{Sources, load};
use crate::web::assets::Assets;
use crate::web::view::pen::{Count, Pen};
use crate::web::view::templates::Templates;
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
struct Line {
    image: Mark,
    slug: Mark,
    title: Mark,
    quantity: Count<Mark>,
    total: Mark,
}

fn templates() -> Templates {
    let folder = tempfile::tempdir().expect("a folder");
    let config = load(&Sources::default()).expect("settings");
    let assets = Arc::new(Assets::lay_out(folder.path(), false).expect("assets"));
    Templates::new(&config, "https://shop.example", assets).expect("templates")
}

fn line(pen: &mut Pen, (title, quantity): (&str, i64)) -> Line {
    Line {
        image: pen.text("/pictures/none"),
        slug: pen.text("bowl"),
        title: pen.text(title),
        quantity: pen.count(quantity),
        total: pen.text("€24.00"),
    }
}

#[test]
fn a_text_is_cut_where_its_marks_are() {
    let stencil = Stencil::cut("a\u{f0001}b\u{f0000}\u{f0001}");
    assert_eq!((&*stencil.text, stencil.holes.len()), (&b"ab"[..], 3));
    let mut ink = super::Ink::default();
    for word in ["one", ""] {
        ink.word(|html| std::io::Write::write_all(html, word.as_bytes())).expect("written");
    }
    let mut page = b"> ".to_vec();
    stencil.fill(&ink, &mut page);
    assert_eq!(page, b"> abone");
}

#[test]
fn a_word_is_laid_into_the_shape_of_another_and_stays_a_word() {
    let templates = templates();
    let set = templates.set().expect("the templates");
    let mut pen = Pen::new(&set, "", 0);
    let lines = [("Oak Bowl", 1), ("<b>\"Ash\" & Elm", 1), ("Jug", 3), ("\u{f0000}", 3)];
    let rows = pen.rows("dashboard/line.html", lines, line).expect("rows");
    let text = pen.value(rows).expect("rows").as_str().unwrap_or_default().to_owned();
    let rows: Vec<&str> = text.split("<li").skip(1).collect();
    assert!(rows[0].contains(">Oak Bowl</a>") && rows[0].contains("1 piece<"), "{}", rows[0]);
    assert!(rows[1].contains(">&lt;b&gt;&quot;Ash&quot; &amp; Elm</a>"), "{}", rows[1]);
    assert!(rows[2].contains(">Jug</a>") && rows[2].contains("3 pieces<"), "{}", rows[2]);
    assert!(rows[3].contains(">\u{f0000}</a>"), "a sign that could be a mark is a sign: {}", rows[3]);
    assert_eq!(set.stencils.0.read().expect("whole")["dashboard/line.html"].known.len(), 2, "one piece, and more");
}

/// Nobody writes a page like this: a word in the shape itself is another shape each time.
#[test]
fn there_is_room_for_so_many_shapes() {
    #[derive(Serialize)]
    struct Wild {
        title: String,
        image: &'static str,
        slug: &'static str,
        total: &'static str,
        quantity: Count<i64>,
    }
    let templates = templates();
    let set = templates.set().expect("the templates");
    let draw = |title: String| {
        let wild = Wild { title, image: "", slug: "", total: "", quantity: Count { shown: 1, one: true } };
        set.stencils.fill(&set, "dashboard/line.html", &wild, &super::Ink::default(), &mut Vec::new()).expect("drawn");
        let shelves = set.stencils.0.read().expect("whole");
        let shelf = &shelves["dashboard/line.html"];
        let sizes: usize = shelf.known.iter().map(super::Known::size).sum();
        assert!(shelf.size <= ROOM && shelf.size == sizes, "{} is {sizes}", shelf.size);
        shelf.known.len()
    };
    let kept: Vec<usize> = (0..1_000).map(|number| draw(format!("{number:0200}"))).collect();
    assert!(kept.iter().all(|kept| (1..500).contains(kept)) && kept.last() > Some(&20), "{kept:?}");
    assert_eq!(Some(&draw("x".repeat(ROOM))), kept.last(), "what is larger than the room is not kept, and pushes none out");
}
