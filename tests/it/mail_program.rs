//! Mail as an operator meets it: settings, TLS, the doctor, files, the log, and a power cut.
//!
//! Invariant: the program is the real binary; nothing of ours is said over the network before TLS.

use crate::support::Backend;
use crate::support::binary::{Place, Serving};
use crate::support::smtp::{Kind, MailServer};
use crate::support::storage::Storage;
use diesel::prelude::*;
use latchkey::db::schema::outbox;
use serde_json::{Value, json};
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

const EMAIL: &str = "canary.person@example.com";
const LOGIN: (&str, &str) = ("shop", "canary-mail-password");

/// Somebody is given an account, and their first refresh token is shown again after two more were used: a letter is written.
fn is_robbed(place: &Place, serving: &Serving, email: &str) {
    const PASSWORD: &str = "correct-wagon-lantern-42";
    let add = place.run(&["user", "add", "--email", email, "--name", "Ada", "--password-stdin"], PASSWORD);
    assert_eq!(add.code, Some(0), "{add:?}");
    actix_web::rt::System::new().block_on(async {
        let http = reqwest::Client::new();
        let post = async |path: &str, body: Value| {
            let answer = http.post(serving.origin.join(path).expect("a path")).json(&body).send().await.expect("an answer");
            answer.json::<Value>().await.expect("JSON")
        };
        let person = json!({"email": email, "password": PASSWORD, "refresh_in": "body"});
        let first = post("/api/login", person).await["refresh_token"].clone();
        let mut token = first.clone();
        for _ in 0..2 {
            token = post("/api/refresh", json!({"refresh_token": token})).await["refresh_token"].clone();
            assert!(token.is_string());
        }
        assert_eq!(post("/api/refresh", json!({"refresh_token": first})).await["code"], "session_ended");
    });
}

#[test]
fn a_shop_on_this_machine_writes_mail_into_files() {
    let place = Place::new(&[]);
    let serving = place.serve();
    is_robbed(&place, &serving, EMAIL);
    assert!(serving.log().contains("its mail goes to file:var/outbox"), "{}", serving.log());
    let folder = place.path("var/outbox");
    let since = Instant::now();
    let files = loop {
        let files: Vec<_> = fs::read_dir(&folder).into_iter().flatten().map(|file| file.expect("a file").path()).collect();
        if files.iter().any(|path| path.extension().is_some_and(|ending| ending == "eml")) {
            break files;
        }
        assert!(since.elapsed() < Duration::from_secs(10), "{files:?}");
    };
    assert_eq!(files.len(), 1, "{files:?}");
    let mail = fs::read_to_string(&files[0]).expect("a text");
    assert!(mail.contains(EMAIL) && mail.ends_with("--\r\n"), "it is whole: {mail}");
    assert_eq!(fs::metadata(&files[0]).expect("a file").permissions().mode() & 0o777, 0o600);
    assert_eq!(serving.stop(), Some(0));
    let told = place.run(&["doctor"], "");
    assert!(told.code == Some(0) && told.output.contains("every mail becomes a file"), "{told:?}");
    assert_eq!(place.run(&["doctor", "mail", "--to", EMAIL], "").code, Some(0));
    assert_eq!(fs::read_dir(&folder).expect("a folder").count(), 2);
}

#[test]
fn a_public_shop_says_where_its_mail_goes() {
    let public = [("LATCHKEY_PUBLIC_URL", "https://shop.example"), ("LATCHKEY_SECRET", "q8Vn2LxT0sRb5YwZ7mKc3JdH9fGpA1eU")];
    let with =
        |more: &[(&str, &str)]| Place::new(&[&public[..], &[("LATCHKEY_BCRYPT_COST", "10")], more].concat()).run(&["config"], "");
    let told = with(&[]);
    assert!(told.code == Some(2) && told.errors.contains("LATCHKEY_MAIL") && told.errors.contains("smtp://"), "{told:?}");
    let told = with(&[("LATCHKEY_MAIL", "file:letters")]);
    assert!(told.code == Some(0), "written out it may: {told:?}");
    let told = with(&[("LATCHKEY_MAIL", "smtp://shop:canary@mail.example")]);
    assert!(
        told.code == Some(0) && told.output.contains("smtp://mail.example:587") && !told.output.contains("canary"),
        "{told:?}"
    );
    for wrong in ["smtp://u:canary@/", "imap://u:canary@mail.example", "smtp://mail.example?ca=canary-is-not-there"] {
        let told = with(&[("LATCHKEY_MAIL", wrong)]);
        assert!(told.code == Some(2) && told.errors.contains("LATCHKEY_MAIL"), "{wrong}: {told:?}");
    }
    assert_eq!(with(&[("LATCHKEY_MAIL", "file:a"), ("LATCHKEY_MAIL_FROM", "nobody")]).code, Some(2));
}

#[test]
fn the_doctor_sends_one_mail_and_tells_the_answer() {
    for kind in [Kind::StartTls, Kind::Smtps] {
        let server = MailServer::start(kind, Some(LOGIN));
        let place = Place::new(&[("LATCHKEY_MAIL", &server.url()), ("LATCHKEY_MAIL_FROM", "Hearth <post@bücher.example>")]);
        let told = place.run(&["doctor", "mail", "--to", EMAIL], "");
        assert!(told.code == Some(0) && told.output.contains("queued as 0"), "{kind:?}: {told:?}");
        let mails = server.mails();
        assert!(mails.len() == 1 && mails[0].tls && mails[0].authenticated && mails[0].to == [EMAIL], "{mails:?}");
        assert!(mails[0].header("From").contains("post@xn--bcher-kva.example"));
        server.does(&format!("refuse {EMAIL}"));
        let told = place.run(&["doctor", "mail", "--to", EMAIL], "");
        assert!(told.code == Some(1) && told.errors.contains("550") && told.errors.contains("no such"), "{told:?}");
        assert_eq!(place.run(&["doctor", "mail", "--to", "nobody"], "").code, Some(1));
    }
}

