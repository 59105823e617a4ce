//! What a page asks about its person, as SQLite goes about it.
//!
//! Invariant: one statement, and every row is found by an index, so that neither a million sessions nor the notices of others are
//! felt by anybody.

use crate::support::Backend;
use crate::support::storage::Storage;
use diesel::connection::{Instrumentation, InstrumentationEvent};
use diesel::prelude::*;
use diesel::sql_types::Text;
use latchkey::auth::alive::Alive;
use latchkey::auth::user::Role;
use latchkey::auth::{device, glance, notice};
use latchkey::clock::Clock;
use latchkey::config::{Sources, load};
use latchkey::db::Conn;
use latchkey::error::Result;
use latchkey::ids::{SessionId, UserKey};
use std::sync::{Arc, Mutex};

/// Keeps the text of every statement.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<String>>>);

impl Instrumentation for Heard {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            let text = query.to_string();
            let text = text.split(" -- binds").next().unwrap_or_default().to_owned();
            self.0.lock().expect("a list").push(text);
        }
    }
}

#[derive(diesel::QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

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
        let (mut conn, heard) = (storage.second_connection(), Heard::default());
        conn.set_instrumentation(heard.clone());
        let asked = ask(&mut conn, SessionId::random(), alive);
        assert!(matches!(asked, Ok(()) | Err(latchkey::error::Error::NotFound)), "{name}: {asked:?}");
        conn.set_instrumentation(Heard::default());
        let texts = heard.0.lock().expect("a list").clone();
        assert_eq!(texts.len(), 1, "{name}: {texts:?}");
        let steps: Vec<Step> = diesel::sql_query(format!("EXPLAIN QUERY PLAN {}", texts[0])).load(&mut conn).expect("a plan");
        let steps: Vec<String> = steps.into_iter().map(|step| step.detail).collect();
        assert!(steps.iter().any(|step| step.starts_with("SEARCH")), "{name}: {steps:?}");
        assert!(!steps.iter().any(|step| step.starts_with("SCAN") && step != "SCAN CONSTANT ROW"), "{name}: {steps:?}");
    }
}
