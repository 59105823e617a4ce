//! Forms that arrived when their session was gone, kept until their person is signed in again.
//!
//! Invariant: a form is stored encrypted, for fifteen minutes, under the ticket that only its browser has; where the dead session was
//! somebody's, nobody but that person ever opens it; and of all who try to carry it out, one does. It does not know what the forms
//! say or how they are carried out.

mod row;
mod spend;

pub use spend::{Carried, Claim, carry, claim, discard, put_back, settle};

use crate::auth::refresh_token::RefreshToken;
use crate::auth::rotation;
use crate::auth::secrets::Secrets;
use crate::auth::session::Door;
use crate::auth::ticket::ticket;
use crate::clock::Moment;
use crate::db::schema::{parked_forms, sessions, users};
use crate::db::{self, Conn};
use crate::error::Result;
use crate::ids::{ParkedId, SessionId, UserKey};
use diesel::prelude::*;
use std::time::Duration;

ticket!(
    /// What `__Host-park` holds: it names one browser's parked forms.
    Ticket,
    16
);

/// How long a form is kept.
pub const LIFE: Duration = Duration::from_mins(15);
/// The most forms of one browser; the oldest makes room.
pub const MOST_HERE: usize = 3;
/// The most forms of all browsers; then a form is not kept, and its person is told.
pub const MOST: i64 = 10_000;
/// A form that was taken and of which nothing more was heard after this time: the node that took it is gone. No handler lives as long.
const LOST: Duration = Duration::from_secs(30);

/// Whose session the dead cookies name, as that person stands now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder {
    /// The person.
    pub user: UserKey,
    /// Their epoch: what they sent before their password or role was changed is not done after it.
    pub epoch: i64,
}

/// A form to be kept.
#[derive(Debug)]
pub struct NewForm {
    /// Its text, whatever that is.
    pub content: Vec<u8>,
    /// Whose session it came from, if the cookies name one.
    pub holder: Option<Holder>,
    /// Is it to be carried out by signing in alone? Never where there is a holder.
    pub at_sign_in: bool,
}

/// How a kept form stands for the one who looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It waits to be confirmed.
    Open,
    /// Its person's password, role or the like was changed since: it can be read, and not carried out.
    Overtaken,
    /// It was being carried out when the node went away; perhaps it was done.
    Interrupted,
}

/// A kept form, opened.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Its name.
    pub id: ParkedId,
    /// Its text.
    pub content: Vec<u8>,
    /// How it stands.
    pub standing: Standing,
}

/// What is kept of a browser, for a person.
#[derive(Debug, Default)]
pub struct Waiting {
    /// What they may open, the newest first.
    pub forms: Vec<Kept>,
    /// How many belong to somebody else.
    pub others: usize,
    /// Is one being carried out this moment?
    pub underway: bool,
}

/// What is kept of a browser, as far as a visitor may be told.
#[derive(Debug, Default)]
pub struct Outlook {
    /// What signing in will carry out, the oldest first.
    pub errands: Vec<Vec<u8>>,
    /// Is there anything else?
    pub more: bool,
}

/// The person whose session dead cookies name: by the id in a dead access token, or by a refresh token, whatever became of it.
///
/// # Errors
/// What the database says.
pub fn holder(conn: &mut Conn, session: Option<SessionId>, refresh: Option<&RefreshToken>) -> Result<Option<Holder>> {
    let by_refresh = match refresh {
        Some(token) => rotation::session_of(conn, Door::Web, token)?,
        None => None,
    };
    for id in [session, by_refresh].into_iter().flatten() {
        let found: Option<(UserKey, i64)> = sessions::table
            .inner_join(users::table)
            .filter(sessions::public_id.eq(id))
            .select((users::id, users::epoch))
            .first(conn)
            .optional()?;
        if let Some((user, epoch)) = found {
            return Ok(Some(Holder { user, epoch }));
        }
    }
    Ok(None)
}

