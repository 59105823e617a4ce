//! Out of the shop: every product, some at a time.
//!
//! Invariant: it walks the rows by key, so it holds some products at a time however many there are, and keeps no transaction open. It
//! does not know where the bytes go.

use crate::config::Currency;
use crate::db::Conn;
use crate::db::schema::{categories, families, products};
use crate::error::Result;
use crate::ids::{PictureId, ProductKey};
use crate::on_either;
use crate::sheet::Writer;
use crate::shop::family;
use crate::shop::money::Money;
use diesel::prelude::*;

/// The columns, in the order of the seed.
pub const COLUMNS: [&str; 11] =
    ["sku", "slug", "title", "description", "category", "price", "stock", "image", "status", "family", "options"];

/// Products that are read at once.
const SOME: i64 = 500;

/// Some lines, and where to go on.
#[derive(Debug)]
pub struct Exported {
    /// The bytes of the lines.
    pub bytes: Vec<u8>,
    /// How many lines.
    pub lines: usize,
    /// The last product of them; none when there were no more.
    pub last: Option<ProductKey>,
}

/// The lines of the products behind `after`; before the first also the line that names the columns.
///
/// # Errors
/// What the database says.
pub fn export(conn: &mut Conn, currency: &Currency, after: Option<ProductKey>) -> Result<Exported> {
    type Row = (
        (ProductKey, String, String, String, String),
        (String, Money, i64, Option<PictureId>, String),
        (Option<family::SharedRow>, (String, String, String)),
    );
    let query = products::table
        .inner_join(categories::table)
        .left_join(families::table)
        .filter(products::id.gt(after.unwrap_or(ProductKey(0))))
        .order(products::id)
        .limit(SOME)
        .select((
            (products::id, products::sku, products::slug, products::title, products::description),
            (categories::name, products::price, products::stock, products::picture, products::status),
            (family::SHARED.nullable(), (products::option_1, products::option_2, products::option_3)),
        ));
    let rows: Vec<Row> = on_either!(conn, conn => query.load(conn))?;
    let (last, lines) = (rows.last().map(|((key, ..), ..)| *key), rows.len());
    let mut writer = Writer::new();
    if after.is_none() {
        writer.line(COLUMNS)?;
    }
    for ((_, sku, slug, title, description), (category, price, stock, picture, status), (shared, words)) in rows {
        let (title, code, options) = match shared.map(family::shared) {
            Some(family) => (family.title, family.code, family::written(&family.names, &family::listed(words))),
            None => (title, String::new(), String::new()),
        };
        let (price, stock) = (price.decimal(currency), stock.to_string());
        let image = picture.map_or_else(String::new, |id| format!("/pictures/{id}"));
        writer.line([&sku, &slug, &title, &description, &category, &price, &stock, &image, &status, &code, &options])?;
    }
    Ok(Exported { bytes: writer.done()?, lines, last })
}
