//! Checkouts a second over HTTP, beside pgbench sending the very same statements at the same concurrency.
//!
//! Invariant: every order is of a cart and a person of its own, and both sides have as many, of the same wares; they run in turns, and
//! a run in which one order was not made counts for nothing. On SQLite, which pgbench does not know, the reference is the verb alone.

mod crowd;
mod script;

use crate::server::Server;
use crate::shop::{Home, Shop, Size};
use crate::table::{median, percent, show};
use anyhow::Result;
pub use crowd::Crowd;

/// Carts that are ordered in a round, for each second that was asked for.
const ORDERS: usize = 1_000;

/// Compares, with one browser and with several at once.
///
/// # Errors
/// When an order is not made, or without pgbench.
pub fn compare(home: Home, seconds: u64, rounds: u64) -> Result<()> {
    let many = ORDERS * usize::try_from(seconds)?;
    let shop = Shop::fill(home, Size::Small)?;
    let server = Server::start(env!("CARGO_BIN_EXE_latchkey"), &["serve"], &shop.settings(4))?;
    println!("signing in {many} people ...");
    let mut crowd = Crowd::comes(&shop, home, server.port, many)?;
    let script = match home {
        Home::Sqlite => None,
        Home::Postgres => Some(script::record(&shop, &mut crowd)?),
    };
    let reference = if script.is_some() { "the same statements sent by pgbench" } else { "the verb alone, without HTTP" };
    if let Some(script) = &script {
        println!("\none checkout is {} statements", script.statements());
    }
    println!("\ncheckouts a second over HTTP, and {reference}");
    for browsers in [1, 8] {
        let (mut ours, mut theirs, mut shares) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..rounds {
            let rate = crowd.orders(browsers)?;
            let alone = match &script {
                Some(script) => script.run(&mut crowd, browsers)?,
                None => crowd.alone(&shop, browsers)?,
            };
            ours.push(rate);
            theirs.push(alone);
            shares.push(rate / alone);
        }
        let [ours, theirs, share] = [ours, theirs, shares].map(|numbers| median(numbers.into_iter()));
        show(&format!("{browsers} at once"), &format!("{ours:.0} of {theirs:.0} = {}", percent(share)));
    }
    Ok(())
}
