//! What those who run the shop do to people: lock them out and let them in, give them a role, end their sessions.
//!
//! Invariant: in the transaction of the act the operator still runs the shop, and has proved lately who they are (`step_up`); nobody does
//! it to themselves, so a shop is not left without anyone to run it by a slip. The act stands in the audit twice: as something that
//! happened to the person, and as something that the operator did.

use crate::audit::{self, Actor, Kind};
use crate::auth::email::Email;
use crate::auth::latch::{Inner, Latch, Person};
use crate::auth::revocation::{self, Revocation};
use crate::auth::roll;
use crate::auth::session::{self, Because};
use crate::auth::user::{self, Role, User};
use crate::auth::{api_token, letters, second_factor, sign_out, step_up};
use crate::clock::Moment;
use crate::db::{self, Conn};
use crate::error::{Error, Result};
use crate::ids::UserId;
use crate::mail::letter::FactorAct;

/// What is done to somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// They may not sign in, and their sessions end.
    Lock,
    /// They may sign in again.
    Unlock,
    /// Their role from now on.
    Give(Role),
    /// Their sessions end; they may sign in again.
    SignOut,
    /// Their second factor is taken away, for who lost the phone and the recovery codes; their sessions end.
    DropSecondFactor,
}

impl Act {
    /// Every act.
    pub const ALL: [Self; 6] =
        [Self::SignOut, Self::Lock, Self::Unlock, Self::Give(Role::Admin), Self::Give(Role::Shopper), Self::DropSecondFactor];

    /// The word in forms and in the audit.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Lock => "lock",
            Self::Unlock => "unlock",
            Self::Give(Role::Admin) => "make_admin",
            Self::Give(Role::Shopper) => "make_shopper",
            Self::SignOut => "sign_out",
            Self::DropSecondFactor => "drop_second_factor",
        }
    }

    /// Does it make sense for this person as they are?
    #[must_use]
    pub fn is_of_use(self, person: &User, second_factor: bool) -> bool {
        match self {
            Self::Lock => person.locked_at.is_none(),
            Self::Unlock => person.locked_at.is_some(),
            Self::Give(role) => person.role != role,
            Self::SignOut => true,
            Self::DropSecondFactor => second_factor,
        }
    }
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is done.
    Done,
    /// Somebody was faster, or the page was old: they are so already. Nothing was done.
    Already,
    /// It is the operator themselves.
    Oneself,
}

/// Does it.
///
/// # Errors
/// `NotFound` when there is no such person; `SignedOut` when the operator no longer runs the shop, or proved too long ago who they are;
/// `Unavailable` when the database is.
pub async fn act(latch: &Latch, operator: Person, whom: UserId, act: Act, actor: Actor) -> Result<Outcome> {
    if whom == operator.id {
        return Ok(Outcome::Oneself);
    }
    let (key, now, memory, inner) = (operator.key, latch.clock.now(), latch.clone(), latch.clone());
    let work = move |conn: &mut Conn| {
        db::lock_stewards(conn)?;
        let steward = user::find(conn, key)?;
        let fresh = step_up::is_fresh(conn, operator.session, now)?;
        if steward.role != Role::Admin || steward.locked_at.is_some() || !fresh {
            return Err(Error::SignedOut);
        }
        let person = roll::by_id(conn, whom)?.ok_or(Error::NotFound)?;
        if !act.is_of_use(&person, second_factor::is_on(conn, person.key)?) {
            return Ok(None);
        }
        let email: Email = person.email.parse().map_err(Error::internal)?;
        let by = format!(", by {}", operator.id);
        // Asked above and once more by the statement that does it: of two operators at once, one does it.
        let revoked = match act {
            Act::Lock | Act::Unlock => set_locked(conn, now, &email, act == Act::Lock, &by)?,
            Act::Give(role) => set_role(conn, now, &email, role, &by)?,
            Act::SignOut => {
                let ended = session::end_all(conn, now, person.key, None, Because::SignOut)?;
                sign_out::write_down(conn, now, Some(person.key), &ended, &format!("sign_out{by}"))?;
                Some(ended)
            }
            Act::DropSecondFactor => Some(drop_second_factor(conn, &inner, now, &person, &by)?),
        };
        let Some(revoked) = revoked else { return Ok(None) };
        audit::record(conn, now, Kind::PersonChanged, &actor, &format!("{} {whom}", act.word()))?;
        Ok(Some(revoked))
    };
    let done = latch.db.write_then(work, move |done| {
        if let Some(revoked) = done {
            memory.forget(revoked);
        }
    });
    Ok(done.await?.map_or(Outcome::Already, |_| Outcome::Done))
}

/// Locks a person out and ends their sessions, or lets them in again; what was revoked, for the node's memory, or `None` when they stood
/// so already. `by` says who did it.
///
/// # Errors
/// `NotFound` when there is no such person.
pub fn set_locked(conn: &mut Conn, now: Moment, email: &Email, lock: bool, by: &str) -> Result<Option<Vec<Revocation>>> {
    let Some(person) = user::set_locked(conn, email, lock.then_some(now))? else { return Ok(None) };
    let mut revoked = if lock { session::end_all(conn, now, person.key, None, Because::Locked)? } else { Vec::new() };
    if lock {
        // For good: letting them in again gives no program its key back.
        api_token::end_all(conn, person.key)?;
    }
    let raised = Revocation::Epoch(person.id, person.epoch);
    revocation::record(conn, now, &[raised])?;
    revoked.push(raised);
    let actor = Actor { user: Some(person.key), ..Actor::default() };
    audit::record(conn, now, Kind::LockChanged, &actor, &format!("{}{by}", if lock { "locked" } else { "unlocked" }))?;
    Ok(Some(revoked))
}

/// Gives a person a role, which holds from their next request on; what was revoked, or `None` if they had it. `by`
/// says who did it.
///
/// # Errors
/// `NotFound` when there is no such person.
pub fn set_role(conn: &mut Conn, now: Moment, email: &Email, role: Role, by: &str) -> Result<Option<Vec<Revocation>>> {
    let Some(person) = user::set_role(conn, email, role)? else { return Ok(None) };
    let raised = Revocation::Epoch(person.id, person.epoch);
    revocation::record(conn, now, &[raised])?;
    let actor = Actor { user: Some(person.key), ..Actor::default() };
    audit::record(conn, now, Kind::RoleChanged, &actor, &format!("{}{by}", role.word()))?;
    Ok(Some(vec![raised]))
}

/// Takes a person's second factor away. They had one just now; if somebody was faster, nothing is done.
fn drop_second_factor(conn: &mut Conn, latch: &Inner, now: Moment, person: &User, by: &str) -> Result<Vec<Revocation>> {
    let faster = || Error::Unavailable("a person changed while their second factor was taken away".to_owned());
    // The epoch first: whoever changes the same factor holds the person's row.
    let epoch = user::raise_epoch(conn, person.key, person.epoch)?.ok_or_else(faster)?;
    if !second_factor::remove(conn, person.key)? {
        return Err(faster());
    }
    let mut revoked = session::end_all(conn, now, person.key, None, Because::Password)?;
    let raised = Revocation::Epoch(person.id, epoch);
    revocation::record(conn, now, &[raised])?;
    revoked.push(raised);
    let actor = Actor { user: Some(person.key), ..Actor::default() };
    audit::record(conn, now, Kind::SecondFactorChanged, &actor, &format!("{}{by}", FactorAct::Removed.word()))?;
    letters::second_factor(conn, &latch.post, now, person.key, "", FactorAct::Removed, false)?;
    Ok(revoked)
}
