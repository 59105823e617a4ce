//! The command line: what an operator types and is told.
//!
//! Invariant: a bad setting exits 2 and names the setting and the fix; nothing is left behind by a command that refused.

use crate::support::Backend;
use crate::support::binary::{Place, is_empty};
use crate::support::storage::Storage;
use diesel::prelude::*;
use latchkey::db::schema::users;
use std::net::TcpListener;

const PASSWORD: &str = "correct-wagon-lantern-42\n";

#[test]
fn alone_it_prints_help() {
    let told = Place::new(&[]).run(&[], "");
    assert!(told.output.contains("serve") || told.errors.contains("serve"), "{told:?}");
}

#[test]
fn a_bad_setting_is_named_with_its_fix_and_leaves_nothing_behind() {
    let url = "postgres://shop:hunter2@127.0.0.1:9/shop";
    for (name, bad, word) in [
        ("DATABASE_URL", "postgress://localhost/shop", "postgress"),
        ("DATABASE_URL", "shop.db", "sqlite:"),
        ("DATABASE_URL", "mysql://localhost/shop", "mysql"),
        ("DATABASE_URL", url, "postgres://"),
        ("LATCHKEY_LISTEN", "everywhere", "127.0.0.1:8080"),
        ("LATCHKEY_PUBLIC_URL", "http://shop.example", "https"),
        ("LATCHKEY_PUBLIC_URL", "https://shop.example", "LATCHKEY_SECRET"),
        ("LATCHKEY_SECRET", "short", "32"),
        ("LATCHKEY_SECRET", "change-me-change-me-change-me-change-me", "openssl"),
        ("LATCHKEY_ACCESS_TTL", "1h", "15m"),
        ("LATCHKEY_JWT_ALGORITHM", "none", "EdDSA"),
        ("LATCHKEY_BCRYPT_COST", "3", "10 to 16"),
        ("LATCHKEY_LIMIT_SIGN_IN", "many", "N/PERIOD"),
        ("LATCHKEY_SHOP_CURRENCY", "ZZZ", "EUR"),
        ("LATCHKEY_SHOP_TIME_ZONE", "Mars/Olympus", "Europe/Berlin"),
        ("LATCHKEY_TRUSTED_PROXIES", "everyone", "10.0.0.0/8"),
        ("LATCHKEY_POOL", "0", "1 to 200"),
        ("LATCHKEY_SESION_IDLE", "2h", "latchkey config"),
    ] {
        let place = Place::new(&[(name, bad)]);
        let told = place.run(&["serve"], "");
        assert_eq!(told.code, Some(2), "{name}={bad}: {told:?}");
        assert!(told.errors.contains(word), "{name}={bad}: {word} is not in {}", told.errors);
        assert!(told.errors.contains("fix"), "{}", told.errors);
        assert!(!told.errors.contains("hunter2") && !told.errors.contains("change-me"), "{}", told.errors);
        assert!(is_empty(place.folder.path()), "{name}={bad} left something behind");
    }
}

#[test]
fn a_port_in_use_is_said() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let told = Place::new(&[("LATCHKEY_LISTEN", &address)]).run(&["serve"], "");
    assert_eq!(told.code, Some(2), "{told:?}");
    assert!(told.errors.contains("LATCHKEY_LISTEN") && told.errors.contains(&address), "{}", told.errors);
}

#[test]
fn a_folder_that_cannot_be_written_is_said() {
    let place = Place::new(&[("LATCHKEY_VAR", "blocked/var")]);
    std::fs::write(place.path("blocked"), "a file where a folder should be").expect("a folder of our own");
    let told = place.run(&["serve"], "");
    assert_eq!(told.code, Some(2), "{told:?}");
    assert!(told.errors.contains("blocked/var"), "{}", told.errors);
}

