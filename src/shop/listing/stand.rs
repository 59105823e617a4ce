//! A product as it stands, beside the line that says how it shall be.
//!
//! Invariant: what `is_as` finds the same is not written, whoever asks: who looks first is told what the run will do. It changes nothing.

use super::line::{Line, Picture, full_title};
use crate::db::Conn;
use crate::db::schema::{families, products};
use crate::error::{Error, Result};
use crate::ids::{CategoryKey, FamilyKey, PictureId, ProductKey, base64url};
use crate::on_either;
use crate::shop::family::{self, Seat};
use crate::shop::money::Money;
use crate::shop::product::Status;
use crate::shop::{category, picture};
use aws_lc_rs::digest::{SHA256, digest};
use diesel::prelude::*;
use std::collections::HashMap;

/// A product as it stands.
#[derive(Debug)]
pub struct Stands {
    pub key: ProductKey,
    pub slug: String,
    pub title: String,
    pub description: String,
    pub category: CategoryKey,
    pub price: Money,
    pub stock: i64,
    pub status: Status,
    pub picture: Option<PictureId>,
    pub family: Option<FamilyKey>,
    pub seat: Option<Seat>,
}

impl Stands {
    /// What the line would have it called: without a family in it, with the words that it has.
    pub fn title_by(&self, line: &Line) -> String {
        full_title(&line.title, line.seat.as_ref().or(self.seat.as_ref()))
    }

    /// Does the line, which stands on this shelf and shows this picture, say nothing new of it?
    pub fn is_as(&self, line: &Line, shelf: CategoryKey, picture: Option<PictureId>) -> bool {
        let words = (&self.title, &self.description, self.category) == (&self.title_by(line), &line.description, shelf);
        let words = words && line.seat.as_ref().is_none_or(|seat| self.seat.as_ref() == Some(seat));
        let counts = self.price == line.price && line.stock.is_none_or(|stock| stock == self.stock);
        let status = line.status.is_none_or(|status| status == self.status);
        words && counts && status && picture.is_none_or(|picture| self.picture == Some(picture))
    }
}

/// What would become of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// A product that is not there.
    New,
    /// One that is otherwise.
    Changed,
    /// One that is so already.
    Same,
    /// It names a picture that is not there.
    Pictureless(PictureId),
}

/// Some lines beside the shop.
#[derive(Debug)]
pub struct Look {
    /// Of each line.
    pub fates: Vec<Fate>,
    /// The lines whose category is not there.
    pub strange: Vec<usize>,
    /// The lines about options of a family.
    pub kin: Vec<usize>,
}

/// Looks at the shop as it stands, in a few statements for all the lines.
pub fn look(conn: &mut Conn, lines: &[Line]) -> Result<Look> {
    let keys = keys(conn, lines)?;
    let stand = standing(conn, &keys)?;
    let shelves = category::all_meant(conn, lines.iter().map(|line| line.category.as_str()))?;
    let kept = lines.iter().filter_map(|line| if let Some(Picture::Kept(id)) = line.picture { Some(id) } else { None });
    let pictures = picture::there(conn, kept)?;
    let mut look = Look { fates: Vec::with_capacity(lines.len()), strange: Vec::new(), kin: Vec::new() };
    for (nth, line) in lines.iter().enumerate() {
        let (before, shelf) = (stand.get(&line.sku), shelves.get(line.category.as_str()));
        look.strange.extend(shelf.is_none().then_some(nth));
        look.kin.extend(is_kin(line, before).then_some(nth));
        let picture = line.picture.map(picture_id).transpose()?;
        look.fates.push(match (line.picture, before, shelf) {
            (Some(Picture::Kept(id)), ..) if !pictures.contains(&id) => Fate::Pictureless(id),
            (_, None, _) => Fate::New,
            (_, Some(it), Some((shelf, _))) if it.is_as(line, *shelf, picture) => Fate::Same,
            (_, Some(_), _) => Fate::Changed,
        });
    }
    Ok(look)
}

/// Is it about an option of a family?
pub fn is_kin(line: &Line, before: Option<&Stands>) -> bool {
    line.seat.is_some() || before.is_some_and(|it| it.family.is_some())
}

/// The rows of the products with these codes, the lowest first.
pub fn keys(conn: &mut Conn, lines: &[Line]) -> Result<Vec<ProductKey>> {
    let codes: Vec<&str> = lines.iter().map(|line| line.sku.as_str()).collect();
    Ok(products::table.filter(products::sku.eq_any(codes)).order(products::id).select(products::id).load(conn)?)
}

/// The products of these rows, by their codes.
pub fn standing(conn: &mut Conn, keys: &[ProductKey]) -> Result<HashMap<String, Stands>> {
    type Own = (String, ProductKey, String, String, String);
    type Rest = (CategoryKey, Money, i64, String, Option<PictureId>);
    type Row = (Own, Rest, (Option<family::SharedRow>, (String, String, String)));
    let query = products::table.left_join(families::table).filter(products::id.eq_any(keys)).select((
        (products::sku, products::id, products::slug, products::title, products::description),
        (products::category_id, products::price, products::stock, products::status, products::picture),
        (family::SHARED.nullable(), (products::option_1, products::option_2, products::option_3)),
    ));
    let rows: Vec<Row> = on_either!(conn, conn => query.load(conn))?;
    let stands = |row: Row| {
        let ((sku, key, slug, title, description), (category, price, stock, status, picture), (shared, words)) = row;
        let shared = shared.map(family::shared);
        let family = shared.as_ref().map(|family| family.key);
        let seat = shared.map(|family| Seat { code: family.code, names: family.names, words: family::listed(words) });
        let status = Status::read(&status).ok_or_else(|| Error::internal(format!("`{status}` is no status of a product")))?;
        Ok((sku, Stands { key, slug, title, description, category, price, stock, status, picture, family, seat }))
    };
    rows.into_iter().map(stands).collect()
}

/// What the picture that a line names is called, or will be.
pub fn picture_id(picture: Picture) -> Result<PictureId> {
    match picture {
        Picture::Kept(id) => Ok(id),
        Picture::Art(bytes) => base64url(&digest(&SHA256, bytes).as_ref()[..16]).parse().map_err(Error::internal),
    }
}
