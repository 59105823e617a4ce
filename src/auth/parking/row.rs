//! The row of a parked form.
//!
//! Invariant: what is sealed opens only in the row it was sealed for: its name, its browser's ticket, its person and whether signing in
//! carries it out are bound into it, so no row can be given to somebody else by changing the table.

use super::{Holder, LOST, Standing, Ticket};
use crate::auth::secrets::Secrets;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{parked_forms, users};
use crate::error::Result;
use crate::ids::{ParkedId, UserKey};
use diesel::prelude::*;

/// One row.
#[derive(Debug, Queryable)]
pub(super) struct Row {
    pub(super) key: i64,
    pub(super) id: ParkedId,
    pub(super) user: Option<UserKey>,
    pub(super) epoch: Option<i64>,
    pub(super) at_sign_in: bool,
    pub(super) sealed: String,
    pub(super) secret_id: String,
    pub(super) spent_at: Option<Moment>,
    pub(super) spent_by: Option<UserKey>,
    pub(super) led_to: Option<String>,
}

/// The rows of a browser whose time is not over, the newest first: a handful.
pub(super) fn of_browser(conn: &mut Conn, now: Moment, ticket: &Ticket) -> Result<Vec<Row>> {
    let rows = parked_forms::table
        .filter(parked_forms::browser.eq(ticket.hash()))
        .filter(parked_forms::expires_at.gt(now))
        .order(parked_forms::id.desc())
        .select((
            parked_forms::id,
            parked_forms::public_id,
            parked_forms::user_id,
            parked_forms::epoch,
            parked_forms::at_sign_in,
            parked_forms::sealed,
            parked_forms::secret_id,
            parked_forms::spent_at,
            parked_forms::spent_by,
            parked_forms::led_to,
        ))
        .load(conn)?;
    Ok(rows)
}

/// The epoch of that person now, if any of the rows is theirs.
pub(super) fn epoch_for(conn: &mut Conn, rows: &[Row], person: UserKey) -> Result<Option<i64>> {
    if rows.iter().all(|row| row.user != Some(person)) {
        return Ok(None);
    }
    Ok(users::table.find(person).select(users::epoch).first(conn).optional()?)
}

/// What a sealed text is bound to.
pub(super) fn purpose(id: ParkedId, ticket: &Ticket, holder: Option<Holder>, at_sign_in: bool) -> String {
    let holder = holder.map_or_else(|| "nobody".to_owned(), |holder| format!("{} {}", holder.user.0, holder.epoch));
    format!("parked form {id} {} {holder} {at_sign_in}", ticket.expose())
}

impl Row {
    pub(super) fn holder(&self) -> Option<Holder> {
        Some(Holder { user: self.user?, epoch: self.epoch? })
    }

    /// What it says; none if somebody changed it, or the secret it was sealed with is gone.
    pub(super) fn open(&self, secrets: &Secrets, ticket: &Ticket) -> Option<Vec<u8>> {
        let keys = secrets.by_id(&self.secret_id)?;
        keys.open(&purpose(self.id, ticket, self.holder(), self.at_sign_in), &self.sealed)
    }

    /// Is it still to be carried out?
    pub(super) fn is_waiting(&self, now: Moment) -> bool {
        self.spent_at.is_none() || self.is_lost(now)
    }

    /// Was it taken, and then nothing more was heard?
    pub(super) fn is_lost(&self, now: Moment) -> bool {
        self.led_to.is_none() && self.spent_at.is_some_and(|at| at + LOST < now)
    }

    /// How it stands, where its person's epoch is this one.
    pub(super) fn standing(&self, now: Moment, epoch: Option<i64>) -> Standing {
        if self.epoch.is_some() && self.epoch != epoch {
            Standing::Overtaken
        } else if self.is_lost(now) {
            Standing::Interrupted
        } else {
            Standing::Open
        }
    }
}
