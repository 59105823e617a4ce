//! A product gets its place in a family, as a file names it.
//!
//! Invariant: two options of a family never have the same words, and all have a word for each of its names. The caller holds what it
//! changes, and settles the families afterwards. It does not know files.

use super::words::{said, written};
use super::{Family, MOST, whole};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{families, products};
use crate::error::{Error, Result};
use crate::ids::{FamilyKey, ProductKey};
use crate::on_either;
use diesel::prelude::*;

/// Where a product belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    /// The family's name in files.
    pub code: String,
    /// What options differ in.
    pub names: Vec<String>,
    /// Its word for each name.
    pub words: Vec<String>,
}

/// Three columns of a row.
pub(super) fn three(texts: &[String]) -> (&str, &str, &str) {
    let at = |place: usize| texts.get(place).map_or("", String::as_str);
    (at(0), at(1), at(2))
}

/// The row of a new family, unless there is one of this code.
pub(super) fn found(conn: &mut Conn, now: Moment, code: &str, title: &str, names: &[String]) -> Result<Option<FamilyKey>> {
    let (one, two, three) = three(names);
    Ok(on_either!(conn, conn => diesel::insert_into(families::table)
        .values((
            (families::code.eq(code), families::title.eq(title), families::created_at.eq(now)),
            (families::name_1.eq(one), families::name_2.eq(two), families::name_3.eq(three)),
        ))
        .on_conflict_do_nothing()
        .returning(families::id)
        .get_result(conn)
        .optional())?)
}

/// Writes down where a product stands.
pub(super) fn write(conn: &mut Conn, product: ProductKey, family: FamilyKey, words: &[String], place: i64) -> Result<()> {
    let (one, two, three) = three(words);
    diesel::update(products::table.filter(products::id.eq(product)))
        .set((
            products::family_id.eq(family),
            (products::option_1.eq(one), products::option_2.eq(two), products::option_3.eq(three)),
            products::place.eq(place),
            products::version.eq(products::version + 1),
        ))
        .execute(conn)?;
    Ok(())
}

/// The place behind all others of a family.
pub(super) fn behind(conn: &mut Conn, family: FamilyKey) -> Result<i64> {
    let of_family = products::table.filter(products::family_id.eq(family));
    let last: Option<i64> = of_family.order(products::place.desc()).select(products::place).first(conn).optional()?;
    Ok(last.map_or(1, |last| last.saturating_add(1)))
}

/// Calls a family otherwise, if it is.
pub(in crate::shop) fn retitle(conn: &mut Conn, key: FamilyKey, title: &str) -> Result<()> {
    let other = families::table.filter(families::id.eq(key)).filter(families::title.ne(title));
    let renamed = (families::title.eq(title), families::version.eq(families::version + 1));
    diesel::update(other).set(renamed).execute(conn)?;
    Ok(())
}

/// Seats a product, in a new family if there is none of this code; which one.
///
/// # Errors
/// `Refused` as `bad_file`, when the family differs in something else, is full, or has another option of these words.
pub(in crate::shop) fn seat(conn: &mut Conn, now: Moment, product: ProductKey, title: &str, seat: &Seat) -> Result<FamilyKey> {
    let refused = |text: String| Err(Error::refused("bad_file", text));
    let by_code = families::table.filter(families::code.eq(&seat.code)).select(families::id);
    let there: Option<FamilyKey> = by_code.first(conn).optional()?;
    let key = match there {
        Some(key) => key,
        None => match found(conn, now, &seat.code, title, &seat.names)? {
            Some(key) => key,
            None => by_code.first(conn)?,
        },
    };
    let (Family { names, title: before, .. }, members) = whole(conn, key)?;
    if names != seat.names {
        let (has, wants) = (names.join(", "), seat.names.join(", "));
        return refused(format!("the options of `{}` differ in {has}, and not in {wants}", seat.code));
    }
    let same = |words: &[String]| said(words).to_lowercase() == said(&seat.words).to_lowercase();
    if let Some(other) = members.iter().find(|it| it.key != product && same(&it.words)) {
        let words = written(&names, &seat.words);
        return refused(format!("`{}` and another line are both `{words}` of `{}`", other.sku, seat.code));
    }
    if before != title {
        retitle(conn, key, title)?;
    }
    match members.iter().position(|it| it.key == product) {
        Some(at) if members[at].words == seat.words => return Ok(key),
        Some(_) => {
            let place = products::table.filter(products::id.eq(product)).select(products::place).first(conn)?;
            write(conn, product, key, &seat.words, place)?;
        }
        None if members.len() >= MOST => return refused(format!("`{}` has {MOST} options, which is all it can", seat.code)),
        None => {
            let place = behind(conn, key)?;
            write(conn, product, key, &seat.words, place)?;
        }
    }
    diesel::update(families::table.filter(families::id.eq(key)))
        .set(families::version.eq(families::version + 1))
        .execute(conn)?;
    Ok(key)
}
