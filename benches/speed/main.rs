//! What speed we promise, as ratios that were measured side by side in one run: `cargo bench`.
//!
//! Invariant: every figure that is compared comes from rounds in turn (A, B, A, B), on the same machine, by the same load; nothing
//! here passes or fails by a time. Wants `wrk`; all load stays on loopback and ends by itself.
//! `cargo bench -- --seconds 4 --rounds 7` measures longer, `cargo bench -- sessions` only what a refresh costs, `-- catalogue`
//! only the list of products and the search, with a thousand and a million (`--products N`) of them, `-- sign-ins` only sign-ins beside
//! bcrypt alone, `-- strangers` only what the clock tells strangers (`--pairs N`, `--cost N`, `--only WORDS`), `-- checkout` only orders, with pgbench beside them,
//! `-- import` only imports while people order; `--postgres` on a private server instead of SQLite.

mod answer;
mod catalogue;
mod checkout;
mod client;
mod import;
mod load;
mod micro;
#[path = "../../tests/it/support/postgres.rs"]
#[allow(dead_code)] // the tests use the rest
mod postgres;
mod reference;
mod rotation;
mod server;
mod sessions;
mod shop;
mod sign_ins;
mod strangers;
mod table;

use answer::Answer;
use anyhow::{Context as _, Result};
use latchkey::web::csrf;
use load::{Aim, Force, Run};
use server::Server;
use shop::{Home, Pass, Shop, Size};
use std::path::Path;
use std::time::Duration;
use table::{millis, percent, show};

/// As many as keep two cores busy.
const BUSY: u32 = 32;
/// A shop in the evening: the percentile of a page is asked for at this many.
const EVENING: u32 = 8;
/// As many sign-ins as wait their turn without being turned away.
const SIGN_INS: u32 = 6;

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.first().is_some_and(|word| word == "reference") {
        return reference::serve(&words[1..]);
    }
    let number = |name: &str| words.iter().position(|word| word == name).and_then(|at| words.get(at + 1)?.parse().ok());
    let bench = Bench {
        folder: tempfile::tempdir()?,
        seconds: number("--seconds").unwrap_or(2),
        rounds: number("--rounds").unwrap_or(5),
        home: if words.iter().any(|word| word == "--postgres") { Home::Postgres } else { Home::Sqlite },
    };
    if words.iter().any(|word| word == "sessions") {
        return bench.sessions(&Open::new(Shop::fill(bench.home, Size::Small)?, 4)?);
    }
    if words.iter().any(|word| word == "catalogue") {
        let many = number("--products").and_then(|many| usize::try_from(many).ok()).unwrap_or(1_000_000);
        return catalogue::compare(bench.home, many, bench.rounds);
    }
    if words.iter().any(|word| word == "import") {
        return import::compare(bench.home);
    }
    if words.iter().any(|word| word == "checkout") {
        return checkout::compare(bench.home, bench.seconds, bench.rounds);
    }
    if words.iter().any(|word| word == "strangers") {
        let pairs = number("--pairs").and_then(|pairs| usize::try_from(pairs).ok()).unwrap_or(500);
        let cost = number("--cost").and_then(|cost| u32::try_from(cost).ok()).unwrap_or(strangers::COST);
        let only = words.iter().position(|word| word == "--only").and_then(|at| words.get(at + 1)).map_or("", String::as_str);
        return strangers::compare(bench.home, pairs, cost, only);
    }
    load::check()?;
    if words.iter().any(|word| word == "sign-ins") {
        return sign_ins::compare(bench.home, bench.seconds, bench.rounds);
    }
    bench.run()
}

/// How long and where.
struct Bench {
    folder: tempfile::TempDir,
    seconds: u64,
    rounds: u64,
    home: Home,
}

/// A shop that is open.
struct Open {
    server: Server,
    pass: Pass,
    shop: Shop,
}

