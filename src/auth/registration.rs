//! Making an account.
//!
//! Invariant: one address is one account, also when two registrations race; in the mode `open` the new person is signed in by the
//! same transaction that makes them.

pub mod pending;

use crate::audit::{self, Actor, Kind};
use crate::auth::email::Email;
use crate::auth::email_verification;
use crate::auth::latch::Latch;
use crate::auth::mail_link::budget::{self, Budget};
use crate::auth::password::Password;
use crate::auth::secrets::Secrets;
use crate::auth::session::{self, Owner, Tokens};
use crate::auth::sign_in::Wish;
use crate::auth::user::{self, NewUser, Role, User};
use crate::auth::user_agent::Client;
use crate::clock::Moment;
use crate::db::schema::users;
use crate::db::{Conn, Db};
use crate::error::Result;
use crate::ids::{UserId, UserKey};
use diesel::prelude::*;
use std::time::Duration;

/// The sentence for an address that has an account (docs/SECURITY.md, "Addresses": the honest way).
pub const TAKEN: &str = "There is already an account for this address: sign in, or reset its password.";

/// Who wants an account. The password has passed `Password::check`.
#[derive(Debug)]
pub struct Applicant {
    /// What we call them.
    pub name: String,
    /// Their address.
    pub email: Email,
    /// Their password.
    pub password: Password,
}

/// What came of it.
#[derive(Debug)]
pub enum Outcome {
    /// The account exists and its person is signed in.
    Registered(Box<Tokens>, Box<User>),
    /// The address has an account.
    Taken,
    /// Somebody tried too often with this address; again after so long.
    TooOften(Duration),
}

/// Makes a shopper's account and signs them in.
///
/// # Errors
/// `Unavailable` when the database or the hasher is.
pub async fn register(latch: &Latch, applicant: Applicant, mut wish: Wish) -> Result<Outcome> {
    let Applicant { name, email, password } = applicant;
    let asked = email.clone();
    let (inner, now) = (latch.clone(), latch.clock.now());
    let work = move |conn: &mut Conn| {
        let left = budget::take(conn, inner.secrets.current(), inner.mail_limit, now, budget::Kind::Confirm, &asked)?;
        Ok((left, user::by_email(conn, &asked)?.is_some()))
    };
    match latch.db.write(work).await? {
        (Budget::Empty(wait), _) => return Ok(Outcome::TooOften(wait)),
        (Budget::Taken, true) => return Ok(Outcome::Taken),
        (Budget::Taken, false) => {}
    }
    let id = UserId::random();
    let hash = latch.hasher.hash(password, id).await?;
    let (inner, memory, now) = (latch.clone(), latch.clone(), latch.clock.now());
    let work = move |conn: &mut Conn| {
        let new = NewUser { id, email: &email, name: &name, role: Role::Shopper, password_hash: &hash };
        let Some(user) = user::insert(conn, now, &new)? else { return Ok(None) };
        user::admit(conn, user.key, user.epoch, now)?;
        email_verification::send(conn, &inner, now, &user, &wish.opening.address)?;
        wish.carry_out(conn, user.key)?;
        let owner = Owner { key: user.key, id: user.id, role: user.role, epoch: user.epoch };
        let opening = wish.resolved(conn)?;
        let (tokens, ended) = session::start(conn, &inner.limits, now, owner, &opening)?;
        let actor = Actor { user: Some(user.key), session: Some(tokens.session), address: opening.address };
        let client = Client::read(&opening.user_agent).words(opening.door);
        audit::record_by(conn, now, Kind::Registered, &actor, &client, "")?;
        Ok(Some((tokens, user, ended)))
    };
    let done = latch.db.write_then(work, move |done| {
        if let Some((_, _, ended)) = done {
            memory.forget(ended);
        }
    });
    Ok(done.await?.map_or(Outcome::Taken, |(tokens, user, _)| Outcome::Registered(Box::new(tokens), Box::new(user))))
}

/// Says that an address is its person's, by whoever made the account: nobody reads the mails of a demo.
///
/// # Errors
/// What the database says.
pub fn vouch(conn: &mut Conn, now: Moment, key: UserKey) -> Result<()> {
    let unproved = users::table.find(key).filter(users::email_verified_at.is_null());
    diesel::update(unproved).set(users::email_verified_at.eq(now)).execute(conn)?;
    Ok(())
}

/// Makes an account by an operator's hand, with no session; `None` when the address is taken.
///
/// # Errors
/// What the database or bcrypt says.
pub fn add(db: &Db, secrets: &Secrets, cost: u32, now: Moment, applicant: &Applicant, role: Role) -> Result<Option<User>> {
    let id = UserId::random();
    let hash = applicant.password.hash(secrets.current(), id, cost)?;
    db.write_here(|conn| {
        let new = NewUser { id, email: &applicant.email, name: &applicant.name, role, password_hash: &hash };
        let Some(user) = user::insert(conn, now, &new)? else { return Ok(None) };
        audit::record(conn, now, Kind::Registered, &Actor { user: Some(user.key), ..Actor::default() }, "by an operator")?;
        Ok(Some(user))
    })
}
