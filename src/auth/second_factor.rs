//! The second factor: something that a person has, asked after something they know: an app that shows codes, a passkey, or both.
//!
//! Invariant: a code lets in once, on whichever node; wrong ones are counted for the account, and the count is taken while the person's row
//! is held. It does not know passwords or pages.

pub mod change;
mod code;
pub mod recovery;
mod row;
mod seed;
mod tries;

pub use code::Code;
pub use row::{reseal, sealed_with, secrets_used, since};
pub use seed::Seed;
pub use tries::purge;

use crate::auth::passkey::{self, Claim};
use crate::auth::secrets::Secrets;
use crate::clock::Moment;
use crate::config::Limit;
use crate::db::Conn;
use crate::error::Result;
use crate::ids::UserKey;
use std::time::Duration;

/// A code that somebody gave, and how many wrong ones an account may have.
#[derive(Debug, Clone)]
pub struct Given {
    /// The code.
    pub code: Code,
    /// Wrong ones in a time (`LATCHKEY_LIMIT_CODE_ACCOUNT`).
    pub most: Limit,
}

/// What somebody shows as their second factor.
#[derive(Debug)]
pub enum Proof {
    /// A code.
    Code(Given),
    /// A passkey; none where what the browser sent cannot be read or is too old.
    Passkey(Option<Claim>),
}

/// What a code is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It was the app's.
    App,
    /// It was a recovery code, which is gone now; so many are left.
    Recovery(i64),
    /// Wrong, old, early, or used before.
    Wrong,
    /// There were too many wrong ones: it was not looked at.
    Wait(Duration),
}

/// Does this person have one?
///
/// # Errors
/// What the database says.
pub fn is_on(conn: &mut Conn, owner: UserKey) -> Result<bool> {
    Ok(has_app(conn, owner)? || passkey::any(conn, owner)?)
}

/// Have they an app that shows codes?
///
/// # Errors
/// What the database says.
pub fn has_app(conn: &mut Conn, owner: UserKey) -> Result<bool> {
    Ok(since(conn, owner)?.is_some())
}

/// Tries a code. The caller holds the person's row (`user::hold`) and commits, whatever comes of it.
///
/// # Errors
/// `Unavailable` when this node does not have the secret that the seed is sealed with; what the database says.
pub(super) fn check(conn: &mut Conn, secrets: &Secrets, now: Moment, owner: UserKey, given: &Given) -> Result<Verdict> {
    if let Some(wait) = tries::wait(conn, given.most, now, owner)? {
        return Ok(Verdict::Wait(wait));
    }
    let verdict = match &given.code {
        Code::App(digits) if row::spend(conn, secrets, now, owner, digits)? => Verdict::App,
        Code::Recovery(code) if recovery::spend(conn, now, owner, code)? => Verdict::Recovery(recovery::left(conn, owner)?),
        _ => Verdict::Wrong,
    };
    if verdict == Verdict::Wrong {
        tries::note(conn, now, owner)?;
    } else {
        tries::forget(conn, owner)?;
    }
    Ok(verdict)
}

/// Takes everything away, passkeys too; was there a second factor?
///
/// # Errors
/// What the database says.
pub(super) fn remove(conn: &mut Conn, owner: UserKey) -> Result<bool> {
    forget_codes(conn, owner)?;
    let passkeys = passkey::delete_all(conn, owner)?;
    Ok(row::delete(conn, owner)? || passkeys)
}

/// Forgets recovery codes and wrong codes, when there is nothing left to recover from.
///
/// # Errors
/// What the database says.
pub(super) fn forget_codes(conn: &mut Conn, owner: UserKey) -> Result<()> {
    recovery::drop_all(conn, owner)?;
    tries::forget(conn, owner)
}
