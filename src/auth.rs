//! Who you are: people, passwords, sessions, tokens.
//!
//! Invariant: nothing here trusts what a browser says beyond what it can prove; every rule stands beside its query.
//! It does not know HTTP, pages, or what is for sale.

pub mod access_token;
pub mod alive;
pub mod api_token;
pub mod census;
pub mod claims;
pub mod confirmation;
pub mod deletion;
pub mod device;
pub mod disown;
pub mod email;
pub mod email_change;
pub mod email_verification;
pub mod feed;
pub mod glance;
pub mod half_sign_in;
pub mod hasher;
pub mod kept;
pub mod keys;
pub mod known_device;
pub mod latch;
mod letters;
pub mod mail_link;
pub mod notice;
mod own_password;
pub mod parking;
pub mod passkey;
pub mod password;
pub mod password_change;
pub mod password_reset;
pub mod refresh_token;
mod refused;
pub mod registration;
pub mod revocation;
pub mod roll;
pub mod rotation;
pub mod second_factor;
pub mod secrets;
pub mod seen;
pub mod session;
pub mod sign_in;
pub mod sign_out;
mod standing;
pub mod step_up;
pub mod stewardship;
mod surplus;
pub mod tally;
pub mod throttle;
mod ticket;
pub mod upkeep;
pub mod user;
pub mod user_agent;
