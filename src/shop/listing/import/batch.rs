//! Some lines in one transaction.
//!
//! Invariant: products are taken before categories, each in the order of their rows, as an order takes them, so nobody waits for
//! another in a circle; a changed stock is a movement. It does not know files.

use super::super::line::{Line, Picture, full_title};
use super::super::stand::{self, Stands};
use super::kin::Kin;
use crate::audit::{self, Actor, Kind};
use crate::clock::Moment;
use crate::db::schema::products;
use crate::db::{Conn, lock_categories};
use crate::error::{Error, Result};
use crate::ids::{CategoryKey, PictureId};
use crate::shop::product::{NewProduct, Status, insert_by};
use crate::shop::{category, picture, search, slug, stock};
use diesel::prelude::*;
use std::collections::HashMap;
use std::ops::AddAssign;

/// What became of the lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// Products that were not there.
    pub new: u64,
    /// Products that were otherwise.
    pub changed: u64,
    /// Products that were so already.
    pub same: u64,
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        *self = Self { new: self.new + other.new, changed: self.changed + other.changed, same: self.same + other.same };
    }
}

/// Takes them. No two have the same code.
pub fn take(conn: &mut Conn, now: Moment, actor: &Actor, lines: &[Line]) -> Result<Count> {
    let shelves = shelves(conn, lines)?;
    let keys = stand::keys(conn, lines)?;
    let mut kin = Kin::hold(conn, lines, &keys)?;
    let mut stand = stand::standing(conn, &keys)?;
    let mut shelf_keys: Vec<CategoryKey> = shelves.values().map(|(key, _)| *key).collect();
    shelf_keys.extend(stand.values().map(|it| it.category));
    shelf_keys.sort_unstable_by_key(|key| key.0);
    lock_categories(conn, &shelf_keys)?;
    let (mut count, mut back) = (Count::default(), Vec::new());
    for line in lines {
        let shelf = shelves.get(&line.category).ok_or_else(|| Error::internal("a line without its category"))?;
        let picture = line.picture.map(|picture| kept(conn, now, picture)).transpose()?;
        let active = if let Some(before) = stand.remove(&line.sku) {
            kin.seat(conn, now, line, before.key, before.family, shelf.0)?;
            change(conn, now, actor, (line, shelf, picture, &before.title_by(line)), &before, &mut count)?
        } else {
            let active = add(conn, now, actor, (line, shelf, picture, &full_title(&line.title, line.seat.as_ref())), &mut count)?;
            kin.seat_new(conn, now, line, shelf.0)?;
            active
        };
        if active && !back.contains(&shelf.0) {
            back.push(shelf.0);
        }
    }
    kin.settle(conn)?;
    for shelf in back {
        category::bring_back(conn, shelf)?;
    }
    Ok(count)
}

type Place<'a> = (&'a Line, &'a (CategoryKey, String), Option<PictureId>, &'a str);

/// The categories that the lines name, made if there are none yet, behind the others.
fn shelves(conn: &mut Conn, lines: &[Line]) -> Result<HashMap<String, (CategoryKey, String)>> {
    let mut shelves = HashMap::new();
    for line in lines {
        if shelves.contains_key(&line.category) {
            continue;
        }
        let slug = slug::of(&line.category, "category");
        let shelf = if let Some(shelf) = category::named(conn, &slug)? {
            shelf
        } else {
            let place = category::behind(conn)?;
            (category::ensure(conn, &slug, &line.category, place)?, line.category.clone())
        };
        shelves.insert(line.category.clone(), shelf);
    }
    Ok(shelves)
}

fn add(conn: &mut Conn, now: Moment, actor: &Actor, (line, shelf, picture, title): Place, count: &mut Count) -> Result<bool> {
    let status = line.status.unwrap_or(Status::Active);
    for slug in slug::candidates(&line.slug) {
        let new = NewProduct {
            sku: &line.sku,
            slug: &slug,
            title,
            description: &line.description,
            category: (shelf.0, &shelf.1),
            price: line.price,
            stock: line.stock.unwrap_or_default(),
            status,
            picture,
        };
        if insert_by(conn, now, actor, &new)? {
            count.new += 1;
            return Ok(status == Status::Active);
        }
    }
    Err(Error::Unavailable(format!("`{}` was made by somebody else in this moment", line.sku)))
}

/// Makes it as the line says; is it for sale then?
fn change(
    conn: &mut Conn,
    now: Moment,
    actor: &Actor,
    (line, shelf, picture, title): Place,
    before: &Stands,
    count: &mut Count,
) -> Result<bool> {
    let status = line.status.map_or(before.status.as_str(), |status| status.word());
    if before.is_as(line, shelf.0, picture) {
        count.same += 1;
        return Ok(false);
    }
    let (picture, stock) = (picture.or(before.picture), line.stock.unwrap_or(before.stock));
    let active = status == Status::Active.word();
    diesel::update(products::table.filter(products::id.eq(before.key)))
        .set((
            products::title.eq(title),
            products::words.eq(search::words_of(title, &line.description, &shelf.1, &line.sku)),
            products::sort_title.eq(search::fold(title)),
            products::description.eq(&line.description),
            products::category_id.eq(shelf.0),
            products::price.eq(line.price),
            products::stock.eq(stock),
            products::status.eq(status),
            products::picture.eq(picture),
            products::version.eq(products::version + 1),
        ))
        .execute(conn)?;
    stock::counted(conn, now, actor, before.key, stock - before.stock, "import")?;
    if let Some(old) = before.picture.filter(|old| picture != Some(*old)) {
        picture::forget(conn, old)?;
    }
    if before.price != line.price || before.status != status {
        let prices = format!("price {} to {}", before.price.minor(), line.price.minor());
        let told = format!("{}, import, {prices}, {} to {status}", before.slug, before.status);
        audit::record(conn, now, Kind::ProductChanged, actor, &told)?;
    }
    if before.stock != stock {
        audit::record(conn, now, Kind::StockChanged, actor, &format!("{} {:+} import", before.slug, stock - before.stock))?;
    }
    count.changed += 1;
    Ok(active)
}

fn kept(conn: &mut Conn, now: Moment, picture: Picture) -> Result<PictureId> {
    match picture {
        Picture::Art(bytes) => {
            let id = stand::picture_id(picture)?;
            picture::keep(conn, now, id, "image/svg+xml", bytes)?;
            Ok(id)
        }
        Picture::Kept(id) if picture::is_there(conn, id)? => Ok(id),
        Picture::Kept(id) => Err(Error::refused("bad_file", format!("there is no picture /pictures/{id}"))),
    }
}
