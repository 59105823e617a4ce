//! What you buy: the catalogue, the cart, the checkout and the orders.
//!
//! Invariant: money is counted in checked minor units, stock never goes below nothing, and a cart becomes at most one order,
//! however many requests race. This room knows no HTTP and nobody's password: a person is a `UserKey` here.

pub mod address;
pub mod cart;
pub mod catalogue;
pub mod category;
pub mod checkout;
pub mod country;
pub mod deletion;
pub mod demo;
pub mod discount;
pub mod family;
pub mod idempotency;
pub mod import;
pub mod listing;
pub mod money;
pub mod order;
pub mod paging;
pub mod payment;
pub mod picture;
pub mod product;
pub mod quantity;
pub mod search;
pub mod slug;
pub mod stock;
pub mod sums;
pub mod takings;
pub mod tax;
pub mod upkeep;

#[cfg(test)]
mod plans;
#[cfg(test)]
mod trial;
