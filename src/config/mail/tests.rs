//! What may stand in `LATCHKEY_MAIL` and `LATCHKEY_MAIL_FROM`.
//!
//! Invariant: every way to send a password in the open is refused here.

use super::*;
use secrecy::ExposeSecret as _;

fn smtp(text: &str) -> Smtp {
    match text.parse() {
        Ok(Mail::Smtp(smtp)) => smtp,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn only_this_machine_is_spoken_to_without_tls() {
    for (text, tls, port) in [
        ("smtp://localhost:2525", Tls::None, 2525),
        ("smtp://127.0.0.1", Tls::None, 587),
        ("smtp://[::1]:25", Tls::None, 25),
        ("smtp://localhost?ca=ca.pem", Tls::Start, 587),
        ("smtp://mail.example:25", Tls::Start, 25),
        ("smtp://127.0.0.1.example", Tls::Start, 587),
        ("smtp://192.0.2.1", Tls::Start, 587),
        ("smtps://mail.example", Tls::Whole, 465),
        ("smtps://localhost:4650", Tls::Whole, 4650),
    ] {
        let smtp = smtp(text);
        assert_eq!((smtp.tls, smtp.port), (tls, port), "{text}");
    }
}

#[test]
fn a_password_is_read_and_never_shown() {
    let text = "smtp://shop%40example.com:hunter%202%2F%C3%BC@mail.example";
    let (user, password) = smtp(text).login.expect("a login");
    assert_eq!((user.as_str(), password.expose_secret()), ("shop@example.com", "hunter 2/ü"));
    let mail: Mail = text.parse().expect("a server");
    assert_eq!(format!("{mail} {mail:?}"), "smtp://mail.example:587 smtp://mail.example:587");
}

#[test]
fn what_leads_nowhere_is_refused_without_quoting_it() {
    for text in [
        "",
        "file:",
        "file://",
        "mail.example:25",
        "http://u:canary@mail.example",
        "smtp://",
        "smtp://u:canary@",
        "smtp://u@mail.example",
        "smtp://:canary@mail.example",
        "smtp://mail.example/canary",
        "smtp://mail.example?tls=canary",
        "smtp://mail.example:99999",
        "smtp://u:%ffcanary@mail.example",
    ] {
        let why = text.parse::<Mail>().map(|mail| mail.to_string()).expect_err(text);
        assert!(!why.contains("canary"), "{why}");
    }
    assert_eq!("file:a/b".parse::<Mail>().map(|mail| mail.to_string()), Ok("file:a/b".to_owned()));
}

#[test]
fn a_sender_has_a_name_and_an_address() {
    let read = |text| MailFrom::read(text, "Hearth").map(|from| (from.name, from.address));
    let pair = |name: &str, address: &str| Ok((name.to_owned(), address.to_owned()));
    assert_eq!(read("shop@example.com"), pair("Hearth", "shop@example.com"));
    assert_eq!(read("Café Grün <shop@Bücher.example>"), pair("Café Grün", "shop@xn--bcher-kva.example"));
    assert_eq!(read("\"A, B\" <shop@example.com>"), pair("A, B", "shop@example.com"));
    for wrong in ["", "shop", "@example.com", "shop@", "a b@example.com", "A\nBcc: x <a@example.com>", "<a@example.com", "a@b c"]
    {
        assert!(read(wrong).is_err(), "{wrong}");
    }
    let of = |url: &str| MailFrom::of("Hearth", Url::parse(url).ok().as_ref()).map(|from| from.address);
    assert_eq!(of("https://shop.example").as_deref(), Some("shop@shop.example"));
    assert_eq!(of("http://127.0.0.1:8080").as_deref(), Some("shop@localhost"));
    assert_eq!(of("https://192.0.2.1"), None);
}
