//! Asking somebody who is signed in for their own password.
//!
//! Invariant: it is counted like a sign-in, in the same count, so that a stolen session is no way to guess more often; a failure is
//! written down before it is told. It does not know what the password is asked for.

use crate::audit::Actor;
use crate::auth::email::Email;
use crate::auth::latch::{Latch, Person};
use crate::auth::password::Password;
use crate::auth::sign_in::Wish;
use crate::auth::throttle::{self, Checked, Counter};
use crate::auth::user;
use crate::auth::user_agent::Client;
use crate::db::Conn;
use crate::error::{Error, Result};
use std::time::Duration;

/// What came of it.
#[derive(Debug)]
pub(super) enum Answer {
    /// It is theirs: the count to clear in the transaction of the act, and the epoch the password was of.
    Right(Counter, i64),
    /// It is not.
    Wrong,
    /// Too many failed for this account: nobody looked at it, and in so long somebody would.
    Wait(Duration),
}

/// Looks at what they typed; `place` is where, for the audit.
///
/// # Errors
/// `Unavailable` when the database or the hasher is.
pub(super) async fn ask(latch: &Latch, person: Person, typed: Password, wish: &Wish, place: &'static str) -> Result<Answer> {
    let key = person.key;
    let (inner, browser, now) = (latch.clone(), wish.opening.browser.clone(), latch.clock.now());
    let look = move |conn: &mut Conn| {
        let email: Email = user::find(conn, key)?.email.parse().map_err(Error::internal)?;
        let counter = Counter::find(conn, &inner, &email, browser.as_ref())?;
        let (stored, epoch) = user::password_hash(conn, key)?;
        Ok((counter.wait(conn, &inner, now)?, counter, stored, epoch))
    };
    let (wait, counter, stored, epoch) = latch.db.read(look).await?;
    if let Some(left) = wait {
        latch.tally.throttled();
        return Ok(Answer::Wait(left));
    }
    match throttle::check(latch, counter, typed, Some((person.id, stored))).await? {
        Checked::Right(counter) => Ok(Answer::Right(counter, epoch)),
        Checked::Wait(left) => Ok(Answer::Wait(left)),
        Checked::Wrong(failure) => {
            let client = Client::read(&wish.opening.user_agent).words(wish.opening.door);
            let address = wish.opening.address.clone();
            let actor = Actor { user: Some(key), session: Some(person.session), address };
            latch.db.write(move |conn| throttle::failed(conn, now, failure, &actor, &client, place)).await?;
            Ok(Answer::Wrong)
        }
    }
}
