//! A category as those who run the shop see and change it.
//!
//! Invariant: a change is taken only on the version that the form was drawn from; only a category of which nothing is for sale can be
//! archived. It does not know forms.

use crate::audit::{self, Actor, Kind};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{categories, products};
use crate::error::{Error, Result};
use crate::ids::{CategoryKey, FamilyKey, ProductKey};
use crate::on_either;
use crate::shop::{family, search, slug};
use diesel::prelude::*;

/// A category, archived or not.
#[derive(Debug, Clone, Queryable)]
pub struct Record {
    /// Its row.
    pub key: CategoryKey,
    /// Its name in URLs.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Its place in the shop's order.
    pub position: i64,
    /// How many of its products are for sale.
    pub shown: i64,
    /// Is it offered nowhere?
    pub archived: bool,
    /// Goes up with every change.
    pub version: i64,
}

type Columns = (
    categories::id,
    categories::slug,
    categories::name,
    categories::position,
    categories::shown,
    categories::archived,
    categories::version,
);

const COLUMNS: Columns = (
    categories::id,
    categories::slug,
    categories::name,
    categories::position,
    categories::shown,
    categories::archived,
    categories::version,
);

/// What shall become of it.
#[derive(Debug, Clone)]
pub struct Change {
    /// Its name.
    pub name: String,
    /// Its place in the shop's order.
    pub position: i64,
    /// Is it to be offered nowhere?
    pub archived: bool,
    /// The version that was seen.
    pub version: i64,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edited {
    /// It is as it was wished.
    Done(CategoryKey),
    /// Somebody changed it meanwhile. Nothing was done.
    Overtaken,
    /// So many of its products are for sale. Nothing was done.
    InUse(i64),
}

/// Every category, the archived ones last.
///
/// # Errors
/// What the database says.
pub fn records(conn: &mut Conn) -> Result<Vec<Record>> {
    Ok(categories::table.order((categories::archived, categories::position, categories::id)).select(COLUMNS).load(conn)?)
}

/// The category with this slug.
///
/// # Errors
/// `NotFound` if there is none.
pub fn record(conn: &mut Conn, slug: &str) -> Result<Record> {
    if slug.contains('\0') {
        return Err(Error::NotFound);
    }
    let found = categories::table.filter(categories::slug.eq(slug)).select(COLUMNS).first(conn).optional()?;
    found.ok_or(Error::NotFound)
}

/// Makes a category; its slug, or none if there is one of this name.
///
/// # Errors
/// What the database says.
pub fn make(conn: &mut Conn, now: Moment, actor: &Actor, name: &str, position: i64) -> Result<Option<String>> {
    let slug = slug::of(name, "category");
    let made = on_either!(conn, conn => diesel::insert_into(categories::table)
        .values((categories::slug.eq(&slug), categories::name.eq(name), categories::position.eq(position)))
        .on_conflict_do_nothing()
        .execute(conn))?;
    if made == 0 {
        return Ok(None);
    }
    audit::record(conn, now, Kind::CategoryChanged, actor, &format!("{slug}, new"))?;
    Ok(Some(slug))
}

/// Changes it, if it still is what was seen. When its name changed, `reword` follows.
///
/// # Errors
/// `NotFound` if there is no such category.
pub fn edit(conn: &mut Conn, now: Moment, actor: &Actor, slug: &str, change: &Change) -> Result<Edited> {
    let before = record(conn, slug)?;
    let same = categories::table.filter(categories::id.eq(before.key)).filter(categories::version.eq(change.version));
    // What goes on sale in this moment waits for this row, or this waits for it: the trigger counts it.
    let fits = same.filter(categories::shown.eq(0).or(change.archived.into_sql::<diesel::sql_types::Bool>().eq(false)));
    let changed = diesel::update(fits)
        .set((
            categories::name.eq(&change.name),
            categories::position.eq(change.position),
            categories::archived.eq(change.archived),
            categories::version.eq(categories::version + 1),
        ))
        .execute(conn)?;
    if changed == 0 {
        let now = record(conn, slug)?;
        return Ok(if now.version == change.version { Edited::InUse(now.shown) } else { Edited::Overtaken });
    }
    let mut parts = vec![slug];
    parts.extend((before.name != change.name).then_some("name"));
    parts.extend((before.position != change.position).then_some("place"));
    parts.extend((before.archived != change.archived).then_some(if change.archived { "archived" } else { "brought back" }));
    audit::record(conn, now, Kind::CategoryChanged, actor, &parts.join(", "))?;
    Ok(Edited::Done(before.key))
}

/// Makes anew what its products are found by, among some products behind `after`; where to go on, or none when that was all.
///
/// # Errors
/// What the database says.
pub fn reword(conn: &mut Conn, key: CategoryKey, after: ProductKey, most: i64) -> Result<Option<ProductKey>> {
    type Row = (ProductKey, CategoryKey, String, String, String, i64, Option<FamilyKey>);
    let name: String = categories::table.filter(categories::id.eq(key)).select(categories::name).first(conn)?;
    // All products in the order of their rows, whatever their category: no other index is entered at `after`.
    let some: Vec<Row> = products::table
        .filter(products::id.gt(after))
        .order(products::id)
        .limit(most)
        .select((
            products::id,
            products::category_id,
            products::title,
            products::description,
            products::sku,
            products::version,
            products::family_id,
        ))
        .load(conn)?;
    let last = some.last().map(|(product, ..)| *product);
    let some: Vec<Row> = some.into_iter().filter(|(_, category, ..)| *category == key).collect();
    let mut families: Vec<FamilyKey> = some.iter().filter_map(|(.., family)| *family).collect();
    families.sort_unstable_by_key(|family| family.0);
    families.dedup();
    let keys: Vec<ProductKey> = some.iter().map(|(product, ..)| *product).collect();
    family::hold(conn, &families, if families.is_empty() { &[] } else { &keys })?;
    for family in families {
        family::settle(conn, family)?;
    }
    for (product, _, title, description, sku, version, _) in some.into_iter().filter(|(.., family)| family.is_none()) {
        let words = search::words_of(&title, &description, &name, &sku);
        // Whoever changed the product meanwhile made its words anew from what it says now.
        let same = products::table.filter(products::id.eq(product)).filter(products::version.eq(version));
        diesel::update(same).set(products::words.eq(words)).execute(conn)?;
    }
    Ok(last)
}
