//! Latchkey as its people meet it: a real server, real HTTP, both databases.
//!
//! Invariant: a test is written once and runs on SQLite and on Postgres; its name is a sentence that is true while it is green.
//! `support` gives the tests their shop and their actors; every other file tells about one noun.

mod access;
mod accounts;
mod api;
mod api_shop;
mod bad_days;
mod cart;
mod checkout;
mod closing;
mod command_line;
mod crawl;
mod database;
mod devices;
mod files;
mod inventory;
mod lives;
mod logs;
mod migrations;
mod nodes;
mod oddities;
mod operators;
mod orders;
mod outage;
mod plans;
mod policy;
mod power_cut;
mod prefetch;
mod products;
mod refusals;
mod roles;
mod rotation;
mod rush;
mod safety;
mod session_command;
mod sessions;
mod sign_out;
mod stewards;
mod story;
mod support;
mod surplus;
mod theft;
mod tidy;
mod two_browsers;
