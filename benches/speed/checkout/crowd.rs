//! People with full carts and sessions.
//!
//! Invariant: before every run each has one open cart of two lines, at the same price, that nobody has ordered; after it each has one
//! order more. Wares are a thousand, so that two who order at once seldom want the same row.

use crate::client::Client;
use crate::shop::{Home, Pass, Shop, run};
use anyhow::{Context as _, Result, bail};
use diesel::prelude::*;
use latchkey::audit::Actor;
use latchkey::auth::latch::Latch;
use latchkey::auth::session::Owner;
use latchkey::auth::user::Role;
use latchkey::db::Db;
use latchkey::db::schema::{orders, products, users};
use latchkey::ids::{UserId, UserKey};
use latchkey::shop::address::Address;
use latchkey::shop::cart;
use latchkey::shop::checkout::{self, House, Outcome, Wish};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

/// How many wares there are.
pub const WARES: usize = 1_000;

/// See the module.
pub struct Crowd {
    /// The doors to the database.
    pub db: Db,
    /// What a server of the shop has.
    pub latch: Latch,
    /// The rows of the people, from the first on, and their keys to the shop.
    people: Vec<(UserKey, Pass)>,
    /// The row of the first of the wares.
    pub ware: i64,
    /// How often carts were filled; it is in the carts' names.
    pub round: usize,
    home: Home,
    port: u16,
    /// What each of them pays.
    total: i64,
}

impl Crowd {
    /// So many people sign in, and the shelves are filled.
    ///
    /// # Errors
    /// What the database says.
    pub fn comes(shop: &Shop, home: Home, port: u16, many: usize) -> Result<Self> {
        let (config, latch) = (shop.config()?, shop.latch(port)?);
        let db = Db::open(&config.database, 8)?;
        if home == Home::Postgres {
            // Rows with numbers that nothing else in a statement has, so that each is known again where it is written.
            let names = ["products", "users", "carts", "orders"].iter().zip(3..);
            let far = names.map(|(name, nth)| format!("SELECT setval(pg_get_serial_sequence('{name}', 'id'), {nth}000000);"));
            run(&db, &far.collect::<String>())?;
        }
        shop.people("buyer", many, 4, "epoch = 0")?;
        run(&db, &wares(home))?;
        let found = users::table.filter(users::email.like("buyer%")).order(users::id).select((users::id, users::public_id));
        let found: Vec<(UserKey, UserId)> = db.read_here(|conn| Ok(found.load(conn)?))?;
        let enter = |(key, id)| Ok((key, Shop::enter(&latch, Owner { key, id, role: Role::Shopper, epoch: 0 })?));
        let people = found.into_iter().map(enter).collect::<Result<Vec<_>>>()?;
        let first = products::table.filter(products::sku.like("bench-%")).select(diesel::dsl::min(products::id));
        let ware = db.read_here(|conn| Ok(first.first::<Option<i64>>(conn)?))?.context("wares")?;
        let mut crowd = Self { db, latch, people, ware, round: 0, home, port, total: 0 };
        crowd.fills_carts()?;
        let (now, terms, user) = (crowd.latch.clock.now(), config.shop.terms, crowd.people[0].0);
        crowd.total = crowd.db.read_here(|conn| cart::show(conn, now, &terms, user))?.sums.total.minor();
        Ok(crowd)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.people.len()
    }

    /// The row of the first of them.
    pub fn first(&self) -> UserKey {
        self.people[0].0
    }

    /// A new cart for each, and the table as a shop that has been open for a while has it.
    ///
    /// # Errors
    /// What the database says.
    pub fn fills_carts(&mut self) -> Result<()> {
        self.round += 1;
        let (first, wares, ware) = (self.first().0, WARES, self.ware);
        let last = first + i64::try_from(self.len())?;
        let name = padded(self.home, &format!("{} + id - {first}", self.round * 1_000_000));
        let line = |offset: usize| {
            format!(
                "SELECT id, {ware} + (user_id - {first} + {offset}) % {wares}, 1, 1000 FROM carts
                 WHERE status = 'open' AND user_id >= {first} AND user_id < {last}"
            )
        };
        let statements = format!(
            "DELETE FROM carts WHERE status = 'open' AND user_id >= {first} AND user_id < {last};
             INSERT INTO carts (public_id, user_id, status, version, created_at)
             SELECT 'C' || {name} || 'A', id, 'open', 1, '2026-11-01 00:00:00.000000' FROM users
             WHERE id >= {first} AND id < {last} ORDER BY id;
             INSERT INTO cart_items (cart_id, product_id, quantity, seen_price) {} UNION ALL {};
             {}",
            line(0),
            line(WARES / 2),
            if self.home == Home::Postgres { "ANALYZE carts; ANALYZE cart_items; ANALYZE orders" } else { "PRAGMA optimize" },
        );
        run(&self.db, &statements)
    }

    /// What the nth of them asks for.
    pub fn wish(&self, nth: usize) -> Result<Wish> {
        let text = |text: &str| text.to_owned();
        let address = Address {
            name: text("Ada Wren"),
            address1: text("High Street 1"),
            address2: String::new(),
            city: text("York"),
            postal_code: text("YO1 7HH"),
            country: "GB".parse().map_err(anyhow::Error::msg)?,
            phone: String::new(),
        };
        let expected_total = checkout::expected_total(&self.total.to_string()).map_err(anyhow::Error::msg)?;
        Ok(Wish { address, note: String::new(), cart_version: self.version(nth), expected_total, key: None })
    }

