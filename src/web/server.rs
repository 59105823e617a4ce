//! Assembles the shop, serves it, and stops it without breaking anything off.
//!
//! Invariant: the socket is ours before anything else happens, the database is migrated before the first request, and a stop begins
//! nothing new and waits for what has begun. It does not know what is served.

mod bind;
pub mod mail;
mod upkeep;

pub use bind::can_listen;

use crate::audit::{self, Actor};
use crate::auth::hasher;
use crate::clock::Clock;
use crate::config::Config;
use crate::db;
use crate::error::Error;
use crate::mail::sender;
use crate::web::app::App;
use crate::web::{gate, metrics, routes, spool};
use actix_web::body::BoxBody;
use actix_web::dev::{ServerHandle, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::{HttpServer, rt, web};
use std::net::SocketAddr;
use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use url::Url;

/// What a stop leaves to the requests that have begun (docs/API.md, "Starting and stopping").
const GRACE: Duration = Duration::from_secs(25);
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// A request's head must be here by then; it is a few lines.
const HEAD: Duration = Duration::from_secs(5);

/// A shop that is being served.
pub struct Running {
    /// The public URL.
    pub origin: Url,
    /// Where it listens.
    pub address: SocketAddr,
    /// What every request can reach.
    pub app: Arc<App>,
    /// Where `/metrics` is, if anywhere.
    pub metrics: Option<SocketAddr>,
    handle: ServerHandle,
    work: rt::task::JoinHandle<std::io::Result<()>>,
    watched: Option<ServerHandle>,
    upkeep: rt::task::JoinHandle<()>,
    mail: sender::Running,
}

/// Starts serving in the background.
///
/// # Errors
/// `BadSetting` when an address cannot be had; `Error` when the database or a folder is not there.
pub async fn start(config: Config, clock: Clock) -> anyhow::Result<Running> {
    let listener = bind::site(&config)?;
    let address = listener.local_addr()?;
    let beside = bind::metrics(&config)?;
    let metrics = beside.as_ref().map(std::net::TcpListener::local_addr).transpose()?;
    let (workers, blocking) = threads(&config);
    let app = tokio::task::spawn_blocking(move || {
        let migrated = db::migrate(&config.database)?;
        if !migrated.applied.is_empty() {
            tracing::info!(migrations = migrated.applied.len(), "the database was brought up to date");
        }
        spool::clear(&config.var).map_err(|cause| Error::Unavailable(format!("uploads cannot be cleared: {cause}")))?;
        App::build(config, clock, address)
    })
    .await??;
    let app = web::Data::new(app);
    let mail = mail::sender(&app)?;
    note(&app, audit::Kind::Started).await?;
    let site = app.clone();
    let server = HttpServer::new(move || assemble(&site, routes::pages(&site), routes::api(&site)))
        .workers(workers)
        .worker_max_blocking_threads(blocking)
        .keep_alive(KEEP_ALIVE)
        .client_request_timeout(HEAD)
        .disable_signals()
        .listen(listener)?
        .run();
    let handle = server.handle();
    let work = rt::spawn(server);
    let watched = beside.map(|listener| metrics::serve(app.clone(), listener)).transpose()?;
    let upkeep = rt::spawn(upkeep::every_minute(app.clone()));
    let mail = mail.start();
    let origin = app.origin.url().clone();
    Ok(Running { origin, address, app: app.into_inner(), metrics, handle, work, watched, upkeep, mail })
}

/// How many threads answer requests, and how many blocking ones each of them has at most: for its share of the database's
/// connections, for the writer, and for every password, should they all come to one. More would wait, and keep memory.
#[must_use]
pub fn threads(config: &Config) -> (usize, usize) {
    let workers = if config.workers == 0 { std::thread::available_parallelism().map_or(1, NonZero::get) } else { config.workers };
    let connections = usize::try_from(db::at_once(&config.database, config.pool)).unwrap_or(16);
    (workers, connections.div_ceil(workers) + 1 + hasher::at_once())
}

/// The site with all its layers.
pub fn assemble(
    app: &web::Data<App>,
    pages: Vec<routes::Route>,
    api: Vec<routes::Route>,
) -> actix_web::App<
    impl ServiceFactory<ServiceRequest, Response = ServiceResponse<BoxBody>, Config = (), InitError = (), Error = actix_web::Error>
    + use<>,
> {
    actix_web::App::new()
        .app_data(app.clone())
        .configure(|site| routes::configure(site, app, pages, api))
        .wrap(from_fn(gate::pass))
}

impl Running {
    /// Serves until it is asked to stop, then stops.
    ///
    /// # Errors
    /// What the server says.
    pub async fn until(mut self, asked_to_stop: impl Future<Output = ()>) -> anyhow::Result<()> {
        tokio::select! {
            () = asked_to_stop => {}
            ended = &mut self.work => anyhow::bail!("the server ended by itself: {ended:?}"),
        }
        tracing::info!("stopping");
        self.stop().await
    }

    /// Begins nothing new, waits for what has begun, and ends.
    ///
    /// # Errors
    /// What the server says.
    pub async fn stop(self) -> anyhow::Result<()> {
        // The socket stays open for now: new connections are told 503, and `/readyz` fails at once instead of hanging.
        self.app.traffic.stop();
        let quiet = async {
            while self.app.traffic.is_busy() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            // The last answers are still being written to their sockets.
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        if tokio::time::timeout(GRACE, quiet).await.is_err() {
            tracing::warn!(underway = self.app.traffic.underway(), "stopping with requests under way");
        }
        // Not graceful: actix would wait for idle keep-alive connections too.
        self.handle.stop(false).await;
        self.work.await??;
        if let Some(watched) = self.watched {
            watched.stop(false).await;
        }
        self.upkeep.abort();
        self.mail.stop(mail::GRACE).await;
        note(&self.app, audit::Kind::Stopped).await?;
        Ok(())
    }
}

/// Comes true when the program is told to stop (SIGTERM, Ctrl-C). It listens from now on: whoever reads that we are open may close us.
///
/// # Errors
/// What the system says.
pub fn asked_to_stop() -> std::io::Result<impl Future<Output = ()>> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

async fn note(app: &App, kind: audit::Kind) -> Result<(), Error> {
    let now = app.clock.now();
    app.db.write(move |conn| audit::record(conn, now, kind, &Actor::default(), "")).await
}
