//! Latchkey: a self-hosted, server-rendered shop whose sign-in is the best of its kind.
//!
//! The rooms, in the order in which they are best read; each may use only those above it:
//!
//! 1. [`error`], [`ids`], [`clock`], [`config`], [`sheet`]: the words everything else is said in.
//! 2. [`db`]: two databases behind two doors, `Db::read` and `Db::write`. A write *is* a transaction.
//! 3. [`audit`]: what happened, written in the transaction of the act.
//! 4. [`mail`]: letters. `mail::outbox` is written in the transaction of the act; `mail::sender` sends, off every request's way.
//! 5. [`auth`]: who you are. Begin with `auth::rotation`, the four rules of exchanging a refresh token, then `auth::latch`.
//! 6. [`shop`]: what you buy. Begin with `shop::checkout`.
//! 7. [`web`]: HTTP, and nothing but HTTP. Begin with `web::routes`, every address on one page, then `web::identity`.
//! 8. [`cli`]: the command line.
//!
//! `auth` and `shop` do not know each other, and neither knows HTTP. `tests/it/tidy.rs` keeps it so.

/// Drawing a page is thousands of small pieces of memory.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

pub mod audit;
pub mod auth;
pub mod cli;
pub mod clock;
pub mod config;
pub mod db;
pub mod error;
pub mod ids;
pub mod mail;
pub mod sheet;
pub mod shop;
pub mod web;
