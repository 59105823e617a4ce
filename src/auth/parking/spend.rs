//! Carrying a parked form out, once.
//!
//! Invariant: a form is taken by one conditional statement, so of two presses, two tabs and two sign-ins one takes it, and the others
//! learn where it led. Whoever takes it says afterwards what became of it: it led somewhere, or it goes back. It does not know what
//! carrying out means.

use super::row::{self, Row};
use super::{Kept, Standing, Ticket, is_waiting};
use crate::auth::secrets::Secrets;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::parked_forms;
use crate::error::Result;
use crate::ids::{ParkedId, UserKey};
use diesel::prelude::*;

/// What became of the wish to carry a form out.
#[derive(Debug)]
pub enum Claim {
    /// It is the caller's to carry out now; `settle` or `put_back` must follow.
    Taken(Kept),
    /// It was carried out before, and led there.
    Done(String),
    /// Somebody is at it this moment.
    Underway,
    /// There is no such form for this person.
    Gone,
}

/// Takes the form of that name, or without a name the newest one that waits, for a signed-in person of its browser.
///
/// # Errors
/// What the database says.
pub fn claim(
    conn: &mut Conn,
    secrets: &Secrets,
    now: Moment,
    ticket: &Ticket,
    person: UserKey,
    name: Option<&str>,
) -> Result<Claim> {
    let mut rows = row::of_browser(conn, now, ticket)?;
    rows.retain(|row| row.user.is_none_or(|user| user == person) && row.spent_by.is_none_or(|user| user == person));
    let epoch = row::epoch_for(conn, &rows, person)?;
    let found = match name {
        Some(name) => rows.iter().find(|row| row.id.as_str() == name),
        None => rows.iter().find(|row| row.spent_at.is_none()).or_else(|| rows.first()),
    };
    let Some(row) = found else { return Ok(Claim::Gone) };
    let standing = row.standing(now, epoch);
    match &row.led_to {
        Some(place) if !place.is_empty() => return Ok(Claim::Done(place.clone())),
        None if row.spent_at.is_some() && !row.is_lost(now) => return Ok(Claim::Underway),
        _ if standing == Standing::Overtaken => return Ok(Claim::Gone),
        // It waits; or its answer was a page that said what was wrong, and nothing was done: asked again, it is answered again.
        _ => {}
    }
    let Some(content) = row.open(secrets, ticket) else { return Ok(Claim::Gone) };
    if take(conn, now, row, person)? { Ok(Claim::Taken(Kept { id: row.id, content, standing })) } else { Ok(Claim::Underway) }
}

/// One statement decides who takes it.
fn take(conn: &mut Conn, now: Moment, row: &Row, person: UserKey) -> Result<bool> {
    let spent = (parked_forms::spent_at.eq(now), parked_forms::spent_by.eq(person), parked_forms::led_to.eq(None::<String>));
    let there = parked_forms::table.filter(parked_forms::id.eq(row.key));
    let taken = match row.spent_at {
        None => diesel::update(there.filter(parked_forms::spent_at.is_null())).set(spent).execute(conn)?,
        Some(at) => diesel::update(there.filter(parked_forms::spent_at.eq(at))).set(spent).execute(conn)?,
    };
    Ok(taken == 1)
}

/// Says where a form that was carried out led: a path, or nothing where the answer was a page. Does anything else wait there?
///
/// # Errors
/// What the database says.
pub fn settle(conn: &mut Conn, now: Moment, ticket: &Ticket, id: ParkedId, led_to: &str) -> Result<bool> {
    diesel::update(parked_forms::table.filter(parked_forms::public_id.eq(id)))
        .set(parked_forms::led_to.eq(led_to))
        .execute(conn)?;
    is_waiting(conn, now, ticket)
}

/// Puts a form back that could not be carried out, as if it had never been taken.
///
/// # Errors
/// What the database says.
pub fn put_back(conn: &mut Conn, id: ParkedId) -> Result<()> {
    diesel::update(parked_forms::table.filter(parked_forms::public_id.eq(id)))
        .set((
            parked_forms::spent_at.eq(None::<Moment>),
            parked_forms::spent_by.eq(None::<UserKey>),
            parked_forms::led_to.eq(None::<String>),
        ))
        .execute(conn)?;
    Ok(())
}

/// Throws a form away that its person does not want any more. Does anything else wait there?
///
/// # Errors
/// What the database says.
pub fn discard(conn: &mut Conn, now: Moment, ticket: &Ticket, person: UserKey, id: ParkedId) -> Result<bool> {
    let theirs = parked_forms::table
        .filter(parked_forms::public_id.eq(id))
        .filter(parked_forms::browser.eq(ticket.hash()))
        .filter(parked_forms::user_id.is_null().or(parked_forms::user_id.eq(person)));
    diesel::delete(theirs).execute(conn)?;
    is_waiting(conn, now, ticket)
}

/// A form that a sign-in carries out.
#[derive(Debug)]
pub struct Carried {
    /// Its text.
    pub content: Vec<u8>,
    /// Was it carried out by an earlier sign-in of the same person? Then there is nothing to do but to say so.
    pub before: bool,
}

/// Takes every form of the browser that signing in carries out, the oldest first, in the transaction that signs the person in. Says
/// too whether anything else waits.
///
/// # Errors
/// What the database says.
pub fn carry(
    conn: &mut Conn,
    secrets: &Secrets,
    now: Moment,
    ticket: &Ticket,
    person: UserKey,
    led_to: &str,
) -> Result<(Vec<Carried>, bool)> {
    let mut carried = Vec::new();
    for row in row::of_browser(conn, now, ticket)?.into_iter().rev().filter(|row| row.at_sign_in) {
        let Some(content) = row.open(secrets, ticket) else { continue };
        if row.spent_at.is_none() && take(conn, now, &row, person)? {
            settle(conn, now, ticket, row.id, led_to)?;
            carried.push(Carried { content, before: false });
        } else if row.spent_by == Some(person) && row.led_to.as_deref() == Some(led_to) {
            carried.push(Carried { content, before: true });
        }
    }
    Ok((carried, is_waiting(conn, now, ticket)?))
}
