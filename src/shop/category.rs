//! A category of the catalogue.
//!
//! Invariant: its counts of shown products are kept by triggers in the same transaction as the products, so nobody counts rows.
//! An archived one has nothing for sale and is offered nowhere. It does not know the products themselves.

mod edit;

pub use edit::{Change, Edited, Record, edit, make, record, records, reword};

use crate::db::Conn;
use crate::db::schema::{categories, products};
use crate::error::Result;
use crate::ids::{CategoryKey, PictureId};
use crate::on_either;
use crate::shop::product::Status;
use crate::shop::slug;
use diesel::prelude::*;
use std::collections::HashMap;

/// A category, as lists name it.
#[derive(Debug, Clone, Queryable)]
pub struct Category {
    /// Its row.
    pub key: CategoryKey,
    /// Its name in URLs.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// How many active products it has.
    pub shown: i64,
    /// How many of those are in stock.
    pub shown_in_stock: i64,
}

/// A category on the shop front.
#[derive(Debug, Clone)]
pub struct Shelf {
    /// The category.
    pub category: Category,
    /// The picture of one of its products, if any has one.
    pub picture: Option<PictureId>,
}

/// Every category that is not archived, in the shop's order.
///
/// # Errors
/// What the database says.
pub fn all(conn: &mut Conn) -> Result<Vec<Category>> {
    let query = categories::table.filter(categories::archived.eq(false)).order((categories::position, categories::id)).select((
        categories::id,
        categories::slug,
        categories::name,
        categories::shown,
        categories::shown_in_stock,
    ));
    Ok(on_either!(conn, conn => query.load(conn))?)
}

/// Every category that has something to show, each with the picture of its first product.
///
/// # Errors
/// What the database says.
pub fn shelves(conn: &mut Conn) -> Result<Vec<Shelf>> {
    let first = products::table
        .filter(products::category_id.eq(categories::id))
        .filter(products::status.eq(Status::Active.word()))
        .filter(products::listed.eq(true))
        .filter(products::picture.is_not_null())
        .order((products::sort_title, products::id))
        .limit(1)
        .select(products::picture)
        .single_value();
    let rows: Vec<(Category, Option<PictureId>)> = categories::table
        .filter(categories::shown.gt(0))
        .order((categories::position, categories::id))
        .select(((categories::id, categories::slug, categories::name, categories::shown, categories::shown_in_stock), first))
        .load(conn)?;
    Ok(rows.into_iter().map(|(category, picture)| Shelf { category, picture }).collect())
}

/// The row of the category with this slug, made if there is none yet.
///
/// # Errors
/// What the database says.
pub fn ensure(conn: &mut Conn, slug: &str, name: &str, position: i64) -> Result<CategoryKey> {
    on_either!(conn, conn => diesel::insert_into(categories::table)
        .values((categories::slug.eq(slug), categories::name.eq(name), categories::position.eq(position)))
        .on_conflict_do_nothing()
        .execute(conn))?;
    Ok(categories::table.filter(categories::slug.eq(slug)).select(categories::id).first(conn)?)
}

/// The row and the name of the category with this slug.
///
/// # Errors
/// What the database says.
pub fn named(conn: &mut Conn, slug: &str) -> Result<Option<(CategoryKey, String)>> {
    if slug.contains('\0') {
        return Ok(None);
    }
    let category = categories::table.filter(categories::slug.eq(slug)).select((categories::id, categories::name));
    Ok(category.first(conn).optional()?)
}

/// The row and the name of the category that a file means by this name: the one that is called so, whatever its address is since it was
/// renamed, or else the one with the address that the name makes. A name without a letter that an address can have makes none.
///
/// # Errors
/// What the database says.
pub fn meant(conn: &mut Conn, name: &str) -> Result<Option<(CategoryKey, String)>> {
    let called = categories::table.filter(categories::name.eq(name)).order(categories::id);
    let called = called.select((categories::id, categories::name)).first(conn).optional()?;
    match slug::of(name, "") {
        _ if called.is_some() => Ok(called),
        slug if slug.is_empty() => Ok(None),
        slug => named(conn, &slug),
    }
}

/// What files mean by these names: as `meant` says, in two statements for all.
///
/// # Errors
/// What the database says.
pub fn all_meant<'a>(
    conn: &mut Conn,
    names: impl IntoIterator<Item = &'a str>,
) -> Result<HashMap<&'a str, (CategoryKey, String)>> {
    let mut unknown: Vec<(&str, String)> = names.into_iter().map(|name| (name, slug::of(name, ""))).collect();
    unknown.sort_unstable();
    unknown.dedup();
    let columns = (categories::slug, categories::id, categories::name);
    let called = categories::name.eq_any(unknown.iter().map(|(name, _)| *name));
    let called: Vec<(String, CategoryKey, String)> =
        categories::table.filter(called).order(categories::id).select(columns).load(conn)?;
    let mut meant = HashMap::new();
    unknown.retain(|(name, _)| {
        let found = called.iter().find(|(_, _, other)| other == name);
        meant.extend(found.map(|(_, key, called)| (*name, (*key, called.clone()))));
        found.is_none()
    });
    unknown.retain(|(_, slug)| !slug.is_empty());
    if !unknown.is_empty() {
        let at = categories::slug.eq_any(unknown.iter().map(|(_, slug)| slug));
        let at: Vec<(String, CategoryKey, String)> = categories::table.filter(at).select(columns).load(conn)?;
        let at: HashMap<String, (CategoryKey, String)> = at.into_iter().map(|(slug, key, name)| (slug, (key, name))).collect();
        meant.extend(unknown.into_iter().filter_map(|(name, slug)| Some((name, at.get(&slug)?.clone()))));
    }
    Ok(meant)
}

/// The place behind all others.
///
/// # Errors
/// What the database says.
pub fn behind(conn: &mut Conn) -> Result<i64> {
    let last: Option<i64> =
        categories::table.order(categories::position.desc()).select(categories::position).first(conn).optional()?;
    Ok(last.map_or(1, |last| last.saturating_add(1)))
}

/// Something of them is for sale: they cannot stay archived. It is asked after the products' own change, so that products are taken
/// before categories, as everywhere.
pub(super) fn bring_back(conn: &mut Conn, keys: &[CategoryKey]) -> Result<()> {
    let archived = categories::table.filter(categories::id.eq_any(keys)).filter(categories::archived.eq(true));
    diesel::update(archived)
        .set((categories::archived.eq(false), categories::version.eq(categories::version + 1)))
        .execute(conn)?;
    Ok(())
}
