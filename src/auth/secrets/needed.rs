//! Which rows need which master secret.
//!
//! Invariant: a question asked at every start and every minute costs a few steps of an index, however many people there are; only
//! what is wrong, and what `doctor` asks, is counted. It does not know the secrets, only their ids.

use crate::auth::second_factor;
use crate::auth::secrets::Secrets;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{parked_forms, refresh_tokens, sessions, signing_keys, users};
use crate::error::{Error, Result};
use crate::mail::outbox;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use std::collections::BTreeMap;
use std::time::Duration;

/// The id of the secret whose pepper is in a password, and which passwords have one: word for word as the index `users_pepper`
/// says it, for else it would not be used.
const PEPPER: &str = "substr(password_hash, 5, 8)";
const HAS_PEPPER: &str = "substr(password_hash, 1, 4) = 'lk1$'";
/// Characters of an id; what is shorter stands for nobody's password.
const ID: usize = 8;

/// Whose peppers are in the passwords: from each id the index leads to the next, past all people between.
fn peppers(conn: &mut Conn) -> Result<Vec<String>> {
    let mut found: Vec<String> = Vec::new();
    loop {
        let after = found.last().cloned().unwrap_or_default();
        let next: Option<String> = users::table
            .filter(sql::<Bool>(HAS_PEPPER))
            .filter(sql::<Text>(PEPPER).gt(after))
            .order(sql::<Text>(PEPPER))
            .select(sql::<Text>(PEPPER))
            .first(conn)
            .optional()?;
        match next {
            Some(id) => found.push(id),
            None => return Ok(found.into_iter().filter(|id| id.len() == ID).collect()),
        }
    }
}

fn passwords(conn: &mut Conn, id: &str) -> Result<i64> {
    let own = users::table.filter(sql::<Bool>(HAS_PEPPER)).filter(sql::<Text>(PEPPER).eq(id));
    Ok(own.count().get_result(conn)?)
}

/// Refuses when there are passwords or second factors that no secret given here can check: nobody would be let in with them.
///
/// # Errors
/// `Refused` with `another_secret`, saying how many; what the database says.
pub fn no_orphans(conn: &mut Conn, secrets: &Secrets) -> Result<()> {
    let mut orphans = Vec::new();
    for id in peppers(conn)?.into_iter().filter(|id| secrets.by_id(id).is_none()) {
        orphans.push(format!("{} with {id}", passwords(conn, &id)?));
    }
    let mut factors = Vec::new();
    for id in second_factor::secrets_used(conn)?.into_iter().filter(|id| secrets.by_id(id).is_none()) {
        factors.push(format!("{} with {id}", second_factor::sealed_with(conn, &id)?));
    }
    let told =
        [("passwords made", orphans), ("second factors sealed", factors)].into_iter().filter(|(_, found)| !found.is_empty());
    let told: Vec<String> =
        told.map(|(what, found)| format!("{what} with a secret that is not given: {}", found.join(", "))).collect();
    if told.is_empty() {
        return Ok(());
    }
    let text = format!("there are {}", told.join("; "));
    Err(Error::refused("another_secret", text))
}

/// What needs one secret.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Need {
    /// Passwords with its pepper: until their people sign in.
    pub passwords: i64,
    /// Live sessions whose newest refresh token was derived with it and never seen: a lost answer could not be given again.
    pub sessions: i64,
    /// Signing keys sealed with it: until `latchkey keys reencrypt`.
    pub signing_keys: i64,
    /// Second factors sealed with it: until `latchkey keys reencrypt`.
    pub second_factors: i64,
    /// Parked forms sealed with it: for a quarter of an hour.
    pub parked_forms: i64,
    /// Waiting letters encrypted with it: until they are sent, or `latchkey keys reencrypt`.
    pub letters: i64,
}