#[test]
fn a_server_that_cannot_prove_who_it_is_gets_nothing() {
    let (server, stranger) = (MailServer::start(Kind::StartTls, Some(LOGIN)), MailServer::start(Kind::Smtps, Some(LOGIN)));
    let plain = MailServer::start(Kind::Plain, None);
    let (ca, port) = (stranger.ca().display().to_string(), server.port());
    for (url, why, fix) in [
        (format!("smtp://shop:canary-mail-password@localhost:{port}?ca={ca}"), "another authority", "?ca=FILE"),
        (format!("smtps://shop:canary-mail-password@localhost:{}", stranger.port()), "the machine's own authorities", "?ca=FILE"),
        (format!("smtps://shop:canary-mail-password@127.0.0.1:{}?ca={ca}", stranger.port()), "another name", "certificate"),
        (
            format!("smtp://shop:canary-mail-password@localhost:{}?ca={ca}", plain.port()),
            "STARTTLS struck out",
            "has no STARTTLS",
        ),
        (format!("smtp://shop:wrong@localhost:{port}?ca={}", server.ca().display()), "a wrong password", "user and password"),
        (format!("smtp://shop:canary-mail-password@localhost:{port}"), "no TLS to this machine", "nobody sign in before TLS"),
        (format!("smtps://localhost:{}?ca={ca}", plain.port()), "no TLS at first", "smtp:// in place"),
        ("smtp://127.0.0.1:9".to_owned(), "nobody there", "name and port"),
    ] {
        let place = Place::new(&[("LATCHKEY_MAIL", &url)]);
        let told = place.run(&["doctor", "mail", "--to", EMAIL], "");
        assert!(told.code == Some(1) && told.errors.contains("not taken"), "{why}: {told:?}");
        assert!(told.errors.contains("fix: ") && told.errors.contains(fix), "{why}: {told:?}");
        assert!(!told.errors.contains("canary-mail") && !told.output.contains("canary-mail"), "{told:?}");
        let told = place.run(&["doctor"], "");
        assert!(told.code == Some(1) && told.output.contains("problem  mail"), "{why}: {told:?}");
    }
    assert!([server, stranger, plain].iter().all(|server| server.mails().is_empty()));
}

#[test]
fn a_letter_outlives_a_kill_and_one_sent_twice_is_the_same() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let (server, storage) = (MailServer::start(Kind::Plain, None), Storage::empty(backend));
        // The same port both times: it stands in the links.
        let free = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a free port").to_string();
        let place =
            Place::new(&[("DATABASE_URL", &storage.text()), ("LATCHKEY_MAIL", &server.url()), ("LATCHKEY_LISTEN", &free)]);
        let wait = |count: usize| actix_web::rt::System::new().block_on(server.has(count));
        // The server has it, and we die before we hear so: SMTP knows no way to tell.
        server.does("late 30");
        let serving = place.serve();
        is_robbed(&place, &serving, EMAIL);
        wait(1);
        serving.kill();
        server.does("");
        let serving = place.serve();
        std::thread::sleep(Duration::from_millis(1_500));
        assert_eq!(server.mails().len(), 1, "{backend:?}: while the lease lasts nobody tries");
        let past = diesel::dsl::sql::<diesel::sql_types::Timestamp>("created_at");
        diesel::update(outbox::table)
            .set(outbox::due_at.eq(past))
            .execute(&mut storage.second_connection())
            .expect("a lease ends");
        let mails = wait(2);
        assert_eq!(mails[0].content, mails[1].content, "{backend:?}: Message-ID and all");
        is_robbed(&place, &serving, "another@example.com");
        assert_ne!(wait(3)[2].header("Message-ID"), mails[0].header("Message-ID"));
        assert_eq!(serving.stop(), Some(0));
    }
}

#[test]
fn the_log_tells_neither_who_is_written_to_nor_what() {
    let server = MailServer::start(Kind::StartTls, Some(LOGIN));
    let place =
        Place::new(&[("LATCHKEY_LOG", "trace,json"), ("LATCHKEY_MAIL", &server.url()), ("LATCHKEY_LIMIT_SIGN_IN", "off")]);
    let serving = place.serve();
    server.does(&format!("refuse {EMAIL}"));
    is_robbed(&place, &serving, EMAIL);
    let since = Instant::now();
    while !serving.log().contains("refused for good") {
        assert!(since.elapsed() < Duration::from_secs(10), "{}", serving.log());
        std::thread::sleep(Duration::from_millis(20));
    }
    server.does("");
    is_robbed(&place, &serving, "canary.other@example.com");
    actix_web::rt::System::new().block_on(server.has(1));
    server.goes_down();
    is_robbed(&place, &serving, "canary.third@example.com");
    while !serving.log().contains("mail does not go out") {
        assert!(since.elapsed() < Duration::from_secs(20), "{}", serving.log());
        std::thread::sleep(Duration::from_millis(20));
    }
    let log = serving.log();
    assert_eq!(serving.stop(), Some(0));
    assert!(!log.contains("canary"), "{:?}", log.lines().find(|line| line.contains("canary")));
}
