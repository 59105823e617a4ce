//! One checkout as a script for pgbench.
//!
//! Invariant: the statements are those that the server heard in a real checkout's transaction, from BEGIN to COMMIT; only what is another
//! row or another name in every order is a variable, everything else stands as it was heard.

use super::crowd::{Crowd, WARES};
use crate::shop::Shop;
use anyhow::{Context as _, Result, bail, ensure};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use latchkey::audit::Actor;
use latchkey::db::Conn;
use latchkey::db::schema::{carts, orders, outbox, payments};
use latchkey::shop::checkout::{self, House, Outcome};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A script and where it runs.
pub struct Script {
    path: PathBuf,
    statements: usize,
    folder: String,
    database: String,
}

/// Values that are another in every order, and what stands for each.
struct Names(Vec<(String, String)>);

/// Hears the first of the crowd order.
///
/// # Errors
/// When the server does not tell what it heard.
pub fn record(shop: &Shop, crowd: &mut Crowd) -> Result<Script> {
    let (config, url) = (shop.config()?, shop.settings(4).remove("DATABASE_URL").context("a URL")?);
    let (folder, database) = url
        .split_once('@')
        .and_then(|(_, rest)| rest.split_once(':'))
        .map(|(host, rest)| (host.replace("%2F", "/"), rest))
        .context("a host")?;
    let database = database.split_once('/').context("a name")?.1.to_owned();
    crowd.fills_carts()?;
    let (user, wish) = (crowd.first(), crowd.wish(0)?);
    let mut conn = Conn::open(&config.database)?;
    let log = Path::new(&folder).join("log");
    let before = fs::metadata(&log)?.len();
    conn.batch_execute("SET log_statement = 'all'")?;
    let house = House { shop: &config.shop, post: &crowd.latch.post };
    let (now, actor) = (crowd.latch.clock.now(), Actor { user: Some(user), address: "127.0.0.1".to_owned(), ..Actor::default() });
    let placed = conn.write(|conn| checkout::place(conn, now, &actor, house, user, &wish))?;
    conn.batch_execute("SET log_statement = 'none'")?;
    let Outcome::Placed(number) = placed else { bail!("not placed: {placed:?}") };
    let heard = fs::read(&log)?.split_off(usize::try_from(before)?);
    let names = Names::of(&mut conn, crowd, number.as_str())?;
    let (mut script, mut statements) = (HEAD.replace("WARES", &WARES.to_string()), 0);
    for (text, parameters) in statements_in(&String::from_utf8(heard)?)? {
        let text = names.put_into(&text, &parameters)?;
        let end = match &text {
            text if text.starts_with("UPDATE \"carts\"") => " \\gset claim_",
            text if text.starts_with("INSERT INTO \"orders\"") => " \\gset order_",
            _ => ";",
        };
        writeln!(script, "{text}{end}")?;
        statements += 1;
    }
    ensure!(script.contains("claim_\n") && script.contains("order_\n") && script.contains("COMMIT"), "{script}");
    let path = shop.folder().join("checkout.sql");
    fs::write(&path, script)?;
    Ok(Script { path, statements, folder, database })
}

/// The nth of all orders of a run, and what follows from it.
const HEAD: &str = "\\set at :client_id * :share + :n\n\\set n :n + 1\n\\set user :first + :at\n\\set cart :round * 1000000 + :at\n\
    \\set one :ware + :at % WARES\n\\set two :ware + (:at + WARES / 2) % WARES\n";

impl Names {
    fn of(conn: &mut Conn, crowd: &Crowd, number: &str) -> Result<Self> {
        let order = orders::table.filter(orders::number.eq(number));
        let (order, cart): (i64, Option<i64>) = order.select((orders::id, orders::cart_id)).first(conn)?;
        let cart = cart.context("a cart")?;
        let cart_id: String = carts::table.find(cart).select(carts::public_id).first(conn)?;
        let payment: String = payments::table.filter(payments::order_id.eq(order)).select(payments::public_id).first(conn)?;
        let letter: String = outbox::table.order(outbox::id.desc()).select(outbox::message_id).first(conn)?;
        let named = |letter: &str| format!("('{letter}' || lpad(:cart::text, 20, '0') || 'A')");
        let half = i64::try_from(WARES / 2)?;
        Ok(Self(vec![
            (crowd.first().0.to_string(), ":user".to_owned()),
            (crowd.ware.to_string(), ":one".to_owned()),
            ((crowd.ware + half).to_string(), ":two".to_owned()),
            (cart.to_string(), ":claim_id".to_owned()),
            (order.to_string(), ":order_id".to_owned()),
            (cart_id, named("C")),
            (payment, named("P")),
            (letter, named("M")),
            (number.to_owned(), "('HG-' || lpad(:cart::text, 9, '0'))".to_owned()),
        ]))
    }

