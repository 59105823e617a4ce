//! Every setting: its name, its default, its reason; the program does not start on a bad one.
//!
//! Invariant: a `Config` that exists is valid as a whole, so no other room checks a setting or reads the environment.
//! Order, later wins: `latchkey.toml` (or `--config FILE`), `.env` in the working folder, the environment, flags.
//! This file does not know what the settings are used for.

mod algorithm;
mod currency;
mod later;
mod mail;
mod origins;
mod payment;
mod read;
mod sources;
mod tries;
mod values;

pub use algorithm::Algorithm;
pub use currency::Currency;
pub use mail::{Mail, MailFrom, Smtp, Tls};
pub use origins::Origins;
pub use payment::{PaidBy, Payment};
pub use read::load;
pub use sources::Sources;
pub use tries::Tries;
pub use values::{DatabaseUrl, Limit, Proxies, Registration, Secret, Word, duration};

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

/// A setting that is not what it must be: which one, why, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {why}\n  fix: {fix}")]
pub struct BadSetting {
    /// The name in the environment.
    pub name: String,
    /// What is wrong with the value.
    pub why: String,
    /// What to write instead.
    pub fix: String,
}

/// How long a session lives unused, and at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime {
    /// Without a request, for so long.
    pub idle: Duration,
    /// However much used, for so long.
    pub max: Duration,
}

/// The lives of sessions and tokens (docs/SECURITY.md, "Sessions").
#[derive(Debug, Clone)]
pub struct SessionLimits {
    /// Life of an access token, 2 s to 15 min.
    pub access: Duration,
    /// How long after a successor was first seen a straggler is still answered (RFC 9700 section 4.14.2 leaves it to us).
    pub grace: Duration,
    /// A shopper who did not ask to be kept signed in.
    pub session: Lifetime,
    /// "Keep me signed in".
    pub remember: Lifetime,
    /// An admin, whatever they asked for.
    pub admin: Lifetime,
    /// A pair of tokens given to an API client.
    pub api: Lifetime,
}

/// How many of an act one client address may do, or be done to one account (docs/SECURITY.md, "Throttling").
#[derive(Debug, Clone)]
pub struct Limits {
    /// Sign-in, page and API together.
    pub sign_in: Limit,
    /// Registration.
    pub register: Limit,
    /// The API's refresh routes.
    pub refresh: Limit,
    /// Placing an order.
    pub checkout: Limit,
    /// Search and the whole API.
    pub api: Limit,
    /// Asking for a mail to set a password anew.
    pub reset: Limit,
    /// Mails of a kind to one address, whoever asks, at all nodes together.
    pub email: Limit,
    /// Codes of a second step, and following a mail link.
    pub code: Limit,
    /// Wrong codes of one account, on all nodes.
    pub code_account: Limit,
    /// Failed sign-ins for one e-mail address, wherever they come from.
    pub account: Tries,
}

/// What the shop is called and how it counts money.
#[derive(Debug, Clone)]
pub struct Shop {
    /// The name in the header and in titles.
    pub name: String,
    /// The one currency.
    pub currency: Currency,
    /// Where the shop's days begin and end.
    pub time_zone: jiff::tz::TimeZone,
    /// What it asks beside the price of its goods.
    pub terms: Terms,
    /// How it is paid.
    pub payment: Payment,
}

/// What delivery costs, and how much of a price is tax.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// The delivery of any order, in minor units.
    pub delivery: i64,
    /// The goods' price from which it costs nothing; none means never.
    pub delivery_free_from: Option<i64>,
    /// The tax that every price contains, in hundredths of a percent of the price without it.
    pub tax_rate: i64,
}

/// Where those who watch over the shop ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetricsListen {
    /// The address; port 0 picks one.
    pub address: SocketAddr,
    /// Somebody wants it there: when it is taken, that is an error. The default is only a wish.
    pub chosen: bool,
}

/// All settings.
#[derive(Debug, Clone)]
pub struct Config {
    /// `DATABASE_URL`: which of the two databases, and where.
    pub database: DatabaseUrl,
    /// `LATCHKEY_LISTEN`: address of the site; port 0 picks one.
    pub listen: SocketAddr,
    /// `LATCHKEY_METRICS_LISTEN`: where `/metrics` is; none when it is off.
    pub metrics: Option<MetricsListen>,
    /// `LATCHKEY_PUBLIC_URL`: the one origin; none means `http://localhost:<port>`.
    pub public_url: Option<Url>,
    /// `LATCHKEY_SECRET` or `LATCHKEY_SECRET_FILE`; none on a loopback shop means `var/secret`, made at first start.
    pub secret: Option<Secret>,
    /// `LATCHKEY_SECRET_PREVIOUS`: accepted for reading.
    pub previous_secrets: Vec<Secret>,
    /// `LATCHKEY_VAR`: folder of secret, database and static files.
    pub var: PathBuf,
    /// `LATCHKEY_JWT_ALGORITHM`: what access tokens are signed with.
    pub jwt_algorithm: Algorithm,
    /// Session and token lives.
    pub sessions: SessionLimits,
    /// Limits per client address and per account.
    pub limits: Limits,
    /// `LATCHKEY_CORS_ORIGINS`: other origins whose scripts may use the API.
    pub cors_origins: Origins,
    /// `LATCHKEY_TRUSTED_PROXIES`: whose `X-Forwarded-For` is believed.
    pub proxies: Proxies,
    /// `LATCHKEY_BCRYPT_COST`.
    pub bcrypt_cost: u32,
    /// `LATCHKEY_PASSWORD_MIN`, in code points.
    pub password_min: usize,
    /// `LATCHKEY_ADMIN_SECOND_FACTOR`: may only those run the shop who have one?
    pub admin_second_factor: bool,
    /// `LATCHKEY_DELETE_KEEPS_ORDERS`: do orders stay, without the person, when an account is deleted?
    pub delete_keeps_orders: bool,
    /// `LATCHKEY_REGISTRATION`.
    pub registration: Registration,
    /// Name, currency, time zone.
    pub shop: Shop,
    /// `LATCHKEY_MAIL`: where mail goes.
    pub mail: Mail,
    /// `LATCHKEY_MAIL_FROM`: whom it comes from.
    pub mail_from: MailFrom,
    /// `LATCHKEY_LOG`: level and format.
    pub log: String,
    /// `LATCHKEY_WORKERS`: threads that answer requests.
    pub workers: usize,
    /// `LATCHKEY_POOL`: database connections.
    pub pool: u32,
    /// `LATCHKEY_DEMO`: seed an empty database?
    pub demo: Word,
    /// `LATCHKEY_DEV`: read templates and static files from the tree.
    pub dev: bool,
    /// Every setting as it stands, for `latchkey config`: name, value (secrets hidden), where it came from.
    pub shown: Vec<(String, String, String)>,
}

impl Config {
    /// The origin of the site, once the port is known.
    #[must_use]
    pub fn origin(&self, bound: SocketAddr) -> Url {
        self.public_url.clone().unwrap_or_else(|| {
            Url::parse(&format!("http://localhost:{}", bound.port())).expect("an address with a port is a URL")
        })
    }

    /// Is the site only for this machine? Without a public URL it is, when it listens on loopback.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.public_url.as_ref().map_or(self.listen.ip().is_loopback(), is_loopback)
    }
}

/// Does the URL name this machine itself?
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