impl Need {
    /// Is there none?
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// What needs each secret, by id; `idle` is the longest a session lives unseen. Reads every live session: for `doctor` alone.
///
/// # Errors
/// What the database says.
pub fn count(conn: &mut Conn, now: Moment, idle: Duration) -> Result<BTreeMap<String, Need>> {
    let mut needs: BTreeMap<String, Need> = BTreeMap::new();
    for id in peppers(conn)? {
        needs.entry(id.clone()).or_default().passwords = passwords(conn, &id)?;
    }
    let newest = sessions::id.eq(refresh_tokens::session_id).and(sessions::generation.eq(refresh_tokens::generation));
    let derived: Vec<(Option<String>, i64)> = sessions::table
        .inner_join(refresh_tokens::table.on(newest))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(now))
        .filter(sessions::last_seen_at.gt(now - idle))
        .filter(refresh_tokens::seen_at.is_null())
        .filter(refresh_tokens::derived_with.is_not_null())
        .group_by(refresh_tokens::derived_with)
        .select((refresh_tokens::derived_with, diesel::dsl::count_star()))
        .load(conn)?;
    for (id, count) in derived {
        needs.entry(id.unwrap_or_default()).or_default().sessions = count;
    }
    let sealed: Vec<String> = signing_keys::table.select(signing_keys::secret_id).load(conn)?;
    for id in sealed {
        needs.entry(id).or_default().signing_keys += 1;
    }
    for id in second_factor::secrets_used(conn)? {
        needs.entry(id.clone()).or_default().second_factors = second_factor::sealed_with(conn, &id)?;
    }
    let parked: Vec<(String, i64)> = parked_forms::table
        .filter(parked_forms::expires_at.gt(now))
        .group_by(parked_forms::secret_id)
        .select((parked_forms::secret_id, diesel::dsl::count_star()))
        .load(conn)?;
    for (id, count) in parked {
        needs.entry(id).or_default().parked_forms = count;
    }
    for (id, count) in outbox::sealed_with(conn)? {
        needs.entry(id).or_default().letters = count;
    }
    Ok(needs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::DatabaseUrl;
    use crate::db::heard::{heard, plan};
    use crate::db::{Db, migrate};
    use crate::on_either;

    #[test]
    fn no_start_reads_all_people() {
        let folder = tempfile::tempdir().expect("a folder");
        let url = DatabaseUrl::Sqlite(folder.path().join("shop.db"));
        migrate(&url).expect("a schema");
        let secrets = Secrets::new(&"q8Vn2LxT0sRb5YwZ7mKc3JdH9fGpA1eU".parse().expect("a secret"), &[]);
        let db = Db::open(&url, 1).expect("a database");
        db.write_here(|conn| {
            for (number, hash) in ["$2b$04$imported", "lk1$none", "lk1$aaaaaaaa$2b$", "lk1$bbbbbbbb$2b$", "lk1$bbbbbbbb$2b$"]
                .into_iter()
                .enumerate()
            {
                let text = format!(
                    "INSERT INTO users (public_id, email, name, role, password_hash, epoch, created_at)
                     VALUES ('{number:022}', 'person{number}@example.com', 'Ada', 'shopper', '{hash}', 0, '2026-01-01 00:00:00')"
                );
                on_either!(conn, conn => diesel::sql_query(text).execute(conn))?;
            }
            Ok(())
        })
        .expect("people");
        db.read_here(|conn| {
            let (answers, statements) = heard(conn, |conn| (peppers(conn), no_orphans(conn, &secrets)));
            assert_eq!(answers.0?, ["aaaaaaaa", "bbbbbbbb"]);
            let Err(Error::Refused { code, text }) = answers.1 else { panic!("there are orphans") };
            assert_eq!(code, "another_secret");
            assert!(text.ends_with("1 with aaaaaaaa, 2 with bbbbbbbb"), "{text}");
            assert_eq!(statements.len(), 4 + 4 + 2 + 1, "one step for each secret, whoever many people: {statements:?}");
            for statement in statements {
                let plan = plan(conn, &statement)?;
                let by_index = |step: &String| {
                    [
                        "SEARCH users USING COVERING INDEX users_pepper",
                        "SEARCH users USING INDEX users_pepper",
                        "SEARCH second_factors USING COVERING INDEX",
                    ]
                    .into_iter()
                    .any(|way| step.starts_with(way))
                };
                assert!(plan.len() == 1 && plan.iter().all(by_index), "{statement}: {plan:?}");
            }
            Ok(())
        })
        .expect("a look");
    }
}