    /// How a value is written in the script.
    fn write(&self, value: Option<&str>) -> String {
        let Some(value) = value else { return "NULL".to_owned() };
        if let Some((_, name)) = self.0.iter().find(|(known, _)| known == value) {
            return name.clone();
        }
        if let Some(list) = value.strip_prefix('{').and_then(|value| value.strip_suffix('}')) {
            let all: Vec<String> = list.split(',').map(|value| self.write(Some(value))).collect();
            return format!("ARRAY[{}]::bigint[]", all.join(", "));
        }
        // pgbench takes every colon for the beginning of a name.
        format!("E'{}'", value.replace('\\', "\\\\").replace('\'', "''").replace(':', "\\x3a"))
    }

    fn put_into(&self, text: &str, parameters: &[Option<String>]) -> Result<String> {
        let mut parts = text.split('$');
        let mut filled = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let digits = part.bytes().take_while(u8::is_ascii_digit).count();
            let nth: usize = part[..digits].parse().with_context(|| format!("no parameter: {text}"))?;
            let value = parameters.get(nth - 1).with_context(|| format!("no parameter {nth}: {text}"))?;
            filled.push_str(&self.write(value.as_deref()));
            filled.push_str(&part[digits..]);
        }
        Ok(filled)
    }
}

/// What a server's log says that it was asked, with the parameters of each.
fn statements_in(log: &str) -> Result<Vec<(String, Vec<Option<String>>)>> {
    let mut found: Vec<(String, Vec<Option<String>>)> = Vec::new();
    for line in log.lines() {
        if let Some((_, text)) = line.split_once("LOG:  statement: ") {
            found.push((text.to_owned(), Vec::new()));
        } else if let Some((_, text)) = line.split_once("LOG:  execute ") {
            found.push((text.split_once(": ").context("a name")?.1.to_owned(), Vec::new()));
        } else if let Some((_, list)) = line.split_once("arameters: ")
            && let Some((_, parameters)) = found.last_mut()
        {
            *parameters = parameters_in(list);
        }
    }
    let from = found.iter().position(|(text, _)| text == "BEGIN").context("a transaction begins")?;
    let to = found.iter().rposition(|(text, _)| text == "COMMIT").context("it is committed")?;
    Ok(found.drain(from..=to).collect())
}

/// Reads `$1 = 'it''s', $2 = NULL`.
fn parameters_in(list: &str) -> Vec<Option<String>> {
    let (mut values, mut rest) = (Vec::new(), list);
    while let Some((_, after)) = rest.split_once(" = ") {
        let Some(quoted) = after.strip_prefix('\'') else {
            values.push(None);
            rest = after;
            continue;
        };
        let (mut value, mut letters) = (String::new(), quoted.char_indices().peekable());
        rest = "";
        while let Some((at, letter)) = letters.next() {
            if letter == '\'' && letters.next_if(|(_, next)| *next == '\'').is_none() {
                rest = &quoted[at + 1..];
                break;
            }
            value.push(letter);
        }
        values.push(Some(value));
    }
    values
}

impl Script {
    /// How many statements one checkout is.
    pub fn statements(&self) -> usize {
        self.statements
    }

    /// Runs it for every cart of the crowd, so many at once; orders a second.
    ///
    /// # Errors
    /// When pgbench is missing, or an order was not made.
    pub fn run(&self, crowd: &mut Crowd, clients: usize) -> Result<f64> {
        crowd.fills_carts()?;
        let (share, before) = (crowd.len() / clients, crowd.made()?);
        let mut pgbench = Command::new(pgbench()?);
        // Prepared once and sent with parameters, under the settings that the shop's own connections have.
        pgbench.args(["-n", "-M", "prepared", "-U", "latchkey", "-h", &self.folder, "-p", "5432"]);
        pgbench.env("PGOPTIONS", "-c random_page_cost=1.1 -c TimeZone=UTC -c lock_timeout=2s -c statement_timeout=10s");
        for (name, value) in [
            ("share", share.to_string()),
            ("n", "0".to_owned()),
            ("first", crowd.first().0.to_string()),
            ("round", crowd.round.to_string()),
            ("ware", crowd.ware.to_string()),
        ] {
            pgbench.args(["-D", &format!("{name}={value}")]);
        }
        let turns = [("-c", clients), ("-j", 1), ("-t", share)].map(|(name, number)| [name.to_owned(), number.to_string()]);
        let ended = pgbench.args(turns.concat()).arg("-f").arg(&self.path).arg(&self.database).output()?;
        let said = String::from_utf8_lossy(&ended.stdout);
        let made = crowd.made()? - before;
        ensure!(
            ended.status.success() && made == i64::try_from(share * clients)?,
            "{made} orders were made: {said} {}",
            String::from_utf8_lossy(&ended.stderr)
        );
        let rate = said.lines().find_map(|line| line.strip_prefix("tps = ")).and_then(|line| line.split(' ').next());
        Ok(rate.context("pgbench says no rate")?.parse()?)
    }
}

/// pgbench, which lies beside the other programs of the server.
fn pgbench() -> Result<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").map(|found| found.flatten().map(|entry| entry.path().join("bin/pgbench")));
    let found = versions.into_iter().flatten().filter(|path| path.is_file()).max();
    let on_path =
        || std::env::split_paths(&std::env::var_os("PATH")?).map(|path| path.join("pgbench")).find(|path| path.is_file());
    found.or_else(on_path).context("pgbench is not installed; on Debian it comes with the server: apt-get install postgresql")
}
