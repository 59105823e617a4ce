//! How much mail of a kind an address is sent (docs/SECURITY.md, "Throttling").
//!
//! Invariant: one count for all nodes, in the database, and the same statements for an address with an account and for one without: a
//! stranger learns nothing from being told to wait, and nobody's mailbox is filled. It does not know what the mails say.

use crate::auth::email::Email;
use crate::auth::secrets::Keys;
use crate::clock::Moment;
use crate::config::Limit;
use crate::db::Conn;
use crate::db::schema::mail_budgets;
use crate::error::Result;
use crate::ids::base64url;
use crate::on_either;
use aws_lc_rs::hmac;
use diesel::prelude::*;
use std::time::Duration;

/// The kinds that are counted apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// What confirms an address: registration, sending again, another address.
    Confirm,
    /// What sets a password anew.
    Reset,
}

/// What came of asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Budget {
    /// One more is taken.
    Taken,
    /// There is none left for so long.
    Empty(Duration),
}

/// Takes one mail out of an address's budget.
///
/// # Errors
/// What the database says.
pub fn take(conn: &mut Conn, keys: &Keys, limit: Limit, now: Moment, kind: Kind, email: &Email) -> Result<Budget> {
    let Limit::On { every, burst } = limit else { return Ok(Budget::Taken) };
    let key = name(keys, kind, email);
    let fresh = (mail_budgets::key.eq(&key), mail_budgets::full_at.eq(now));
    on_either!(conn, conn => diesel::insert_into(mail_budgets::table)
        .values(fresh)
        .on_conflict(mail_budgets::key)
        .do_nothing()
        .execute(conn))?;
    // The row is taken before it is read, so that of two at once the second counts the first.
    let own = mail_budgets::table.filter(mail_budgets::key.eq(&key));
    let full_at: Moment =
        diesel::update(own).set(mail_budgets::key.eq(mail_budgets::key)).returning(mail_budgets::full_at).get_result(conn)?;
    let free_at = full_at - every * burst.saturating_sub(1);
    let after = if free_at > now { full_at } else { full_at.max(now) + every };
    diesel::update(own).set(mail_budgets::full_at.eq(after)).execute(conn)?;
    let wait = free_at - now;
    Ok(if wait.is_positive() { Budget::Empty(wait.unsigned_abs()) } else { Budget::Taken })
}

/// An address's name in the table, which leads back to nobody.
fn name(keys: &Keys, kind: Kind, email: &Email) -> String {
    let word = match kind {
        Kind::Confirm => "confirm",
        Kind::Reset => "reset",
    };
    base64url(hmac::sign(&keys.pseudonym, format!("mail budget {word} {}", email.as_str()).as_bytes()))
}

/// Deletes at most `most` rows that are as good as new; how many there were.
///
/// # Errors
/// What the database says.
pub fn purge(conn: &mut Conn, now: Moment, most: i64) -> Result<usize> {
    let full = mail_budgets::table.filter(mail_budgets::full_at.lt(now)).order(mail_budgets::full_at);
    let old: Vec<i64> = full.limit(most).select(mail_budgets::id).load(conn)?;
    let still = mail_budgets::table.filter(mail_budgets::id.eq_any(old)).filter(mail_budgets::full_at.lt(now));
    Ok(diesel::delete(still).execute(conn)?)
}
