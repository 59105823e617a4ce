//! What an access token says.
//!
//! Invariant: a token has exactly these claims, each of exactly this type; a doubled, missing, foreign or wrongly typed one makes
//! it no token of ours. It does not know signatures.

use crate::auth::user::Role;
use crate::ids::{SessionId, UserId};
use serde::{Deserialize, Serialize};

/// The claims of an access token (RFC 9068, and our own `sid`, `gen`, `epoch`, `role`). Times are seconds since 1970. Texts are
/// borrowed: every request reads these, and none keeps them. One with an escape in it is none of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims<'a> {
    /// Who made it: the public URL.
    pub iss: &'a str,
    /// At which door it opens: `<public URL>/web` or `/api`.
    pub aud: &'a str,
    /// The person.
    pub sub: UserId,
    /// The session.
    pub sid: SessionId,
    /// The generation of the session's refresh token it came with.
    #[serde(rename = "gen")]
    pub generation: i64,
    /// The person's epoch when it was made.
    pub epoch: i64,
    /// What they may do.
    #[serde(with = "role_word")]
    pub role: Role,
    /// 128 random bits.
    pub jti: &'a str,
    /// Made at.
    pub iat: i64,
    /// Not before.
    pub nbf: i64,
    /// Valid while now is less than this.
    pub exp: i64,
}

/// Whom a good token speaks for: what is left of its claims when they have been checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bearer {
    /// The person.
    pub sub: UserId,
    /// The session.
    pub sid: SessionId,
    /// The generation.
    pub generation: i64,
    /// The person's epoch when it was made.
    pub epoch: i64,
    /// What they may do.
    pub role: Role,
}

impl Claims<'_> {
    /// Whom they speak for.
    #[must_use]
    pub fn bearer(&self) -> Bearer {
        Bearer { sub: self.sub, sid: self.sid, generation: self.generation, epoch: self.epoch, role: self.role }
    }
}

mod role_word {
    use crate::auth::user::Role;
    use serde::{Deserialize as _, Deserializer, Serializer};

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
    pub fn serialize<S: Serializer>(role: &Role, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(role.word())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Role, D::Error> {
        let word = <&str>::deserialize(deserializer)?;
        word.parse().map_err(|_| serde::de::Error::custom("not a role"))
    }
}

/// The header of an access token: these three members and no other.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header<'a> {
    pub alg: &'a str,
    pub typ: &'a str,
    pub kid: &'a str,
}
