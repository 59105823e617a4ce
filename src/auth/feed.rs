//! The feed: how a node hears of revocations, wherever they were written.
//!
//! Invariant: there is one path. A thread of its own reads the rows behind the newest id it knows, each second, on a connection of its
//! own; a call from the database or a write of this node only make it look now. It reads everything again when it starts, when it lost
//! its connection, and when the newest id or the database's clock went back. When it has not succeeded for five seconds it is stale, and
//! says so. It does not know what a request is.

use crate::auth::revocation::{self, Revocation, Revocations};
use crate::clock::{self, Moment};
use crate::config::DatabaseUrl;
use crate::db::Watch;
use crate::error::{Error, Result};
use prometheus_client::metrics::histogram::Histogram;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// How often it reads, whatever it hears.
const POLL: Duration = Duration::from_secs(1);
/// How often it listens whether it is called.
const LISTEN: Duration = Duration::from_millis(25);
/// A feed older than this is not to be trusted.
const STALE: Duration = Duration::from_secs(5);
/// Most rows in one reading.
const MOST: i64 = 2_000;

/// The feed of one node. It ends when this is dropped.
pub struct Feed {
    shared: Arc<Shared>,
    reader: Thread,
}

struct Shared {
    memory: Revocations,
    lag: Histogram,
    began: Instant,
    /// When the newest successful poll began, in milliseconds from the beginning.
    polled: AtomicU64,
    /// How far the database's clock is ahead of this machine's, in milliseconds.
    offset: AtomicI64,
    hurry: AtomicBool,
    stop: AtomicBool,
}

impl Feed {
    /// Reads everything once and goes on in the background.
    ///
    /// # Errors
    /// `Unavailable` when that first reading is not possible.
    pub fn start(url: &DatabaseUrl, lag: Histogram) -> Result<Self> {
        let shared = Arc::new(Shared {
            memory: Revocations::default(),
            lag,
            began: Instant::now(),
            polled: AtomicU64::new(0),
            offset: AtomicI64::new(0),
            hurry: AtomicBool::new(false),
            stop: AtomicBool::new(false),
        });
        let mut reader = Reader { url: url.clone(), place: None, told: i64::MAX };
        reader.poll(&shared)?;
        let of_thread = Arc::clone(&shared);
        let thread = thread::Builder::new().name("revocations".to_owned()).spawn(move || reader.run(&of_thread));
        let reader = thread.map_err(|cause| Error::Unavailable(format!("no thread for the feed: {cause}")))?.thread().clone();
        Ok(Self { shared, reader })
    }

    /// What is known.
    #[must_use]
    pub fn memory(&self) -> &Revocations {
        &self.shared.memory
    }

    /// Takes in what this node wrote itself, at once.
    pub fn wrote(&self, entries: &[Revocation]) {
        for entry in entries {
            self.shared.memory.remember(*entry);
        }
        if !entries.is_empty() {
            self.shared.hurry.store(true, Ordering::Release);
        }
    }

    /// The time since the last successful poll.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.shared.began.elapsed().saturating_sub(Duration::from_millis(self.shared.polled.load(Ordering::Acquire)))
    }

    /// Is it too long ago that something was heard? Then only the database knows.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.age() > STALE
    }

    /// How far the database's clock was ahead of this machine's at the last poll; negative when it was behind.
    #[must_use]
    pub fn offset(&self) -> time::Duration {
        time::Duration::milliseconds(self.shared.offset.load(Ordering::Acquire))
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        self.reader.unpark();
    }
}

/// The thread's own.
struct Reader {
    url: DatabaseUrl,
    /// None when there is no connection.
    place: Option<Place>,
    /// The newest id that was ever read: rows behind it are news, and their way here is measured.
    told: i64,
}

/// Where it reads.
struct Place {
    watch: Watch,
    last: i64,
    time: Option<Moment>,
}

impl Reader {
    fn run(mut self, shared: &Shared) {
        while !shared.stop.load(Ordering::Acquire) {
            self.wait(shared);
            let was_open = self.place.is_some();
            match self.poll(shared) {
                Ok(()) if was_open => {}
                Ok(()) => tracing::info!("the feed of revocations goes on"),
                // Once, not each second of an outage.
                Err(cause) => {
                    if was_open {
                        tracing::warn!(%cause, "the feed of revocations is interrupted");
                    }
                    self.place = None;
                }
            }
        }
    }

    /// Until a second is over, or somebody calls.
    fn wait(&mut self, shared: &Shared) {
        let due = Instant::now() + POLL;
        while Instant::now() < due && !shared.stop.load(Ordering::Acquire) {
            thread::park_timeout(LISTEN);
            // A connection that is lost is opened again at the next second, not at the next write.
            let Some(place) = &mut self.place else { continue };
            if shared.hurry.swap(false, Ordering::AcqRel) || place.watch.heard().unwrap_or(true) {
                return;
            }
        }
    }

    /// Reads what is behind the newest id.
    fn poll(&mut self, shared: &Shared) -> Result<()> {
        let began = shared.began.elapsed();
        let place = match &mut self.place {
            Some(place) => place,
            None => self.place.insert(Place { watch: Watch::open(&self.url)?, last: 0, time: None }),
        };
        let (here, asked) = (clock::machine(), Instant::now());
        let pulse = place.watch.pulse()?;
        let answered = Instant::now();
        let offset = pulse.time - (here + (answered - asked) / 2);
        if pulse.newest < place.last || place.time.is_some_and(|before| pulse.time < before) {
            tracing::warn!("the database has gone back in time: all revocations are read again");
            place.last = 0;
        }
        place.time = Some(pulse.time);
        let first = self.told == i64::MAX;
        loop {
            let last = place.last;
            let rows = place.watch.read(|conn| revocation::after(conn, last, MOST))?;
            for row in &rows {
                let is_news = row.entry().is_some_and(|entry| shared.memory.remember(entry));
                if let Some(written_at) = row.written_at.filter(|_| is_news && row.id > self.told) {
                    let lag = (pulse.time + answered.elapsed()) - written_at;
                    shared.lag.observe(lag.as_seconds_f64().max(0.0));
                }
            }
            let Some(row) = rows.last() else { break };
            place.last = row.id;
            if i64::try_from(rows.len()).is_ok_and(|count| count < MOST) {
                break;
            }
        }
        // What was there before the node was is no news.
        self.told = if first { place.last } else { self.told.max(place.last) };
        shared.offset.store(i64::try_from(offset.whole_milliseconds()).unwrap_or(i64::MAX), Ordering::Release);
        shared.polled.store(u64::try_from(began.as_millis()).unwrap_or(u64::MAX), Ordering::Release);
        Ok(())
    }
}
