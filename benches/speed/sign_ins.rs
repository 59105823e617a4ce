//! Sign-ins a second, beside what bcrypt alone does on as many threads as the shop lets hash at once.
//!
//! Invariant: both sides hash at the cost that people have and in turns; every sign-in of the load is a right password and makes a
//! session. It does not know how the shop queues them.

use crate::load::{self, Aim, Force};
use crate::server::Server;
use crate::shop::{Home, Shop, Size};
use crate::table::{median, percent, show};
use anyhow::Result;
use latchkey::auth::hasher;
use latchkey::auth::password::Password;
use latchkey::web::csrf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// The cost that people have.
const COST: u32 = 12;
/// Who signs in, in turn.
const PEOPLE: usize = 24;
/// As many as always leave one waiting, and none turned away.
const CONNECTIONS: u32 = 6;
/// A hash takes a good part of a second, and the one that runs when time is up is not counted.
const LONGER: u64 = 5;

/// Compares.
///
/// # Errors
/// When a sign-in fails.
pub fn compare(home: Home, seconds: u64, rounds: u64) -> Result<()> {
    let shop = Shop::fill(home, Size::Small)?;
    let people = shop.people_with_passwords(PEOPLE, COST)?;
    let server = Server::start(env!("CARGO_BIN_EXE_latchkey"), &["serve"], &shop.settings(COST))?;
    let latch = shop.latch(server.port)?;
    let before = "AAAAAAAAAAAAAAAAAAAAAA";
    let csrf = csrf::value(&latch.secrets.current().csrf, before);
    let bodies = people.iter().map(|email| {
        let email = email.replace('@', "%40");
        format!("csrf={csrf}&next=&email={email}&password={}", Shop::PASSWORD.replace(' ', "+"))
    });
    let host = format!("localhost:{}", server.port);
    let headers = [
        ("Cookie", format!("__Host-pre={before}")),
        ("Origin", format!("http://{host}")),
        ("Content-Type", "application/x-www-form-urlencoded".to_owned()),
    ];
    let headers = headers.map(|(name, value)| (name.to_owned(), value)).into();
    let aim = Aim { path: "/login".to_owned(), host, headers, bodies: bodies.collect() };
    let force = Force { connections: CONNECTIONS, seconds: seconds * LONGER };
    let (mut ours, mut alone, mut shares) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let theirs = hashes(&latch.secrets, Duration::from_secs(force.seconds))?;
        let run = load::run(&server, &aim, force, shop.folder())?;
        shares.push(run.rate / theirs);
        ours.push(run.rate);
        alone.push(theirs);
    }
    println!("\nsign-ins at cost {COST}, {} hashed at once", hasher::at_once());
    show("bcrypt alone, a second", &format!("{:.2}", median(alone.into_iter())));
    show("sign-ins, a second", &format!("{:.2}", median(ours.into_iter())));
    show("the share", &percent(median(shares.into_iter())));
    Ok(())
}

/// Hashes a second.
fn hashes(secrets: &latchkey::auth::secrets::Secrets, length: Duration) -> Result<f64> {
    let user = latchkey::ids::UserId::random();
    let password = Password::typed(Shop::PASSWORD);
    let stored = password.hash(secrets.current(), user, COST)?;
    let (done, started) = (AtomicU32::new(0), Instant::now());
    thread::scope(|scope| {
        for _ in 0..hasher::at_once() {
            scope.spawn(|| {
                while started.elapsed() < length {
                    if password.verify(secrets, user, &stored).is_ok_and(|right| right) {
                        done.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    Ok(f64::from(done.into_inner()) / started.elapsed().as_secs_f64())
}
