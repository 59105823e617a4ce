//! The shops that are measured: one as small as the demo, one with 100,000 people, products and orders.
//!
//! Invariant: in both, the same shopper has five lines in the cart and five orders, so that a page shows as much in one as in the
//! other. A shop lives in a folder of its own and is gone with it. It does not know what is measured.

use crate::postgres::Database;
use anyhow::{Context as _, Result};
use diesel::connection::SimpleConnection as _;
use latchkey::auth::email::Email;
use latchkey::auth::latch::Latch;
use latchkey::auth::password::Password;
use latchkey::auth::registration::{self, Applicant};
use latchkey::auth::secrets::Secrets;
use latchkey::auth::session::{self, Door, Opening, Owner};
use latchkey::auth::user::{Role, User};
use latchkey::clock::Clock;
use latchkey::config::{self, Config, Sources};
use latchkey::db::{self, Conn, Db};
use latchkey::ids::{ProductId, UserId, base64url, random_bytes};
use latchkey::shop::catalogue::{self, Query};
use latchkey::shop::{cart, demo, quantity::Quantity};
use latchkey::web::csrf;
use std::collections::BTreeMap;
use std::path::Path;
use tempfile::TempDir;

/// How many of everything the large shop has, and how many rows go into one transaction.
const CROWD: usize = 100_000;
const BATCH: usize = 2_000;

/// How much is in the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// The forty products of the demo.
    Small,
    /// A hundred thousand people, products and orders.
    Large,
}

/// Which database a shop is filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Home {
    /// The embedded default.
    Sqlite,
    /// A private server, as the tests start it.
    Postgres,
}

/// A shop that is not open yet.
pub struct Shop {
    folder: TempDir,
    database: Option<Database>,
    secret: String,
    shopper: User,
    /// What lies in the cart.
    pub products: Vec<ProductId>,
}

/// What a browser of the shopper sends along.
pub struct Pass {
    /// The access token.
    pub token: String,
    /// Good for every form.
    pub csrf: String,
    /// The refresh token.
    pub refresh: String,
}

impl Shop {
    /// What people type who have a password.
    pub const PASSWORD: &str = "seven herons over the mill";

