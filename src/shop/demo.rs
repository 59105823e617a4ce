//! The demo shop: wares, their pictures, and ninety days of orders.
//!
//! Invariant: seeding again adds what is missing and changes nothing that is there, neither a price nor the stock, and every piece
//! of it is a short transaction, so the shop stays open meanwhile. It does not know how accounts are made.

mod art;
mod chance;
mod orders;

pub(super) use art::picture as art;
pub use orders::{Customer, orders};

use crate::clock::Moment;
use crate::config::Currency;
use crate::db::schema::products as rows;
use crate::db::{Conn, Db};
use crate::error::{Error, Result};
use crate::ids::{PictureId, base64url};
use crate::shop::family::{self, Gathering, Guest, Seat};
use crate::shop::money::Money;
use crate::shop::product::{NewProduct, Status, Written};
use crate::shop::{category, picture, product};
use aws_lc_rs::digest::{SHA256, digest};
use diesel::prelude::*;

/// Is told how much is done, of how much.
pub type Progress<'a> = &'a mut dyn FnMut(usize, usize);

/// The wares, also the example for an import.
const PRODUCTS: &str = include_str!("../../seed/products.csv");

/// Products in a transaction.
const BATCH: usize = 10;

/// A line of `products.csv`.
#[derive(Debug, serde::Deserialize)]
struct Ware {
    sku: String,
    slug: String,
    title: String,
    description: String,
    category: String,
    price: String,
    stock: i64,
    image: String,
    family: String,
    options: String,
}

/// Is there nothing in the catalogue?
///
/// # Errors
/// What the database says.
pub fn is_empty(conn: &mut Conn) -> Result<bool> {
    let any: Option<i64> = rows::table.select(rows::id).first(conn).optional()?;
    Ok(any.is_none())
}

/// Puts the wares into the catalogue, by sku; how many were not there yet.
///
/// # Errors
/// What the database says.
pub fn products(db: &Db, now: Moment, currency: &Currency, progress: Progress) -> Result<usize> {
    let wares: Vec<Ware> =
        csv::Reader::from_reader(PRODUCTS.as_bytes()).into_deserialize().collect::<Result<_, _>>().map_err(Error::internal)?;
    let mut names: Vec<&str> = Vec::new();
    for ware in &wares {
        if !names.contains(&ware.category.as_str()) {
            names.push(&ware.category);
        }
    }
    let mut added = 0;
    for (batch, of_batch) in wares.chunks(BATCH).enumerate() {
        added += db.write_here(|conn| {
            let mut new = 0;
            for (index, ware) in of_batch.iter().enumerate() {
                let position = names.iter().position(|name| *name == ware.category).unwrap_or_default();
                let place = batch * BATCH + index;
                new += usize::from(add(conn, since(now, place, wares.len()), currency, ware, position)?);
            }
            Ok(new)
        })?;
        progress((batch * BATCH + of_batch.len()).min(wares.len()), wares.len());
    }
    Ok(added)
}

/// When the ware at this place of the list came: some time in the last months, with neighbours far apart, so that "newest" is a
/// mixture.
fn since(now: Moment, place: usize, all: usize) -> Moment {
    let days = 95 + (place * 17) % all.max(1);
    now - time::Duration::days(i64::try_from(days).unwrap_or(95))
}

fn add(conn: &mut Conn, now: Moment, currency: &Currency, ware: &Ware, position: usize) -> Result<bool> {
    let there: Option<i64> = rows::table.filter(rows::sku.eq(&ware.sku)).select(rows::id).first(conn).optional()?;
    if there.is_some() {
        return Ok(false);
    }
    let bytes = art::picture(&ware.image).ok_or_else(|| Error::internal(format!("no picture {}", ware.image)))?;
    // Named by what it shows, so that two nodes that seed at once keep one picture.
    let name = base64url(&digest(&SHA256, bytes).as_ref()[..16]);
    let id: PictureId = name.parse().map_err(Error::internal)?;
    picture::keep(conn, now, id, "image/svg+xml", bytes)?;
    let slug = ware.category.to_lowercase().replace(' ', "-");
    let key = category::ensure(conn, &slug, &ware.category, i64::try_from(position).unwrap_or_default())?;
    let seat = seat(ware)?;
    let title = seat.as_ref().map_or_else(|| ware.title.clone(), |seat| family::titled(&ware.title, &seat.words));
    let new = NewProduct {
        sku: &ware.sku,
        slug: &ware.slug,
        title: &title,
        description: &ware.description,
        category: (key, &ware.category),
        price: price(&ware.price, currency)?,
        stock: ware.stock,
        status: Status::Active,
        picture: Some(id),
    };
    let added = product::insert(conn, now, &new)?;
    if let Some(seat) = seat.filter(|_| added) {
        let product = rows::table.filter(rows::sku.eq(&ware.sku)).select(rows::id).first(conn)?;
        let (sku, category, title) = (ware.sku.as_str(), ware.category.as_str(), ware.title.as_str());
        let guest = Guest { product: Written::of(product, &new), sku, category, title, seat: Some(&seat), before: None };
        let mut gathering = Gathering::of(conn, now, std::slice::from_ref(&guest))?;
        gathering.seat(guest)?;
        gathering.write(conn)?;
    }
    Ok(added)
}

/// Where a ware belongs that is one of several options.
fn seat(ware: &Ware) -> Result<Option<Seat>> {
    if ware.family.is_empty() {
        return Ok(None);
    }
    let (names, words) = family::parted(&ware.options).map_err(Error::internal)?;
    Ok(Some(Seat { code: ware.family.clone(), names, words }))
}

/// The list is in euros and cents.
fn price(text: &str, currency: &Currency) -> Result<Money> {
    let minor = currency.like_cents(text).map_err(Error::internal)?;
    Money::new(minor).ok_or_else(|| Error::internal("a price below nothing"))
}

#[cfg(test)]
mod tests;
