//! What happened, append-only.
//!
//! Invariant: a row is written in the same transaction as the act it tells of, so that neither exists without the other; no row
//! carries a password, a token, a one-time code or an e-mail address. It does not know what the acts mean.

mod kinds;
mod search;
mod tally;

pub use search::{Event, Filter, Place, of_account, search};
pub use tally::tally;

use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::audit_events;
use crate::error::Result;
use crate::ids::{SessionId, UserKey};
use crate::on_either;
use diesel::prelude::*;
use std::time::Duration;

/// The kinds of event, as they stand in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A person signed in.
    SignIn,
    /// Somebody tried to, and was refused.
    SignInFailed,
    /// Somebody tried too often, and was told to wait.
    SignInThrottled,
    /// A new account.
    Registered,
    /// A person signed out.
    SignOut,
    /// A session ended otherwise.
    SessionEnded,
    /// An old refresh token was shown again (RFC 9700 section 4.14.2).
    TokenReuse,
    /// One of our cookies came twice.
    DuplicateCookie,
    /// An access token was not ours.
    ForgedToken,
    /// A form came from another site.
    CrossSite,
    /// A password was changed.
    PasswordChanged,
    /// Somebody asked for a mail to set a password anew.
    ResetAsked,
    /// Somebody asked for an account, and has yet to confirm the address.
    RegistrationAsked,
    /// A person confirmed that their address is theirs.
    EmailVerified,
    /// A person asked for another address.
    EmailChangeAsked,
    /// A person has another address.
    EmailChanged,
    /// A mail link was shown that is good no more.
    LinkRefused,
    /// A person said, by a link in a letter, that what it told of was not their doing.
    Disowned,
    /// A second factor was turned on or off, or got new recovery codes.
    SecondFactorChanged,
    /// A person proved once more who they are.
    SteppedUp,
    /// A personal API token was made.
    ApiTokenMade,
    /// A personal API token was revoked.
    ApiTokenRevoked,
    /// A person took home what is kept of them.
    AccountExported,
    /// A person deleted their account.
    AccountDeleted,
    /// A person was locked out, or in again.
    LockChanged,
    /// A person was given another role.
    RoleChanged,
    /// A person changed their name.
    NameChanged,
    /// A signing key was made.
    KeyPublished,
    /// A signing key was deleted after its time.
    KeyDeleted,
    /// Signing keys were sealed anew with the current secret.
    KeysResealed,
    /// An order was placed.
    OrderPlaced,
    /// An order was cancelled.
    OrderCancelled,
    /// An order went on in its life.
    OrderMoved,
    /// What became of the money for an order was written down.
    PaymentMoved,
    /// A product was made, or its words, price, status or picture were changed.
    ProductChanged,
    /// A category was made or changed.
    CategoryChanged,
    /// Pieces were booked in, out, or counted.
    StockChanged,
    /// A discount code was made or stopped.
    DiscountChanged,
    /// Somebody began to read the catalogue from a file.
    ImportStarted,
    /// The catalogue was read from a file, or as much of it as was wanted.
    Imported,
    /// The catalogue was written into a file.
    Exported,
    /// Somebody who runs the shop did something to a person.
    PersonChanged,
    /// Somebody who runs the shop took the audit home.
    AuditExported,
    /// The server started.
    Started,
    /// The server stopped.
    Stopped,
}

impl Kind {
    /// The word in the table.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::SignInFailed => "sign_in_failed",
            Self::SignInThrottled => "sign_in_throttled",
            Self::Registered => "registered",
            Self::SignOut => "sign_out",
            Self::SessionEnded => "session_ended",
            Self::TokenReuse => "token_reuse",
            Self::DuplicateCookie => "duplicate_cookie",
            Self::ForgedToken => "forged_token",
            Self::CrossSite => "cross_site",
            Self::PasswordChanged => "password_changed",
            Self::ResetAsked => "reset_asked",
            Self::RegistrationAsked => "registration_asked",
            Self::EmailVerified => "email_verified",
            Self::EmailChangeAsked => "email_change_asked",
            Self::EmailChanged => "email_changed",
            Self::LinkRefused => "link_refused",
            Self::Disowned => "disowned",
            Self::SecondFactorChanged => "second_factor_changed",
            Self::SteppedUp => "stepped_up",
            Self::ApiTokenMade => "api_token_made",
            Self::ApiTokenRevoked => "api_token_revoked",
            Self::AccountExported => "account_exported",
            Self::AccountDeleted => "account_deleted",
            Self::LockChanged => "lock_changed",
            Self::RoleChanged => "role_changed",
            Self::NameChanged => "name_changed",
            Self::KeyPublished => "key_published",
            Self::KeyDeleted => "key_deleted",
            Self::KeysResealed => "keys_resealed",
            Self::OrderPlaced => "order_placed",
            Self::OrderCancelled => "order_cancelled",
            Self::OrderMoved => "order_moved",
            Self::PaymentMoved => "payment_moved",
            Self::ProductChanged => "product_changed",
            Self::CategoryChanged => "category_changed",
            Self::StockChanged => "stock_changed",
            Self::DiscountChanged => "discount_changed",
            Self::ImportStarted => "import_started",
            Self::Imported => "imported",
            Self::Exported => "exported",
            Self::PersonChanged => "person_changed",
            Self::AuditExported => "audit_exported",
            Self::Started => "started",
            Self::Stopped => "stopped",
        }
    }
}

