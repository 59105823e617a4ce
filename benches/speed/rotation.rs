//! Rotations a second, beside what the database does for the same statements in the same transaction through Diesel alone.
//!
//! Invariant: both sides write to the same file with as many chains at once, in turns; the reference makes no token, checks nothing
//! and knows no rule.

use crate::shop::Shop;
use crate::table::{median, percent, show};
use anyhow::{Result, bail};
use diesel::prelude::*;
use futures_util::future::try_join_all;
use latchkey::auth::latch::Latch;
use latchkey::auth::refresh_token::RefreshToken;
use latchkey::auth::rotation::Exchange;
use latchkey::auth::session::Door;
use latchkey::clock::Moment;
use latchkey::db::schema::{refresh_tokens, sessions, users};
use latchkey::db::update;
use latchkey::ids::{SessionId, UserId, base64url, random_bytes};
use latchkey::on_either;
use std::thread;
use std::time::{Duration, Instant};

/// Compares, with one chain and with several at once.
///
/// # Errors
/// What the database says.
pub fn compare(shop: &Shop, seconds: u64, rounds: u64) -> Result<()> {
    println!("\nrotations a second, of the same statements in the same transaction through Diesel alone");
    let latch = shop.latch(1)?;
    for chains in [1, 8] {
        let (mut ours, mut parts) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            let alone = statements(shop, &latch, chains, seconds)?;
            let rate = rotations(shop, &latch, chains, seconds)?;
            ours.push(rate);
            parts.push(rate / alone);
        }
        let (rate, part) = (median(ours.into_iter()), median(parts.into_iter()));
        show(&format!("{chains} at once"), &format!("{rate:.0} = {}", percent(part)));
    }
    Ok(())
}

fn rate(counts: impl Iterator<Item = u32>, since: Instant) -> f64 {
    f64::from(counts.sum::<u32>()) / since.elapsed().as_secs_f64()
}

fn rotations(shop: &Shop, latch: &Latch, chains: usize, seconds: u64) -> Result<f64> {
    let tokens = (0..chains).map(|_| shop.sign_in(latch)).collect::<Result<Vec<_>>>()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let started = Instant::now();
    let end = started + Duration::from_secs(seconds);
    let counts = runtime.block_on(try_join_all(tokens.iter().map(|pass| async {
        let mut token = RefreshToken::parse(&pass.refresh).ok_or_else(|| anyhow::anyhow!("a token"))?;
        let mut count = 0;
        while Instant::now() < end {
            token = match latch.refresh(Door::Web, token, String::new(), true, None).await? {
                Exchange::Renewed(tokens) => tokens.refresh,
                other => bail!("not renewed: {other:?}"),
            };
            count += 1;
        }
        Ok(count)
    })))?;
    Ok(rate(counts.into_iter(), started))
}

fn statements(shop: &Shop, latch: &Latch, chains: usize, seconds: u64) -> Result<f64> {
    for _ in 0..chains {
        shop.sign_in(latch)?;
    }
    let newest = sessions::table.order(sessions::id.desc()).limit(i64::try_from(chains)?).select(sessions::id);
    let keys: Vec<i64> = latch.db.read_here(|conn| Ok(newest.load(conn)?))?;
    let started = Instant::now();
    let end = started + Duration::from_secs(seconds);
    let running: Vec<_> = keys
        .into_iter()
        .map(|key| {
            let latch = latch.clone();
            thread::spawn(move || -> Result<u32> {
                let mut count = 0;
                let mut hash = latch.db.read_here(|conn| {
                    let first = refresh_tokens::table.filter(refresh_tokens::session_id.eq(key)).select(refresh_tokens::hash);
                    Ok(first.first::<String>(conn)?)
                })?;
                while Instant::now() < end {
                    let next = base64url(random_bytes::<32>());
                    turn(&latch, key, &hash, &next, latch.clock.now())?;
                    hash = next;
                    count += 1;
                }
                Ok(count)
            })
        })
        .collect();
    let mut counts = Vec::new();
    for chain in running {
        counts.push(chain.join().map_err(|_| anyhow::anyhow!("a chain panicked"))??);
    }
    Ok(rate(counts.into_iter(), started))
}

/// The columns that rule 1 reads, of the token, its session and its person.
type Standing = (SessionId, i64, String, bool, i64, Moment, String, Moment, Moment, Option<String>, Option<i64>);
type Person = (UserId, String, i64, Option<Moment>);
type Token = (i64, i64, Option<Moment>);

/// The statements of rule 1, in their order: a look without a lock, then a transaction.
fn turn(latch: &Latch, key: i64, hash: &str, next: &str, now: Moment) -> latchkey::error::Result<()> {
    let standing = (
        sessions::public_id,
        sessions::user_id,
        sessions::kind,
        sessions::remember,
        sessions::generation,
        sessions::created_at,
        sessions::user_agent,
        sessions::last_seen_at,
        sessions::expires_at,
        sessions::ended_because,
        sessions::replaces,
    );
    let person = (users::public_id, users::role, users::epoch, users::locked_at);
    let token = (refresh_tokens::id, refresh_tokens::generation, refresh_tokens::seen_at);
    let shown = refresh_tokens::table
        .inner_join(sessions::table.inner_join(users::table))
        .filter(refresh_tokens::hash.eq(hash))
        .select((standing, person, token));
    let (_, _, (_, generation, _)): (Standing, Person, Token) =
        latch.db.read_here(|conn| Ok(on_either!(conn, conn => shown.first(conn))?))?;
    latch.db.write_here(|conn| {
        let newest = sessions::id.eq(key).and(sessions::generation.eq(generation));
        let alive = newest.and(sessions::ended_at.is_null()).and(sessions::expires_at.gt(now));
        let next_one = (sessions::generation.eq(generation + 1), sessions::last_seen_at.eq(now));
        let turned = update(sessions::table, alive, next_one);
        on_either!(conn, conn => turned.execute(conn))?;
        let successor = diesel::insert_into(refresh_tokens::table).values((
            refresh_tokens::session_id.eq(key),
            refresh_tokens::generation.eq(generation + 1),
            refresh_tokens::hash.eq(next),
            refresh_tokens::derived_with.eq("reference"),
            refresh_tokens::created_at.eq(now),
        ));
        on_either!(conn, conn => successor.execute(conn))?;
        Ok(())
    })
}
