//! Links in mails: each lets whoever reads a mailbox do one thing with one account, once.
//!
//! Invariant: a link is good for its purpose, its person, its address and the person's epoch at that time, until its time is over, as
//! long as it is the newest of its kind; it is spent by one conditional UPDATE, and looking at it changes nothing, so that a scanner
//! of mails burns none. It does not know what its purposes do, nor how a link is written.

pub mod budget;
mod token;

pub use token::LinkToken;

use crate::audit::{self, Actor, Kind};
use crate::auth::user::{self, User};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::mail_links;
use crate::error::{Error, Result};
use crate::ids::{LinkKey, SessionId, UserId, UserKey};
use diesel::prelude::*;
use std::str::FromStr;
use std::time::Duration;

/// What a link is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Says that the address of an account is read by its person.
    Verify,
    /// Sets a new password.
    Reset,
    /// Makes the address that of the account.
    Change,
    /// Makes the account.
    Register,
}

impl Purpose {
    const ALL: [Self; 4] = [Self::Verify, Self::Reset, Self::Change, Self::Register];

    /// The word in the table and in the audit.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::Reset => "reset",
            Self::Change => "change",
            Self::Register => "register",
        }
    }

    /// How long it is good.
    #[must_use]
    pub const fn life(self) -> Duration {
        match self {
            Self::Verify | Self::Register => Duration::from_hours(24),
            Self::Reset => Duration::from_mins(30),
            Self::Change => Duration::from_hours(1),
        }
    }
}

impl FromStr for Purpose {
    type Err = Error;
    fn from_str(word: &str) -> Result<Self> {
        let purpose = Self::ALL.into_iter().find(|purpose| purpose.word() == word);
        purpose.ok_or_else(|| Error::internal(format!("there is no link to `{word}`")))
    }
}

/// Somebody whose account is made when they confirm their address.
#[derive(Debug, Clone)]
pub struct Pending {
    /// The public name, which the hash binds.
    pub id: UserId,
    /// What we call them.
    pub name: String,
    /// From `hasher`.
    pub password_hash: String,
}

/// A link that is still good, as it stands in the table.
#[derive(Debug, Clone)]
pub struct Link {
    key: LinkKey,
    /// What for.
    pub purpose: Purpose,
    /// Whose account; none for one that is yet to be.
    pub user: Option<User>,
    /// The address that the mail went to.
    pub email: String,
    /// The sign-in that asked for it.
    pub session: Option<SessionId>,
    /// The account that is yet to be.
    pub pending: Option<Pending>,
}

/// What a new link is bound to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bound<'a> {
    /// Person and epoch.
    pub user: Option<(UserKey, i64)>,
    /// The sign-in that asks.
    pub session: Option<SessionId>,
    /// The account that is yet to be.
    pub pending: Option<&'a Pending>,
}

/// Writes a link down. The token goes into the mail and nowhere else.
///
/// # Errors
/// What the database says.
pub fn issue(conn: &mut Conn, now: Moment, purpose: Purpose, email: &str, bound: Bound<'_>) -> Result<LinkToken> {
    let token = LinkToken::random();
    diesel::insert_into(mail_links::table)
        .values((
            mail_links::hash.eq(token.hash()),
            mail_links::purpose.eq(purpose.word()),
            mail_links::user_id.eq(bound.user.map(|(key, _)| key)),
            mail_links::epoch.eq(bound.user.map(|(_, epoch)| epoch)),
            mail_links::email.eq(email),
            mail_links::session.eq(bound.session),
            mail_links::public_id.eq(bound.pending.map(|pending| pending.id)),
            mail_links::name.eq(bound.pending.map(|pending| &pending.name)),
            mail_links::password_hash.eq(bound.pending.map(|pending| &pending.password_hash)),
            mail_links::created_at.eq(now),
            mail_links::expires_at.eq(now + purpose.life()),
        ))
        .execute(conn)?;
    Ok(token)
}

type Row =
    (LinkKey, String, Option<UserKey>, Option<i64>, String, Option<SessionId>, Option<UserId>, Option<String>, Option<String>);

