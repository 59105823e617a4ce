//! HTTP, and nothing but HTTP.
//!
//! Invariant: every request passes `gate`, every page `identity` and `csrf::origin`, every handler `timeouts`; what is behind them
//! knows nothing of HTTP. In reading order: `server` assembles, `routes` lists every address, `gate` is the outermost layer.

pub mod address;
pub mod api;
pub mod app;
pub mod assets;
pub mod bounce;
pub mod cookies;
pub mod cors;
pub mod csrf;
pub mod errors;
pub mod form;
pub mod gate;
pub mod headers;
pub mod health;
pub mod host;
pub mod identity;
pub mod limits;
pub mod link;
pub mod metrics;
pub mod named;
pub mod next;
pub mod pages;
pub mod parking;
pub mod routes;
pub mod scope;
pub mod server;
pub mod small;
pub mod spool;
pub mod step_up;
pub mod timeouts;
pub mod view;
pub mod webhook;

#[cfg(test)]
mod tests;