impl Open {
    fn new(shop: Shop, bcrypt_cost: u32) -> Result<Self> {
        let server = Server::start(env!("CARGO_BIN_EXE_latchkey"), &["serve"], &shop.settings(bcrypt_cost))?;
        let pass = shop.sign_in(&shop.latch(server.port)?)?;
        Ok(Self { server, pass, shop })
    }

    fn host(&self) -> String {
        format!("localhost:{}", self.server.port)
    }

    fn page(&self, path: &str) -> Aim {
        let cookie = format!("theme=dark; __Host-at={}; __Host-hint=1", self.pass.token);
        let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0";
        let accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        let headers = [("Cookie", cookie.as_str()), ("User-Agent", agent), ("Accept", accept), ("Sec-Fetch-Site", "same-origin")];
        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Aim { path: path.to_owned(), host: self.host(), headers, bodies: Vec::new() }
    }

    fn form(&self, path: &str, bodies: Vec<String>) -> Aim {
        let mut aim = self.page(path);
        aim.headers.push(("Content-Type".to_owned(), "application/x-www-form-urlencoded".to_owned()));
        aim.headers.push(("Origin".to_owned(), format!("http://{}", self.host())));
        Aim { bodies, ..aim }
    }

    /// Sets a quantity to one and to two in turn, so that each request writes.
    fn set(&self) -> Aim {
        let bodies = [1, 2].map(|quantity| format!("csrf={}&quantity={quantity}", self.pass.csrf));
        self.form(&format!("/cart/items/{}", self.shop.products[0]), bodies.into())
    }

    /// A sign-in that costs a hash and does not succeed.
    fn sign_in(&self) -> Result<Aim> {
        let latch = self.shop.latch(self.server.port)?;
        let before = "AAAAAAAAAAAAAAAAAAAAAA";
        let csrf = csrf::value(&latch.secrets.current().csrf, before);
        let body = format!("csrf={csrf}&next=&email=nobody%40example.com&password=a+wrong+password");
        let mut aim = self.form("/login", vec![body]);
        aim.headers[0].1 = format!("__Host-pre={before}");
        Ok(aim)
    }
}

impl Bench {
    fn run(&self) -> Result<()> {
        println!("filling a small and a large shop ...");
        let small = Open::new(Shop::fill(self.home, Size::Small)?, 4)?;
        let large = Open::new(Shop::fill(self.home, Size::Large)?, 4)?;
        let references = self.references(&small)?;
        self.alone(&small)?;
        for (name, aim, path) in [
            ("dashboard", small.page("/dashboard"), "/dashboard"),
            ("products", small.page("/products"), "/products"),
            ("set", small.set(), ""),
        ] {
            let bytes = Answer::read(self.folder.path(), name)?.length();
            let beside = |kind: &str| Aim {
                path: format!("/{kind}/{name}"),
                headers: aim.headers.clone(),
                bodies: aim.bodies.clone(),
                ..small.page("")
            };
            let (bare, statements) = (beside("bare"), beside("statements"));
            let other = large.page(path);
            let mut sides = vec![(&small.server, &aim), (&references, &bare), (&references, &statements)];
            if !path.is_empty() {
                sides.push((&large.server, &other));
            }
            let runs = self.in_turn(&sides, BUSY)?;
            println!("\n{name}: {bytes} bytes");
            let named = ["the shop", "(a) the same bytes, bare", "(b) the same statements, nothing drawn", "the large shop"];
            table::compare(&named, &runs);
        }
        self.under_sign_ins(&small)?;
        self.sessions(&small)?;
        println!();
        show("resident after load, small shop", &format!("{:.1} MiB", small.server.resident()?));
        show("resident after load, large shop", &format!("{:.1} MiB", large.server.resident()?));
        Self::starting(small.shop, "small")?;
        drop(large.server);
        Self::starting(large.shop, "large")
    }