/// Looks at a link: what it says if it is good for one of these purposes. Nothing changes by it.
///
/// # Errors
/// What the database says.
pub fn look(conn: &mut Conn, now: Moment, token: &LinkToken, purposes: &[Purpose]) -> Result<Option<Link>> {
    let words: Vec<&str> = purposes.iter().map(|purpose| purpose.word()).collect();
    let row: Option<Row> = mail_links::table
        .filter(mail_links::hash.eq(token.hash()))
        .filter(mail_links::purpose.eq_any(words))
        .filter(mail_links::spent_at.is_null())
        .filter(mail_links::expires_at.gt(now))
        .select((
            mail_links::id,
            mail_links::purpose,
            mail_links::user_id,
            mail_links::epoch,
            mail_links::email,
            mail_links::session,
            mail_links::public_id,
            mail_links::name,
            mail_links::password_hash,
        ))
        .first(conn)
        .optional()?;
    let Some((key, purpose, owner, epoch, email, session, id, name, password_hash)) = row else { return Ok(None) };
    let purpose: Purpose = purpose.parse()?;
    if newest(conn, purpose, owner, &email)? != Some(key) {
        return Ok(None);
    }
    let pending = match (id, name, password_hash) {
        (Some(id), Some(name), Some(password_hash)) => Some(Pending { id, name, password_hash }),
        _ => None,
    };
    let user = match owner {
        Some(owner) => Some(user::find(conn, owner)?),
        None => None,
    };
    let stands = match &user {
        // A changed password, address, role or lock is another epoch, and the link of an earlier one is nobody's.
        Some(user) => {
            let same_address = purpose == Purpose::Change || user.email == email;
            Some(user.epoch) == epoch && user.locked_at.is_none() && same_address
        }
        None => pending.is_some(),
    };
    Ok(stands.then_some(Link { key, purpose, user, email, session, pending }))
}

/// The newest link of that purpose: of a person, or of an address without one.
fn newest(conn: &mut Conn, purpose: Purpose, owner: Option<UserKey>, email: &str) -> Result<Option<LinkKey>> {
    let of = mail_links::table.filter(mail_links::purpose.eq(purpose.word())).order(mail_links::id.desc()).select(mail_links::id);
    Ok(match owner {
        Some(owner) => of.filter(mail_links::user_id.eq(owner)).first(conn).optional()?,
        None => of.filter(mail_links::email.eq(email)).first(conn).optional()?,
    })
}

/// Spends a link that is good for one of these purposes; none if it is not, or of two at once the other was faster.
///
/// # Errors
/// What the database says.
pub fn spend(conn: &mut Conn, now: Moment, token: &LinkToken, purposes: &[Purpose]) -> Result<Option<Link>> {
    let Some(link) = look(conn, now, token, purposes)? else { return Ok(None) };
    let good = mail_links::table.filter(mail_links::id.eq(link.key)).filter(mail_links::spent_at.is_null());
    let spent = diesel::update(good.filter(mail_links::expires_at.gt(now))).set(mail_links::spent_at.eq(now)).execute(conn)?;
    Ok((spent == 1).then_some(link))
}

/// Was a link for one of these purposes followed before? Only who has it can ask, and may know why it is good no more.
///
/// # Errors
/// What the database says.
pub fn was_used(conn: &mut Conn, token: &LinkToken, purposes: &[Purpose]) -> Result<bool> {
    let words: Vec<&str> = purposes.iter().map(|purpose| purpose.word()).collect();
    let used = mail_links::table.filter(mail_links::hash.eq(token.hash())).filter(mail_links::spent_at.is_not_null());
    let used = used.filter(mail_links::purpose.eq_any(words));
    Ok(used.select(mail_links::id).first::<LinkKey>(conn).optional()?.is_some())
}

/// Writes down that a link of ours was shown that is good no more, or for something else. What we never made is noise.
///
/// # Errors
/// What the database says.
pub fn refuse(conn: &mut Conn, now: Moment, token: &LinkToken, address: &str) -> Result<()> {
    let known = mail_links::table.filter(mail_links::hash.eq(token.hash())).select((mail_links::user_id, mail_links::purpose));
    let Some((user, purpose)) = known.first::<(Option<UserKey>, String)>(conn).optional()? else { return Ok(()) };
    let actor = Actor { user, session: None, address: address.to_owned() };
    audit::record(conn, now, Kind::LinkRefused, &actor, &purpose)
}

/// Deletes at most `most` links whose time was over before `before`; how many there were.
///
/// # Errors
/// What the database says.
pub fn purge(conn: &mut Conn, before: Moment, most: i64) -> Result<usize> {
    let over = mail_links::table.filter(mail_links::expires_at.lt(before)).order(mail_links::expires_at);
    let old: Vec<LinkKey> = over.limit(most).select(mail_links::id).load(conn)?;
    Ok(diesel::delete(mail_links::table.filter(mail_links::id.eq_any(old))).execute(conn)?)
}