    /// Fills a new database.
    ///
    /// # Errors
    /// What the database says.
    pub fn fill(home: Home, size: Size) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let database = (home == Home::Postgres).then(Database::migrated);
        let secret = base64url(random_bytes::<32>());
        let config = read(&settings(&folder, database.as_ref(), &secret, 4))?;
        let clock = Clock::default();
        db::migrate(&config.database)?;
        let db = Db::open(&config.database, 2)?;
        let secrets = Secrets::load(config.secret.as_ref(), &[], &config.var)?;
        demo::products(&db, clock.now(), &config.shop.currency, &mut |_, _| {})?;
        let email: Email = "shopper@example.com".parse().map_err(anyhow::Error::msg)?;
        let applicant = Applicant { name: "Ada Wren".to_owned(), email, password: Password::typed("not asked for here") };
        let shopper = registration::add(&db, &secrets, 4, clock.now(), &applicant, Role::Shopper)?.context("a new shop")?;
        let products = db.read_here(|conn| catalogue::page(conn, &Query::default()))?.products;
        let products: Vec<ProductId> =
            products.into_iter().filter(|product| product.stock > 2).map(|product| product.id).take(5).collect();
        for product in &products {
            db.write_here(|conn| cart::add(conn, clock.now(), shopper.key, *product, Quantity::ONE))?;
        }
        run(&db, &orders(shopper.key.0))?;
        if size == Size::Large {
            for from in (0..CROWD).step_by(BATCH) {
                run(&db, &crowd(home, from, from + BATCH))?;
            }
        }
        // What the planner knows of the tables, and on a server what it has swept, is part of a shop that has been open for a while.
        match home {
            Home::Sqlite => run(&db, "PRAGMA optimize")?,
            Home::Postgres => Conn::open(&config.database)?.batch_execute("VACUUM ANALYZE")?,
        }
        Ok(Self { folder, database, secret, shopper, products })
    }

    /// So many people with addresses that begin alike and a password hashed at this cost, in that state.
    ///
    /// # Errors
    /// What the database says.
    pub fn people(&self, group: &str, many: usize, cost: u32, state: &str) -> Result<()> {
        let config = self.config()?;
        let secrets = Secrets::load(config.secret.as_ref(), &[], &config.var)?;
        let hash = Password::typed(Self::PASSWORD).hash(secrets.current(), self.shopper.id, cost)?;
        let people = (0..many).map(|at| {
            format!(
                "INSERT INTO users (public_id, email, name, role, password_hash, epoch, created_at) VALUES ('{}', \
                 '{group}{at:06}@example.com', 'Person {at}', 'shopper', '{hash}', 0, '2026-01-01 00:00:00.000000');\n",
                UserId::random()
            )
        });
        let people: String = people.collect();
        let db = Db::open(&config.database, 2)?;
        run(&db, &format!("{people}UPDATE users SET {state} WHERE email LIKE '{group}%'"))
    }

    /// So many people, each with that password; their addresses.
    ///
    /// # Errors
    /// What the database says.
    pub fn people_with_passwords(&self, many: usize, cost: u32) -> Result<Vec<String>> {
        let config = self.config()?;
        let (secrets, db) = (Secrets::load(config.secret.as_ref(), &[], &config.var)?, Db::open(&config.database, 2)?);
        let add = |at| {
            let address = format!("person{at}@example.com");
            let email: Email = address.parse().map_err(anyhow::Error::msg)?;
            let applicant = Applicant { name: format!("Person {at}"), email, password: Password::typed(Self::PASSWORD) };
            registration::add(&db, &secrets, cost, Clock::default().now(), &applicant, Role::Shopper)?.context("a new person")?;
            Ok(address)
        };
        (0..many).map(add).collect()
    }

    /// The environment of a server of this shop.
    pub fn settings(&self, bcrypt_cost: u32) -> BTreeMap<String, String> {
        settings(&self.folder, self.database.as_ref(), &self.secret, bcrypt_cost)
    }

    /// The settings as the program reads them.
    ///
    /// # Errors
    /// When one is wrong.
    pub fn config(&self) -> Result<Config> {
        read(&self.settings(4))
    }

    /// Where it lies.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Who shops.
    pub fn shopper(&self) -> &User {
        &self.shopper
    }

    /// The latch of a server that listens at `port`.
    ///
    /// # Errors
    /// What the database says.
    pub fn latch(&self, port: u16) -> Result<Latch> {
        let config = self.config()?;
        let secrets = Secrets::load(config.secret.as_ref(), &[], &config.var)?;
        Ok(Latch::open(&config, Db::open(&config.database, 2)?, Clock::default(), secrets, &format!("http://localhost:{port}"))?)
    }

    /// Signs the shopper in, as the sign-in page would.
    ///
    /// # Errors
    /// What the database says.
    pub fn sign_in(&self, latch: &Latch) -> Result<Pass> {
        let shopper = &self.shopper;
        Self::enter(latch, Owner { key: shopper.key, id: shopper.id, role: shopper.role, epoch: shopper.epoch })
    }

    /// Signs somebody in.
    ///
    /// # Errors
    /// What the database says.
    pub fn enter(latch: &Latch, owner: Owner) -> Result<Pass> {
        let opening = Opening {
            door: Door::Web,
            remember: true,
            user_agent: String::new(),
            address: String::new(),
            browser: None,
            replaces: None,
        };
        let started = latch.db.write_here(|conn| session::start(conn, &latch.limits, latch.clock.now(), owner, &opening));
        let (tokens, _) = started?;
        let csrf = csrf::value(&latch.secrets.current().csrf, tokens.session.as_str());
        Ok(Pass { token: latch.grant(&tokens)?.token, csrf, refresh: tokens.refresh.expose() })
    }
}

