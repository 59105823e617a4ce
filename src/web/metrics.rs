//! What the shop counts for those who watch over it, and where they read it.
//!
//! Invariant: `/metrics` is on a listener of its own, which has no cookies and no other address; nothing there names a person, a session
//! or a path, and how many series there are does not depend on what strangers send. Counting allocates nothing once a route is known.

use crate::auth::tally::Tally;
use crate::auth::upkeep::Swept;
use crate::mail::outbox;
use crate::shop;
use crate::web::app::App;
use actix_web::dev::ServerHandle;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, HttpServer, rt, web};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::borrow::Cow;
use std::net::TcpListener;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

/// Seconds, from a page without a statement to one that was given up.
const DURATIONS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 15.0];

/// By the first digit of a status.
const CLASSES: [&str; 6] = ["other", "1xx", "2xx", "3xx", "4xx", "5xx"];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    route: Cow<'static, str>,
    method: &'static str,
    status: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: Cow<'static, str>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Table {
    table: &'static str,
}

type Seconds = Gauge<f64, AtomicU64>;

/// All that is counted.
pub struct Metrics {
    registry: Registry,
    answered: Family<Answered, Counter>,
    durations: Family<Route, Histogram>,
    limited: Family<Route, Counter>,
    swept: Family<Table, Counter>,
    /// These are read when somebody asks.
    feed_age: Seconds,
    clock_offset: Seconds,
    entries: Gauge,
    entry_bytes: Gauge,
    connections: [Gauge; 2],
    hashes_waiting: Gauge,
    underway: Gauge,
    letters_waiting: Gauge,
}

