//! The list of products and the search, in a small and a large catalogue: the page that a visitor gets, and the verb alone.
//!
//! Invariant: both catalogues hold the same wares over and over, so that a word which is in a tenth of the one is in a tenth of the
//! other; each question is asked of both in turn, and a ratio is the median of the rounds' own. It does not know who asks.

use crate::client::Client;
use crate::postgres::Database;
use crate::server::Server;
use crate::shop::{Home, read, run, settings};
use crate::table::{median, millis, percent};
use anyhow::{Result, ensure};
use diesel::connection::SimpleConnection as _;
use latchkey::clock::Clock;
use latchkey::db::{self, Conn, Db};
use latchkey::ids::{base64url, random_bytes};
use latchkey::shop::catalogue::{self, Query, Sort};
use latchkey::shop::demo;
use latchkey::shop::paging::PageNumber;
use latchkey::shop::search::{Search, Vocabulary};
use latchkey::shop::upkeep;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const SMALL: usize = 1_000;
/// Rows in one transaction.
const BATCH: usize = 1_000;
/// How often a question is asked in a round.
const ASKED: u32 = 20;

/// What is asked: a name, what is searched, the order, and the page.
type Question = (&'static str, &'static str, Option<Sort>, &'static str);

const QUESTIONS: [Question; 19] = [
    ("list", "", None, "1"),
    ("list, page 40", "", Some(Sort::Newest), "40"),
    ("one match", "number0000777", None, "1"),
    ("one match, dearest first", "number0000777", Some(Sort::PriceDown), "1"),
    ("a word of all", "everywhere", None, "1"),
    ("a word of all, page 40", "everywhere", None, "40"),
    ("a word of all, cheapest first", "everywhere", Some(Sort::Price), "1"),
    ("a word of all, page 40, cheapest first", "everywhere", Some(Sort::Price), "40"),
    ("a word of every tenth", "tenth", None, "1"),
    ("a word of every tenth, cheapest first", "tenth", Some(Sort::Price), "1"),
    ("a word of every fortieth", "fortieth", None, "1"),
    ("two words of all", "everywhere hand", None, "1"),
    ("two words, of all and of every tenth", "everywhere tenth", None, "1"),
    ("two words, of all and of one", "everywhere number0000777", None, "1"),
    ("two words, of every tenth and fortieth", "tenth fortieth", None, "1"),
    ("two words that many titles have", "ember vase", None, "1"),
    ("beginnings of two words", "em va", None, "1"),
    ("a beginning of one letter", "e", None, "1"),
    ("nothing", "nowhere", None, "1"),
];

/// A shop with a catalogue.
struct Filled {
    server: Server,
    db: Db,
    vocabulary: Vocabulary,
    _folder: TempDir,
    _database: Option<Database>,
}

/// Fills both and compares them.
///
/// # Errors
/// What the database says.
pub fn compare(home: Home, many: usize, rounds: u64) -> Result<()> {
    println!("filling catalogues of {SMALL} and of {many} products ...");
    let start = Instant::now();
    let sides = [fill(home, SMALL)?, fill(home, many)?];
    println!("filled in {:.0} s", start.elapsed().as_secs_f64());
    println!("  {:<42} {:>34}   {:>34}", "", "the page", "the verb alone");
    println!("  {:<42} {:>10} {:>10} {:>12}   {1:>10} {2:>10} {3:>12}", "", "small", "large", "large/small");
    let mut of_all = [0.0; 4];
    for question in QUESTIONS {
        let mut times: [[Vec<f64>; 2]; 2] = Default::default();
        for _ in 0..rounds {
            for (side, [page, verb]) in sides.iter().zip(&mut times) {
                page.push(side.page(question)?.as_secs_f64());
                verb.push(side.verb(question)?.as_secs_f64());
            }
        }
        let [[small_page, small_verb], [large_page, large_verb]] = times;
        for (sum, times) in of_all.iter_mut().zip([&small_page, &large_page, &small_verb, &large_verb]) {
            *sum += median(times.iter().copied());
        }
        println!("  {:<42} {}   {}", question.0, compared(small_page, large_page), compared(small_verb, large_verb));
    }
    let [small_page, large_page, small_verb, large_verb] = of_all.map(|sum| vec![sum]);
    println!("  {:<42} {}   {}", "all of these", compared(small_page, large_page), compared(small_verb, large_verb));
    Ok(())
}

/// Both times, and the ratio.
fn compared(small: Vec<f64>, large: Vec<f64>) -> String {
    let ratio = median(small.iter().zip(&large).map(|(small, large)| large / small));
    let [small, large] = [small, large].map(|times| millis(Duration::from_secs_f64(median(times.into_iter()))));
    format!("{small:>10} {large:>10} {:>12}", percent(ratio))
}

impl Filled {
    /// How long a visitor waits for the page.
    fn page(&self, (_, q, sort, page): Question) -> Result<Duration> {
        let sort = sort.map(|sort| format!("&sort={}", sort.word())).unwrap_or_default();
        let (q, port) = (q.replace(' ', "+"), self.server.port);
        let request = format!("GET /products?q={q}{sort}&page={page} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n");
        let mut client = Client::connect(port)?;
        let start = Instant::now();
        for _ in 0..ASKED {
            let reply = client.ask(&request)?;
            ensure!(reply.status == 200, "{q}: {}", reply.status);
        }
        Ok(start.elapsed() / ASKED)
    }

    /// How long its statements take.
    fn verb(&self, (_, q, sort, page): Question) -> Result<Duration> {
        let query = Query {
            q: Search::read(q),
            sort,
            page: PageNumber::read(Some(page)),
            vocabulary: self.vocabulary.clone(),
            ..Query::default()
        };
        let start = Instant::now();
        for _ in 0..ASKED {
            self.db.read_here(|conn| catalogue::page(conn, &query))?;
        }
        Ok(start.elapsed() / ASKED)
    }
}

fn fill(home: Home, many: usize) -> Result<Filled> {
    let folder = tempfile::tempdir()?;
    let database = (home == Home::Postgres).then(Database::migrated);
    let settings = settings(&folder, database.as_ref(), &base64url(random_bytes::<32>()), 4);
    let config = read(&settings)?;
    db::migrate(&config.database)?;
    let (db, clock) = (Db::open(&config.database, 2)?, Clock::default());
    demo::products(&db, clock.now(), &config.shop.currency, &mut |_, _| {})?;
    for from in (40..many).step_by(BATCH) {
        run(&db, &wares(home, from, (from + BATCH).min(many)))?;
    }
    // What a shop does that has been open for a while.
    match home {
        Home::Sqlite => run(&db, "PRAGMA optimize")?,
        Home::Postgres => {
            let mut conn = Conn::open(&config.database)?;
            conn.batch_execute("SET statement_timeout = 0")?;
            conn.batch_execute("VACUUM ANALYZE")?;
        }
    }
    while upkeep::sweep(&db, clock.now())?.scattered {}
    let server = Server::start(env!("CARGO_BIN_EXE_latchkey"), &["serve"], &settings)?;
    Ok(Filled { server, vocabulary: Vocabulary::open(&db)?, db, _folder: folder, _database: database })
}

fn wares(home: Home, from: usize, to: usize) -> String {
    let (long, number) = match home {
        Home::Sqlite => ("printf('%020d', i)", "printf('%07d', i)"),
        Home::Postgres => ("lpad(i::text, 20, '0')", "lpad(i::text, 7, '0')"),
    };
    format!(
        "WITH RECURSIVE n (i) AS (SELECT {from} UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {to})
         INSERT INTO products (public_id, sku, slug, title, words, sort_title, description, category_id, price, stock, status, picture,
         created_at)
         SELECT 'P' || {long} || 'A', sku || i, slug || '-' || i, title || ' ' || i, words || ' everywhere by hand number' || {number}
         || CASE WHEN i / 40 % 10 = 0 THEN ' tenth' ELSE '' END || CASE WHEN (i / 40 + i) % 40 = 0 THEN ' fortieth' ELSE '' END, sort_title || ' ' || i,
         description, category_id, price + i % 1000, stock + 3, status, picture, created_at
         FROM n JOIN products AS ware ON ware.id = 1 + n.i % 40"
    )
}
