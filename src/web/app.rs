//! What every request can reach: settings, database, clock, the latch, templates, files.
//!
//! Invariant: it is complete before the first request and never changes but for `traffic`. It does not know requests.

use crate::auth::latch::Latch;
use crate::auth::secrets::Secrets;
use crate::clock::Clock;
use crate::config::Config;
use crate::db::Db;
use crate::error::Result;
use crate::ids::base64url;
use crate::shop::checkout::House;
use crate::shop::payment::Providers;
use crate::shop::search::Vocabulary;
use crate::web::assets::Assets;
use crate::web::headers::Policy;
use crate::web::host::Origin;
use crate::web::limits::Limits;
use crate::web::metrics::Metrics;
use crate::web::view::templates::Templates;
use aws_lc_rs::hmac;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::sync::Semaphore;

/// One running shop.
pub struct App {
    /// All settings.
    pub config: Config,
    /// The doors to the database.
    pub db: Db,
    /// The one clock.
    pub clock: Clock,
    /// The public origin.
    pub origin: Origin,
    /// Who may come in.
    pub latch: Latch,
    /// Who takes the money.
    pub payments: Providers,
    /// Which words of the catalogue are common, once a sample of it was taken.
    pub vocabulary: Vocabulary,
    /// How pages are drawn.
    pub templates: Templates,
    /// Static files.
    pub assets: Arc<Assets>,
    /// The security headers.
    pub policy: Policy,
    /// How many of an act a client address may do.
    pub limits: Limits,
    /// What is counted for those who watch over the shop.
    pub metrics: Metrics,
    /// What is under way.
    pub traffic: Traffic,
    /// Room for the one file that may be on its way to the disk.
    pub spool: Semaphore,
}

impl App {
    /// Puts a shop together that will listen at `bound`. The database is migrated already.
    ///
    /// # Errors
    /// `Unavailable` when the database or a folder is not there; `Internal` when a template is wrong.
    pub fn build(config: Config, clock: Clock, bound: SocketAddr) -> Result<Self> {
        let origin = Origin::new(&config.origin(bound), bound.port())?;
        let secrets = Secrets::load(config.secret.as_ref(), &config.previous_secrets, &config.var)?;
        let db = Db::open(&config.database, config.pool)?;
        let assets = Arc::new(Assets::lay_out(&config.var, config.dev)?);
        let latch = Latch::open(&config, db.clone(), clock.clone(), secrets, origin.as_str())?;
        let keys = latch.secrets.all().map(|keys| keys.trial_payments.clone()).collect();
        Ok(Self {
            payments: Providers::open(config.shop.payment.by, &db, &clock, keys),
            metrics: Metrics::new(&latch.tally, latch.post.tally()),
            latch,
            vocabulary: Vocabulary::default(),
            templates: Templates::new(&config, origin.as_str(), Arc::clone(&assets))?,
            policy: Policy::new(origin.is_tls()),
            limits: Limits::new(&config),
            traffic: Traffic::default(),
            spool: Semaphore::new(1),
            config,
            db,
            clock,
            origin,
            assets,
        })
    }

    /// Who sells.
    #[must_use]
    pub fn house(&self) -> House<'_> {
        House { shop: &self.config.shop, post: &self.latch.post }
    }

    /// Binds `csrf` values.
    #[must_use]
    pub fn csrf_key(&self) -> &hmac::Key {
        &self.latch.secrets.current().csrf
    }

    /// Those that `csrf` values may be bound with: while the secret is being changed, a page may come from either.
    pub fn csrf_keys(&self) -> impl Iterator<Item = &hmac::Key> {
        self.latch.secrets.all().map(|keys| &keys.csrf)
    }

    /// Signs the one message that survives a redirect.
    #[must_use]
    pub fn flash_key(&self) -> &hmac::Key {
        &self.latch.secrets.current().flash
    }

    /// Those that the message may be signed with.
    pub fn flash_keys(&self) -> impl Iterator<Item = &hmac::Key> {
        self.latch.secrets.all().map(|keys| &keys.flash)
    }

    /// A name for the log that leads back to nobody.
    #[must_use]
    pub fn pseudonym(&self, id: &str) -> String {
        base64url(&hmac::sign(&self.latch.secrets.current().pseudonym, id.as_bytes()).as_ref()[..9])
    }
}

/// What is under way, and whether anything new may begin.
#[derive(Debug, Default)]
pub struct Traffic {
    underway: AtomicUsize,
    working: AtomicUsize,
    stopping: AtomicBool,
}

impl Traffic {
    /// Counts a request until the returned token is dropped.
    pub fn begin(&self) -> Underway<'_> {
        self.underway.fetch_add(1, Ordering::AcqRel);
        Underway(self)
    }

    /// How many requests have no answer yet.
    #[must_use]
    pub fn underway(&self) -> usize {
        self.underway.load(Ordering::Acquire)
    }

    /// Counts work that no request waits for, until the returned token is dropped.
    pub fn work(&self) -> Working<'_> {
        self.working.fetch_add(1, Ordering::AcqRel);
        Working(self)
    }

    /// Has a request no answer yet, or does work go on beside them?
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.underway() > 0 || self.working.load(Ordering::Acquire) > 0
    }

    /// Begin nothing new from here on.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    /// Is the server on its way out?
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }
}

/// One request under way.
#[derive(Debug)]
pub struct Underway<'a>(&'a Traffic);

/// Work that goes on beside the requests.
#[derive(Debug)]
pub struct Working<'a>(&'a Traffic);

impl Drop for Working<'_> {
    fn drop(&mut self) {
        self.0.working.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Drop for Underway<'_> {
    fn drop(&mut self) {
        self.0.underway.fetch_sub(1, Ordering::AcqRel);
    }
}