/// Keeps a form; of four of a browser the oldest goes, and an equal one that waits already makes room for the new one, so that a
/// second press of the same button asks for one act. Says false, and keeps nothing, where all browsers together have `most`.
///
/// # Errors
/// What the database says.
pub fn park(conn: &mut Conn, secrets: &Secrets, now: Moment, ticket: &Ticket, form: &NewForm, most: i64) -> Result<bool> {
    // Two that count at once would both find room.
    db::lock_parking(conn)?;
    let mut gone = Vec::new();
    let mut waiting = 0;
    for row in row::of_browser(conn, now, ticket)? {
        if row.is_waiting(now) {
            let again = row.holder() == form.holder && row.open(secrets, ticket).is_some_and(|text| text == form.content);
            if again || waiting + 1 == MOST_HERE {
                gone.push(row.key);
            } else {
                waiting += 1;
            }
        } else if row.spent_at.is_some_and(|at| at + LOST < now) {
            gone.push(row.key);
        }
    }
    diesel::delete(parked_forms::table.filter(parked_forms::id.eq_any(gone))).execute(conn)?;
    let all: i64 = parked_forms::table.filter(parked_forms::expires_at.gt(now)).count().get_result(conn)?;
    // Half of the room is kept for people whose session was ours: strangers need no session to fill the other.
    if all >= most || (form.holder.is_none() && all >= most / 2) {
        return Ok(false);
    }
    let id = ParkedId::random();
    let keys = secrets.current();
    diesel::insert_into(parked_forms::table)
        .values((
            parked_forms::public_id.eq(id),
            parked_forms::browser.eq(ticket.hash()),
            parked_forms::user_id.eq(form.holder.map(|holder| holder.user)),
            parked_forms::epoch.eq(form.holder.map(|holder| holder.epoch)),
            parked_forms::at_sign_in.eq(form.at_sign_in),
            parked_forms::sealed.eq(keys.seal(&row::purpose(id, ticket, form.holder, form.at_sign_in), &form.content)),
            parked_forms::secret_id.eq(keys.id()),
            parked_forms::created_at.eq(now),
            parked_forms::expires_at.eq(now + LIFE),
        ))
        .execute(conn)?;
    Ok(true)
}

/// What waits for that person in that browser.
///
/// # Errors
/// What the database says.
pub fn waiting(conn: &mut Conn, secrets: &Secrets, now: Moment, ticket: &Ticket, person: UserKey) -> Result<Waiting> {
    let mut found = Waiting::default();
    let rows = row::of_browser(conn, now, ticket)?;
    let epoch = row::epoch_for(conn, &rows, person)?;
    for row in rows {
        if !row.is_waiting(now) {
            found.underway |= row.led_to.is_none();
            continue;
        }
        match row.open(secrets, ticket) {
            Some(_) if row.user.is_some_and(|user| user != person) => found.others += 1,
            Some(content) => found.forms.push(Kept { id: row.id, content, standing: row.standing(now, epoch) }),
            None => tracing::warn!("a parked form cannot be opened: it was changed, or its secret is gone"),
        }
    }
    Ok(found)
}

/// What waits in that browser, before anybody is signed in.
///
/// # Errors
/// What the database says.
pub fn outlook(conn: &mut Conn, secrets: &Secrets, now: Moment, ticket: &Ticket) -> Result<Outlook> {
    let mut outlook = Outlook::default();
    for row in row::of_browser(conn, now, ticket)?.into_iter().rev().filter(|row| row.is_waiting(now)) {
        match row.open(secrets, ticket) {
            Some(content) if row.at_sign_in && row.spent_at.is_none() => outlook.errands.push(content),
            Some(_) => outlook.more = true,
            None => {}
        }
    }
    Ok(outlook)
}

/// Does anything wait in that browser, whoever it belongs to? What is being carried out may yet come back.
///
/// # Errors
/// What the database says.
pub fn is_waiting(conn: &mut Conn, now: Moment, ticket: &Ticket) -> Result<bool> {
    Ok(row::of_browser(conn, now, ticket)?.iter().any(|row| row.led_to.is_none()))
}

/// Deletes at most `most` forms whose time is over; how many there were.
///
/// # Errors
/// What the database says.
pub fn purge(conn: &mut Conn, now: Moment, most: i64) -> Result<usize> {
    let old: Vec<i64> = parked_forms::table
        .filter(parked_forms::expires_at.le(now))
        .order(parked_forms::expires_at)
        .limit(most)
        .select(parked_forms::id)
        .load(conn)?;
    Ok(diesel::delete(parked_forms::table.filter(parked_forms::id.eq_any(old))).execute(conn)?)
}
