//! A thing that is sold in several options, such as colours and sizes.
//!
//! Invariant: each option is a product with its own code, price and stock, and is bought as one; of a family that has any for sale exactly
//! one is listed, and stands in lists and searches for all (`settle`). Nothing here is written by a sale. It does not know carts, orders
//! or forms.

mod change;
pub mod check;
mod choose;
mod gathering;
mod join;
mod settle;
mod words;

pub use change::{Addition, Changed, Wish, add, call, leave, shift};
pub use choose::{Choice, Row, choose};
pub use gathering::Seat;
pub(super) use gathering::{Gathering, Guest};
pub(super) use settle::{hold, settle, shelve};
pub use words::{LONGEST, MOST_NAMES, parted, plain, said, titled, written};

use crate::db::Conn;
use crate::db::schema::{families, products};
use crate::error::{Error, Result};
use crate::ids::{FamilyKey, ProductId, ProductKey};
use crate::shop::money::Money;
use crate::shop::product::Status;
use diesel::prelude::*;

/// Most options of a family.
pub const MOST: usize = 50;

/// What the options share.
#[derive(Debug, Clone)]
pub struct Family {
    /// Its row.
    pub key: FamilyKey,
    /// Its name in files.
    pub code: String,
    /// What it is called, without the words of an option.
    pub title: String,
    /// What its options differ in, one to three.
    pub names: Vec<String>,
    /// Goes up with every change of its options, their order, words and names.
    pub version: i64,
}

/// One of the options.
#[derive(Debug, Clone)]
pub struct Member {
    /// The product's row.
    pub key: ProductKey,
    /// The product.
    pub id: ProductId,
    /// The stock-keeping code.
    pub sku: String,
    /// Its name in URLs.
    pub slug: String,
    /// A word for each name.
    pub words: Vec<String>,
    /// The price.
    pub price: Money,
    /// Pieces in stock.
    pub stock: i64,
    /// Is it for sale?
    pub status: Status,
}

pub(super) type Shared = ((families::id, families::code, families::title), Names, families::version);
pub(super) type Names = (families::name_1, families::name_2, families::name_3);
pub(super) type SharedRow = ((FamilyKey, String, String), (String, String, String), i64);

pub(super) const SHARED: Shared =
    ((families::id, families::code, families::title), (families::name_1, families::name_2, families::name_3), families::version);

type One = (
    (products::id, products::public_id, products::sku, products::slug),
    (products::option_1, products::option_2, products::option_3),
    (products::price, products::stock, products::status),
);
type OneRow = ((ProductKey, ProductId, String, String), (String, String, String), (Money, i64, String));

const ONE: One = (
    (products::id, products::public_id, products::sku, products::slug),
    (products::option_1, products::option_2, products::option_3),
    (products::price, products::stock, products::status),
);

pub(super) fn shared(((key, code, title), names, version): SharedRow) -> Family {
    Family { key, code, title, names: listed(names), version }
}

/// The columns that say something.
pub(super) fn listed((one, two, three): (String, String, String)) -> Vec<String> {
    [one, two, three].into_iter().filter(|text| !text.is_empty()).collect()
}

fn member(row: OneRow) -> Result<Member> {
    let ((key, id, sku, slug), words, (price, stock, status)) = row;
    let words = listed(words);
    let status = Status::read(&status).ok_or_else(|| Error::internal(format!("`{status}` is no status of a product")))?;
    Ok(Member { key, id, sku, slug, words, price, stock, status })
}

/// The family, and its options in their order, for sale or not.
///
/// # Errors
/// `NotFound` if there is none.
pub fn whole(conn: &mut Conn, key: FamilyKey) -> Result<(Family, Vec<Member>)> {
    let row: Option<SharedRow> = families::table.filter(families::id.eq(key)).select(SHARED).first(conn).optional()?;
    let family = shared(row.ok_or(Error::NotFound)?);
    let rows: Vec<OneRow> =
        products::table.filter(products::family_id.eq(key)).order((products::place, products::id)).select(ONE).load(conn)?;
    Ok((family, rows.into_iter().map(member).collect::<Result<_>>()?))
}

/// What the options differ in that the product with this slug is one of.
///
/// # Errors
/// `NotFound` if there is no such option.
pub fn names(conn: &mut Conn, slug: &str) -> Result<Vec<String>> {
    if slug.contains('\0') {
        return Err(Error::NotFound);
    }
    let product = products::table.inner_join(families::table).filter(products::slug.eq(slug));
    let row: Option<SharedRow> = product.select(SHARED).first(conn).optional()?;
    row.map(|row| shared(row).names).ok_or(Error::NotFound)
}

/// What shoppers see of these families: the options that are for sale, in their order. One statement, and none for no family.
///
/// # Errors
/// What the database says.
pub fn offered(conn: &mut Conn, keys: &[FamilyKey]) -> Result<Vec<(Family, Vec<Member>)>> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<(SharedRow, OneRow)> = products::table
        .inner_join(families::table)
        .filter(products::family_id.eq_any(keys.iter().copied().map(Some)))
        .filter(products::status.eq(Status::Active.word()))
        .order((products::family_id, products::place, products::id))
        .select((SHARED, ONE))
        .load(conn)?;
    let mut offered: Vec<(Family, Vec<Member>)> = Vec::new();
    for (family, one) in rows {
        let (family, one) = (shared(family), member(one)?);
        match offered.last_mut().filter(|(last, _)| last.key == family.key) {
            Some((_, members)) => members.push(one),
            None => offered.push((family, vec![one])),
        }
    }
    Ok(offered)
}

#[cfg(test)]
mod tests;
