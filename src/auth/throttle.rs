//! Failed sign-ins, counted for each address on all nodes together.
//!
//! Invariant: a try is counted before its password is looked at, and taken back only if nobody looked, so that of a thousand at once no
//! more are checked than the rule allows, whichever node they reach. An address without an account is counted like any other. A
//! browser that signed in to the account before has a count of its own, which strangers cannot fill. It does not know whose
//! password it is.

mod count;
mod rule;

pub use count::{clear, forget};

use crate::audit::{self, Actor, Kind};
use crate::auth::email::Email;
use crate::auth::known_device::{self, Browser};
use crate::auth::latch::{Inner, Latch};
use crate::auth::password::Password;
use crate::clock::Moment;
use crate::config::Tries;
use crate::db::Conn;
use crate::error::Result;
use crate::ids::{UserId, base64url};
use aws_lc_rs::hmac;
use rule::Rule;
use std::fmt;
use std::time::Duration;

/// Names a count: a keyed hash of the address, and of the browser where it is known there. None where nothing is counted.
#[derive(Clone, PartialEq, Eq)]
pub struct Counter(Option<String>);

impl Counter {
    /// The count that a try from this browser adds to. It asks the same of the database whether there is such an account or not.
    ///
    /// # Errors
    /// What the database says.
    pub fn find(conn: &mut Conn, latch: &Inner, email: &Email, browser: Option<&Browser>) -> Result<Self> {
        if latch.tries == Tries::Off {
            return Ok(Self(None));
        }
        let known = match browser {
            Some(browser) if known_device::knows(conn, email, browser)? => Some(browser),
            _ => None,
        };
        let mut text = hmac::Context::with_key(&latch.secrets.current().failures);
        text.update(email.as_str().as_bytes());
        if let Some(browser) = known {
            // No address has a NUL in it.
            text.update(b"\0");
            text.update(browser.hash().as_bytes());
        }
        Ok(Self(Some(base64url(text.sign()))))
    }

    /// How long nobody looks at a password, if that is so just now.
    ///
    /// # Errors
    /// What the database says.
    pub fn wait(&self, conn: &mut Conn, latch: &Inner, now: Moment) -> Result<Option<Duration>> {
        let (Some(rule), Some(name)) = (Rule::of(latch.tries), &self.0) else { return Ok(None) };
        Ok(count::read(conn, name)?.and_then(|count| rule.left(count, now)))
    }

    /// What is no address is no account either, and nothing is counted.
    #[must_use]
    pub const fn none() -> Self {
        Self(None)
    }

    /// The name in the table.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl fmt::Debug for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Counter(…)")
    }
}

/// What came of looking at a password.
#[derive(Debug)]
pub enum Checked {
    /// It is theirs: `clear` the count in the transaction of the act.
    Right(Counter),
    /// It is not: write it down with `failed`.
    Wrong(Failure),
    /// Too many were wrong; nobody looked at this one, and in so long somebody would.
    Wait(Duration),
}

/// A try that was wrong, and is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    /// The wait that begins with it.
    pub wait: Option<Duration>,
}

/// Compares a password with the stored hash (none: it costs the same and is wrong), if it is time for that.
///
/// # Errors
/// `Unavailable` when the database or the hasher is: that counts as no try.
pub async fn check(latch: &Latch, counter: Counter, password: Password, stored: Option<(UserId, String)>) -> Result<Checked> {
    let (Some(rule), Some(name)) = (Rule::of(latch.tries), counter.0.clone()) else {
        let right = latch.hasher.verify(password, stored).await?;
        return Ok(if right { Checked::Right(counter) } else { Checked::Wrong(Failure { wait: None }) });
    };
    let now = latch.clock.now();
    let reserved = match latch.db.write(move |conn| count::reserve(conn, rule, now, &name)).await? {
        Ok(reserved) => reserved,
        Err(left) => {
            latch.tally.throttled();
            return Ok(Checked::Wait(left));
        }
    };
    match latch.hasher.verify(password, stored).await {
        Ok(true) => Ok(Checked::Right(counter)),
        Ok(false) => Ok(Checked::Wrong(Failure { wait: rule.wait(reserved.after.failures) })),
        Err(cause) => {
            // Nobody looked: the next try is not to wait for this one.
            if let Err(also) = latch.db.write(move |conn| count::give_back(conn, &reserved)).await {
                tracing::warn!(cause = %also, "a sign-in that was not checked stays counted");
            }
            Err(cause)
        }
    }
}

/// Counts a try in the transaction that makes it; or how long to wait, and nothing is counted.
///
/// # Errors
/// What the database says.
pub fn reserve(conn: &mut Conn, latch: &Inner, now: Moment, counter: &Counter) -> Result<Result<Failure, Duration>> {
    let (Some(rule), Some(name)) = (Rule::of(latch.tries), &counter.0) else { return Ok(Ok(Failure { wait: None })) };
    Ok(count::reserve(conn, rule, now, name)?.map(|reserved| Failure { wait: rule.wait(reserved.after.failures) }))
}

/// Writes a wrong password or passkey down, and the wait that it began.
///
/// # Errors
/// What the database says.
pub fn failed(conn: &mut Conn, now: Moment, failure: Failure, actor: &Actor, client: &str, detail: &str) -> Result<()> {
    audit::record_by(conn, now, Kind::SignInFailed, actor, client, detail)?;
    match failure.wait {
        None => Ok(()),
        Some(wait) => audit::record_by(conn, now, Kind::SignInThrottled, actor, client, &format!("{} s", wait.as_secs())),
    }
}
