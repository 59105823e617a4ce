//! Recovery codes: for the day when the app is gone.
//!
//! Invariant: a code has 125 random bits, so a fast hash is enough (ASVS 6.5.2); it is shown when it is made and never again, and one
//! conditional statement lets it in once. It does not know who may try.

use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::recovery_codes;
use crate::error::Result;
use crate::ids::{UserKey, base64url, random_bytes};
use crate::on_either;
use aws_lc_rs::digest;
use diesel::prelude::*;

/// Letters and digits that are not mistaken for one another: 32, five bits each.
pub(super) const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
/// How many of them make a code.
pub(super) const LENGTH: usize = 25;
/// How many codes a person gets.
pub const COUNT: usize = 10;

/// New codes in place of all earlier ones, as they are shown: five groups of five.
///
/// # Errors
/// What the database says.
pub(in crate::auth) fn renew(conn: &mut Conn, owner: UserKey) -> Result<Vec<String>> {
    drop_all(conn, owner)?;
    let codes: Vec<String> = (0..COUNT).map(|_| random()).collect();
    let rows: Vec<_> =
        codes.iter().map(|code| (recovery_codes::user_id.eq(owner), recovery_codes::hash.eq(hash(code)))).collect();
    on_either!(conn, conn => diesel::insert_into(recovery_codes::table).values(rows).execute(conn))?;
    Ok(codes.iter().map(|code| shown(code)).collect())
}

/// Takes a code; false when it is none of theirs, or was taken.
///
/// # Errors
/// What the database says.
pub(super) fn spend(conn: &mut Conn, now: Moment, owner: UserKey, code: &str) -> Result<bool> {
    let unused = recovery_codes::table
        .filter(recovery_codes::user_id.eq(owner))
        .filter(recovery_codes::hash.eq(hash(code)))
        .filter(recovery_codes::used_at.is_null());
    Ok(diesel::update(unused).set(recovery_codes::used_at.eq(now)).execute(conn)? == 1)
}

/// How many are left.
///
/// # Errors
/// What the database says.
pub fn left(conn: &mut Conn, owner: UserKey) -> Result<i64> {
    let unused = recovery_codes::table.filter(recovery_codes::user_id.eq(owner)).filter(recovery_codes::used_at.is_null());
    Ok(unused.count().get_result(conn)?)
}

pub(super) fn drop_all(conn: &mut Conn, owner: UserKey) -> Result<()> {
    diesel::delete(recovery_codes::table.filter(recovery_codes::user_id.eq(owner))).execute(conn)?;
    Ok(())
}

fn random() -> String {
    random_bytes::<LENGTH>().iter().map(|byte| char::from(ALPHABET[usize::from(byte & 31)])).collect()
}

fn shown(code: &str) -> String {
    let groups: Vec<&str> = (0..LENGTH / 5).map(|at| &code[at * 5..at * 5 + 5]).collect();
    groups.join("-")
}

fn hash(code: &str) -> String {
    base64url(digest::digest(&digest::SHA256, code.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::second_factor::Code;

    #[test]
    fn a_code_is_read_as_it_was_shown_and_no_two_are_alike() {
        let (one, other) = (random(), random());
        assert_ne!(one, other);
        assert_eq!(shown(&one).len(), LENGTH + 4);
        assert_eq!(shown(&one).parse(), Ok(Code::Recovery(one.clone())));
        assert_eq!(hash(&one).len(), 43);
    }
}
