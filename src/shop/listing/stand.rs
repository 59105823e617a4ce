//! A product as it stands, beside the line that says how it shall be.
//!
//! Invariant: what `is_as` finds the same is not written, whoever asks: who looks first is told what the run will do. It changes nothing.

use super::line::{Line, Picture};
use crate::db::Conn;
use crate::db::schema::products;
use crate::error::{Error, Result};
use crate::ids::{CategoryKey, PictureId, ProductKey, base64url};
use crate::shop::money::Money;
use aws_lc_rs::digest::{SHA256, digest};
use diesel::prelude::*;
use std::collections::HashMap;

/// A product as it stands.
#[derive(Debug, Queryable)]
pub struct Stands {
    pub key: ProductKey,
    pub slug: String,
    pub title: String,
    pub description: String,
    pub category: CategoryKey,
    pub price: Money,
    pub stock: i64,
    pub status: String,
    pub picture: Option<PictureId>,
}

impl Stands {
    /// Does the line, which stands on this shelf and shows this picture, say nothing new of it?
    pub fn is_as(&self, line: &Line, shelf: CategoryKey, picture: Option<PictureId>) -> bool {
        let words = (&self.title, &self.description, self.category) == (&line.title, &line.description, shelf);
        let counts = self.price == line.price && line.stock.is_none_or(|stock| stock == self.stock);
        let status = line.status.is_none_or(|status| status.word() == self.status);
        words && counts && status && picture.is_none_or(|picture| self.picture == Some(picture))
    }
}

/// The rows of the products with these codes, the lowest first.
pub fn keys(conn: &mut Conn, lines: &[Line]) -> Result<Vec<ProductKey>> {
    let codes: Vec<&str> = lines.iter().map(|line| line.sku.as_str()).collect();
    Ok(products::table.filter(products::sku.eq_any(codes)).order(products::id).select(products::id).load(conn)?)
}

/// The products of these rows, by their codes.
pub fn standing(conn: &mut Conn, keys: &[ProductKey]) -> Result<HashMap<String, Stands>> {
    let rows: Vec<(String, Stands)> = products::table
        .filter(products::id.eq_any(keys))
        .select((
            products::sku,
            (
                products::id,
                products::slug,
                products::title,
                products::description,
                products::category_id,
                products::price,
                products::stock,
                products::status,
                products::picture,
            ),
        ))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// What the picture that a line names is called, or will be.
pub fn picture_id(picture: Picture) -> Result<PictureId> {
    match picture {
        Picture::Kept(id) => Ok(id),
        Picture::Art(bytes) => base64url(&digest(&SHA256, bytes).as_ref()[..16]).parse().map_err(Error::internal),
    }
}
