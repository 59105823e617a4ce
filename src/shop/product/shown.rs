//! A product as shoppers see it.
//!
//! Invariant: what is not for sale is not found; of a family, lists show one and offer none of its own options beside it. It does not know
//! who looks.

use super::reach::StockOfAll;
use super::{Kin, Product, Status};
use crate::db::schema::{categories, families, products};
use crate::db::{self, Conn};
use crate::error::{Error, Result};
use crate::ids::{CategoryKey, FamilyKey, PictureId, ProductId, ProductKey};
use crate::on_either;
use crate::shop::money::Money;
use diesel::prelude::*;

/// The columns of it.
pub type KinColumns = (families::id, families::title, families::shown, families::dearest);

/// What lists read of a family.
pub const KIN: KinColumns = (families::id, families::title, families::shown, families::dearest);

/// The same, read.
pub type KinRow = (FamilyKey, String, i64, Money);

/// The family of a product, with the stock of all.
pub fn kin(row: Option<KinRow>, stock_of_all: i64) -> Option<Kin> {
    row.map(|(key, title, shown, dearest)| Kin { key, title, shown, dearest, in_stock: stock_of_all > 0 })
}

type Own = (products::id, products::public_id, products::sku, products::slug, products::title, products::description);
type Shelf = (categories::id, categories::name, categories::slug);
type Rest = (products::price, products::stock, products::picture);
type Shown = (Own, Shelf, Rest, diesel::helper_types::Nullable<KinColumns>, StockOfAll);

type OwnRow = (ProductKey, ProductId, String, String, String, String);
type Row = (OwnRow, (CategoryKey, String, String), (Money, i64, Option<PictureId>), Option<KinRow>, i64);

const OWN: Own = (products::id, products::public_id, products::sku, products::slug, products::title, products::description);
const SHELF: Shelf = (categories::id, categories::name, categories::slug);
const REST: Rest = (products::price, products::stock, products::picture);

fn columns() -> Shown {
    (OWN, SHELF, REST, KIN.nullable(), StockOfAll)
}

fn shown(row: Row) -> Product {
    let (own, shelf, (price, stock, picture), family, stock_of_all) = row;
    let ((key, id, sku, slug, title, description), (category_key, category, category_slug)) = (own, shelf);
    let kin = kin(family, stock_of_all);
    Product { key, id, sku, slug, title, description, category_key, category, category_slug, price, stock, picture, kin }
}

/// The active product with this slug.
///
/// # Errors
/// `NotFound` if there is none.
pub fn by_slug(conn: &mut Conn, slug: &str) -> Result<Product> {
    // Postgres would call it a fault (docs/TRAPS.md, "Trap 5"), and it is only a page that does not exist.
    if slug.contains('\0') {
        return Err(Error::NotFound);
    }
    let query = products::table
        .inner_join(categories::table)
        .left_join(families::table)
        .filter(products::slug.eq(slug))
        .filter(products::status.eq(Status::Active.word()))
        .select(columns());
    let row: Option<Row> = on_either!(conn, conn => query.first(conn).optional())?;
    row.map(shown).ok_or(Error::NotFound)
}

/// The active product with this id.
///
/// # Errors
/// `NotFound` if there is none.
pub fn by_id(conn: &mut Conn, id: ProductId) -> Result<Product> {
    let query = products::table
        .inner_join(categories::table)
        .left_join(families::table)
        .filter(products::public_id.eq(id))
        .filter(products::status.eq(Status::Active.word()))
        .select(columns());
    let row: Option<Row> = on_either!(conn, conn => query.first(conn).optional())?;
    row.map(shown).ok_or(Error::NotFound)
}

/// Others of a category, beside a product.
const RELATED: i64 = 4;

/// At most four others of the same category, the newest first.
///
/// # Errors
/// What the database says.
pub fn related(conn: &mut Conn, to: &Product) -> Result<Vec<Product>> {
    let family = to.kin.as_ref().map(|kin| kin.key);
    let others = products::family_id.is_null().or(products::family_id.ne(family.unwrap_or(FamilyKey(0))).assume_not_null());
    let query = products::table
        .inner_join(categories::table)
        .left_join(families::table)
        .filter(products::category_id.eq(to.category_key))
        .filter(products::status.eq(Status::Active.word()))
        .filter(products::listed.eq(true))
        .filter(products::id.ne(to.key))
        .filter(others)
        .order((products::created_at.desc(), products::id.desc()))
        .select(columns());
    let rows: Vec<Row> = on_either!(conn, conn => db::first(query, RELATED).load(conn))?;
    Ok(rows.into_iter().map(shown).collect())
}
