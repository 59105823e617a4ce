//! Turning the second factor on and off, and new recovery codes.
//!
//! Invariant: with each change the epoch goes up and every other session ends, in one transaction with the change, its audit and its
//! letter; the changing browser gets a new session. Nothing is on before a code of the very app was right. It does not know passwords:
//! who may change anything has just proved who they are (`step_up`).

use super::{Code, Seed, forget_codes, has_app, is_on, recovery, row};
use crate::audit::{self, Actor, Kind};
use crate::auth::latch::{Inner, Latch, Person};
use crate::auth::letters;
use crate::auth::passkey;
use crate::auth::revocation::{self, Revocation};
use crate::auth::session::{self, Because, Owner, Tokens};
use crate::auth::sign_in::Wish;
use crate::auth::step_up;
use crate::auth::user::{self, Role, User};
use crate::clock::Moment;
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::mail::letter::FactorAct;

/// What came of it.
#[derive(Debug)]
pub enum Outcome {
    /// Done.
    Done(Box<Changed>),
    /// It stood so already: another tab was faster. Nothing was done.
    Already,
    /// It is the last second factor of who needs one.
    Needed,
    /// The code does not fit the key; by how many seconds the phone's clock is ahead, if that is why.
    Wrong(Option<i64>),
}

/// A second factor that was changed.
#[derive(Debug)]
pub struct Changed {
    /// The new session of this browser.
    pub tokens: Tokens,
    /// The recovery codes that were made, to be shown this once.
    pub codes: Vec<String>,
    /// Is there still a second factor? With the last one the recovery codes went.
    pub still_on: bool,
    revoked: Vec<Revocation>,
}

/// Turns it on, if the code is one of the app that was just set up.
///
/// # Errors
/// `SignedOut` when the person was locked or changed meanwhile; `Unavailable` from the database.
pub async fn enable(latch: &Latch, person: Person, code: Code, wish: Wish) -> Result<Outcome> {
    let Code::App(digits) = code else { return Ok(Outcome::Wrong(None)) };
    outcome(change(latch, person, move |conn, latch, now, user| {
        if has_app(conn, user.key)? {
            return Ok(Err(Outcome::Already));
        }
        let offers: Vec<Seed> = Seed::offers(&latch.secrets, user.id, user.epoch, now).collect();
        let right = offers.iter().find_map(|seed| Some((seed, seed.step_of(&digits, now)?)));
        let Some((seed, step)) = right else {
            return Ok(Err(Outcome::Wrong(offers.iter().find_map(|seed| seed.off_by(&digits, now)))));
        };
        // Codes that somebody wrote down beside a passkey stay as good as they were.
        let first = !is_on(conn, user.key)?;
        row::insert(conn, &latch.secrets, now, user.key, seed, step)?;
        let codes = if first { recovery::renew(conn, user.key)? } else { Vec::new() };
        settle(conn, latch, now, user, &wish, FactorAct::On, codes).map(Ok)
    }))
    .await
}

/// Turns it off; passkeys stay. `admins_need_one`: nobody runs the shop without a second factor.
///
/// # Errors
/// As `enable`.
pub async fn disable(latch: &Latch, person: Person, admins_need_one: bool, wish: Wish) -> Result<Outcome> {
    outcome(change(latch, person, move |conn, latch, now, user| {
        let last = !passkey::any(conn, user.key)?;
        if last && admins_need_one && user.role == Role::Admin {
            return Ok(Err(Outcome::Needed));
        }
        if !row::delete(conn, user.key)? {
            return Ok(Err(Outcome::Already));
        }
        if last {
            forget_codes(conn, user.key)?;
        }
        settle(conn, latch, now, user, &wish, FactorAct::Off, Vec::new()).map(Ok)
    }))
    .await
}

/// Makes new recovery codes; the earlier ones are worth nothing from then on.
///
/// # Errors
/// As `enable`.
pub async fn renew(latch: &Latch, person: Person, wish: Wish) -> Result<Outcome> {
    outcome(change(latch, person, move |conn, latch, now, user| {
        if !is_on(conn, user.key)? {
            return Ok(Err(Outcome::Already));
        }
        let codes = recovery::renew(conn, user.key)?;
        settle(conn, latch, now, user, &wish, FactorAct::Codes, codes).map(Ok)
    }))
    .await
}

async fn outcome(done: impl Future<Output = Result<Result<Changed, Outcome>>>) -> Result<Outcome> {
    Ok(done.await?.map_or_else(|refused| refused, |changed| Outcome::Done(Box::new(changed))))
}

/// Holds the person's row, so that of two changes one comes after the other. What it refuses is committed too.
///
/// # Errors
/// `SignedOut` when the person was locked or changed meanwhile, or this session ended or proved nothing lately; what `act` says.
pub(in crate::auth) async fn change<R: Send + 'static>(
    latch: &Latch,
    person: Person,
    act: impl FnOnce(&mut Conn, &Inner, Moment, &User) -> Result<Result<Changed, R>> + Send + 'static,
) -> Result<Result<Changed, R>> {
    let (inner, memory, now) = (latch.clone(), latch.clone(), latch.clock.now());
    let work = move |conn: &mut Conn| {
        let user = user::find(conn, person.key)?;
        // Asked again here: since the page asked, a new password may have ended this session, and what is added now would outlive it.
        if !user::hold(conn, user.key, user.epoch)? || !step_up::is_fresh(conn, person.session, now)? {
            return Err(Error::SignedOut);
        }
        act(conn, &inner, now, &user)
    };
    let told = move |done: &Result<Changed, R>| {
        if let Ok(changed) = done {
            memory.forget(&changed.revoked);
        }
    };
    latch.db.write_then(work, told).await
}

/// What every change brings with it.
///
/// # Errors
/// `SignedOut` when somebody was faster; what the database says.
pub(in crate::auth) fn settle(
    conn: &mut Conn,
    latch: &Inner,
    now: Moment,
    user: &User,
    wish: &Wish,
    act: FactorAct,
    codes: Vec<String>,
) -> Result<Changed> {
    let Some(epoch) = user::raise_epoch(conn, user.key, user.epoch)? else { return Err(Error::SignedOut) };
    let opening = wish.resolved(conn)?;
    let mut revoked = session::end_all(conn, now, user.key, opening.replaces, Because::Password)?;
    let raised = Revocation::Epoch(user.id, epoch);
    revocation::record(conn, now, &[raised])?;
    revoked.push(raised);
    let owner = Owner { key: user.key, id: user.id, role: user.role, epoch };
    let (tokens, ended) = session::start(conn, &latch.limits, now, owner, &opening)?;
    revoked.extend(ended);
    let actor = Actor { user: Some(user.key), session: Some(tokens.session), address: opening.address };
    audit::record(conn, now, Kind::SecondFactorChanged, &actor, act.word())?;
    let still_on = is_on(conn, user.key)?;
    letters::second_factor(conn, &latch.post, now, user.key, &actor.address, act, still_on)?;
    Ok(Changed { tokens, codes, still_on, revoked })
}
