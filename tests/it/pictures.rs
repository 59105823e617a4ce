//! Pictures that those who run the shop upload.
//!
//! Invariant: what shoppers get was drawn here, in two sizes; nothing of the file is read before its form is known to be ours.

use crate::on_both;
use crate::support::app::TestApp;
use crate::support::page::Page;
use crate::support::people::{Admin, Shopper};
use crate::support::visitor::multipart;
use diesel::prelude::*;
use image::{ImageFormat, Rgb, RgbImage};
use latchkey::db::schema::pictures;
use std::io::Cursor;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

on_both! {
    a_picture_is_shown_in_two_sizes,
    a_picture_is_described_and_taken_away,
    what_is_no_picture_is_told_beside_its_field,
    nothing_is_read_before_the_csrf_is_found_good,
    a_form_with_a_file_is_taken_where_one_is_asked_for,
    of_two_who_hang_a_picture_the_second_is_told,
}

/// A picture of one colour.
fn paint(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    RgbImage::from_pixel(width, height, Rgb([180, 90, 40])).write_to(&mut file, format).expect("a picture");
    file.into_inner()
}

fn kept(app: &TestApp) -> i64 {
    pictures::table.count().get_result(&mut app.storage.second_connection()).expect("a count")
}

async fn hangs(grace: &Admin, slug: &str, fields: &[(&str, &str)], bytes: &[u8]) -> Page {
    let path = format!("/admin/products/{slug}");
    let page = grace.get(&path).await.expect(200);
    grace.uploads(&page, &format!("{path}/picture"), fields, ("picture", "vase.jpg", bytes)).await
}

async fn a_picture_is_shown_in_two_sizes(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 5).await;
    let (ada, grace) = (Shopper::registered(app).await, Admin::registered(app).await);
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
        let done = hangs(&grace, &bowl.slug, &[("alt", "A wide bowl.")], &paint(900, 700, format)).await;
        done.expect_to("/admin/products/oak-bowl");
        assert_eq!(kept(app), 1, "the one before it is gone");
    }
    let page = ada.get("/products/oak-bowl").await.expect(200);
    let (source, set) = (page.attributes(".product-picture img", "src"), page.attributes(".product-picture img", "srcset"));
    assert_eq!(set, [format!("{0}?w=400 400w, {0} 800w", source[0])]);
    assert_eq!(page.attributes(".product-picture img", "alt"), ["A wide bowl."]);
    for (path, width) in [(source[0].clone(), 800), (format!("{}?w=400", source[0]), 400)] {
        let answer = ada.request(reqwest::Method::GET, &path).send().await.expect("an answer");
        assert_eq!((answer.status().as_u16(), answer.headers()["content-type"].as_bytes()), (200, &b"image/jpeg"[..]));
        let (tag, age) = (answer.headers()["etag"].clone(), answer.headers()["cache-control"].to_str().expect("text").to_owned());
        assert!(age.contains("immutable") && answer.headers().get("set-cookie").is_none());
        let picture = image::load_from_memory(&answer.bytes().await.expect("bytes")).expect("a picture");
        assert_eq!((picture.width(), picture.height()), (width, width));
        let known = ada.request(reqwest::Method::GET, &path).header("if-none-match", tag).send().await.expect("an answer");
        assert_eq!(known.status().as_u16(), 304);
    }
    let card = ada.get("/products").await.expect(200);
    assert!(card.attributes(".card img", "srcset")[0].contains("800w") && !card.attributes(".card img", "sizes")[0].is_empty());
}

async fn a_picture_is_described_and_taken_away(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 5).await;
    let grace = Admin::registered(app).await;
    hangs(&grace, &bowl.slug, &[], &paint(500, 500, ImageFormat::Png)).await.expect(303);
    let path = "/admin/products/oak-bowl";
    let page = grace.get(path).await.expect(200);
    let action = format!("{path}/picture");
    grace.uploads(&page, &action, &[("alt", "\u{201c}Wide\u{201d} & <low>")], ("picture", "", b"")).await.expect_to(path);
    assert_eq!(kept(app), 1, "words alone leave the picture");
    let seen = grace.get("/products/oak-bowl").await.expect(200);
    assert_eq!(seen.attributes(".product-picture img", "alt"), ["\u{201c}Wide\u{201d} & <low>"]);
    let both = hangs(&grace, &bowl.slug, &[("remove", "on")], &paint(500, 500, ImageFormat::Png)).await.expect(422);
    assert!(both.wrong("picture").contains("Choose one"), "{}", both.words());
    let page = grace.get(path).await.expect(200);
    grace.uploads(&page, &action, &[("remove", "on")], ("picture", "", b"")).await.expect_to(path);
    assert_eq!(kept(app), 0);
    assert_eq!(grace.get("/products/oak-bowl").await.attributes(".product-picture img", "src"), ["/pictures/none"]);
}

