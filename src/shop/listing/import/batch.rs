//! Some lines in one transaction.
//!
//! Invariant: products are taken before categories, each in the order of their rows, as an order takes them, so nobody waits for
//! another in a circle; between two pieces of it the clock is asked, and what is not reached by then is left to the next transaction. It
//! does not know files.

use super::super::line::{Line, Picture};
use super::super::stand::{self, Stands};
use super::piece;
use crate::audit::Actor;
use crate::clock::Moment;
use crate::db::schema::{families, products};
use crate::db::{Conn, lock_categories};
use crate::error::{Error, Result};
use crate::ids::{CategoryKey, FamilyKey, PictureId, ProductKey};
use crate::shop::{category, family, picture, slug};
use diesel::prelude::*;
use std::collections::{HashMap, HashSet};
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

/// How much one piece is: a line is its letters and what any line costs, an option as much more, and the first of a family as much as to
/// make right all of them.
const PIECE: usize = 12_000;
const ANY_LINE: usize = 100;
const FAMILY: usize = 2_000;

/// What the lines of one transaction are compared with.
#[derive(Debug)]
pub(super) struct Batch<'a> {
    pub now: Moment,
    pub actor: &'a Actor,
    pub stand: HashMap<String, Stands>,
    shelves: HashMap<String, (CategoryKey, String)>,
    art: HashSet<PictureId>,
}

/// Takes lines of which no two have the same code, at least one of them, until all are taken or it `is_over`; how many.
pub fn take(
    conn: &mut Conn,
    now: Moment,
    actor: &Actor,
    lines: &[Line],
    mut is_over: impl FnMut() -> bool,
) -> Result<(usize, Count)> {
    let known = category::all_meant(conn, lines.iter().map(|line| line.category.as_str()))?;
    let shelves: HashMap<String, _> = known.into_iter().map(|(name, shelf)| (name.to_owned(), shelf)).collect();
    let keys = stand::keys(conn, lines)?;
    hold(conn, lines, &keys)?;
    let stand = stand::standing(conn, &keys)?;
    let mut shelf_keys: Vec<CategoryKey> = shelves.values().map(|(key, _)| *key).collect();
    shelf_keys.extend(stand.values().map(|it| it.category));
    shelf_keys.sort_unstable();
    shelf_keys.dedup();
    lock_categories(conn, &shelf_keys)?;
    let mut batch = Batch { now, actor, stand, shelves, art: HashSet::new() };
    let (mut left, mut count) = (lines, Count::default());
    while !left.is_empty() {
        let (some, rest) = left.split_at(batch.reach(left));
        count += piece::take(conn, &mut batch, some)?;
        left = rest;
        if is_over() {
            break;
        }
    }
    Ok((lines.len() - left.len(), count))
}

/// Takes what the lines will change: families with all their options, and before other products.
fn hold(conn: &mut Conn, lines: &[Line], keys: &[ProductKey]) -> Result<()> {
    let codes: HashSet<&str> = lines.iter().filter_map(|line| line.seat.as_ref()).map(|seat| seat.code.as_str()).collect();
    let mut held: Vec<FamilyKey> = Vec::new();
    if !codes.is_empty() {
        held = families::table.filter(families::code.eq_any(codes)).select(families::id).load(conn)?;
    }
    let of_lines = products::table.filter(products::id.eq_any(keys)).filter(products::family_id.is_not_null());
    let of_lines: Vec<Option<FamilyKey>> = of_lines.select(products::family_id).distinct().load(conn)?;
    held.extend(of_lines.into_iter().flatten());
    held.sort_unstable();
    held.dedup();
    family::hold(conn, &held, keys)
}

impl Batch<'_> {
    /// How many of the lines are a piece.
    fn reach(&self, lines: &[Line]) -> usize {
        let (mut room, mut families) = (PIECE, HashSet::new());
        let fits = |line: &&Line| {
            let seat = line.seat.as_ref().or_else(|| self.stand.get(&line.sku)?.seat.as_ref());
            let option = seat.map_or(0, |seat| if families.insert(seat.code.clone()) { FAMILY } else { ANY_LINE });
            let weight = ANY_LINE + option + line.title.len() + line.description.len();
            let fits = weight <= room;
            room = room.saturating_sub(weight);
            fits
        };
        lines.iter().take_while(fits).count().max(1)
    }

    /// The category that a line names, made behind the others if there is none yet.
    pub fn shelf(&mut self, conn: &mut Conn, name: &str) -> Result<(CategoryKey, String)> {
        if let Some(shelf) = self.shelves.get(name) {
            return Ok(shelf.clone());
        }
        let shelf = match category::meant(conn, name)? {
            Some(shelf) => shelf,
            None => new_shelf(conn, name)?,
        };
        self.shelves.insert(name.to_owned(), shelf.clone());
        Ok(shelf)
    }

    /// The pictures that the lines name: the shop's own are there, and the demo shop's are kept now.
    ///
    /// # Errors
    /// `Refused` for one that is gone.
    pub fn hang(&mut self, conn: &mut Conn, lines: &[Line]) -> Result<()> {
        let named = || lines.iter().filter_map(|line| line.picture);
        let kept: Vec<PictureId> = named().filter_map(|it| if let Picture::Kept(id) = it { Some(id) } else { None }).collect();
        let there = picture::there(conn, kept.iter().copied())?;
        if let Some(id) = kept.iter().find(|id| !there.contains(id)) {
            return Err(Error::refused("bad_file", format!("there is no picture /pictures/{id}")));
        }
        for picture in named() {
            if let Picture::Art(bytes) = picture {
                let id = stand::picture_id(picture)?;
                if self.art.insert(id) {
                    picture::keep(conn, self.now, id, "image/svg+xml", bytes)?;
                }
            }
        }
        Ok(())
    }
}

/// A category of its own, at an address that is free: another one may have the first that comes to mind.
fn new_shelf(conn: &mut Conn, name: &str) -> Result<(CategoryKey, String)> {
    let place = category::behind(conn)?;
    for slug in slug::candidates(&slug::of(name, "category")) {
        if category::named(conn, &slug)?.is_none() {
            return Ok((category::ensure(conn, &slug, name, place)?, name.to_owned()));
        }
    }
    Err(Error::Unavailable(format!("there is no address for the category `{name}`")))
}
