//! People who order while something else goes on.
//!
//! Invariant: an order that is not made ends the measurement. It does not know what goes on.

use super::probe::Probe;
use crate::Open;
use crate::checkout::Crowd;
use crate::client::Client;
use crate::shop::Home;
use anyhow::{Result, ensure};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// What a person does between two orders; without it, one who waits long would order seldom and be counted as often.
const PAUSE: Duration = Duration::from_millis(5);

/// What they met.
#[derive(Default)]
pub struct Met {
    /// How long it went on.
    pub took: Duration,
    /// The longest time that nobody could write.
    pub held: Duration,
    /// The longest time until an order was answered.
    pub waited: Duration,
    /// Orders that were made.
    pub orders: u32,
}

/// Works while the crowd orders and a probe asks for the lock.
///
/// # Errors
/// What the work says; when an order is not made.
pub fn meanwhile<T: Send>(
    open: &Open,
    home: Home,
    crowd: &mut Crowd,
    work: impl FnOnce() -> Result<T> + Send,
) -> Result<(Met, T)> {
    let over = AtomicBool::new(false);
    crowd.fills_carts()?;
    let mut probe = Probe::open(open, home)?;
    thread::scope(|scope| {
        let (over, crowd) = (&over, &mut *crowd);
        let people = scope.spawn(move || orders(open.server.port, crowd, over));
        let probe = scope.spawn(move || probe.longest(over));
        let started = Instant::now();
        let done = work();
        let took = started.elapsed();
        over.store(true, Ordering::Relaxed);
        let panicked = |_| anyhow::anyhow!("a thread panicked");
        let (met, held) = (people.join().map_err(panicked)?, probe.join().map_err(panicked)?);
        Ok((Met { took, held: held?, ..met? }, done?))
    })
}

fn orders(port: u16, crowd: &mut Crowd, over: &AtomicBool) -> Result<Met> {
    let (mut client, mut met) = (Client::connect(port)?, Met::default());
    loop {
        for request in crowd.order_requests() {
            if over.load(Ordering::Relaxed) {
                return Ok(met);
            }
            let asked = Instant::now();
            let reply = client.ask(&request)?;
            ensure!(reply.status == 303, "an order is told {} {:?}", reply.status, reply.headers);
            met.waited = met.waited.max(asked.elapsed());
            met.orders += 1;
            thread::sleep(PAUSE);
        }
        crowd.fills_carts()?;
    }
}