impl Metrics {
    /// Nothing counted yet but by the tally.
    #[must_use]
    pub fn new(tally: &Tally, post: &outbox::Tally) -> Self {
        let mut metrics = Self {
            registry: Registry::default(),
            answered: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(DURATIONS)),
            limited: Family::default(),
            swept: Family::default(),
            feed_age: Gauge::default(),
            clock_offset: Gauge::default(),
            entries: Gauge::default(),
            entry_bytes: Gauge::default(),
            connections: Default::default(),
            hashes_waiting: Gauge::default(),
            underway: Gauge::default(),
            letters_waiting: Gauge::default(),
        };
        metrics.register_requests();
        metrics.register_revocation(tally);
        metrics.register_sign_in(tally);
        metrics.register_mail(post);
        metrics
    }

    fn register_requests(&mut self) {
        let all = &mut self.registry;
        all.register("http_requests", "Answers by route pattern, method and class of status", self.answered.clone());
        all.register("http_request_duration_seconds", "Time to the head of the answer", self.durations.clone());
        all.register("http_requests_underway", "Requests without an answer", self.underway.clone());
        all.register("limits_hit", "Requests turned away because there were too many", self.limited.clone());
        let [used, most] = &self.connections;
        all.register("database_connections_in_use", "Connections that read or write", used.clone());
        all.register("database_connections_max", "Connections there are at most", most.clone());
        all.register("housekeeping_rows_swept", "Rows that nothing could use any more", self.swept.clone());
    }

    fn register_revocation(&mut self, tally: &Tally) {
        let all = &mut self.registry;
        let text = "From the write of a revocation at another node until this one had it, by the database's clock";
        all.register("revocation_lag_seconds", text, tally.lag.clone());
        all.register("revocation_feed_age_seconds", "Time since the feed last read the database", self.feed_age.clone());
        all.register("revocation_entries", "Revocations in memory", self.entries.clone());
        all.register("revocation_entry_bytes", "Memory of the revocations", self.entry_bytes.clone());
        let text = "How far the database's clock is ahead of this node's";
        all.register("database_clock_offset_seconds", text, self.clock_offset.clone());
    }

    fn register_sign_in(&mut self, tally: &Tally) {
        let all = &mut self.registry;
        all.register("sign_ins", "Sign-ins with a password", tally.sign_ins.clone());
        all.register("refresh_exchanges", "Refresh tokens that were shown", tally.exchanges.clone());
        all.register("password_hashes_waiting", "Passwords that wait for their turn", self.hashes_waiting.clone());
    }

    fn register_mail(&mut self, post: &outbox::Tally) {
        let all = &mut self.registry;
        all.register("mails_sent", "Mails that a server took", post.sent.clone());
        all.register("mails_refused", "Mails that a server will never take", post.refused.clone());
        all.register("mails_expired", "Mails that nobody took while they were of use", post.expired.clone());
        all.register("mails_put_off", "Attempts that failed and are made again", post.put_off.clone());
        all.register("mails_waiting", "Mails in the outbox of all nodes", self.letters_waiting.clone());
    }

    /// Counts an answer.
    pub fn answered(&self, route: Option<String>, method: &'static str, status: StatusCode, took: Duration) {
        let route = Route { route: route.map_or(Cow::Borrowed("-"), Cow::Owned) };
        self.durations.get_or_create(&route).observe(took.as_secs_f64());
        if status == StatusCode::TOO_MANY_REQUESTS {
            self.limited.get_or_create(&route).inc();
        }
        let status = CLASSES.get(usize::from(status.as_u16() / 100)).unwrap_or(&"other");
        self.answered.get_or_create(&Answered { route: route.route, method, status }).inc();
    }

    /// Counts what a round of housekeeping deleted.
    pub fn swept(&self, swept: &Swept, of_shop: &shop::upkeep::Swept) {
        for (table, rows) in [
            ("sessions", swept.sessions),
            ("revocations", swept.revocations),
            ("parked_forms", swept.parked),
            ("notices", swept.notices),
            ("audit_events", swept.audit),
            ("idempotency_keys", of_shop.idempotency_keys),
            ("imports", of_shop.imports),
            ("outbox", swept.letters),
            ("login_failures", swept.failures),
            ("known_devices", swept.devices),
        ] {
            self.swept.get_or_create(&Table { table }).inc_by(rows as u64);
        }
    }

    /// Everything as text, in the format of `OpenMetrics`.
    ///
    /// # Errors
    /// None that a text in memory could have.
    pub fn text(&self, app: &App) -> Result<String, std::fmt::Error> {
        let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let feed = &app.latch.feed;
        self.feed_age.set(feed.age().as_secs_f64());
        self.clock_offset.set(feed.offset().as_seconds_f64());
        let (entries, bytes) = feed.memory().size();
        self.entries.set(count(entries));
        self.entry_bytes.set(count(bytes));
        let (used, most) = app.db.load();
        self.connections[0].set(used.into());
        self.connections[1].set(most.into());
        self.hashes_waiting.set(count(app.latch.hasher.waiting()));
        self.underway.set(count(app.traffic.underway()));
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// Serves `/metrics` in the background, and nothing else.
///
/// # Errors
/// What the system says.
pub fn serve(app: web::Data<App>, listener: TcpListener) -> std::io::Result<ServerHandle> {
    let site = move || actix_web::App::new().app_data(app.clone()).route("/metrics", web::get().to(show));
    let server = HttpServer::new(site).workers(1).worker_max_blocking_threads(1).disable_signals().listen(listener)?.run();
    let handle = server.handle();
    rt::spawn(server);
    Ok(handle)
}

async fn show(app: web::Data<App>) -> actix_web::Result<HttpResponse> {
    match app.db.read(outbox::waiting).await {
        Ok(count) => {
            app.metrics.letters_waiting.set(count);
        }
        // The other figures are worth most just now.
        Err(cause) => tracing::warn!(%cause, "the mails that wait could not be counted"),
    }
    let text = app.metrics.text(&app).map_err(actix_web::error::ErrorInternalServerError)?;
    let mut answer = HttpResponse::Ok();
    answer.insert_header((header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8"));
    answer.insert_header((header::CACHE_CONTROL, "no-store")).insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
    Ok(answer.body(text))
}
