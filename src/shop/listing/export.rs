//! Out of the shop: every product, some at a time.
//!
//! Invariant: it walks the rows by key, so it holds some products at a time however many there are, and keeps no transaction open. It
//! does not know where the bytes go.

use crate::config::Currency;
use crate::db::Conn;
use crate::db::schema::{categories, products};
use crate::error::Result;
use crate::ids::{PictureId, ProductKey};
use crate::sheet::Writer;
use crate::shop::money::Money;
use diesel::prelude::*;

/// The columns, in the order of the seed.
pub const COLUMNS: [&str; 9] = ["sku", "slug", "title", "description", "category", "price", "stock", "image", "status"];

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
    type Row = ((ProductKey, String, String, String, String), (String, Money, i64, Option<PictureId>, String));
    let rows: Vec<Row> = products::table
        .inner_join(categories::table)
        .filter(products::id.gt(after.unwrap_or(ProductKey(0))))
        .order(products::id)
        .limit(SOME)
        .select((
            (products::id, products::sku, products::slug, products::title, products::description),
            (categories::name, products::price, products::stock, products::picture, products::status),
        ))
        .load(conn)?;
    let (last, lines) = (rows.last().map(|((key, ..), _)| *key), rows.len());
    let mut writer = Writer::new();
    if after.is_none() {
        writer.line(COLUMNS)?;
    }
    for ((_, sku, slug, title, description), (category, price, stock, picture, status)) in rows {
        let (price, stock) = (price.decimal(currency), stock.to_string());
        let image = picture.map_or_else(String::new, |id| format!("/pictures/{id}"));
        writer.line([&sku, &slug, &title, &description, &category, &price, &stock, &image, &status])?;
    }
    Ok(Exported { bytes: writer.done()?, lines, last })
}
