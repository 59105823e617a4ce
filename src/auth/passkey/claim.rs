//! A passkey that somebody shows.
//!
//! Invariant: it is looked at only once its challenge is spent, and it proves something only of its own person; what it was shown for
//! decides the caller. A wrong one cannot be guessed nearer to the right one, so nothing is counted here. It does not know sessions.

use super::challenge::{self, Act, Challenge};
use super::party::Fault;
use super::row::{self, Known};
use crate::auth::latch::Inner;
use crate::auth::letters;
use crate::auth::user::User;
use crate::clock::Moment;
use crate::db::Conn;
use crate::error::Result;
use crate::mail::letter::FactorAct;
use std::fmt;
use webauthn_rs::prelude::{DiscoverableAuthentication, PublicKeyCredential};

/// What a browser sent, as far as it can be read; never printed.
pub struct Claim {
    challenge: Box<Challenge<DiscoverableAuthentication>>,
    credential: Box<PublicKeyCredential>,
}

impl Claim {
    /// Reads what a browser sent for that act; `None` for a challenge that is not good (any longer), or no
    /// `AuthenticationResponseJSON`.
    #[must_use]
    pub fn read(latch: &Inner, act: Act, binding: &str, challenge: &str, credential: &str) -> Option<Self> {
        let challenge = challenge::read(&latch.secrets, latch.clock.now(), act, binding, challenge)?;
        let credential = serde_json::from_str(credential).ok()?;
        Some(Self { challenge: Box::new(challenge), credential: Box::new(credential) })
    }

    /// Spends the challenge, and finds the passkey; `None` when there is none, or the challenge was spent before.
    pub(super) fn take(&self, conn: &mut Conn, now: Moment) -> Result<Option<Known>> {
        if !self.challenge.spend(conn, now)? {
            return Ok(None);
        }
        row::find(conn, self.credential.get_credential_id())
    }

    /// Checks the signature. The caller holds the person's row.
    pub(super) fn verify(&self, conn: &mut Conn, latch: &Inner, now: Moment, person: &User, known: Known) -> Result<Verdict> {
        let Some(party) = &latch.party else { return Ok(Verdict::Wrong) };
        // The authenticator says whose it is as well (WebAuthn section 7.2, step 6).
        let of_another = self.credential.get_user_unique_id().is_some_and(|handle| handle != person.id.bits());
        if known.owner != person.key || of_another {
            return Ok(Verdict::Wrong);
        }
        match party.shown(&self.credential, self.challenge.state.clone(), &known.credential) {
            Ok(result) => Ok(if row::note_use(conn, now, known, &result)? { Verdict::Right } else { Verdict::Wrong }),
            Err(Fault::Wrong) => Ok(Verdict::Wrong),
            Err(Fault::Copied) => Ok(Verdict::Copied),
        }
    }

    /// Does the authenticator say whose it is? Without a name before it, it must.
    pub(super) fn names_its_person(&self) -> bool {
        self.credential.get_user_unique_id().is_some()
    }
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Claim(…)")
    }
}

/// What a passkey is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::auth) enum Verdict {
    /// It is theirs, and they unlocked it.
    Right,
    /// It is not, or they did not, or it was shown before.
    Wrong,
    /// It is theirs, and somebody has a copy of it.
    Copied,
}

impl Verdict {
    /// The word in the audit.
    pub(in crate::auth) const fn word(self) -> &'static str {
        match self {
            Self::Right | Self::Wrong => "passkey",
            Self::Copied => "passkey, counted back",
        }
    }
}

/// Is it one of this person's? The caller holds their row and commits, whatever comes of it; no claim at all is a wrong one.
///
/// # Errors
/// What the database says.
pub(in crate::auth) fn check(
    conn: &mut Conn,
    latch: &Inner,
    now: Moment,
    person: &User,
    claim: Option<&Claim>,
    address: &str,
) -> Result<Verdict> {
    let Some(claim) = claim else { return Ok(Verdict::Wrong) };
    let Some(known) = claim.take(conn, now)? else { return Ok(Verdict::Wrong) };
    let verdict = claim.verify(conn, latch, now, person, known)?;
    if verdict == Verdict::Copied {
        letters::second_factor(conn, &latch.post, now, person.key, address, FactorAct::PasskeyCopied, true)?;
    }
    Ok(verdict)
}
