//! Messages as a mail server gets them.
//!
//! Invariant: whatever a person wrote, the headers are ours, and every line is short enough for every server.

use super::*;
use crate::clock::from_unix;

fn message(from: &str, name: &str, address: &str, subject: &str, text: &str) -> String {
    let from = MailFrom::read(from, "Hearth").expect("a sender");
    let to = Recipient { address: address.to_owned(), name: name.to_owned() };
    let words = Words { subject: subject.to_owned(), text: text.to_owned(), html: format!("<p>{text}</p>") };
    let id = "AAAAAAAAAAAAAAAAAAAAAA".parse().expect("an id");
    let parcel = build(id, from_unix(1_790_000_000), &from, &to, words).expect("a message");
    String::from_utf8(parcel.bytes).expect("ASCII")
}

fn headers(message: &str) -> Vec<&str> {
    let (head, _) = message.split_once("\r\n\r\n").expect("a head and a body");
    head.split("\r\n").filter(|line| !line.starts_with([' ', '\t'])).map(|line| line.split(':').next().unwrap_or("")).collect()
}

const OURS: [&str; 9] =
    ["Message-ID", "Date", "From", "To", "Subject", "Auto-Submitted", "X-Auto-Response-Suppress", "MIME-Version", "Content-Type"];

#[test]
fn nothing_a_person_wrote_becomes_a_header() {
    let evil = "Tea\r\nBcc: all@example.com\r\n\r\nBuy\u{2028}now\u{0}";
    for (name, subject, text) in [
        (evil, "Tea", "Tea"),
        ("Ada", evil, "Tea"),
        ("Ada", "Tea", evil),
        ("Ada\" <b@example.com>, \"", "Tea", "Tea"),
        ("Ada, b@example.com", "Tea", "--=_AAAAAAAAAAAAAAAAAAAAAA--\r\nBcc: x"),
    ] {
        let message = message("shop@example.com", name, "ada@example.com", subject, text);
        assert_eq!(headers(&message), OURS, "{message}");
        let to = message.split("\r\n").find(|line| line.starts_with("To:")).expect("a recipient");
        assert!(!to.contains("b@example.com") && to.contains("ada@example.com"), "{to}");
    }
    let named = message("shop@example.com", "Ada, Countess", "ada@example.com", "Tea", "Tea");
    assert!(named.contains("\r\nTo: =?utf-8?b?QWRhLCBDb3VudGVzcw==?= <ada@example.com>\r\n"), "one person, not two: {named}");
}

#[test]
fn the_same_letter_is_the_same_bytes() {
    let once = || message("Hearth <shop@example.com>", "Ada", "ada@example.com", "Tea", "Tea");
    assert_eq!(once(), once());
    assert!(once().contains("Message-ID: <AAAAAAAAAAAAAAAAAAAAAA@example.com>\r\n"), "{}", once());
}

#[test]
fn an_international_address_goes_out_in_ascii() {
    let message = message("Café Grün <shop@Bücher.example>", "Zoë 王", "zoe@xn--bcher-kva.example", "Käse ☕", "Käse ☕");
    assert!(message.is_ascii());
    assert!(message.contains("shop@xn--bcher-kva.example") && message.contains("<zoe@xn--bcher-kva.example>"), "{message}");
    assert_eq!(headers(&message), OURS);
    for local in ["a+b", "a_b", "o'neil", "x!#$%&*/=?^`{|}~-"] {
        let to = Recipient { address: format!("{local}@example.com"), name: String::new() };
        let from = MailFrom::read("shop@localhost", "Hearth").expect("a sender");
        let words = Words { subject: String::new(), text: String::new(), html: String::new() };
        assert!(build(LetterId::random(), from_unix(0), &from, &to, words).is_ok(), "{local}");
    }
}

#[test]
fn no_line_is_longer_than_a_server_takes() {
    let long = "word ".repeat(500) + &"x".repeat(3_000) + "\n.\n.\r\nFrom me";
    let message = message("shop@example.com", "Ada", "ada@example.com", &"subject ".repeat(100), &long);
    for line in message.split("\r\n") {
        assert!(line.len() <= 998, "RFC 5322 section 2.1.1: {}", line.len());
    }
    assert!(!message.replace("\r\n", "").contains(['\r', '\n']), "no line ends by half");
}
