//! A product as those who run the shop see and change it.
//!
//! Invariant: a change is taken only on the version that the form was drawn from, so of two who edit at once the second is told and
//! nothing is overwritten; what is searched is made anew in the same statement. Stock is no part of it: see `stock::book`.

use crate::audit::{self, Actor, Kind};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{categories, products};
use crate::error::{Error, Result};
use crate::ids::{FamilyKey, PictureId, ProductKey};
use crate::shop::money::Money;
use crate::shop::product::Status;
use crate::shop::{category, family, search};
use diesel::prelude::*;

/// A product, for sale or not.
#[derive(Debug, Clone)]
pub struct Record {
    /// Its row.
    pub key: ProductKey,
    /// The stock-keeping code.
    pub sku: String,
    /// Its name in URLs.
    pub slug: String,
    /// Its name.
    pub title: String,
    /// What it is.
    pub description: String,
    /// The name of its category.
    pub category: String,
    /// The category's name in URLs.
    pub category_slug: String,
    /// The price.
    pub price: Money,
    /// Pieces in stock.
    pub stock: i64,
    /// Is it for sale?
    pub status: Status,
    /// Its picture.
    pub picture: Option<PictureId>,
    /// What it shows, in words.
    pub picture_alt: String,
    /// The family that it is an option of.
    pub family: Option<FamilyKey>,
    /// Goes up with every change.
    pub version: i64,
}

/// What shall become of it.
#[derive(Debug, Clone)]
pub struct Change {
    /// Its name.
    pub title: String,
    /// What it is.
    pub description: String,
    /// The price.
    pub price: Money,
    /// Is it for sale?
    pub status: Status,
    /// The slug of another category; none leaves it where it is.
    pub category: Option<String>,
    /// The version that was seen.
    pub version: i64,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edited {
    /// It is as it was wished.
    Done,
    /// Somebody changed it meanwhile. Nothing was done.
    Overtaken,
    /// There is no such category. Nothing was done.
    NoCategory,
    /// It is one of several options, and called after its family. Nothing was done.
    NamedByFamily,
}

/// The product with this slug, whatever its status.
///
/// # Errors
/// `NotFound` if there is none.
pub fn record(conn: &mut Conn, slug: &str) -> Result<Record> {
    type Row = (
        (ProductKey, String, String, String, String),
        (String, String),
        (Money, i64, String, i64),
        (Option<PictureId>, String, Option<FamilyKey>),
    );
    if slug.contains('\0') {
        return Err(Error::NotFound);
    }
    let row: Option<Row> = products::table
        .inner_join(categories::table)
        .filter(products::slug.eq(slug))
        .select((
            (products::id, products::sku, products::slug, products::title, products::description),
            (categories::name, categories::slug),
            (products::price, products::stock, products::status, products::version),
            (products::picture, products::picture_alt, products::family_id),
        ))
        .first(conn)
        .optional()?;
    let (
        (key, sku, slug, title, description),
        (category, category_slug),
        (price, stock, status, version),
        (picture, picture_alt, family),
    ) = row.ok_or(Error::NotFound)?;
    let status = Status::read(&status).ok_or_else(|| Error::internal(format!("`{status}` is no status of a product")))?;
    Ok(Record {
        key,
        sku,
        slug,
        title,
        description,
        category,
        category_slug,
        price,
        stock,
        status,
        picture,
        picture_alt,
        family,
        version,
    })
}

/// Changes it, if it still is what was seen.
///
/// # Errors
/// `NotFound` if there is no such product.
pub fn edit(conn: &mut Conn, now: Moment, actor: &Actor, slug: &str, change: &Change) -> Result<Edited> {
    let before = record(conn, slug)?;
    // Whoever joins or leaves a family changes the product, too, so the version says whether it still is the right one.
    if let Some(family) = before.family {
        family::hold(conn, &[family], &[])?;
        if before.title != change.title && before.version == change.version {
            return Ok(Edited::NamedByFamily);
        }
    }
    let wanted = change.category.as_deref().unwrap_or(&before.category_slug);
    let Some((shelf, name)) = category::named(conn, wanted)? else { return Ok(Edited::NoCategory) };
    let words = search::words_of(&change.title, &change.description, &name, &before.sku);
    let same = products::table.filter(products::id.eq(before.key)).filter(products::version.eq(change.version));
    let changed = diesel::update(same)
        .set((
            products::title.eq(&change.title),
            products::words.eq(&words),
            products::sort_title.eq(search::fold(&change.title)),
            products::description.eq(&change.description),
            products::category_id.eq(shelf),
            products::price.eq(change.price),
            products::status.eq(change.status.word()),
            products::version.eq(products::version + 1),
        ))
        .execute(conn)?;
    if changed == 0 {
        return Ok(Edited::Overtaken);
    }
    if let Some(family) = before.family {
        family::shelve(conn, family, shelf)?;
        family::settle(conn, family)?;
    }
    if change.status == Status::Active {
        category::bring_back(conn, &[shelf])?;
    }
    audit::record(conn, now, Kind::ProductChanged, actor, &told(&before, change))?;
    Ok(Edited::Done)
}

/// What the audit says of it: the amounts and statuses, and of texts only that they changed.
fn told(before: &Record, change: &Change) -> String {
    let mut parts = vec![before.slug.clone()];
    if before.price != change.price {
        parts.push(format!("price {} to {}", before.price.minor(), change.price.minor()));
    }
    if before.status != change.status {
        parts.push(format!("{} to {}", before.status.word(), change.status.word()));
    }
    if change.category.as_ref().is_some_and(|slug| *slug != before.category_slug) {
        parts.push("category".to_owned());
    }
    if before.title != change.title || before.description != change.description {
        parts.push("words".to_owned());
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests;
