//! A few lines at once.
//!
//! Invariant: however many lines there are, new products are put in and others changed in a few statements for all; of a family one option
//! after the other (`Gathering`). A changed stock is a movement. It does not know how long
//! it may take.

use super::super::line::{Line, full_title};
use super::super::stand::{self, Stands, is_kin};
use super::batch::{Batch, Count};
use crate::audit::{self, Kind};
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::ids::{CategoryKey, PictureId, ProductKey};
use crate::shop::family::{Gathering, Guest};
use crate::shop::money::Money;
use crate::shop::product::{NewProduct, Status, Written, insert_all, rewrite};
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
    let (kin, plain): (Vec<&Placed>, Vec<&Placed>) = placed.iter().partition(|it| it.is_kin());
    let plain: Vec<Written> = plain.into_iter().filter(changed).filter_map(|it| written(it, None, &mut notes)).collect();
    rewrite(conn, &plain)?;
    let mut guests = Vec::with_capacity(kin.len());
    for it in kin {
        guests.push(guest(it, made.get(&it.line.sku).copied(), changed(&it), &mut notes)?);
    }
    let mut gathering = Gathering::of(conn, batch.now, &guests)?;
    for guest in guests {
        gathering.seat(guest)?;
    }
    gathering.write(conn)?;
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
        // An option is for sale when it has its seat, and counts as one of its family from the beginning.
        status: if it.is_kin() { Status::Draft } else { it.line.status.unwrap_or(Status::Active) },
        picture: it.picture,
    });
    let new: Vec<NewProduct> = new.collect();
    notes.offered.extend(new.iter().filter(|it| it.status == Status::Active).map(|it| it.category.0));
    insert_all(conn, batch.now, batch.actor, &new)
}

/// An option on its way to its family.
fn guest<'a>(it: &'a Placed, made: Option<ProductKey>, changed: bool, notes: &mut Notes) -> Result<Guest<'a>> {
    let product = written(it, made, notes).ok_or_else(|| Error::internal("a line without its product"))?;
    Ok(Guest {
        product: Written { raised: i64::from(changed), ..product },
        sku: &it.line.sku,
        category: &it.shelf.1,
        title: &it.line.title,
        seat: it.line.seat.as_ref(),
        before: it.before.as_ref().and_then(|it| it.family),
    })
}

/// A product as its line says, and what is to be noted of it if it was there before.
fn written(placed: &Placed, made: Option<ProductKey>, notes: &mut Notes) -> Option<Written> {
    let Placed { line, shelf, picture, title, before } = placed;
    let (key, status, stock, picture) = match before {
        None => (made?, line.status.unwrap_or(Status::Active), line.stock.unwrap_or_default(), *picture),
        Some(before) => {
            let (status, stock) = (line.status.unwrap_or(before.status), line.stock.unwrap_or(before.stock));
            (before.key, status, stock, picture.or(before.picture))
        }
    };
    if let Some(before) = before {
        notes.of(before, line.price, (status, stock, picture));
    }
    if status == Status::Active {
        notes.offered.push(shelf.0);
    }
    Some(Written {
        key,
        title: title.clone(),
        words: search::words_of(title, &line.description, &shelf.1, &line.sku),
        sort_title: search::fold(title),
        description: line.description.clone(),
        category: shelf.0,
        price: line.price,
        stock,
        status,
        picture,
        raised: 1,
    })
}

impl Placed<'_> {
    fn is_kin(&self) -> bool {
        is_kin(self.line, self.before.as_ref())
    }
}

impl Notes {
    /// What changes of a product that was there.
    fn of(&mut self, before: &Stands, price: Money, (status, stock, picture): (Status, i64, Option<PictureId>)) {
        self.moved.push((before.key, stock - before.stock));
        self.left.extend(before.picture.filter(|old| picture != Some(*old)));
        if before.price != price || before.status != status {
            let prices = format!("price {} to {}", before.price.minor(), price.minor());
            let told = format!("{}, import, {prices}, {} to {}", before.slug, before.status.word(), status.word());
            self.acts.push((Kind::ProductChanged, told));
        }
        if before.stock != stock {
            self.acts.push((Kind::StockChanged, format!("{} {:+} import", before.slug, stock - before.stock)));
        }
    }

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
