//! A passkey: a key pair of which the shop has the public half, and which signs only after its person unlocked it.
//!
//! Invariant: whoever shows one has proved both what they have and what they know or are (user verification), to this origin, over a
//! challenge that was given to this browser for this act within five minutes and is spent by showing it. It does not know HTTP.

mod challenge;
pub mod change;
mod claim;
mod party;
mod row;
pub mod sign_in;

pub use challenge::{Act, LIFE, purge};
pub use claim::Claim;
pub use party::Party;
pub use row::{Passkey, count, list, rename};

pub(in crate::auth) use claim::{Verdict, check};
pub(in crate::auth) use row::{any, delete_all};

use crate::auth::latch::Latch;
use crate::auth::user;
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::ids::{UserKey, base64url};
use serde_json::{Value, json};

/// What a browser is given: the challenge as it must come back, and what `navigator.credentials` is to be called with.
#[derive(Debug)]
pub struct Offer {
    /// Signed by us.
    pub challenge: String,
    /// `PublicKeyCredentialCreationOptionsJSON` or `PublicKeyCredentialRequestOptionsJSON` (WebAuthn sections 5.1.8 and 5.1.9).
    pub options: Value,
}

/// Offers to make a passkey for somebody, in the browser that `binding` stands for.
///
/// # Errors
/// `Refused` where there can be none; `Unavailable` from the database.
pub async fn offer_making(latch: &Latch, owner: UserKey, binding: &str) -> Result<Offer> {
    let party = party(latch)?;
    let load = move |conn: &mut Conn| Ok((user::find(conn, owner)?, row::credential_ids(conn, owner)?));
    let (person, have) = latch.db.read(load).await?;
    if have.len() >= change::MOST {
        return Err(too_many());
    }
    let (options, state) = party.begin_making(&person, have)?;
    let challenge = challenge::sign(&latch.secrets, latch.clock.now(), Act::Make, binding, &state)?;
    Ok(Offer { challenge, options })
}

/// Offers to show one: any, where it is not known yet who asks, else one of theirs.
///
/// # Errors
/// As `offer_making`.
pub async fn offer_showing(latch: &Latch, act: Act, owner: Option<UserKey>, binding: &str) -> Result<Offer> {
    let party = party(latch)?;
    let (mut options, state) = party.begin_showing()?;
    if let Some(owner) = owner {
        let theirs = latch.db.read(move |conn| row::credential_ids(conn, owner)).await?;
        options["allowCredentials"] =
            theirs.iter().map(|id| json!({ "type": "public-key", "id": base64url(id) })).collect::<Vec<_>>().into();
    }
    let challenge = challenge::sign(&latch.secrets, latch.clock.now(), act, binding, &state)?;
    Ok(Offer { challenge, options })
}

/// The refusal of one passkey too many.
#[must_use]
pub fn too_many() -> Error {
    let text = format!("You have {} passkeys, which is the most. Remove one that you no longer use.", change::MOST);
    Error::refused("too_many_passkeys", text)
}

fn party(latch: &Latch) -> Result<&Party> {
    let none = || Error::refused("no_passkeys", "This shop has no domain name, so there can be no passkeys for it.");
    latch.party.as_ref().ok_or_else(none)
}
