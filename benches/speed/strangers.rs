//! What the clock tells strangers about who has an account: nothing that hundreds of pairs of requests can see.
//!
//! Invariant: the two requests of a pair go to the same server over the same connection, the first of them by lot, and each is for an
//! address that was not asked for before; the two sides are compared by rank (Mann and Whitney), so that an answer that was late for
//! reasons of its own counts for no more than any other. It does not know how the shop keeps silent.

use crate::client::Client;
use crate::server::Server;
use crate::shop::{Home, Shop, Size};
use crate::table::{median, millis, percent};
use anyhow::{Result, ensure};
use latchkey::ids::random_bytes;
use latchkey::web::csrf;
use std::time::{Duration, Instant};

/// The cost of a hash here, unless another is asked for. What differs besides the hash shows more clearly beside a cheap one.
pub const COST: u32 = 7;
/// Beyond this many standard deviations a difference is seen: by chance once in a hundred comparisons.
const SEEN: f64 = 2.58;

/// Who has the address that is asked for, in groups of addresses that look alike.
const GROUPS: [(&str, &str); 4] = [
    ("known", "email_verified_at = created_at"),
    ("fresh", "email_verified_at = NULL"),
    ("close", "locked_at = created_at"),
    ("older", "email_verified_at = created_at"),
];

/// A question that is compared with the same one for an address of nobody.
struct Question {
    name: &'static str,
    path: &'static str,
    /// The first letters of the address.
    who: &'static str,
    /// The fields beside it.
    fields: &'static str,
}

const SIGN_IN: &str = "&next=&password=not+what+it+is";
const REGISTER: &str = "&next=&name=Ada+Wren&password=seven+herons+over+the+mill";

const QUESTIONS: [Question; 8] = [
    Question { name: "sign-in, nobody again (the control)", path: "/login", who: "anew0", fields: SIGN_IN },
    Question { name: "sign-in, wrong password", path: "/login", who: "known", fields: SIGN_IN },
    Question { name: "sign-in, address not confirmed", path: "/login", who: "fresh", fields: SIGN_IN },
    Question { name: "sign-in, locked", path: "/login", who: "close", fields: SIGN_IN },
    Question { name: "sign-in, a hash of an earlier cost", path: "/login", who: "older", fields: SIGN_IN },
    Question { name: "forgotten password", path: "/forgot-password", who: "known", fields: "" },
    Question { name: "forgotten password, locked", path: "/forgot-password", who: "close", fields: "" },
    Question { name: "registration with confirmation", path: "/register", who: "known", fields: REGISTER },
];

/// Asks every question whose name has this in it, so many times.
///
/// # Errors
/// When an answer is not the one that everybody gets.
pub fn compare(home: Home, pairs: usize, cost: u32, only: &str) -> Result<()> {
    let shop = Shop::fill(home, Size::Small)?;
    for (group, state) in GROUPS {
        let cost = if group == "older" { cost - 2 } else { cost };
        shop.people(group, pairs, cost, state)?;
    }
    let mut settings = shop.settings(cost);
    settings.insert("LATCHKEY_REGISTRATION".to_owned(), "confirm".to_owned());
    settings.insert("LATCHKEY_LIMIT_RESET".to_owned(), "off".to_owned());
    let server = Server::start(env!("CARGO_BIN_EXE_latchkey"), &["serve"], &settings)?;
    let key = shop.latch(server.port)?.secrets.current().csrf.clone();
    println!(
        "\nwhat the clock tells strangers: {pairs} pairs each at cost {cost}, beside an address of nobody (z beyond {SEEN} would be seen)"
    );
    println!("  {:<42} {:>10} {:>10} {:>8} {:>12}", "", "somebody", "nobody", "z", "would see");
    for (at, question) in QUESTIONS.iter().enumerate().filter(|(_, question)| question.name.contains(only)) {
        let before = "AAAAAAAAAAAAAAAAAAAAAA";
        let mut stranger = Stranger {
            client: Client::connect(server.port)?,
            host: format!("localhost:{}", server.port),
            before,
            csrf: csrf::value(&key, before),
        };
        let (mut somebody, mut nobody) = (Vec::with_capacity(pairs), Vec::with_capacity(pairs));
        for pair in 0..pairs {
            let known = format!("{}{pair:06}@example.com", question.who);
            let unknown = format!("none{at}{pair:06}@example.com");
            if random_bytes::<1>()[0].is_multiple_of(2) {
                somebody.push(stranger.asks(question, &known)?);
                nobody.push(stranger.asks(question, &unknown)?);
            } else {
                nobody.push(stranger.asks(question, &unknown)?);
                somebody.push(stranger.asks(question, &known)?);
            }
        }
        let middle = |times: &[f64]| millis(Duration::from_secs_f64(median(times.iter().copied())));
        println!(
            "  {:<42} {:>10} {:>10} {:>8.2} {:>12}",
            question.name,
            middle(&somebody),
            middle(&nobody),
            deviations(&somebody, &nobody),
            percent(smallest_seen(&somebody, &nobody)),
        );
    }
    Ok(())
}

/// Somebody without a session.
struct Stranger {
    client: Client,
    host: String,
    before: &'static str,
    csrf: String,
}

impl Stranger {
    /// Seconds to the answer.
    fn asks(&mut self, question: &Question, email: &str) -> Result<f64> {
        let body = format!("csrf={}&email={}{}", self.csrf, email.replace('@', "%40"), question.fields);
        let request = format!(
            "POST {} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nCookie: __Host-pre={}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            question.path,
            self.before,
            body.len(),
            host = self.host,
        );
        let asked = Instant::now();
        let reply = self.client.ask(&request)?;
        let time = asked.elapsed().as_secs_f64();
        let expected = if question.path == "/login" { 401 } else { 303 };
        ensure!(reply.status == expected, "{} for {email} is answered with {}", question.path, reply.status);
        Ok(time)
    }
}

/// How far the ranks of the one side are from where chance would put them, in standard deviations; positive when it is slower.
fn deviations(one: &[f64], other: &[f64]) -> f64 {
    let mut all: Vec<(f64, bool)> = one.iter().map(|time| (*time, true)).chain(other.iter().map(|time| (*time, false))).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut ranks = 0.0;
    for (rank, (_, ours)) in all.iter().enumerate() {
        if *ours {
            ranks += count(rank + 1);
        }
    }
    let (n, m) = (count(one.len()), count(other.len()));
    let u = ranks - n * (n + 1.0) / 2.0;
    (u - n * m / 2.0) / (n * m * (n + m + 1.0) / 12.0).sqrt()
}

/// By which part one side would have to be slower than it is now to be seen.
fn smallest_seen(one: &[f64], other: &[f64]) -> f64 {
    let slower = |part: f64| one.iter().map(|time| time * (1.0 + part)).collect::<Vec<_>>();
    (0..2_000).map(|step| f64::from(step) / 2_000.0).find(|part| deviations(&slower(*part), other) > SEEN).unwrap_or(1.0)
}

fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::INFINITY, f64::from)
}
