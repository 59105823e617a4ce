//! A challenge on its way to a browser and back.
//!
//! Invariant: it comes back as it was given out, for the same act and from the same browser, within five minutes, and once: who shows it
//! first, on whichever node, spends it, whatever comes of it. Giving one out writes nothing, so that nobody can fill the database by
//! asking; only one that is shown leaves a row. There is nothing secret in one. It does not know whose it is.

use crate::auth::secrets::{Keys, Secrets};
use crate::clock::{Moment, unix};
use crate::db::Conn;
use crate::db::schema::spent_challenges;
use crate::error::{Error, Result};
use crate::ids::{base64url, from_base64url, random_bytes};
use crate::on_either;
use aws_lc_rs::{constant_time, hmac};
use diesel::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long one is good.
pub const LIFE: Duration = Duration::from_mins(5);

/// What a challenge is for; it is good for nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// A new passkey.
    Make,
    /// Signing in, by it alone.
    SignIn,
    /// The step after the password.
    Second,
    /// Proving once more who one is.
    Confirm,
}

impl Act {
    const fn word(self) -> &'static str {
        match self {
            Self::Make => "make",
            Self::SignIn => "sign in",
            Self::Second => "second step",
            Self::Confirm => "confirm",
        }
    }

    /// Signed along, so that what was given out for one act or browser is nothing to another.
    fn tag(self, keys: &Keys, binding: &str, plain: &[u8]) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&keys.challenge);
        // No act and no binding has a NUL in it.
        for part in [self.word().as_bytes(), b"\0", binding.as_bytes(), b"\0", plain] {
            context.update(part);
        }
        context.sign()
    }
}

#[derive(Serialize, Deserialize)]
struct Content<S> {
    id: String,
    until: i64,
    state: S,
}

/// A challenge that came back as we gave it out.
#[derive(Debug)]
pub(super) struct Challenge<S> {
    id: String,
    /// What there is to check an answer against.
    pub state: S,
}

/// Signs a new one. (Not sealed: whoever asks without end would wear out a key that encrypts.)
pub(super) fn sign<S: Serialize>(secrets: &Secrets, now: Moment, act: Act, binding: &str, state: &S) -> Result<String> {
    let content = Content { id: base64url(random_bytes::<16>()), until: unix(now + LIFE), state };
    let plain = serde_json::to_vec(&content).map_err(Error::internal)?;
    let tag = act.tag(secrets.current(), binding, &plain);
    Ok(format!("{}.{}", base64url(&plain), base64url(tag)))
}

/// Reads what came back; `None` for anything that is not ours, for this act and browser, and of the last five minutes.
pub(super) fn read<S: DeserializeOwned>(
    secrets: &Secrets,
    now: Moment,
    act: Act,
    binding: &str,
    text: &str,
) -> Option<Challenge<S>> {
    let (plain, tag) = text.split_once('.')?;
    let (plain, tag) = (from_base64url(plain)?, from_base64url(tag)?);
    // A node that has another secret first may have signed it. Nothing is parsed before it is known to be ours.
    let ours = |keys| constant_time::verify_slices_are_equal(act.tag(keys, binding, &plain).as_ref(), &tag).is_ok();
    if !secrets.all().any(ours) {
        return None;
    }
    match serde_json::from_slice::<Content<S>>(&plain) {
        Ok(content) if unix(now) < content.until => Some(Challenge { id: content.id, state: content.state }),
        Ok(_) => None,
        Err(cause) => {
            tracing::warn!(%cause, "a challenge that we signed cannot be read");
            None
        }
    }
}

impl<S> Challenge<S> {
    /// Spends it; false when it was spent before.
    pub(super) fn spend(&self, conn: &mut Conn, now: Moment) -> Result<bool> {
        // Kept for longer than it could still be good, also where the clocks of two nodes differ.
        let row = (spent_challenges::challenge.eq(&self.id), spent_challenges::expires_at.eq(now + 2 * LIFE));
        let spent = on_either!(conn, conn => {
            diesel::insert_into(spent_challenges::table).values(row).on_conflict_do_nothing().execute(conn)
        })?;
        Ok(spent == 1)
    }
}

/// Deletes at most `most` that are past their time anyway; how many there were.
///
/// # Errors
/// What the database says.
pub fn purge(conn: &mut Conn, now: Moment, most: i64) -> Result<usize> {
    let old: Vec<i64> = spent_challenges::table
        .filter(spent_challenges::expires_at.le(now))
        .order(spent_challenges::expires_at)
        .limit(most)
        .select(spent_challenges::id)
        .load(conn)?;
    Ok(diesel::delete(spent_challenges::table.filter(spent_challenges::id.eq_any(old))).execute(conn)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_challenge_comes_back_for_its_act_to_its_browser_and_in_time() {
        let secrets = Secrets::new(&"q8Vn2LxT0sRb5YwZ7mKc3JdH9fGpA1eU".parse().expect("a secret"), &[]);
        let given = datetime!(2026-11-22 10:00:00);
        let signed = sign(&secrets, given, Act::SignIn, "browser", &7).expect("it is signed");
        let read_back = |later: i64, act, binding, text: &str| {
            read::<u8>(&secrets, given + time::Duration::seconds(later), act, binding, text).map(|challenge| challenge.state)
        };
        assert_eq!(read_back(0, Act::SignIn, "browser", &signed), Some(7));
        assert_eq!(read_back(299, Act::SignIn, "browser", &signed), Some(7));
        assert_eq!(read_back(300, Act::SignIn, "browser", &signed), None, "too late");
        for act in [Act::Make, Act::Second, Act::Confirm] {
            assert_eq!(read_back(0, act, "browser", &signed), None, "{act:?}");
        }
        assert_eq!(read_back(0, Act::SignIn, "another", &signed), None);
        for wrong in ["", ".", "x", &signed[1..], &signed[..signed.len() - 1], &format!("{signed}A")] {
            assert_eq!(read_back(0, Act::SignIn, "browser", wrong), None, "{wrong}");
        }
    }
}