/// The environment of a server whose files lie in the folder.
pub fn settings(folder: &TempDir, database: Option<&Database>, secret: &str, bcrypt_cost: u32) -> BTreeMap<String, String> {
    let var = folder.path().display().to_string();
    let limits =
        ["SIGN_IN", "REGISTER", "REFRESH", "CHECKOUT", "API"].map(|act| (format!("LATCHKEY_LIMIT_{act}"), "off".to_owned()));
    let others = [
        ("LATCHKEY_VAR", var),
        ("LATCHKEY_LISTEN", "127.0.0.1:0".to_owned()),
        ("LATCHKEY_METRICS_LISTEN", "off".to_owned()),
        ("LATCHKEY_SECRET", secret.to_owned()),
        ("LATCHKEY_BCRYPT_COST", bcrypt_cost.to_string()),
        ("LATCHKEY_ACCESS_TTL", "15m".to_owned()),
        ("LATCHKEY_DEMO", "off".to_owned()),
    ];
    let database = database.map(|database| ("DATABASE_URL", database.url()));
    others.into_iter().chain(database).map(|(name, text)| (name.to_owned(), text)).chain(limits).collect()
}

/// Reads settings, and nothing of the surroundings.
///
/// # Errors
/// When one is wrong.
pub fn read(environment: &BTreeMap<String, String>) -> Result<Config> {
    Ok(config::load(&Sources { environment: environment.clone(), ..Sources::default() })?)
}

/// Runs statements in one transaction.
///
/// # Errors
/// What the database says.
pub fn run(db: &Db, statements: &str) -> Result<()> {
    Ok(db.write_here(|conn| Ok(conn.batch_execute(statements)?))?)
}

const ORDER: &str = "INSERT INTO orders (number, user_id, status, currency, subtotal, discount, delivery, total, name, address1, \
    address2, city, postal_code, country, phone, note, placed_at)";
const LINES: &str = "INSERT INTO order_lines (order_id, product_id, title, unit_price, quantity, line_total)";

/// Five orders of three lines.
fn orders(shopper: i64) -> String {
    let order = |day: i64| {
        format!(
            "{ORDER} VALUES ('HG-7K3F-222{day}', {shopper}, 'delivered', 'EUR', 300, 0, 0, 300, 'Ada Wren', 'High Street 1', '', \
             'York', 'YO1', 'GB', '', '', '2026-11-1{day} 10:00:00.000000');
             {LINES} SELECT orders.id, products.id, title, 100, 1, 100 FROM orders, products
             WHERE number = 'HG-7K3F-222{day}' AND products.id <= 3;"
        )
    };
    (2..=6).map(order).collect() // an order number has no 1
}

/// Everybody else, what they might buy and what they bought. The wares are those of the demo over and over, so that a page of them
/// is as long.
fn crowd(home: Home, from: usize, to: usize) -> String {
    let padded = |width: usize| match home {
        Home::Sqlite => format!("printf('%0{width}d', i)"),
        Home::Postgres => format!("lpad(i::text, {width}, '0')"),
    };
    let (long, short) = (padded(20), padded(8));
    let numbers = format!("WITH RECURSIVE n (i) AS (SELECT {from} UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {to})");
    format!(
        "INSERT INTO users (public_id, email, name, role, password_hash, epoch, created_at) {numbers}
         SELECT 'U' || {long} || 'A', 'p' || i || '@example.com', 'Person ' || i, 'shopper', '-', 0, '2026-01-01 00:00:00.000000' FROM n;
         INSERT INTO products (public_id, sku, slug, title, words, sort_title, description, category_id, price, stock, status, picture,
         created_at) {numbers}
         SELECT 'P' || {long} || 'A', sku || i, slug || '-' || i, title || ' ' || i, words, sort_title || ' ' || i, description,
         category_id, price + i % 100, stock + 3, status, picture, created_at FROM n JOIN products AS ware ON ware.id = 1 + n.i % 40;
         {ORDER} {numbers}
         SELECT 'HG-' || {short}, (SELECT id FROM users WHERE public_id = 'U' || {long} || 'A'), 'delivered', 'EUR', 100, 0, 0, 100,
         'A', 'A', '', 'A', 'A', 'GB', '', '', '2026-06-01 10:00:00.000000' FROM n;
         {LINES} {numbers}
         SELECT orders.id, 1 + i % 40, 'A', 100, 1, 100 FROM n JOIN orders ON orders.number = 'HG-' || {short};"
    )
}
