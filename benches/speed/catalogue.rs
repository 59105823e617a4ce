//! The list of products and the search, in a small and a large catalogue, through the verbs alone.
//!
//! Invariant: both catalogues hold the same wares over and over, so that a word which is in a tenth of the one is in a tenth of the
//! other; each question is asked of both in turn, and a ratio is the median of the rounds' own. It does not know HTTP.

use crate::postgres::Database;
use crate::shop::{Home, read, run, settings};
use crate::table::{median, millis, percent};
use anyhow::Result;
use latchkey::clock::Clock;
use latchkey::db::{self, Db};
use latchkey::ids::{base64url, random_bytes};
use latchkey::shop::catalogue::{self, Query, Sort};
use latchkey::shop::demo;
use latchkey::shop::paging::PageNumber;
use latchkey::shop::search::Search;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const SMALL: usize = 1_000;
/// Rows in one transaction.
const BATCH: usize = 5_000;
/// How often a question is asked in a round.
const ASKED: u32 = 20;

/// What is asked: a name, what is searched, the order, and the page.
type Question = (&'static str, &'static str, Option<Sort>, &'static str);

const QUESTIONS: [Question; 15] = [
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
    ("a beginning of one letter", "e", None, "1"),
    ("nothing", "nowhere", None, "1"),
];

/// A catalogue that is filled.
struct Filled {
    db: Db,
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
    println!("  {:<42} {:>12} {:>12} {:>12}", "", "small", "large", "large/small");
    for (name, q, sort, page) in QUESTIONS {
        let query = Query { q: Search::read(q), sort, page: PageNumber::read(Some(page)), ..Query::default() };
        let mut times = [Vec::new(), Vec::new()];
        for _ in 0..rounds {
            for (side, times) in sides.iter().zip(&mut times) {
                times.push(ask(&side.db, &query)?.as_secs_f64());
            }
        }
        let ratio = median(times[0].iter().zip(&times[1]).map(|(small, large)| large / small));
        let [small, large] = times.map(|times| millis(Duration::from_secs_f64(median(times.into_iter()))));
        println!("  {name:<42} {small:>12} {large:>12} {:>12}", percent(ratio));
    }
    Ok(())
}

/// How long one answer takes.
fn ask(db: &Db, query: &Query) -> Result<Duration> {
    let start = Instant::now();
    for _ in 0..ASKED {
        db.read_here(|conn| catalogue::page(conn, query))?;
    }
    Ok(start.elapsed() / ASKED)
}

fn fill(home: Home, many: usize) -> Result<Filled> {
    let folder = tempfile::tempdir()?;
    let database = (home == Home::Postgres).then(Database::migrated);
    let config = read(&settings(&folder, database.as_ref(), &base64url(random_bytes::<32>()), 4))?;
    db::migrate(&config.database)?;
    let db = Db::open(&config.database, 2)?;
    demo::products(&db, Clock::default().now(), &config.shop.currency, &mut |_, _| {})?;
    for from in (40..many).step_by(BATCH) {
        run(&db, &wares(home, from, (from + BATCH).min(many)))?;
    }
    run(&db, if home == Home::Postgres { "ANALYZE" } else { "PRAGMA optimize" })?;
    Ok(Filled { db, _folder: folder, _database: database })
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
         || CASE WHEN i / 40 % 10 = 0 THEN ' tenth' ELSE '' END || CASE WHEN i / 40 % 40 = 0 THEN ' fortieth' ELSE '' END, sort_title || ' ' || i,
         description, category_id, price + i % 1000, stock + 3, status, picture, created_at
         FROM n JOIN products AS ware ON ware.id = 1 + n.i % 40"
    )
}
