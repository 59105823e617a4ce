//! A hundred thousand sessions end beside nine hundred thousand that live, on SQLite, while others write.
//!
//! Invariant: the walk and the node are two openings of the same file, as the command line and a running shop are.

use crate::{millis, node, show};
use anyhow::{Context as _, Result, ensure};
use diesel::connection::SimpleConnection as _;
use latchkey::audit::{self, Actor, Kind};
use latchkey::auth::latch::{Access, Latch};
use latchkey::auth::session::{self, Because, Door, Opening, Owner};
use latchkey::auth::sign_out;
use latchkey::auth::user::{self, NewUser, Role};
use latchkey::config::DatabaseUrl;
use latchkey::db::Db;
use latchkey::ids::{SessionId, SessionKey, UserId};
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

const LIVE: usize = 1_000_000;
const ENDED: usize = 100_000;

pub(crate) fn run() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("shop.db");
    let latch = node(&format!("sqlite:{}", path.display()), folder.path())?;
    println!("a mass sign-out of {ENDED} beside {LIVE} live sessions, on SQLite");
    fill(&latch)?;
    let token = sign_in(&latch)?;
    let before = checks(&latch, &token)?;

    let stop = Arc::new(AtomicBool::new(false));
    let others = std::thread::spawn({
        let (stop, path) = (Arc::clone(&stop), path.clone());
        move || write_meanwhile(&path, &stop)
    });
    let (longest, took) = walk(&path)?;
    let asked = Instant::now();
    while latch.feed.memory().size().0 < ENDED {
        ensure!(asked.elapsed() < Duration::from_secs(30), "the node never hears of all");
        sleep(Duration::from_millis(1));
    }
    let heard = asked.elapsed();
    stop.store(true, Ordering::Relaxed);
    let waited = others.join().ok().context("the others do not panic")??;
    let after = checks(&latch, &token)?;

    let (entries, bytes) = latch.feed.memory().size();
    show("longest write transaction", &millis(longest));
    show("all of them, with as long a rest after each", &millis(took));
    show("longest write of somebody else meanwhile", &millis(waited));
    show("from the last commit until the node knew all", &millis(heard));
    show("memory of the node", &format!("{bytes} bytes for {entries}: {} each", bytes / entries));
    let pair = |before: Duration, after: Duration| {
        let times = after.as_secs_f64() / before.as_secs_f64();
        format!("{} ns and {} ns: {times:.2} times", before.as_nanos(), after.as_nanos())
    };
    show("a look at the memory, empty and full", &pair(before.0, after.0));
    show("check of an access token, empty and full", &pair(before.1, after.1));
    Ok(())
}

/// Ten sessions each of a hundred thousand people.
fn fill(latch: &Latch) -> Result<()> {
    let people = LIVE / 10;
    for from in (0..people).step_by(10_000) {
        let numbers =
            format!("WITH RECURSIVE n (i) AS (SELECT {from} UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {from} + 10000)");
        let statements = format!(
            "INSERT INTO users (public_id, email, name, role, password_hash, epoch, created_at) {numbers}
             SELECT printf('U%020dA', i), 'p' || i || '@example.com', 'Person ' || i, 'shopper', '-', 0, '2026-01-01 00:00:00.000000' FROM n;
             INSERT INTO sessions (public_id, user_id, kind, remember, generation, user_agent, address, created_at, last_seen_at, expires_at)
             {numbers} SELECT printf('S%020dA', n.i * 10 + m.i), users.id, 'web', 1, 1, 'Firefox', '192.0.2.1',
             '2026-01-01 00:00:00.000000', '2026-01-01 00:00:00.000000', '2036-01-01 00:00:00.000000'
             FROM n JOIN users ON users.public_id = printf('U%020dA', n.i)
             JOIN (SELECT 0 AS i UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5
             UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9) AS m;"
        );
        latch.db.write_here(|conn| Ok(conn.batch_execute(&statements)?))?;
    }
    latch.db.write_here(|conn| Ok(conn.batch_execute("PRAGMA optimize")?))?;
    Ok(())
}

/// An access token of somebody who stays.
fn sign_in(latch: &Latch) -> Result<String> {
    let (now, id) = (latch.clock.now(), UserId::random());
    let email = "ada@example.com".parse().map_err(anyhow::Error::msg)?;
    let new = NewUser { id, email: &email, name: "Ada", role: Role::Shopper, password_hash: "-" };
    let user = latch.db.write_here(|conn| user::insert(conn, now, &new))?.context("a new person")?;
    let owner = Owner { key: user.key, id: user.id, role: user.role, epoch: user.epoch };
    let opening = Opening {
        door: Door::Web,
        remember: true,
        user_agent: String::new(),
        address: String::new(),
        browser: None,
        replaces: None,
    };
    let (tokens, _) = latch.db.write_here(|conn| session::start(conn, &latch.limits, now, owner, &opening))?;
    Ok(latch.grant(&tokens)?.token)
}

/// A look at the memory alone, and the whole check of a token.
fn checks(latch: &Latch, token: &str) -> Result<(Duration, Duration)> {
    const TIMES: u32 = 200_000;
    let ids: Vec<(SessionId, UserId)> = (0..1_000).map(|_| (SessionId::random(), UserId::random())).collect();
    let began = Instant::now();
    for (session, user) in ids.iter().cycle().take(TIMES as usize) {
        black_box(latch.feed.memory().covers(*session, *user, 1));
    }
    let look = began.elapsed() / TIMES;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        ensure!(matches!(latch.access(Door::Web, token).await?, Access::Granted(_)), "the token is good");
        let began = Instant::now();
        for _ in 0..TIMES {
            black_box(latch.access(Door::Web, black_box(token)).await?);
        }
        Ok((look, began.elapsed() / TIMES))
    })
}

/// The longest step, and all of them.
fn walk(path: &Path) -> Result<(Duration, Duration)> {
    let db = Db::open(&DatabaseUrl::Sqlite(path.to_owned()), 2)?;
    let now = latchkey::clock::Clock::default().now();
    let (began, mut longest) = (Instant::now(), Duration::ZERO);
    let (mut after, mut ended) = (SessionKey(0), 0);
    while ended < ENDED {
        let step = Instant::now();
        let walked = db.write_here(|conn| sign_out::end_some(conn, now, after, sign_out::MOST, Because::Locked))?;
        let took = step.elapsed();
        longest = longest.max(took);
        ended += walked.revoked.len();
        after = walked.last.context("there are more")?;
        sleep(took);
    }
    Ok((longest, began.elapsed()))
}

/// Small writes of another process, until it is told to stop; the longest.
fn write_meanwhile(path: &Path, stop: &AtomicBool) -> Result<Duration> {
    let db = Db::open(&DatabaseUrl::Sqlite(path.to_owned()), 2)?;
    let now = latchkey::clock::Clock::default().now();
    let mut longest = Duration::ZERO;
    while !stop.load(Ordering::Relaxed) {
        let began = Instant::now();
        db.write_here(|conn| audit::record(conn, now, Kind::Started, &Actor::default(), ""))?;
        longest = longest.max(began.elapsed());
        sleep(Duration::from_millis(5));
    }
    Ok(longest)
}
