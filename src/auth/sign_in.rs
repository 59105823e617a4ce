//! Signing in with a password, and a code where there is a second factor.
//!
//! Invariant: every failure costs the same hash and the same statements and has one answer, so that strangers learn nothing of who
//! has an account; the session is made only if the person still stands as they did before the hash.

use crate::audit::{self, Actor, Kind};
use crate::auth::email::Email;
use crate::auth::half_sign_in::{self, Ticket};
use crate::auth::known_device;
use crate::auth::latch::{Inner, Latch};
use crate::auth::letters;
use crate::auth::password::{self, Password};
use crate::auth::revocation::Revocation;
use crate::auth::second_factor::{self, Given, Verdict};
use crate::auth::session::{self, Opening, Owner, Tokens};
use crate::auth::throttle::{self, Checked, Counter, Failure};
use crate::auth::user::{self, User};
use crate::auth::user_agent::Client;
use crate::clock::Moment;
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::ids::{SessionId, SessionKey, UserKey};
use std::fmt;
use std::time::Duration;

/// Who tries, and with what.
#[derive(Debug)]
pub struct Attempt {
    /// What they say their address is; when it is none, why, which nobody is told.
    pub email: Result<Email, String>,
    /// What they say their password is.
    pub password: Password,
    /// The session they want.
    pub wish: Wish,
    /// What happens where a code is needed as well.
    pub second: Second,
}

/// When a code is given.
#[derive(Debug)]
pub enum Second {
    /// In a second step, which goes on to this place.
    Later(Option<String>),
    /// Here, or not at all.
    Now(Option<Given>),
}

/// What the one who signs in was about to do: the transaction that signs them in carries it out, or neither happens.
pub struct Errand(Box<Work>);

type Work = dyn FnOnce(&mut Conn, UserKey) -> Result<()> + Send;

impl Errand {
    /// Work for the transaction; its `Err` is that of the whole sign-in.
    #[must_use]
    pub fn new(work: impl FnOnce(&mut Conn, UserKey) -> Result<()> + Send + 'static) -> Self {
        Self(Box::new(work))
    }
}

impl fmt::Debug for Errand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Errand(…)")
    }
}

/// What kind of session somebody wants, and from where.
#[derive(Debug)]
pub struct Wish {
    /// Everything but what it replaces.
    pub opening: Opening,
    /// The session this browser had until now.
    pub replaces: Option<SessionId>,
    /// What is to be done along with it.
    pub errand: Option<Errand>,
}

impl Wish {
    /// The opening, with the row of the session it replaces.
    pub(super) fn resolved(&self, conn: &mut Conn) -> Result<Opening> {
        let replaces: Option<SessionKey> = match self.replaces {
            Some(id) => session::key_of(conn, id)?,
            None => None,
        };
        Ok(Opening { replaces, ..self.opening.clone() })
    }

    /// Does what was to be done, for the person who is being signed in: before their session is made, since whoever ends another
    /// one for it queues up to revoke, and takes no lock after that.
    pub(super) fn carry_out(&mut self, conn: &mut Conn, person: UserKey) -> Result<()> {
        self.errand.take().map_or(Ok(()), |Errand(work)| work(conn, person))
    }
}

/// What came of it.
#[derive(Debug)]
pub enum Outcome {
    /// They are in.
    SignedIn(Box<Tokens>, Box<User>),
    /// The password was right; a code is awaited.
    CodeAwaited(Ticket),
    /// The password was right, and no code came with it.
    NoCode,
    /// The password was right, and the code was not.
    WrongCode,
    /// Too many failed for this address, or there were too many wrong codes: nobody looked, and in so long somebody would.
    Wait(Duration),
    /// They are not, and are not told why.
    Refused,
}

