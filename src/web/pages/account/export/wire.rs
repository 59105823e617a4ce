//! What is kept of a person as the file names it (docs/API.md, "My data").
//!
//! Invariant: times are RFC 3339; no row number and no secret goes out.

use crate::audit::Event;
use crate::auth::api_token::Token;
use crate::auth::kept::{Kept, KnownDevice, Notice, Session};
use crate::auth::passkey::Passkey;
use crate::clock::rfc3339;
use crate::ids::{ApiTokenId, PasskeyId, SessionId, UserId};
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct Account {
    #[serde(rename = "account")]
    person: Person,
    sessions: Vec<WireSession>,
    known_devices: Vec<WireDevice>,
    passkeys: Vec<WirePasskey>,
    api_tokens: Vec<WireToken>,
    notices: Vec<WireNotice>,
}

#[derive(Serialize)]
struct Person {
    id: UserId,
    email: String,
    email_verified_at: Option<String>,
    name: String,
    role: &'static str,
    created_at: String,
    last_sign_in_at: Option<String>,
    second_factor_since: Option<String>,
    recovery_codes_left: i64,
}

#[derive(Serialize)]
struct WireSession {
    id: SessionId,
    kind: String,
    remember: bool,
    user_agent: String,
    address: String,
    created_at: String,
    last_seen_at: String,
    expires_at: String,
    ended_at: Option<String>,
    ended_because: Option<String>,
}

impl From<Session> for WireSession {
    fn from(session: Session) -> Self {
        Self {
            id: session.id,
            kind: session.kind,
            remember: session.remember,
            user_agent: session.user_agent,
            address: session.address,
            created_at: rfc3339(session.created_at),
            last_seen_at: rfc3339(session.last_seen_at),
            expires_at: rfc3339(session.expires_at),
            ended_at: session.ended_at.map(rfc3339),
            ended_because: session.ended_because,
        }
    }
}

#[derive(Serialize)]
struct WireDevice {
    kind: String,
    created_at: String,
    seen_at: String,
}

impl From<KnownDevice> for WireDevice {
    fn from(device: KnownDevice) -> Self {
        Self { kind: device.kind, created_at: rfc3339(device.created_at), seen_at: rfc3339(device.seen_at) }
    }
}

#[derive(Serialize)]
struct WireToken {
    id: ApiTokenId,
    name: String,
    scope: String,
    created_at: String,
    expires_at: String,
    last_used_at: Option<String>,
}

impl From<Token> for WireToken {
    fn from(token: Token) -> Self {
        Self {
            id: token.id,
            name: token.name,
            scope: token.scopes.to_string(),
            created_at: rfc3339(token.created_at),
            expires_at: rfc3339(token.expires_at),
            last_used_at: token.last_used_at.map(rfc3339),
        }
    }
}

#[derive(Serialize)]
struct WirePasskey {
    id: PasskeyId,
    name: String,
    backed_up: bool,
    created_at: String,
    last_used_at: Option<String>,
}

impl From<Passkey> for WirePasskey {
    fn from(passkey: Passkey) -> Self {
        Self {
            id: passkey.id,
            name: passkey.name,
            backed_up: passkey.backed_up,
            created_at: rfc3339(passkey.created_at),
            last_used_at: passkey.last_used_at.map(rfc3339),
        }
    }
}

#[derive(Serialize)]
struct WireNotice {
    kind: String,
    user_agent: String,
    address: String,
    created_at: String,
    told_at: Option<String>,
}

impl From<Notice> for WireNotice {
    fn from(notice: Notice) -> Self {
        Self {
            kind: notice.kind,
            user_agent: notice.user_agent,
            address: notice.address,
            created_at: rfc3339(notice.created_at),
            told_at: notice.told_at.map(rfc3339),
        }
    }
}

impl From<Kept> for Account {
    fn from(kept: Kept) -> Self {
        let user = kept.user;
        Self {
            person: Person {
                id: user.id,
                email: user.email,
                email_verified_at: user.email_verified_at.map(rfc3339),
                name: user.name,
                role: user.role.word(),
                created_at: rfc3339(user.created_at),
                last_sign_in_at: user.last_sign_in_at.map(rfc3339),
                second_factor_since: kept.second_factor_since.map(rfc3339),
                recovery_codes_left: kept.recovery_codes_left,
            },
            sessions: kept.sessions.into_iter().map(WireSession::from).collect(),
            known_devices: kept.known_devices.into_iter().map(WireDevice::from).collect(),
            passkeys: kept.passkeys.into_iter().map(WirePasskey::from).collect(),
            api_tokens: kept.tokens.into_iter().map(WireToken::from).collect(),
            notices: kept.notices.into_iter().map(WireNotice::from).collect(),
        }
    }
}

/// An event of the audit, as its person may read it.
#[derive(Serialize)]
pub(super) struct Happened {
    at: String,
    event: String,
    session: Option<SessionId>,
    address: String,
    client: String,
    detail: String,
}

impl From<Event> for Happened {
    fn from(event: Event) -> Self {
        Self {
            at: rfc3339(event.at),
            event: event.kind,
            session: event.session,
            address: event.address,
            client: event.client,
            detail: event.detail,
        }
    }
}