    /// The bare answers are taken from the shop itself.
    fn references(&self, shop: &Open) -> Result<Server> {
        let aims = [("dashboard", shop.page("/dashboard")), ("products", shop.page("/products")), ("set", shop.set())];
        for (name, aim) in &aims {
            Answer::keep(shop.server.port, aim, self.folder.path(), name)?;
        }
        let ourselves = std::env::current_exe()?;
        let folder = self.folder.path().display().to_string();
        let (shopper, product) = (shop.shop.shopper().key.0.to_string(), shop.shop.products[0].to_string());
        let arguments = ["reference", &shopper, &product, &folder];
        Server::start(ourselves.to_str().context("a path in UTF-8")?, &arguments, &shop.shop.settings(4))
    }

    fn alone(&self, shop: &Open) -> Result<()> {
        let run = load::run(&shop.server, &shop.page("/dashboard"), self.force(BUSY), self.folder())?;
        let token = micro::token(&shop.shop.latch(shop.server.port)?, &shop.pass)?;
        let page = micro::page(&shop.shop)?;
        println!("\nalone, beside the {} of processor time of a dashboard request", millis(run.work));
        show(
            "check of an access token",
            &format!("{} = {}", millis(token), percent(token.as_secs_f64() / run.work.as_secs_f64())),
        );
        show("drawing of the dashboard", &format!("{} = {}", millis(page), percent(page.as_secs_f64() / run.work.as_secs_f64())));
        Ok(())
    }

    /// The product list while sign-ins keep bcrypt busy, at the cost that people have.
    fn under_sign_ins(&self, small: &Open) -> Result<()> {
        let open = Open::new(Shop::fill(self.home, Size::Small)?, 12)?;
        let (list, sign_in) = (open.page("/products"), open.sign_in()?);
        let (mut quiet, mut busy) = (Vec::new(), Vec::new());
        for _ in 0..self.rounds {
            quiet.push(load::run(&open.server, &list, self.force(EVENING), self.folder())?);
            let sign_ins = Force { connections: SIGN_INS, seconds: self.seconds + 2 };
            let beside = load::start(&open.server, &sign_in, sign_ins, small.shop.folder())?;
            std::thread::sleep(Duration::from_millis(700));
            busy.push(load::run(&open.server, &list, self.force(EVENING), self.folder())?);
            beside.wait_with_output()?;
        }
        println!("\nproduct list at {EVENING} connections, quiet and while sign-ins saturate bcrypt (cost 12)");
        table::percentiles(&quiet, &busy);
        Ok(())
    }

    /// What a refresh costs, in a request and alone.
    fn sessions(&self, open: &Open) -> Result<()> {
        let latch = open.shop.latch(open.server.port)?;
        sessions::compare(&open.server, &open.shop, &latch, self.seconds, self.rounds)?;
        rotation::compare(&Shop::fill(self.home, Size::Small)?, self.seconds, self.rounds)
    }

    fn starting(shop: Shop, name: &str) -> Result<()> {
        let mut times = Vec::new();
        for _ in 0..5 {
            times.push(Server::start(env!("CARGO_BIN_EXE_latchkey"), &["serve"], &shop.settings(4))?.starting);
        }
        times.sort_unstable();
        show(&format!("start to listening, {name} shop"), &millis(times[times.len() / 2]));
        Ok(())
    }

    /// One run of each after the other, as many times as there are rounds.
    fn in_turn(&self, sides: &[(&Server, &Aim)], connections: u32) -> Result<Vec<Vec<Run>>> {
        let mut runs = vec![Vec::new(); sides.len()];
        for _ in 0..self.rounds {
            for ((server, aim), runs) in sides.iter().zip(&mut runs) {
                runs.push(load::run(server, aim, self.force(connections), self.folder())?);
            }
        }
        Ok(runs)
    }

    fn force(&self, connections: u32) -> Force {
        Force { connections, seconds: self.seconds }
    }

    fn folder(&self) -> &Path {
        self.folder.path()
    }
}