#[test]
fn settings_come_from_file_dotenv_environment_and_flags_and_the_later_wins() {
    let place = Place::new(&[("LATCHKEY_SHOP_NAME", "Environment")]);
    std::fs::write(place.path("latchkey.toml"), "shop_name = \"File\"\nworkers = 3\npool = 5\n").expect("a file");
    std::fs::write(place.path(".env"), "LATCHKEY_SHOP_NAME=Dotenv\nLATCHKEY_WORKERS=4\n").expect("a file");
    let told = place.run(&["config", "--listen", "127.0.0.1:4321"], "");
    assert_eq!(told.code, Some(0), "{told:?}");
    let line =
        |name: &str| told.output.lines().find(|line| line.contains(name)).unwrap_or_else(|| panic!("{name}: {}", told.output));
    assert!(line("LATCHKEY_SHOP_NAME").contains("Environment"));
    assert!(line("LATCHKEY_WORKERS").contains('4'));
    assert!(line("LATCHKEY_POOL").contains('5'));
    assert!(line("LATCHKEY_LISTEN").contains("127.0.0.1:4321"));
    let told = Place::new(&[("LATCHKEY_SECRET", "q8Vn2LxT0sRb5YwZ7mKc3JdH9fGpA1eU")]).run(&["config"], "");
    assert!(!told.output.contains("q8Vn2LxT0s"), "secrets are hidden: {}", told.output);
}

#[test]
fn a_secret_that_cannot_be_read_is_not_shown() {
    for (name, text) in [
        (".env", "LATCHKEY_SECRET=Zx81 kQp93mm CANARY"),
        (".env", "DATABASE_URL=postgres://shop:my CANARY@db/shop"),
        ("latchkey.toml", "secret = Zx81 CANARY"),
    ] {
        let place = Place::new(&[]);
        std::fs::write(place.path(name), text).expect("a file");
        let told = place.run(&["serve"], "");
        assert_eq!(told.code, Some(2), "{told:?}");
        assert!(!told.errors.contains("CANARY") && told.errors.contains(name), "{}", told.errors);
    }
    let told = Place::new(&[("DATABASE_URL", "postgres://u:CANARY%ket@127.0.0.1:9/x")]).run(&["serve"], "");
    assert!(told.code == Some(2) && !told.errors.contains("CANARY") && !told.errors.contains("%ket"), "{told:?}");
}

#[test]
fn another_secret_than_before_is_a_bad_setting() {
    let first = Place::new(&[("LATCHKEY_SECRET", "q8Vn2LxT0sRb5YwZ7mKc3JdH9fGpA1eU")]);
    assert_eq!(first.serve().stop(), Some(0));
    let database = format!("sqlite:{}", first.path("var/latchkey.db").display());
    let told =
        Place::new(&[("LATCHKEY_SECRET", "zz8Vn2LxT0sRb5YwZ7mKc3JdH9fGpA1e"), ("DATABASE_URL", &database)]).run(&["serve"], "");
    assert_eq!(told.code, Some(2), "{told:?}");
    assert!(told.errors.contains("LATCHKEY_SECRET"), "{}", told.errors);
}

#[test]
fn every_name_of_the_contract_is_a_setting() {
    let off = [
        "LATCHKEY_METRICS_LISTEN",
        "LATCHKEY_LIMIT_ACCOUNT",
        "LATCHKEY_LIMIT_RESET",
        "LATCHKEY_LIMIT_CODE",
        "LATCHKEY_LIMIT_EMAIL",
    ];
    for name in off {
        assert_eq!(Place::new(&[(name, "off")]).run(&["config"], "").code, Some(0), "{name}");
    }
}

#[test]
fn a_reader_who_has_seen_enough_may_leave() {
    let place = Place::new(&[]);
    for arguments in ["config", "doctor"] {
        let shell = format!("{} {arguments} 2>errors | head -n 1; cat errors", env!("CARGO_BIN_EXE_latchkey"));
        let told =
            std::process::Command::new("sh").args(["-c", &shell]).current_dir(place.folder.path()).output().expect("a shell");
        let told = String::from_utf8_lossy(&told.stdout).into_owned();
        assert!(!told.contains("panicked"), "{told}");
    }
}

#[test]
fn a_name_on_the_command_line_keeps_the_rules_of_the_page() {
    let place = Place::new(&[]);
    for name in ["", "a\u{1b}[31mb", "two\nlines", &"n".repeat(10_000)] {
        let told = place.run(&["user", "add", "--email", "eve@example.com", "--name", name, "--password-stdin"], PASSWORD);
        assert_eq!(told.code, Some(1), "{told:?}");
    }
}

