//! The nodes of a race, and whoever pulls the plug of one.
//!
//! Invariant: a node that dies is the real program, ended by SIGKILL as soon as enough is committed, and started again at the same port.

use super::Race;
use crate::support::app::TestApp;
use crate::support::binary::{Place, Serving};
use diesel::prelude::*;
use latchkey::db::Conn;
use latchkey::db::schema::{orders, trial_bills};
use latchkey::web::server::Running;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Where a proxy may send people.
pub struct Nodes {
    addresses: Vec<SocketAddr>,
    beside: Option<Running>,
    program: Option<Arc<Program>>,
}

struct Program {
    place: Place,
    serving: Mutex<Option<Serving>>,
}

impl Nodes {
    /// Opens as many as the race has; where one is to be killed, the last is the program.
    pub async fn open(app: &TestApp, race: Race) -> Self {
        let mut nodes = Self { addresses: vec![app.address()], beside: None, program: None };
        if race.kills > 0 {
            let port = free_port();
            let place = app.program(port);
            let serving = Mutex::new(Some(place.serve()));
            nodes.program = Some(Arc::new(Program { place, serving }));
            nodes.addresses.push((Ipv4Addr::LOCALHOST, port).into());
        } else if race.nodes > 1 {
            let beside = app.second_node().await;
            nodes.addresses.push(beside.address);
            nodes.beside = Some(beside);
        }
        nodes.addresses.drain(..nodes.addresses.len() - race.nodes);
        nodes
    }

    /// The node for a person's nth try.
    pub fn nth(&self, nth: usize) -> SocketAddr {
        self.addresses[nth % self.addresses.len()]
    }

    /// Kills the program and starts it again, as often as the race says, at even distances of what is to be done.
    pub fn are_hit(&self, app: &TestApp, race: Race) -> JoinHandle<()> {
        let (mut conn, program) = (app.storage.second_connection(), self.program.clone());
        std::thread::spawn(move || {
            let Some(program) = program else { return };
            for kill in 1..=race.kills {
                let enough = race.steps() * kill / (race.kills + 1);
                let since = Instant::now();
                while done(&mut conn) < enough.max(1) {
                    assert!(since.elapsed() < Duration::from_secs(30), "kill {kill}: not {enough} of {}", race.steps());
                }
                let mut serving = program.serving.lock().expect("nobody panicked");
                serving.take().expect("it runs").kill();
                *serving = Some(program.place.serve());
            }
        })
    }

    /// Closes those that were opened for the race.
    pub async fn close(self) {
        if let Some(beside) = self.beside {
            beside.stop().await.expect("it closes");
        }
        if let Some(program) = self.program {
            let serving = program.serving.lock().expect("nobody panicked").take().expect("it runs");
            assert_eq!(serving.stop(), Some(0));
        }
    }
}

impl Race {
    /// How many orders there must be.
    pub fn orders(&self) -> usize {
        let enough_for = usize::try_from(self.stock / self.wanted).expect("a few");
        enough_for.min(self.buyers)
    }

    /// How many orders and payments.
    fn steps(&self) -> usize {
        if self.payment == "trial" { 2 * self.orders() } else { self.orders() }
    }
}

/// How many orders and payments are committed, as a second connection sees it.
fn done(conn: &mut Conn) -> usize {
    let placed: i64 = orders::table.count().get_result(conn).expect("a count");
    let decided = trial_bills::table.filter(trial_bills::verdict.is_not_null()).count();
    let decided: i64 = decided.get_result(conn).expect("a count");
    usize::try_from(placed + decided).expect("a few")
}

/// A port that no connection of this machine is given by chance while the program is away: one below those, and a new one each time.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + u16::try_from(std::process::id() % 10_000).expect("it is small");
    let mut candidates = std::iter::repeat_with(|| first + NEXT.fetch_add(1, Ordering::Relaxed)).take(1_000);
    candidates.find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok()).expect("one is free")
}