async fn what_is_no_picture_is_told_beside_its_field(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 5).await;
    let grace = Admin::registered(app).await;
    let svg = br#"<svg xmlns="http://www.w3.org/2000/svg" width="900" height="900"></svg>"#.to_vec();
    let large = vec![0xff; 5 * 1024 * 1024 + 1];
    let tiny = paint(300, 900, ImageFormat::Png);
    for (bytes, why) in [(svg, "not a JPEG, PNG or WebP"), (large, "more than 5 MiB"), (tiny, "400 on its shorter side")] {
        let told = hangs(&grace, &bowl.slug, &[("alt", "Wide.")], &bytes).await.expect(422);
        assert!(told.wrong("picture").contains(why), "{}", told.words());
        assert_eq!(told.value("alt"), "Wide.", "what was typed is kept");
    }
    assert_eq!(kept(app), 0);
    hangs(&grace, &bowl.slug, &[], &vec![0; 21 * 1024 * 1024]).await.expect(413);
}

async fn nothing_is_read_before_the_csrf_is_found_good(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 5).await;
    let grace = Admin::registered(app).await;
    let (path, good) = (format!("/admin/products/{}/picture", bowl.slug), paint(500, 500, ImageFormat::Png));
    let stale = hangs(&grace, &bowl.slug, &[("csrf", "stale")], &good).await.expect(403);
    assert!(stale.text(".summary").contains("too old"), "{}", stale.words());
    // Fields before it, or none: as good as a forged one.
    let csrf = grace.get("/admin/products/oak-bowl").await.value("csrf");
    let late = [("version", "0"), ("csrf", csrf.as_str())].map(|(name, value)| (name.to_owned(), value.to_owned()));
    for fields in [&late[..], &late[..1]] {
        let body = multipart(fields, ("picture", "a.png", &good));
        grace.send(&path, grace.file_request(&path).body(body)).await.expect(403);
    }
    // The answer comes while the file has not begun to arrive.
    let body = multipart(&[("csrf".to_owned(), "stale".to_owned())], ("picture", "a.png", &good));
    let head = grace.file_request(&path).build().expect("a request");
    let lines = head.headers().iter().map(|(name, value)| format!("{name}: {}\r\n", value.to_str().expect("text")));
    let host = app.origin.port().map_or_else(String::new, |port| format!("localhost:{port}"));
    let head = format!("POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-length: 4000000\r\n{}\r\n", lines.collect::<String>());
    let mut wire = TcpStream::connect(app.address()).await.expect("a connection");
    wire.write_all(head.as_bytes()).await.expect("sent");
    wire.write_all(&body[..300]).await.expect("sent");
    let mut answer = [0; 12];
    tokio::time::timeout(std::time::Duration::from_secs(8), wire.read_exact(&mut answer)).await.expect("at once").expect("bytes");
    assert_eq!(&answer, b"HTTP/1.1 403");
    assert_eq!(kept(app), 0);
}

async fn a_form_with_a_file_is_taken_where_one_is_asked_for(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 5).await;
    let grace = Admin::registered(app).await;
    let csrf = ("csrf".to_owned(), grace.get("/admin/products/oak-bowl").await.value("csrf"));
    for path in ["/admin/products/oak-bowl", "/admin/products/a/b/picture", "/account", "/cart/items", "/login"] {
        let body = multipart(std::slice::from_ref(&csrf), ("picture", "a.png", b"x"));
        grace.send(path, grace.file_request(path).body(body)).await.expect(415);
    }
    let action = format!("/admin/products/{}/picture", bowl.slug);
    grace.post(&action, &[("csrf", &csrf.1)]).await.expect(415);
    let elsewhere = grace.file_request(&action).header("sec-fetch-site", "cross-site").body("x");
    grace.send(&action, elsewhere).await.expect(403);
    let fields = [csrf, ("version".to_owned(), "0".to_owned())];
    let cut = multipart(&fields, ("picture", "a.png", &paint(500, 500, ImageFormat::Png)));
    grace.send(&action, grace.file_request(&action).body(cut[..cut.len() - 30].to_vec())).await.expect(400);
    assert_eq!(kept(app), 0);
}

async fn of_two_who_hang_a_picture_the_second_is_told(app: &TestApp) {
    let bowl = app.stocks("Oak Bowl", 2_400, 5).await;
    let grace = Admin::registered(app).await;
    let (path, good) = (format!("/admin/products/{}", bowl.slug), paint(500, 500, ImageFormat::Jpeg));
    let page = grace.get(&path).await.expect(200);
    let tabs: Vec<_> = (0..6).map(|_| grace.copy()).collect();
    let (seen, action, file) = (&page, &format!("{path}/picture"), ("picture", "a.jpg", good.as_slice()));
    let sent = futures_util::future::join_all(tabs.iter().map(|tab| tab.uploads(seen, action, &[], file))).await;
    let statuses: Vec<u16> = sent.iter().map(|page| page.status).collect();
    assert_eq!((statuses.iter().filter(|it| **it == 303).count(), statuses.iter().filter(|it| **it == 409).count()), (1, 5));
    assert_eq!(kept(app), 1, "nothing is left over of the others");
}