#[test]
fn an_account_made_on_the_command_line_signs_in() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let storage = Storage::empty(backend);
        let place = Place::new(&[("DATABASE_URL", &storage.text())]);
        let serving = place.serve();
        let add = ["user", "add", "--email", "grace@example.com", "--name", "Grace Hopper", "--admin", "--password-stdin"];
        let told = place.run(&add, PASSWORD);
        assert_eq!(told.code, Some(0), "while the shop runs: {told:?}");
        assert!(place.run(&add, PASSWORD).errors.contains("already"));
        let weak = ["user", "add", "--email", "eve@example.com", "--name", "Eve", "--password-stdin"];
        assert_eq!(place.run(&weak, "short\n").code, Some(1));
        let list = place.run(&["user", "list"], "").output;
        assert!(list.contains("grace@example.com") && list.contains("admin") && !list.contains("eve@"), "{list}");
        let sign_in = || {
            actix_web::rt::System::new().block_on(async {
                let body = serde_json::json!({"email": "grace@example.com", "password": PASSWORD.trim()});
                let address = serving.origin.join("/api/login").expect("a path");
                reqwest::Client::new().post(address).json(&body).send().await.expect("an answer").status().as_u16()
            })
        };
        assert_eq!(sign_in(), 200);
        assert_eq!(place.run(&["user", "lock", "grace@example.com"], "").code, Some(0));
        assert_eq!(sign_in(), 401);
        assert_eq!(place.run(&["user", "unlock", "grace@example.com"], "").code, Some(0));
        assert_eq!(sign_in(), 200);
        assert_eq!(place.run(&["user", "lock", "nobody@example.com"], "").code, Some(1));
        let told = place.run(&["doctor"], "");
        assert_eq!(told.code, Some(0), "{told:?}");
        assert_eq!(serving.stop(), Some(0), "SIGTERM ends it in order");
    }
}

#[test]
fn the_demo_shop_is_seeded_once_and_its_accounts_are_printed_once() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let storage = Storage::empty(backend);
        let place = Place::new(&[("DATABASE_URL", &storage.text()), ("LATCHKEY_DEMO", "auto")]);
        let serving = place.serve();
        let accounts: Vec<&str> = serving.before.iter().filter(|line| line.starts_with("demo ")).map(String::as_str).collect();
        assert_eq!(accounts.len(), 2, "{:?}", serving.before);
        let mut words = accounts[0].split(' ').skip(2);
        let (email, password) = (words.next().expect("an address"), words.next().expect("a password"));
        assert_eq!(email, "shopper@example.com");
        let proved = users::table.filter(users::email_verified_at.is_not_null()).order(users::id).select(users::email);
        let proved: Vec<String> = proved.load(&mut storage.second_connection()).expect("people");
        assert_eq!(proved, ["shopper@example.com", "operator@example.com"], "nobody is asked to confirm an address of the demo");
        actix_web::rt::System::new().block_on(async {
            let http = reqwest::Client::new();
            let at = |path: &str| serving.origin.join(path).expect("a path");
            let body = serde_json::json!({"username": email, "password": password});
            let token: serde_json::Value =
                http.post(at("/api/login")).json(&body).send().await.expect("an answer").json().await.expect("JSON");
            let token = token["token"].as_str().expect("it signs in").to_owned();
            let list: serde_json::Value =
                http.get(at("/api/products")).send().await.expect("an answer").json().await.expect("JSON");
            assert_eq!(list["meta"]["total"], 40);
            let orders: serde_json::Value =
                http.get(at("/api/orders")).bearer_auth(token).send().await.expect("an answer").json().await.expect("JSON");
            assert!(orders["meta"]["total"].as_u64().is_some_and(|total| total > 0), "{orders}");
        });
        assert_eq!(serving.stop(), Some(0));
        let again = place.serve();
        assert!(again.before.iter().all(|line| !line.starts_with("demo ")), "once: {:?}", again.before);
        assert_eq!(again.stop(), Some(0));
        let told = place.run(&["shop", "seed"], "");
        assert!(told.code == Some(0) && !told.output.contains("demo shopper"), "{told:?}");
        let told = place.run(&["shop", "seed", "--new-passwords"], "");
        assert!(told.output.contains("demo shopper: shopper@example.com "), "{told:?}");
    }
}
