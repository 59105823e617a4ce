//! A family and those who sit there.
//!
//! Invariant: two options of a family never have the same words, and all have a word for each of its names. It writes nothing.

use super::Guest;
use crate::db::Conn;
use crate::db::schema::{categories, products};
use crate::error::{Error, Result};
use crate::ids::{CategoryKey, FamilyKey, PictureId, ProductId, ProductKey};
use crate::shop::family::join::three;
use crate::shop::family::settle::{Aspect, Known, aspects};
use crate::shop::family::words::{said, written};
use crate::shop::family::{Family, MOST, Member, listed};
use crate::shop::money::Money;
use crate::shop::product::{Standing, Status, Written};
use crate::shop::search;
use diesel::prelude::*;

/// An option as it stands, and as it will.
#[derive(Debug)]
pub(super) struct Place {
    pub member: Member,
    product: Written,
    category: String,
    order: i64,
    listed: bool,
    /// Is it written in any case, and does it come from another family?
    changed: bool,
    moved: bool,
}

/// A family and those who sit there.
#[derive(Debug)]
pub(super) struct Circle {
    pub family: Family,
    pub places: Vec<Place>,
    shelf: Option<(CategoryKey, String)>,
    pub raised: bool,
    pub touched: bool,
}

impl Circle {
    pub fn of(family: Family) -> Self {
        Self { family, places: Vec::new(), shelf: None, raised: false, touched: false }
    }

    pub fn seat(&mut self, guest: Guest, moved: bool) -> Result<()> {
        let refused = |text: String| Err(Error::refused("bad_file", text));
        let key = guest.product.key;
        let at = self.places.iter().position(|it| it.member.key == key);
        if let Some(seat) = guest.seat {
            if self.family.names != seat.names {
                let (has, wants) = (self.family.names.join(", "), seat.names.join(", "));
                return refused(format!("the options of `{}` differ in {has}, and not in {wants}", seat.code));
            }
            let wanted = said(&seat.words).to_lowercase();
            let same = |it: &&Place| it.member.key != key && said(&it.member.words).to_lowercase() == wanted;
            if let Some(other) = self.places.iter().find(same) {
                let words = written(&seat.names, &seat.words);
                return refused(format!("`{}` and another line are both `{words}` of `{}`", other.member.sku, seat.code));
            }
            if at.is_none() && self.places.len() >= MOST {
                return refused(format!("`{}` has {MOST} options, which is all it can", seat.code));
            }
        }
        if self.family.title != guest.title {
            guest.title.clone_into(&mut self.family.title);
            self.raised = true;
        }
        self.touched = true;
        self.shelf = Some((guest.product.category, guest.category.to_owned()));
        let words = guest.seat.map(|seat| seat.words.clone());
        let Some(at) = at else {
            let place = self.places.last().map_or(1, |last| last.order.saturating_add(1));
            self.raised = true;
            self.places.push(Place::new(guest, words.unwrap_or_default(), place, moved));
            return Ok(());
        };
        let place = &mut self.places[at];
        if let Some(words) = words.filter(|words| *words != place.member.words) {
            place.member.words = words;
            place.product.raised = 1;
            self.raised = true;
        }
        place.changed = true;
        (place.member.price, place.member.status) = (guest.product.price, guest.product.status);
        guest.category.clone_into(&mut place.category);
        let raised = guest.product.raised.max(place.product.raised);
        // What it is called, and found by, stays until it is made anew.
        let [title, words] = [&mut place.product.title, &mut place.product.words].map(std::mem::take);
        place.product = Written { title, words, raised, ..guest.product };
        Ok(())
    }

    /// The options that stand otherwise now; is one of another family?
    pub fn settled(&mut self) -> Vec<((Written, Standing), bool)> {
        if let Some((shelf, name)) = &self.shelf {
            for place in self.places.iter_mut().filter(|it| it.product.category != *shelf) {
                (place.product.category, place.product.raised, place.changed) = (*shelf, 1, true);
                name.clone_into(&mut place.category);
            }
        }
        let known: Vec<Known> = self
            .places
            .iter()
            .map(|it| Known { one: &it.member, description: &it.product.description, category: &it.category })
            .collect();
        let aspects = aspects(&self.family.title, &known);
        let mut rows = Vec::new();
        for (place, Aspect { title, words, listed }) in self.places.drain(..).zip(aspects) {
            let Place { member, product, order, listed: before, changed, moved, .. } = place;
            if !changed && (&product.title, &product.words, before) == (&title, &words, listed) {
                continue;
            }
            // Whoever edits an option that is called otherwise now shall be told.
            let raised = product.raised.max(i64::from(product.title != title));
            let (one, two, three) = three(&member.words);
            let names = [one, two, three].map(str::to_owned);
            let standing = Standing { family: self.family.key, words: names, place: order, listed };
            let sort_title = search::fold(&title);
            rows.push(((Written { title, words, sort_title, raised, ..product }, standing), moved));
        }
        rows
    }
}

impl Place {
    fn new(guest: Guest, words: Vec<String>, order: i64, moved: bool) -> Self {
        let Written { key, price, stock, status, .. } = guest.product;
        // Only what settles a family is asked of a member that is not read from its row.
        let (id, slug) = (ProductId::random(), String::new());
        let member = Member { key, id, sku: guest.sku.to_owned(), slug, words, price, stock, status };
        let product = Written { raised: 1, ..guest.product };
        Self { member, product, category: guest.category.to_owned(), order, listed: true, changed: true, moved }
    }
}

/// The options of these families, in their order.
pub(super) fn places(conn: &mut Conn, keys: impl Iterator<Item = FamilyKey>) -> Result<Vec<(FamilyKey, Place)>> {
    type Own = (ProductKey, ProductId, String, String, (String, String, String), i64, bool);
    type Rest = (String, String, String, CategoryKey, String);
    type Row = (Option<FamilyKey>, Own, Rest, (Money, i64, String, Option<PictureId>));
    let options = (products::option_1, products::option_2, products::option_3);
    let rows: Vec<Row> = products::table
        .inner_join(categories::table)
        .filter(products::family_id.eq_any(keys.map(Some)))
        .order((products::family_id, products::place, products::id))
        .select((
            products::family_id,
            (products::id, products::public_id, products::sku, products::slug, options, products::place, products::listed),
            (products::title, products::words, products::description, products::category_id, categories::name),
            (products::price, products::stock, products::status, products::picture),
        ))
        .load(conn)?;
    let place = |row: Row| {
        let (family, own, rest, (price, stock, status, picture)) = row;
        let (key, id, sku, slug, words, order, is_listed) = own;
        let (title, found_by, description, shelf, category) = rest;
        let family = family.ok_or_else(|| Error::internal("an option of no family"))?;
        let status = Status::read(&status).ok_or_else(|| Error::internal(format!("`{status}` is no status of a product")))?;
        let member = Member { key, id, sku, slug, words: listed(words), price, stock, status };
        let product = Written {
            key,
            title,
            words: found_by,
            sort_title: String::new(),
            description,
            category: shelf,
            price,
            stock,
            status,
            picture,
            raised: 0,
        };
        Ok((family, Place { member, product, category, order, listed: is_listed, changed: false, moved: false }))
    };
    rows.into_iter().map(place).collect()
}