/// Tries to sign in.
///
/// # Errors
/// `Unavailable` when the database or the hasher is: that is never a wrong password.
pub async fn sign_in(latch: &Latch, attempt: Attempt) -> Result<Outcome> {
    let Attempt { email, password, mut wish, second } = attempt;
    let (known, counter) = match email {
        Ok(email) => {
            let (inner, browser, now) = (latch.clone(), wish.opening.browser.clone(), latch.clock.now());
            let look = move |conn: &mut Conn| {
                let counter = Counter::find(conn, &inner, &email, browser.as_ref())?;
                let wait = counter.wait(conn, &inner, now)?;
                Ok((user::by_email(conn, &email)?, counter, wait))
            };
            let (known, counter, wait) = latch.db.read(look).await?;
            if let Some(left) = wait {
                latch.tally.throttled();
                return Ok(Outcome::Wait(left));
            }
            (known, counter)
        }
        Err(_) => (None, Counter::none()),
    };
    let hash = known.as_ref().filter(|(user, _)| user.locked_at.is_none()).map(|(user, hash)| (user.id, hash.clone()));
    let counter = match throttle::check(latch, counter, password.clone(), hash).await? {
        Checked::Right(counter) => counter,
        Checked::Wrong(failure) => return refuse(latch, known.map(|(user, _)| user), wish, failure).await,
        Checked::Wait(left) => return Ok(Outcome::Wait(left)),
    };
    let (user, hash) = known.ok_or_else(|| Error::internal("a password of nobody was right"))?;
    let better = if password::is_outdated(&hash, latch.secrets.current(), latch.hasher.cost()) {
        Some(latch.hasher.hash(password, user.id).await?)
    } else {
        None
    };
    let (inner, memory, now) = (latch.clone(), latch.clone(), latch.clock.now());
    let work = move |conn: &mut Conn| {
        // The count before the person's row, as a passkey takes them: two that cross would wait for each other.
        throttle::clear(conn, &counter)?;
        if let Some(better) = better {
            user::upgrade_hash(conn, user.key, &hash, &better)?;
        }
        let how = match ask(conn, &inner, now, &user, &second, &wish)? {
            Ok(how) => how,
            Err(outcome) => return Ok((outcome, Vec::new())),
        };
        // Overtaken by a reset or a lock between the hash and here: the answer is the one for a wrong password.
        Ok(match admit(conn, &inner, now, &user, &mut wish, how)? {
            Some((tokens, ended)) => (Outcome::SignedIn(Box::new(tokens), Box::new(user)), ended),
            None => (Outcome::Refused, Vec::new()),
        })
    };
    let (outcome, _) = latch.db.write_then(work, move |(_, ended)| memory.forget(ended)).await?;
    match outcome {
        Outcome::SignedIn(..) => latch.tally.signed_in(true),
        Outcome::Refused | Outcome::WrongCode => latch.tally.signed_in(false),
        // Nothing is decided yet.
        Outcome::CodeAwaited(_) | Outcome::NoCode | Outcome::Wait(_) => {}
    }
    Ok(outcome)
}

/// Asks for the second factor where there is one: the word for the audit, or what the answer is instead of a session.
fn ask(
    conn: &mut Conn,
    latch: &Inner,
    now: Moment,
    user: &User,
    second: &Second,
    wish: &Wish,
) -> Result<Result<&'static str, Outcome>> {
    // Turned on after this look: that raised the epoch, and `admit` refuses.
    if !second_factor::is_on(conn, user.key)? {
        return Ok(Ok(""));
    }
    if !user::hold(conn, user.key, user.epoch)? {
        return Ok(Err(Outcome::Refused));
    }
    let given = match second {
        Second::Later(next) => {
            let ticket = half_sign_in::begin(conn, now, user, wish.opening.remember, next.as_deref())?;
            return Ok(Err(Outcome::CodeAwaited(ticket)));
        }
        Second::Now(None) => return Ok(Err(Outcome::NoCode)),
        Second::Now(Some(given)) => given,
    };
    Ok(match second_factor::check(conn, &latch.secrets, now, user.key, given)? {
        Verdict::App => Ok("code"),
        Verdict::Recovery(left) => {
            letters::recovery_code_used(conn, &latch.post, now, user.key, &wish.opening.address, left)?;
            Ok("recovery code")
        }
        Verdict::Wait(wait) => Err(Outcome::Wait(wait)),
        Verdict::Wrong => {
            let actor = Actor { user: Some(user.key), session: None, address: wish.opening.address.clone() };
            audit::record(conn, now, Kind::SignInFailed, &actor, "code")?;
            Err(Outcome::WrongCode)
        }
    })
}

/// Lets somebody in who has proved all there is to prove, unless they stand otherwise by now: their session, and what ended for it.
///
/// # Errors
/// What the database says.
pub(super) fn admit(
    conn: &mut Conn,
    latch: &Inner,
    now: Moment,
    user: &User,
    wish: &mut Wish,
    how: &str,
) -> Result<Option<(Tokens, Vec<Revocation>)>> {
    if !user::admit(conn, user.key, user.epoch, now)? {
        return Ok(None);
    }
    wish.carry_out(conn, user.key)?;
    let owner = Owner { key: user.key, id: user.id, role: user.role, epoch: user.epoch };
    let opening = wish.resolved(conn)?;
    if user.last_sign_in_at.is_some() && known_device::is_news(conn, now, user.key, &opening)? {
        letters::new_device(conn, &latch.post, now, user.key, &opening)?;
    }
    let (tokens, ended) = session::start(conn, &latch.limits, now, owner, &opening)?;
    let actor = Actor { user: Some(user.key), session: Some(tokens.session), address: opening.address };
    let client = Client::read(&opening.user_agent).words(opening.door);
    let separator = if how.is_empty() { "" } else { ", " };
    audit::record_by(conn, now, Kind::SignIn, &actor, &client, &format!("{}{separator}{how}", opening.door.word()))?;
    Ok(Some((tokens, ended)))
}

async fn refuse(latch: &Latch, user: Option<User>, wish: Wish, failure: Failure) -> Result<Outcome> {
    latch.tally.signed_in(false);
    let now = latch.clock.now();
    let client = Client::read(&wish.opening.user_agent).words(wish.opening.door);
    let actor = Actor { user: user.map(|user| user.key), session: None, address: wish.opening.address };
    latch.db.write(move |conn| throttle::failed(conn, now, failure, &actor, &client, "")).await?;
    Ok(Outcome::Refused)
}
