//! Letters to people.
//!
//! Invariant: a letter is written in the transaction of the act it tells of (`outbox`), and goes out later, off every request's way
//! (`sender`): no request waits for a mail server, and none tells of what did not happen.
//! It does not know why a letter is written, nor what pages look like.

pub mod letter;
pub mod message;
pub mod outbox;
pub mod sender;
pub mod transport;
