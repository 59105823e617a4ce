//! A product gets its place in a family.
//!
//! Invariant: the caller holds what it changes, has looked that no other option has the words, and settles the family afterwards. It does
//! not know who asks.

use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{families, products};
use crate::error::Result;
use crate::ids::{FamilyKey, ProductKey};
use crate::on_either;
use diesel::prelude::*;

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
