//! Latchkey: a self-hosted, server-rendered shop whose sign-in is the best of its kind.

pub mod audit;
pub mod auth;
pub mod cli;
pub mod clock;
pub mod config;
pub mod db;
pub mod error;
pub mod ids;
pub mod shop;
pub mod web;
