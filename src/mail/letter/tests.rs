//! A letter's greeting, and its way into the outbox and back.
//!
//! Invariant: nothing of it is shown by accident.

use super::*;

#[test]
fn a_name_that_is_a_link_is_not_repeated() {
    let greeting = |name: &str| Recipient { address: String::new(), name: name.to_owned() }.greeting().map(str::to_owned);
    for name in ["Ada Lovelace", "J. R. R. Tolkien", "Ada L.", "Zoë", "王小明"] {
        assert_eq!(greeting(name).as_deref(), Some(name));
    }
    for name in ["evil.example", "Win at evil.example now", "http://evil", "a@b", "Ada <b>", "", "x".repeat(61).as_str()] {
        assert_eq!(greeting(name), None, "{name}");
    }
}

#[test]
fn a_letter_reads_back_as_itself_and_shows_nothing() {
    let (at, address) = ("2026-11-22T10:00:00Z".to_owned(), "192.0.2.7".to_owned());
    let change = PasswordChange { at, address, passkeys: true, disown: Some("t".repeat(43)) };
    let to = Recipient { address: "ada@example.com".to_owned(), name: "Ada".to_owned() };
    let sealed = serde_json::to_string(&Addressed { to, letter: Letter::PasswordChanged(change) }).expect("JSON");
    let opened: Addressed = serde_json::from_str(&sealed).expect("what was written");
    assert_eq!(opened.letter.kind(), "password_changed");
    assert!(sealed.contains("\"kind\":\"password_changed\"") && opened.to.address == "ada@example.com");
    assert_eq!(format!("{opened:?}"), "Addressed { to: Recipient(…), letter: password_changed }");
}

#[test]
fn a_letter_that_an_older_version_wrote_is_read() {
    let changed = r#"{"kind":"password_changed","at":"2026-11-22T10:00:00Z","address":"192.0.2.7"}"#;
    assert!(
        matches!(serde_json::from_str(changed), Ok(Letter::PasswordChanged(change)) if !change.passkeys && change.disown.is_none())
    );
    let off = r#"{"kind":"second_factor_changed","at":"2026-11-22T10:00:00Z","address":"192.0.2.7","act":"off","left":null}"#;
    assert!(matches!(serde_json::from_str(off), Ok(Letter::SecondFactorChanged(change)) if change.still_on.is_none()));
}
