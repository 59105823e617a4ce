//! Signing in with a password.
//!
//! Invariant: every failure costs the same hash and the same statements and has one answer, so that strangers learn nothing of who
//! has an account; the session is made only if the person still stands as they did before the hash.

use crate::audit::{self, Actor, Kind};
use crate::auth::email::Email;
use crate::auth::latch::Latch;
use crate::auth::password::{self, Password};
use crate::auth::session::{self, Opening, Owner, Tokens};
use crate::auth::user::{self, User};
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::ids::{SessionId, SessionKey, UserKey};
use std::fmt;

/// Who tries, and with what.
#[derive(Debug)]
pub struct Attempt {
    /// What they say their address is; when it is none, why, which nobody is told.
    pub email: Result<Email, String>,
    /// What they say their password is.
    pub password: Password,
    /// The session they want.
    pub wish: Wish,
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
    /// They are not, and are not told why.
    Refused,
}

/// Tries to sign in.
///
/// # Errors
/// `Unavailable` when the database or the hasher is: that is never a wrong password.
pub async fn sign_in(latch: &Latch, attempt: Attempt) -> Result<Outcome> {
    let Attempt { email, password, mut wish } = attempt;
    let known = match email {
        Ok(email) => latch.db.read(move |conn| user::by_email(conn, &email)).await?,
        Err(_) => None,
    };
    let hash = known.as_ref().filter(|(user, _)| user.locked_at.is_none()).map(|(user, hash)| (user.id, hash.clone()));
    if !latch.hasher.verify(password.clone(), hash).await? {
        return refuse(latch, known.map(|(user, _)| user), wish).await;
    }
    let (user, hash) = known.ok_or_else(|| Error::internal("a password of nobody was right"))?;
    let better = if password::is_outdated(&hash, latch.secrets.current(), latch.hasher.cost()) {
        Some(latch.hasher.hash(password, user.id).await?)
    } else {
        None
    };
    let (inner, memory, now) = (latch.clone(), latch.clone(), latch.clock.now());
    let work = move |conn: &mut Conn| {
        if !user::admit(conn, user.key, user.epoch, now)? {
            return Ok(None);
        }
        if let Some(better) = better {
            user::upgrade_hash(conn, user.key, &hash, &better)?;
        }
        wish.carry_out(conn, user.key)?;
        let owner = Owner { key: user.key, id: user.id, role: user.role, epoch: user.epoch };
        let opening = wish.resolved(conn)?;
        let (tokens, ended) = session::start(conn, &inner.limits, now, owner, &opening)?;
        let actor = Actor { user: Some(user.key), session: Some(tokens.session), address: opening.address };
        audit::record(conn, now, Kind::SignIn, &actor, opening.door.word())?;
        Ok(Some((tokens, user, ended)))
    };
    let done = latch.db.write_then(work, move |done| {
        if let Some((_, _, ended)) = done {
            memory.forget(ended);
        }
    });
    // Overtaken by a reset or a lock between the hash and here: the answer is the one for a wrong password.
    let Some((tokens, user, _)) = done.await? else {
        latch.tally.signed_in(false);
        return Ok(Outcome::Refused);
    };
    latch.tally.signed_in(true);
    Ok(Outcome::SignedIn(Box::new(tokens), Box::new(user)))
}

async fn refuse(latch: &Latch, user: Option<User>, wish: Wish) -> Result<Outcome> {
    latch.tally.signed_in(false);
    let now = latch.clock.now();
    let actor = Actor { user: user.map(|user| user.key), session: None, address: wish.opening.address };
    latch.db.write(move |conn| audit::record(conn, now, Kind::SignInFailed, &actor, "")).await?;
    Ok(Outcome::Refused)
}
