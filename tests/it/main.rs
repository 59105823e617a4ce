//! Latchkey as its people meet it: a real server, real HTTP, both databases.
//!
//! Invariant: a test is written once and runs on SQLite and on Postgres; its name is a sentence that is true while it is green.
//! `support` gives the tests their shop and their actors; every other file tells about one noun.

mod access;
mod accounts;
mod api;
mod api_shop;
mod bad_days;
mod bounce;
mod cart;
mod checkout;
mod closing;
mod command_line;
mod crawl;
mod database;
mod devices;
mod doctor;
mod feed;
mod files;
mod jwks;
mod keys;
mod lives;
mod logs;
mod metrics;
mod migrations;
mod model;
mod nodes;
mod oddities;
mod orders;
mod outage;
mod parking;
mod plans;
mod policy;
mod power_cut;
mod prefetch;
mod products;
mod races;
mod refusals;
mod roles;
mod rotation;
mod rush;
mod safety;
mod secrets;
mod session_command;
mod sessions;
mod sign_out;
mod spoilt;
mod stale;
mod story;
mod support;
mod surplus;
mod tabs;
mod theft;
mod tidy;
mod two_browsers;
