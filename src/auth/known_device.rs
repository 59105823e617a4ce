//! Browsers that somebody has signed in with before, and programs at their address.
//!
//! Invariant: a browser proves itself with 128 random bits of which only a hash is stored, and it is known for the accounts that were
//! signed in to with it, for no others. A program has nothing of the kind: it is known by what it calls itself and where it stands,
//! which spares its person a letter and gives it no rights. It does not know cookies.

use crate::auth::email::Email;
use crate::auth::session::{Door, Opening};
use crate::auth::ticket::{sha256, ticket};
use crate::auth::user_agent::Client;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{known_devices, users};
use crate::error::Result;
use crate::ids::UserKey;
use crate::on_either;
use diesel::prelude::*;
use std::net::IpAddr;
use std::time::Duration;

/// For so long a browser is remembered that nobody signs in with.
pub const LIFE: Duration = Duration::from_hours(24 * 365);
/// Most devices a person is known by; of more, those that were not used longest go.
const MOST: i64 = 50;

ticket!(
    /// What a browser proves itself with.
    Browser,
    16
);

/// What a device is known by; none for a browser that keeps nothing.
fn mark(opening: &Opening) -> Option<String> {
    match opening.door {
        Door::Web => opening.browser.as_ref().map(Browser::hash),
        Door::Api => {
            let place = match opening.address.parse() {
                // The half that a household keeps; the other half changes daily (RFC 8981).
                Ok(IpAddr::V6(address)) => format!("{:x?}", &address.segments()[..4]),
                _ => opening.address.clone(),
            };
            Some(sha256(&format!("program\0{}\0{place}", Client::read(&opening.user_agent).words(Door::Api))))
        }
    }
}

/// Was the account of that address signed in to with this browser? One statement, whether there is such an account or not.
///
/// # Errors
/// What the database says.
pub fn knows(conn: &mut Conn, email: &Email, browser: &Browser) -> Result<bool> {
    let known: Option<i64> = known_devices::table
        .inner_join(users::table)
        .filter(users::email.eq(email.as_str()))
        .filter(known_devices::mark.eq(browser.hash()))
        .select(known_devices::id)
        .first(conn)
        .optional()?;
    Ok(known.is_some())
}

/// Is it news to a person that they sign in like this? Of programs, which have no memory, one a day is.
///
/// # Errors
/// What the database says.
pub fn is_news(conn: &mut Conn, now: Moment, owner: UserKey, opening: &Opening) -> Result<bool> {
    let own = known_devices::table.filter(known_devices::user_id.eq(owner));
    let known: Vec<(String, String, Moment)> =
        own.limit(2 * MOST).select((known_devices::kind, known_devices::mark, known_devices::created_at)).load(conn)?;
    let mark = mark(opening);
    let is_known = known.iter().any(|(_, known, _)| Some(known) == mark.as_ref());
    if is_known || opening.door == Door::Web {
        return Ok(!is_known);
    }
    let lately = |(kind, _, at): &(String, String, Moment)| kind == Door::Api.word() && *at > now - Duration::from_hours(24);
    Ok(!known.iter().any(lately))
}

/// Remembers what somebody signed in with, in the transaction of their new session.
///
/// # Errors
/// What the database says.
pub fn remember(conn: &mut Conn, now: Moment, owner: UserKey, opening: &Opening) -> Result<()> {
    let Some(mark) = mark(opening) else { return Ok(()) };
    let row = (
        known_devices::user_id.eq(owner),
        known_devices::kind.eq(opening.door.word()),
        known_devices::mark.eq(mark),
        known_devices::created_at.eq(now),
        known_devices::seen_at.eq(now),
    );
    on_either!(conn, conn => {
        diesel::insert_into(known_devices::table)
            .values(row)
            .on_conflict((known_devices::user_id, known_devices::mark))
            .do_update()
            .set(known_devices::seen_at.eq(now))
            .execute(conn)
    })?;
    let surplus: Vec<i64> = known_devices::table
        .filter(known_devices::user_id.eq(owner))
        .order((known_devices::seen_at.desc(), known_devices::id.desc()))
        .offset(MOST)
        .limit(MOST)
        .select(known_devices::id)
        .load(conn)?;
    if !surplus.is_empty() {
        diesel::delete(known_devices::table.filter(known_devices::id.eq_any(surplus))).execute(conn)?;
    }
    Ok(())
}

/// Forgets every device of a person: who got in with one of them is a stranger again.
///
/// # Errors
/// What the database says.
pub fn forget_all(conn: &mut Conn, owner: UserKey) -> Result<()> {
    diesel::delete(known_devices::table.filter(known_devices::user_id.eq(owner))).execute(conn)?;
    Ok(())
}

/// Deletes at most `most` devices that were not used since `before`; how many there were.
///
/// # Errors
/// What the database says.
pub fn purge(conn: &mut Conn, before: Moment, most: i64) -> Result<usize> {
    let old: Vec<i64> = known_devices::table
        .filter(known_devices::seen_at.lt(before))
        .order(known_devices::seen_at)
        .limit(most)
        .select(known_devices::id)
        .load(conn)?;
    Ok(diesel::delete(known_devices::table.filter(known_devices::id.eq_any(old)).filter(known_devices::seen_at.lt(before)))
        .execute(conn)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_known_by_its_name_and_its_household() {
        let at = |agent: &str, address: &str| {
            let (user_agent, address) = (agent.to_owned(), address.to_owned());
            let opening = Opening { door: Door::Api, remember: false, user_agent, address, browser: None, replaces: None };
            mark(&opening)
        };
        assert_eq!(at("curl/8.14.1", "192.0.2.1"), at("curl/8.15.0", "192.0.2.1"));
        assert_ne!(at("curl/8.14.1", "192.0.2.1"), at("curl/8.14.1", "192.0.2.2"));
        assert_ne!(at("curl/8.14.1", "192.0.2.1"), at("python-requests/2", "192.0.2.1"));
        assert_eq!(at("curl/8.14.1", "2001:db8::1"), at("curl/8.14.1", "2001:db8::2"));
        assert_ne!(at("curl/8.14.1", "2001:db8::1"), at("curl/8.14.1", "2001:db8:1::1"));
    }
}
