//! The pages: one noun a file.
//!
//! Invariant: a page reads, asks one verb, and draws or redirects; every page with a form has exactly one `show_with`, which its GET
//! calls with nothing typed. Rules live in `auth` and `shop`.

pub mod account;
pub mod activity;
pub mod admin;
pub mod card;
pub mod cart;
pub mod checkout;
pub mod confirm_identity;
pub mod dashboard;
pub mod devices;
pub mod discount;
pub mod docs;
pub mod email;
pub mod forgot_password;
pub mod front;
pub mod login;
pub mod login_code;
pub mod logout;
pub mod not_me;
pub mod orders;
pub mod parked;
pub mod passkeys;
pub mod password;
pub mod pay;
pub mod pictures;
mod place;
pub mod products;
pub mod register;
pub mod reset_password;
pub mod row;
pub mod saved;
pub mod tokens;
pub mod trial;
pub mod two_factor;
pub mod verify_email;