/// Whose act it was and where it came from.
#[derive(Debug, Clone, Default)]
pub struct Actor {
    /// The person, if one is known.
    pub user: Option<UserKey>,
    /// Their session, if there is one.
    pub session: Option<SessionId>,
    /// The client's address; empty for the command line.
    pub address: String,
}

/// Writes one event. `detail` is cut at 256 characters.
///
/// # Errors
/// What the database says.
pub fn record(conn: &mut Conn, now: Moment, kind: Kind, actor: &Actor, detail: &str) -> Result<()> {
    write(conn, now, kind, std::slice::from_ref(actor), "", detail)
}

/// Writes one event, and which browser or program it was, in words of ours.
///
/// # Errors
/// What the database says.
pub fn record_by(conn: &mut Conn, now: Moment, kind: Kind, actor: &Actor, client: &str, detail: &str) -> Result<()> {
    write(conn, now, kind, std::slice::from_ref(actor), client, detail)
}

/// Writes one event of a kind for each of these, in one statement.
///
/// # Errors
/// What the database says.
pub fn record_each(conn: &mut Conn, now: Moment, kind: Kind, actors: &[Actor], detail: &str) -> Result<()> {
    write(conn, now, kind, actors, "", detail)
}

/// Writes what one actor did to several things, in one statement.
///
/// # Errors
/// What the database says.
pub fn record_all(conn: &mut Conn, now: Moment, actor: &Actor, acts: &[(Kind, String)]) -> Result<()> {
    let row = |(kind, detail): &(Kind, String)| {
        (
            audit_events::at.eq(now),
            audit_events::kind.eq(kind.word()),
            audit_events::user_id.eq(actor.user),
            audit_events::session.eq(actor.session),
            audit_events::address.eq(actor.address.clone()),
            audit_events::detail.eq(cut(detail)),
            audit_events::client.eq(""),
        )
    };
    for some in acts.chunks(AT_ONCE) {
        let rows: Vec<_> = some.iter().map(row).collect();
        on_either!(conn, conn => diesel::insert_into(audit_events::table).values(rows).execute(conn))?;
    }
    Ok(())
}

/// Rows of one statement.
const AT_ONCE: usize = 500;

fn cut(detail: &str) -> String {
    detail.chars().take(256).collect()
}

fn write(conn: &mut Conn, now: Moment, kind: Kind, actors: &[Actor], client: &str, detail: &str) -> Result<()> {
    let cut = cut(detail);
    let row = |actor: &Actor| {
        (
            audit_events::at.eq(now),
            audit_events::kind.eq(kind.word()),
            audit_events::user_id.eq(actor.user),
            audit_events::session.eq(actor.session),
            audit_events::address.eq(actor.address.clone()),
            audit_events::detail.eq(cut.clone()),
            audit_events::client.eq(client),
        )
    };
    for some in actors.chunks(AT_ONCE) {
        let rows: Vec<_> = some.iter().map(row).collect();
        on_either!(conn, conn => diesel::insert_into(audit_events::table).values(rows).execute(conn))?;
    }
    Ok(())
}

/// Deletes at most `most` events that are older than this; how many there were. The age is that beside the newest event, as the
/// table's own triggers count it, which let nothing younger go.
///
/// # Errors
/// What the database says.
pub fn purge(conn: &mut Conn, now: Moment, age: Duration, most: i64) -> Result<usize> {
    let newest: Option<Moment> =
        audit_events::table.order(audit_events::at.desc()).select(audit_events::at).first(conn).optional()?;
    let Some(newest) = newest else { return Ok(0) };
    let before = now.min(newest) - age;
    let old: Vec<i64> = audit_events::table
        .filter(audit_events::at.lt(before))
        .order(audit_events::at)
        .limit(most)
        .select(audit_events::id)
        .load(conn)?;
    Ok(diesel::delete(audit_events::table.filter(audit_events::id.eq_any(old))).execute(conn)?)
}