    fn version(&self, nth: usize) -> String {
        format!("C{:020}A.1", self.round * 1_000_000 + nth)
    }

    /// All of them order, so many at once, each having looked at the checkout before; orders a second.
    ///
    /// # Errors
    /// When an order is not made.
    pub fn orders(&mut self, browsers: usize) -> Result<f64> {
        self.fills_carts()?;
        let looks: Vec<String> = self.people.iter().map(|(_, pass)| self.request("GET", pass, "")).collect();
        self.send(&looks, browsers, 200)?;
        let (orders, before) = (self.order_requests(), self.made()?);
        let started = Instant::now();
        self.send(&orders, browsers, 303)?;
        self.rate(started, before)
    }

    /// What each of them sends to order.
    pub fn order_requests(&self) -> Vec<String> {
        let body = |nth: usize, pass: &Pass| {
            format!(
                "csrf={}&name=Ada+Wren&address1=High+Street+1&address2=&city=York&postal_code=YO1+7HH&country=GB&phone=&note=\
                 &cart_version={}&expected_total={}",
                pass.csrf,
                self.version(nth),
                self.total
            )
        };
        self.people.iter().enumerate().map(|(nth, (_, pass))| self.request("POST", pass, &body(nth, pass))).collect()
    }

    /// The same by the verb alone, on as many threads.
    ///
    /// # Errors
    /// When an order is not made.
    pub fn alone(&mut self, shop: &Shop, threads: usize) -> Result<f64> {
        self.fills_carts()?;
        let (config, before) = (Arc::new(shop.config()?), self.made()?);
        let wishes = (0..self.len()).map(|nth| Ok((self.people[nth].0, self.wish(nth)?))).collect::<Result<Vec<_>>>()?;
        let started = Instant::now();
        at_once(&wishes, threads, |wishes| {
            let house = House { shop: &config.shop, post: &self.latch.post };
            for (user, wish) in wishes {
                let (now, actor) = (self.latch.clock.now(), Actor { user: Some(*user), ..Actor::default() });
                match self.db.write_here(|conn| checkout::place(conn, now, &actor, house, *user, wish))? {
                    Outcome::Placed(_) => {}
                    other => bail!("not placed: {other:?}"),
                }
            }
            Ok(())
        })?;
        self.rate(started, before)
    }

    /// How many orders there are.
    ///
    /// # Errors
    /// What the database says.
    pub fn made(&self) -> Result<i64> {
        Ok(self.db.read_here(|conn| Ok(orders::table.count().get_result(conn)?))?)
    }

    fn rate(&self, started: Instant, before: i64) -> Result<f64> {
        let (took, made) = (started.elapsed(), self.made()? - before);
        anyhow::ensure!(made == i64::try_from(self.len())?, "{made} orders of {} were made", self.len());
        Ok(f64::from(u32::try_from(made)?) / took.as_secs_f64())
    }

    fn request(&self, method: &str, pass: &Pass, body: &str) -> String {
        let host = format!("localhost:{}", self.port);
        format!(
            "{method} /checkout HTTP/1.1\r\nHost: {host}\r\nCookie: __Host-at={}; __Host-hint=1\r\nOrigin: http://{host}\r\n\
             Sec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            pass.token,
            body.len()
        )
    }

    fn send(&self, requests: &[String], browsers: usize, status: u16) -> Result<()> {
        at_once(requests, browsers, |requests| {
            let mut client = Client::connect(self.port)?;
            for request in requests {
                let reply = client.ask(request)?;
                anyhow::ensure!(reply.status == status, "{} {:?}", reply.status, reply.headers);
            }
            Ok(())
        })
    }
}

/// Shares work out over threads.
fn at_once<T: Sync>(all: &[T], threads: usize, work: impl Fn(&[T]) -> Result<()> + Sync) -> Result<()> {
    thread::scope(|scope| {
        let started: Vec<_> = all.chunks(all.len().div_ceil(threads)).map(|part| scope.spawn(|| work(part))).collect();
        started.into_iter().try_for_each(|thread| thread.join().map_err(|_| anyhow::anyhow!("a browser panicked"))?)
    })
}

fn padded(home: Home, number: &str) -> String {
    match home {
        Home::Sqlite => format!("printf('%020d', {number})"),
        Home::Postgres => format!("lpad(({number})::text, 20, '0')"),
    }
}

fn wares(home: Home) -> String {
    format!(
        "INSERT INTO products (public_id, sku, slug, title, words, sort_title, description, category_id, price, stock, status, created_at)
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {WARES})
         SELECT 'B' || {} || 'A', 'bench-' || i, 'bench-' || i, 'Ware ' || i, 'ware ' || i, 'ware ' || i, 'A ware.', category_id, 1000,
         900000000, 'active', created_at FROM n JOIN products AS one ON one.id = (SELECT min(id) FROM products) ORDER BY i;",
        padded(home, "i")
    )
}
