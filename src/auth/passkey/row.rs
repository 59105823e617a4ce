//! The rows of `passkeys`.
//!
//! Invariant: a passkey is one person's, and its count of signatures goes up by one conditional statement, so that of two who show the
//! same signature count, one is let in. There is nothing secret in a row. It does not know sessions.

use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::passkeys;
use crate::error::{Error, Result};
use crate::ids::{PasskeyId, UserKey, base64url, from_base64url};
use crate::on_either;
use diesel::prelude::*;
use webauthn_rs::prelude::{AuthenticationResult, Credential as Inside, Passkey as Credential};

/// A passkey as its person sees it in a list.
#[derive(Debug, Clone, Queryable)]
pub struct Passkey {
    /// What its page calls it.
    pub id: PasskeyId,
    /// What its person calls it.
    pub name: String,
    /// Is it kept elsewhere too, by a password manager or a maker's cloud?
    pub backed_up: bool,
    /// When it was made.
    pub created_at: Moment,
    /// When it was last shown.
    pub last_used_at: Option<Moment>,
}

/// A person's passkeys, the oldest first.
///
/// # Errors
/// What the database says.
pub fn list(conn: &mut Conn, owner: UserKey) -> Result<Vec<Passkey>> {
    let all = passkeys::table.filter(passkeys::user_id.eq(owner)).order(passkeys::id);
    Ok(all
        .select((passkeys::public_id, passkeys::name, passkeys::backed_up, passkeys::created_at, passkeys::last_used_at))
        .load(conn)?)
}

/// How many they have.
///
/// # Errors
/// What the database says.
pub fn count(conn: &mut Conn, owner: UserKey) -> Result<i64> {
    Ok(passkeys::table.filter(passkeys::user_id.eq(owner)).count().get_result(conn)?)
}

/// Have they one?
pub(in crate::auth) fn any(conn: &mut Conn, owner: UserKey) -> Result<bool> {
    let one = passkeys::table.filter(passkeys::user_id.eq(owner)).select(passkeys::id);
    Ok(one.first::<i64>(conn).optional()?.is_some())
}

/// What authenticators call a person's passkeys.
pub(super) fn credential_ids(conn: &mut Conn, owner: UserKey) -> Result<Vec<Vec<u8>>> {
    let ids: Vec<String> =
        passkeys::table.filter(passkeys::user_id.eq(owner)).order(passkeys::id).select(passkeys::credential_id).load(conn)?;
    ids.iter().map(|id| from_base64url(id).ok_or_else(|| Error::internal("a passkey's name is not base64url"))).collect()
}

/// Keeps a new one; false when somebody, they or another, has it already.
pub(super) fn insert(conn: &mut Conn, now: Moment, owner: UserKey, name: &str, credential: &Credential) -> Result<bool> {
    let inside = Inside::from(credential.clone());
    let row = (
        passkeys::public_id.eq(PasskeyId::random()),
        passkeys::user_id.eq(owner),
        passkeys::credential_id.eq(base64url(credential.cred_id())),
        passkeys::credential.eq(serde_json::to_string(credential).map_err(Error::internal)?),
        passkeys::sign_count.eq(i64::from(inside.counter)),
        passkeys::backed_up.eq(inside.backup_state),
        passkeys::name.eq(name),
        passkeys::created_at.eq(now),
    );
    let made = on_either!(conn, conn => diesel::insert_into(passkeys::table).values(row).on_conflict_do_nothing().execute(conn))?;
    Ok(made == 1)
}

/// What is needed to check a signature.
pub(super) struct Known {
    key: i64,
    /// Whose it is.
    pub owner: UserKey,
    sign_count: i64,
    /// The public key.
    pub credential: Credential,
}

/// The passkey that authenticators call so.
pub(super) fn find(conn: &mut Conn, credential_id: &[u8]) -> Result<Option<Known>> {
    let row: Option<(i64, UserKey, i64, String)> = passkeys::table
        .filter(passkeys::credential_id.eq(base64url(credential_id)))
        .select((passkeys::id, passkeys::user_id, passkeys::sign_count, passkeys::credential))
        .first(conn)
        .optional()?;
    let known = |(key, owner, sign_count, text): (i64, UserKey, i64, String)| {
        Ok(Known { key, owner, sign_count, credential: serde_json::from_str(&text).map_err(Error::internal)? })
    };
    row.map(known).transpose()
}

/// Notes that it was shown; false when somebody showed it, or took it away, since it was read.
pub(super) fn note_use(conn: &mut Conn, now: Moment, mut known: Known, result: &AuthenticationResult) -> Result<bool> {
    known.credential.update_credential(result);
    let same = passkeys::table.find(known.key).filter(passkeys::sign_count.eq(known.sign_count));
    let anew = (
        passkeys::credential.eq(serde_json::to_string(&known.credential).map_err(Error::internal)?),
        passkeys::sign_count.eq(i64::from(result.counter())),
        passkeys::backed_up.eq(result.backup_state()),
        passkeys::last_used_at.eq(now),
    );
    Ok(diesel::update(same).set(anew).execute(conn)? == 1)
}

/// Calls a passkey of theirs something else.
///
/// # Errors
/// `NotFound` for one that is gone or another's.
pub fn rename(conn: &mut Conn, owner: UserKey, id: PasskeyId, name: &str) -> Result<()> {
    let own = passkeys::table.filter(passkeys::public_id.eq(id)).filter(passkeys::user_id.eq(owner));
    if diesel::update(own).set(passkeys::name.eq(name)).execute(conn)? == 0 {
        return Err(Error::NotFound);
    }
    Ok(())
}

/// Forgets one of theirs.
pub(super) fn delete(conn: &mut Conn, owner: UserKey, id: PasskeyId) -> Result<()> {
    let own = passkeys::table.filter(passkeys::public_id.eq(id)).filter(passkeys::user_id.eq(owner));
    diesel::delete(own).execute(conn)?;
    Ok(())
}

/// Forgets all of theirs; were there any?
pub(in crate::auth) fn delete_all(conn: &mut Conn, owner: UserKey) -> Result<bool> {
    Ok(diesel::delete(passkeys::table.filter(passkeys::user_id.eq(owner))).execute(conn)? > 0)
}
