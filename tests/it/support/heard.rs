//! What the database is asked, and how SQLite goes about it.
//!
//! Invariant: every statement of a connection is kept, as its text without the values, in the order it came.

use diesel::connection::{Instrumentation, InstrumentationEvent};
use diesel::prelude::*;
use diesel::sql_types::Text;
use latchkey::db::Conn;
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

/// What comes of some work, and what the database is asked for it.
pub fn heard<T>(conn: &mut Conn, work: impl FnOnce(&mut Conn) -> T) -> (T, Vec<String>) {
    let heard = Heard::default();
    conn.set_instrumentation(heard.clone());
    let done = work(conn);
    conn.set_instrumentation(Heard::default());
    let texts = heard.0.lock().expect("a list").clone();
    (done, texts)
}

#[derive(diesel::QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

/// The steps of a statement, as SQLite plans it.
pub fn plan(conn: &mut Conn, text: &str) -> Vec<String> {
    let steps: Vec<Step> = diesel::sql_query(format!("EXPLAIN QUERY PLAN {text}")).load(conn).expect("a plan");
    steps.into_iter().map(|step| step.detail).collect()
}
