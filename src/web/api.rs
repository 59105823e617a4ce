//! The JSON API: the same verbs as the pages, without templates.
//!
//! Invariant: only `Authorization` says who asks; cookies count on the routes that set or read the API's refresh cookie, and there
//! only as a place to keep the token. One noun a file.

pub mod cart;
pub mod dashboard;
pub mod discount;
pub mod login;
pub mod logout;
pub mod openapi;
mod options;
pub mod orders;
pub mod products;
pub mod profile;
pub mod refresh;
pub mod register;
pub mod saved;
pub mod sessions;
mod tokens;
pub(in crate::web) mod wire;
