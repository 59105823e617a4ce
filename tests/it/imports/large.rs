//! Files that are large, and the end of the program that has one.
//!
//! Invariant: no file is whole in the memory, and none is left on the disk.

use super::{HEAD, PAGE, comes_to, readies, sends, starts};
use crate::support::app::TestApp;
use crate::support::binary::Place;
use crate::support::jar::Jar;
use crate::support::people::{Admin, PASSWORD, sign_in};
use crate::support::visitor::{Visitor, multipart};
use crate::support::{Backend, run};
use diesel::prelude::*;
use latchkey::clock::Clock;
use latchkey::db::Conn;
use latchkey::db::schema::{imports, products};
use std::fmt::Write as _;
use std::fs;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const MIB: usize = 1024 * 1024;

#[test]
fn a_file_that_is_too_large_is_refused_in_words() {
    run(Backend::Sqlite, &[], async |app: &TestApp| {
        let grace = Admin::registered(app).await;
        let told = pours(app, &grace, 201 * MIB).await;
        assert!(told.starts_with("HTTP/1.1 422 ") && told.contains("This file has more than 200 MiB"), "{told}");
        let count = imports::table.count().get_result::<i64>(&mut app.storage.second_connection());
        assert_eq!(count, Ok(0));
        assert_eq!(fs::read_dir(app.storage.folder.path().join("var/uploads")).expect("a folder").count(), 0);
    });
}

/// Sends a file of so many bytes, a piece at a time; the answer.
async fn pours(app: &TestApp, grace: &Visitor, bytes: usize) -> String {
    let csrf = ("csrf".to_owned(), grace.get(PAGE).await.expect(200).value("csrf"));
    let form = multipart(&[csrf], ("file", "large.csv", b"@@"));
    let at = form.windows(2).position(|two| two == b"@@").expect("its place");
    let (before, behind) = (&form[..at], &form[at + 2..]);
    let head = grace.file_request(PAGE).build().expect("a request");
    let lines = head.headers().iter().map(|(name, value)| format!("{name}: {}\r\n", value.to_str().expect("text")));
    let (host, length) = (app.origin.authority(), before.len() + bytes + behind.len());
    let head = format!(
        "POST {PAGE} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {length}\r\n{}\r\n",
        lines.collect::<String>()
    );
    let mut wire = TcpStream::connect(app.address()).await.expect("a connection");
    wire.write_all(&[head.as_bytes(), before].concat()).await.expect("sent");
    let piece = b"A-1,Mug,Blue.,Mugs,12.50,3\n".repeat(4096);
    let mut left = bytes;
    while left > 0 {
        let some = left.min(piece.len());
        wire.write_all(&piece[..some]).await.expect("it is read on");
        left -= some;
    }
    wire.write_all(behind).await.expect("sent");
    let mut answer = Vec::new();
    wire.read_to_end(&mut answer).await.expect("an answer");
    String::from_utf8_lossy(&answer).into_owned()
}

/// A file of about so many bytes, most of them in long descriptions.
fn wordy(bytes: usize) -> String {
    let (mut text, words) = (HEAD.to_owned(), "All of it by hand. ".repeat(100));
    while text.len() < bytes {
        let nth = text.len();
        writeln!(text, "A-{nth},Mug {nth},{words},Mugs,12.50,5").expect("memory");
    }
    text
}

#[test]
fn the_memory_does_not_grow_with_the_file_and_a_kill_leaves_none() {
    let place = Place::new(&[]);
    let args = ["user", "add", "--email", "grace@example.com", "--name", "Grace Hopper", "--admin", "--password-stdin"];
    assert_eq!(place.run(&args, PASSWORD).code, Some(0));
    let left = || fs::read_dir(place.path("var/uploads")).expect("a folder").count();
    actix_web::rt::System::new().block_on(async {
        let shop = place.serve();
        let grace = Visitor::at(&shop.origin, Jar::new(Clock::default()));
        sign_in(&grace, "grace@example.com", PASSWORD).await.expect(303);
        let small = readies(&grace, &wordy(4 * MIB)).await;
        let page = grace.get(&small).await.expect(200);
        grace.press(&page, &format!("{small}/stop"), &[]).await.expect_to(&small);
        comes_to(&grace, &small, "The import was stopped").await;
        let before = shop.memory();
        let path = readies(&grace, &wordy(48 * MIB)).await;
        let grown = shop.memory() - before;
        assert!(grown < 12 * MIB as u64, "a file of 48 MiB took {grown} bytes more than one of 4");
        assert_eq!(left(), 0, "it is read, and has no name");
        shop.kill();
        let mut conn = Conn::open(&format!("sqlite:{}", place.path("var/latchkey.db").display()).parse().expect("a URL"))
            .expect("the database");
        // As if the silence had been longer.
        let long_ago = Clock::default().now() - Duration::from_mins(1);
        diesel::update(imports::table.filter(imports::slot.eq(1)))
            .set(imports::beat_at.eq(long_ago))
            .execute(&mut conn)
            .expect("a row");
        let shop = place.serve();
        let grace = Visitor::at(&shop.origin, grace.jar.borrow().clone());
        assert_eq!((left(), products::table.count().get_result(&mut conn)), (0, Ok(0_i64)));
        assert_eq!(comes_to(&grace, &path, "The import was interrupted").await.status, 200);
        let again = sends(&grace, wordy(MIB / 4).as_bytes()).await.expect(303).location().to_owned();
        comes_to(&grace, &again, "What would change").await;
        starts(&grace, &again).await.expect(303);
        comes_to(&grace, &again, "The import is done").await;
        assert_eq!(shop.stop(), Some(0));
    });
}
