//! What a page asks about its person, as SQLite goes about it.
//!
//! Invariant: one statement, and every row is found by an index, so that neither a million sessions nor the notices of others are
//! felt by anybody.

use crate::support::Backend;
use crate::support::heard::{heard, plan};
use crate::support::storage::Storage;
use latchkey::auth::alive::Alive;
use latchkey::auth::user::Role;
use latchkey::auth::{device, glance, notice};
use latchkey::clock::Clock;
use latchkey::config::{Sources, load};
use latchkey::db::Conn;
use latchkey::error::Result;
use latchkey::ids::{SessionId, UserKey};

type Asked = (&'static str, fn(&mut Conn, SessionId, Alive) -> Result<()>);

const NOBODY: UserKey = UserKey(1);

const ASKED: [Asked; 4] = [
    ("every page", |conn, session, _| glance::of(conn, NOBODY, session).map(drop)),
    ("dashboard", |conn, session, alive| glance::with_account(conn, NOBODY, session, alive).map(drop)),
    ("devices", |conn, _, alive| device::list(conn, NOBODY, alive).map(drop)),
    ("notices", |conn, session, _| notice::take(conn, Clock::default().now(), session).map(drop)),
];

#[test]
fn what_is_asked_about_a_person_is_one_statement_and_found_by_index() {
    let storage = Storage::migrated(Backend::Sqlite);
    let config = load(&Sources::default()).expect("the defaults");
    let alive = Alive::at(Clock::default().now(), &config.sessions, Role::Shopper);
    for (name, ask) in ASKED {
        let mut conn = storage.second_connection();
        let (asked, texts) = heard(&mut conn, |conn| ask(conn, SessionId::random(), alive));
        assert!(matches!(asked, Ok(()) | Err(latchkey::error::Error::NotFound)), "{name}: {asked:?}");
        assert_eq!(texts.len(), 1, "{name}: {texts:?}");
        let steps = plan(&mut conn, &texts[0]);
        assert!(steps.iter().any(|step| step.starts_with("SEARCH")), "{name}: {steps:?}");
        assert!(!steps.iter().any(|step| step.starts_with("SCAN") && step != "SCAN CONSTANT ROW"), "{name}: {steps:?}");
    }
}
