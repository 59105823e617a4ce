//! A few lines at once.
//!
//! Invariant: however many lines there are, new products are put in and others changed in a few statements for all; only an option of a
//! family comes by itself, because each counts what the others are when it comes. A changed stock is a movement. It does not know how long
//! it may take.

use super::super::line::{Line, full_title};
use super::super::stand::{self, Stands, is_kin};
use super::batch::{Batch, Count};
use super::kin::Kin;
use super::rewrite::{Rewrite, Written};
use crate::audit::{self, Kind};
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::ids::{CategoryKey, PictureId, ProductKey};
use crate::shop::product::{NewProduct, Status, insert_all};
use crate::shop::{category, picture, search, stock};
use std::collections::HashMap;

/// A line and where it goes.
struct Placed<'a> {
    line: &'a Line,
    shelf: (CategoryKey, String),
    picture: Option<PictureId>,
    title: String,
    before: Option<Stands>,
}

/// What is written down behind the products.
#[derive(Default)]
struct Notes {
    moved: Vec<(ProductKey, i64)>,
    acts: Vec<(Kind, String)>,
    left: Vec<PictureId>,
    offered: Vec<CategoryKey>,
}

/// Takes them; what follows from a family is made right by then.
pub(super) fn take(conn: &mut Conn, batch: &mut Batch, lines: &[Line]) -> Result<Count> {
    batch.hang(conn, lines)?;
    let placed = lines.iter().map(|line| place(conn, batch, line)).collect::<Result<Vec<_>>>()?;
    let (mut count, mut notes) = (Count::default(), Notes::default());
    let made = add(conn, batch, &placed, &mut notes)?;
    count.new = made.len() as u64;
    let changed =
        |placed: &&Placed| placed.before.as_ref().is_some_and(|it| !it.is_as(placed.line, placed.shelf.0, placed.picture));
    count.changed = placed.iter().filter(changed).count() as u64;
    count.same = lines.len() as u64 - count.new - count.changed;
    let (kin, plain): (Vec<&Placed>, Vec<&Placed>) = placed.iter().partition(|it| is_kin(it.line, it.before.as_ref()));
    let plain: Vec<Written> = plain.into_iter().filter(changed).filter_map(|it| written(it, &mut notes)).collect();
    Rewrite(plain).execute(conn)?;
    let mut families = Kin::default();
    for one in kin {
        let key = one.before.as_ref().map(|it| it.key).or_else(|| made.get(&one.line.sku).copied());
        let key = key.ok_or_else(|| Error::internal("a line without its product"))?;
        families.seat(conn, batch.now, one.line, key, one.before.as_ref().and_then(|it| it.family), one.shelf.0)?;
        if changed(&one) {
            Rewrite(written(one, &mut notes).into_iter().collect()).execute(conn)?;
        }
    }
    families.settle(conn)?;
    notes.write(conn, batch)?;
    Ok(count)
}

fn place<'a>(conn: &mut Conn, batch: &mut Batch, line: &'a Line) -> Result<Placed<'a>> {
    let shelf = batch.shelf(conn, &line.category)?;
    let picture = line.picture.map(stand::picture_id).transpose()?;
    let before = batch.stand.remove(&line.sku);
    let title = before.as_ref().map_or_else(|| full_title(&line.title, line.seat.as_ref()), |it| it.title_by(line));
    Ok(Placed { line, shelf, picture, title, before })
}

/// Puts in those that are not there; their rows, by their codes.
fn add(conn: &mut Conn, batch: &Batch, placed: &[Placed], notes: &mut Notes) -> Result<HashMap<String, ProductKey>> {
    let new = placed.iter().filter(|it| it.before.is_none()).map(|it| NewProduct {
        sku: &it.line.sku,
        slug: &it.line.slug,
        title: &it.title,
        description: &it.line.description,
        category: (it.shelf.0, &it.shelf.1),
        price: it.line.price,
        stock: it.line.stock.unwrap_or_default(),
        status: it.line.status.unwrap_or(Status::Active),
        picture: it.picture,
    });
    let new: Vec<NewProduct> = new.collect();
    notes.offered.extend(new.iter().filter(|it| it.status == Status::Active).map(|it| it.category.0));
    insert_all(conn, batch.now, batch.actor, &new)
}

/// A product as its line says, and what is to be noted of it.
fn written<'a>(placed: &'a Placed, notes: &mut Notes) -> Option<Written<'a>> {
    let Placed { line, shelf, picture, title, before } = placed;
    let before = before.as_ref()?;
    let status = line.status.map_or(before.status.as_str(), |status| status.word());
    let (picture, stock) = (picture.or(before.picture), line.stock.unwrap_or(before.stock));
    notes.moved.push((before.key, stock - before.stock));
    notes.left.extend(before.picture.filter(|old| picture != Some(*old)));
    if before.price != line.price || before.status != status {
        let prices = format!("price {} to {}", before.price.minor(), line.price.minor());
        let told = format!("{}, import, {prices}, {} to {status}", before.slug, before.status);
        notes.acts.push((Kind::ProductChanged, told));
    }
    if before.stock != stock {
        notes.acts.push((Kind::StockChanged, format!("{} {:+} import", before.slug, stock - before.stock)));
    }
    if status == Status::Active.word() {
        notes.offered.push(shelf.0);
    }
    Some(Written {
        key: before.key,
        title,
        words: search::words_of(title, &line.description, &shelf.1, &line.sku),
        sort_title: search::fold(title),
        description: &line.description,
        category: shelf.0,
        price: line.price,
        stock,
        status,
        picture,
    })
}

impl Notes {
    fn write(mut self, conn: &mut Conn, batch: &Batch) -> Result<()> {
        stock::counted(conn, batch.now, batch.actor, &self.moved, "import")?;
        for picture in self.left {
            picture::forget(conn, picture)?;
        }
        audit::record_all(conn, batch.now, batch.actor, &self.acts)?;
        self.offered.sort_unstable();
        self.offered.dedup();
        if !self.offered.is_empty() {
            category::bring_back(conn, &self.offered)?;
        }
        Ok(())
    }
}
