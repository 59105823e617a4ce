//! Deleting one's own account.
//!
//! Invariant: in one transaction the person is gone: no name, no address, no password, no factor, no session, no token, and the shop has
//! taken its leave. What stays is a row that stands for nobody, under the random name it always had, so that orders and the audit
//! keep their sums and their order. The last one who runs the shop stays. It does not know what the shop keeps.

use crate::audit::{self, Actor, Kind};
use crate::auth::latch::{Latch, Person};
use crate::auth::revocation::{self, Revocation};
use crate::auth::session::{self, Because};
use crate::auth::user::{self, Role, User};
use crate::auth::{api_token, known_device, letters, second_factor, step_up};
use crate::clock::Moment;
use crate::db::schema::{half_sign_ins, mail_links, notices, parked_forms, sessions, users};
use crate::db::{self, Conn};
use crate::error::{Error, Result};
use crate::ids::UserKey;
use diesel::prelude::*;

/// Deletes the account of the person who asks. `leave_the_shop` is what the shop does about them in the same transaction; it may refuse.
///
/// # Errors
/// `Refused` as `last_admin`; `SignedOut` when the person changed meanwhile or proved too long ago who they are; what `leave_the_shop`
/// says; `Unavailable` from the database. Nothing is deleted then.
pub async fn delete(
    latch: &Latch,
    person: Person,
    actor: Actor,
    leave_the_shop: impl FnOnce(&mut Conn, Moment) -> Result<()> + Send + 'static,
) -> Result<()> {
    let (inner, memory, now) = (latch.clone(), latch.clone(), latch.clock.now());
    let work = move |conn: &mut Conn| {
        db::lock_stewards(conn)?;
        let user = user::find(conn, person.key)?;
        // Held without touching their address, which orders under way refer to: they finish, and the shop's leave waits for them.
        if !user::hold(conn, user.key, user.epoch)? || !step_up::is_fresh(conn, person.session, now)? {
            return Err(Error::SignedOut);
        }
        if is_last_admin(conn, &user)? {
            let text = "Nobody else runs this shop. Make somebody else an operator first; then you can go.";
            return Err(Error::refused("last_admin", text));
        }
        letters::account_deleted(conn, &inner.post, now, user.key, &actor.address)?;
        leave_the_shop(conn, now)?;
        let mut revoked = session::end_all(conn, now, user.key, None, Because::Locked)?;
        forget(conn, &user)?;
        let raised = Revocation::Epoch(user.id, bury(conn, now, &user)?);
        revocation::record(conn, now, &[raised])?;
        revoked.push(raised);
        audit::record(conn, now, Kind::AccountDeleted, &actor, "")?;
        Ok(revoked)
    };
    latch.db.write_then(work, move |revoked| memory.forget(revoked)).await?;
    Ok(())
}

/// Would the shop be left with nobody to run it?
///
/// # Errors
/// What the database says.
pub fn is_last_admin(conn: &mut Conn, user: &User) -> Result<bool> {
    if user.role != Role::Admin {
        return Ok(false);
    }
    let others = users::table
        .filter(users::role.eq(Role::Admin.word()))
        .filter(users::locked_at.is_null())
        .filter(users::deleted_at.is_null())
        .filter(users::id.ne(user.key));
    Ok(others.select(users::id).first::<UserKey>(conn).optional()?.is_none())
}

impl User {
    /// Did they delete their account? Then this is no more than what orders and the audit refer to.
    #[must_use]
    pub fn is_deleted(&self) -> bool {
        !self.email.contains('@')
    }
}

/// Everything of theirs that is a row of its own. Their sessions stay for the day they are remembered, without saying of whom.
fn forget(conn: &mut Conn, user: &User) -> Result<()> {
    let key = user.key;
    api_token::end_all(conn, key)?;
    known_device::forget_all(conn, key)?;
    second_factor::remove(conn, key)?;
    diesel::delete(mail_links::table.filter(mail_links::user_id.eq(key))).execute(conn)?;
    diesel::delete(mail_links::table.filter(mail_links::email.eq(&user.email))).execute(conn)?;
    diesel::delete(half_sign_ins::table.filter(half_sign_ins::user_id.eq(key))).execute(conn)?;
    diesel::delete(parked_forms::table.filter(parked_forms::user_id.eq(key))).execute(conn)?;
    diesel::delete(notices::table.filter(notices::user_id.eq(key))).execute(conn)?;
    diesel::update(sessions::table.filter(sessions::user_id.eq(key)))
        .set((sessions::user_agent.eq(""), sessions::address.eq("")))
        .execute(conn)?;
    Ok(())
}

/// Leaves a row without a person; its new epoch.
fn bury(conn: &mut Conn, now: Moment, user: &User) -> Result<i64> {
    diesel::update(users::table.find(user.key))
        .set((
            // No address: there is no `@` in it, so nobody can sign in with it or be found by it.
            users::email.eq(format!("deleted-{}", user.id)),
            users::name.eq(""),
            users::role.eq(Role::Shopper.word()),
            users::password_hash.eq(""),
            users::epoch.eq(users::epoch + 1),
            users::email_verified_at.eq(None::<Moment>),
            users::last_sign_in_at.eq(None::<Moment>),
            users::locked_at.eq(now),
            users::deleted_at.eq(now),
        ))
        .execute(conn)?;
    Ok(user.epoch + 1)
}
