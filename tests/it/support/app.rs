//! A running shop of a test's own.
//!
//! Invariant: it is the real server on a real socket with a database of its own; only the clock is the test's, the hashes are cheap,
//! and nothing is limited unless the test says so.

use super::binary::Place;
use super::storage::Storage;
use super::{Backend, Fixture, Settings};
use latchkey::clock::Clock;
use latchkey::config::{self, Config, Sources};
use latchkey::db::Db;
use latchkey::web::app::App;
use latchkey::web::server::{self, Running};
use reqwest::Client;
use reqwest::redirect::Policy;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;
use url::Url;

/// The shop and everything a test may reach into.
pub struct TestApp {
    /// Its rows.
    pub storage: Storage,
    /// Its clock; `advance` moves it.
    pub clock: Clock,
    /// Where it is.
    pub origin: Url,
    /// For its actors.
    pub http: Client,
    running: Running,
    settings: Vec<(String, String)>,
}

impl TestApp {
    /// Starts a shop.
    pub async fn start(backend: Backend, settings: &Settings<'_>) -> Self {
        let storage = Storage::migrated(backend);
        let clock = Clock::default();
        let running = server::start(settings_of(&storage, settings), clock.clone()).await.expect("the shop opens");
        let origin = running.origin.clone();
        let http = Client::builder()
            .redirect(Policy::none())
            .timeout(Duration::from_secs(30))
            .pool_idle_timeout(Duration::from_secs(5)) // well before the server closes
            .resolve("localhost", running.address)
            .build()
            .expect("a client needs nothing");
        let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { storage, clock, origin, http, running, settings }
    }

    /// A second server of the same shop: the same rows, secret and public URL, another port. A proxy would send people to either.
    pub async fn second_node(&self) -> Running {
        self.node_with(&[]).await
    }

    /// A second server with some settings of its own.
    pub async fn node_with(&self, more: &Settings<'_>) -> Running {
        let mut settings: Vec<_> = self.settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        settings.push(("LATCHKEY_PUBLIC_URL", self.origin.as_str()));
        settings.extend_from_slice(more);
        server::start(settings_of(&self.storage, &settings), self.clock.clone()).await.expect("a second node opens")
    }

    /// Where the program itself can be started as another node of this shop, to listen at that port: it is one that can be killed.
    /// It has a clock of its own, which no test moves.
    pub fn program(&self, port: u16) -> Place {
        let mut environment = environment_of(&self.storage, &[]);
        environment.extend(self.settings.iter().cloned());
        environment.insert("LATCHKEY_PUBLIC_URL".to_owned(), self.origin.to_string());
        environment.insert("LATCHKEY_LISTEN".to_owned(), format!("127.0.0.1:{port}"));
        let settings: Vec<_> = environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        Place::new(&settings)
    }

    /// The socket it listens on.
    pub fn address(&self) -> SocketAddr {
        self.running.address
    }

    /// Where those who watch over it ask, if they may.
    pub fn metrics(&self) -> Option<SocketAddr> {
        self.running.metrics
    }

    /// The server's own doors to its database.
    pub fn db(&self) -> &Db {
        &self.running.app.db
    }

    /// What every request of the server can reach.
    pub fn server(&self) -> &App {
        &self.running.app
    }

    /// Moves the time.
    pub fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }
}

/// The settings of a test's shop, read the way the program reads its environment.
pub fn settings_of(storage: &Storage, settings: &Settings<'_>) -> Config {
    let environment = environment_of(storage, settings);
    config::load(&Sources { environment, ..Sources::default() }).unwrap_or_else(|bad| panic!("{bad}"))
}

fn environment_of(storage: &Storage, settings: &Settings<'_>) -> BTreeMap<String, String> {
    let mut environment: BTreeMap<String, String> = [
        ("DATABASE_URL", storage.text()),
        ("LATCHKEY_VAR", storage.folder.path().join("var").display().to_string()),
        ("LATCHKEY_LISTEN", "127.0.0.1:0".to_owned()),
        ("LATCHKEY_METRICS_LISTEN", "off".to_owned()),
        ("LATCHKEY_BCRYPT_COST", "4".to_owned()),
        ("LATCHKEY_DEMO", "off".to_owned()),
        ("LATCHKEY_WORKERS", "2".to_owned()),
        ("LATCHKEY_POOL", "8".to_owned()),
        // What is bought is all that is paid, unless a test is about the rest.
        ("LATCHKEY_SHOP_DELIVERY", "0".to_owned()),
        ("LATCHKEY_SHOP_TAX_RATE", "0".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    for act in ["SIGN_IN", "REGISTER", "REFRESH", "CHECKOUT", "API", "RESET", "CODE", "EMAIL", "ACCOUNT"] {
        environment.insert(format!("LATCHKEY_LIMIT_{act}"), "off".to_owned());
    }
    environment.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    environment
}

impl Fixture for TestApp {
    async fn set_up(backend: Backend, settings: &Settings<'_>) -> Self {
        Self::start(backend, settings).await
    }

    async fn tear_down(self) {
        self.running.stop().await.expect("the shop closes");
    }
}
