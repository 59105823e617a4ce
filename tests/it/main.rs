//! Latchkey as its people meet it: a real server, real HTTP, both databases.
//!
//! Invariant: a test is written once and runs on SQLite and on Postgres; its name is a sentence that is true while it is green.
//! `support` gives the tests their shop and their actors; every other file tells about one noun.

mod database;
mod migrations;
mod outage;
mod rotation;
mod support;
mod tidy;
