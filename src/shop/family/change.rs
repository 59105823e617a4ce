//! Making and changing families, as those who run the shop do it.
//!
//! Invariant: a change is taken only on the version that the form was drawn from, so of two who change one family at once the second is
//! told and nothing is overwritten; what follows from a change is settled in the same transaction. It does not know forms.

use super::join::{behind, found, three, write};
use super::settle::{hold, settle};
use super::words::{said, titled};
use super::{Family, MOST, Member, whole};
use crate::audit::{self, Actor, Kind};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{families, products};
use crate::error::{Error, Result};
use crate::ids::{FamilyKey, ProductKey};
use crate::shop::money::Money;
use crate::shop::product::{self, Made, Record, Status};
use crate::shop::{search, slug};
use diesel::prelude::*;

/// What options are called.
#[derive(Debug, Clone)]
pub struct Wish {
    /// What they have in common.
    pub title: String,
    /// What they differ in.
    pub names: Vec<String>,
    /// The words of this one.
    pub words: Vec<String>,
    /// The version that was seen: of the family, or of a product that has none yet.
    pub version: i64,
}

/// Another option.
#[derive(Debug, Clone)]
pub struct Addition {
    /// Its words.
    pub words: Vec<String>,
    /// Its stock-keeping code.
    pub sku: String,
    /// Its price.
    pub price: Money,
    /// Pieces to start with.
    pub stock: i64,
    /// Is it for sale?
    pub status: Status,
    /// The version of the family that was seen.
    pub version: i64,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// It is as it was wished.
    Done,
    /// Somebody changed it meanwhile. Nothing was done.
    Overtaken,
    /// Another option has these words. Nothing was done.
    WordsTaken,
    /// Another product has this code. Nothing was done.
    CodeTaken,
    /// There are as many options as there can be. Nothing was done.
    Full,
}

/// Says what options are called: of a product that has none yet it makes the first.
///
/// # Errors
/// `NotFound` if there is no such product.
pub fn call(conn: &mut Conn, now: Moment, actor: &Actor, slug: &str, wish: &Wish) -> Result<Changed> {
    let before = product::record(conn, slug)?;
    let Some(key) = before.family else { return begin(conn, now, actor, &before, wish) };
    let Some((family, members)) = take(conn, key, before.key, wish.version)? else { return Ok(Changed::Overtaken) };
    if family.names.len() != wish.names.len() {
        return Ok(Changed::Overtaken);
    }
    if is_taken(&members, before.key, &wish.words) {
        return Ok(Changed::WordsTaken);
    }
    let (one, two, three) = three(&wish.names);
    diesel::update(families::table.filter(families::id.eq(key)))
        .set((families::title.eq(&wish.title), (families::name_1.eq(one), families::name_2.eq(two), families::name_3.eq(three))))
        .execute(conn)?;
    if members.iter().any(|it| it.key == before.key && it.words != wish.words) {
        let place = products::table.filter(products::id.eq(before.key)).select(products::place).first(conn)?;
        write(conn, before.key, key, &wish.words, place)?;
    }
    audit::record(conn, now, Kind::ProductChanged, actor, &format!("{slug}, words of options"))?;
    done(conn, key)
}

/// The first option of a new family.
fn begin(conn: &mut Conn, now: Moment, actor: &Actor, before: &Record, wish: &Wish) -> Result<Changed> {
    let same = products::table.filter(products::id.eq(before.key)).filter(products::version.eq(wish.version));
    if diesel::update(same.filter(products::family_id.is_null())).set(products::place.eq(1_i64)).execute(conn)? == 0 {
        return Ok(Changed::Overtaken);
    }
    for code in slug::candidates(&slug::of(&wish.title, "family")) {
        if let Some(key) = found(conn, now, &code, &wish.title, &wish.names)? {
            write(conn, before.key, key, &wish.words, 1)?;
            settle(conn, key)?;
            let told = format!("{}, one of several options", before.slug);
            audit::record(conn, now, Kind::ProductChanged, actor, &told)?;
            return Ok(Changed::Done);
        }
    }
    Err(Error::internal("no code is left for a new family"))
}

/// Adds an option like this one: with its text, its picture and its category.
///
/// # Errors
/// `NotFound` if there is no such option.
pub fn add(conn: &mut Conn, now: Moment, actor: &Actor, slug: &str, addition: &Addition) -> Result<Changed> {
    let model = product::record(conn, slug)?;
    let key = model.family.ok_or(Error::NotFound)?;
    let Some((family, members)) = take(conn, key, model.key, addition.version)? else { return Ok(Changed::Overtaken) };
    let model = product::record(conn, slug)?;
    if is_taken(&members, ProductKey(0), &addition.words) {
        return Ok(Changed::WordsTaken);
    }
    if members.len() >= MOST {
        return Ok(Changed::Full);
    }
    let draft = product::Draft {
        sku: addition.sku.clone(),
        title: titled(&family.title, &addition.words),
        description: model.description,
        category: model.category_slug,
        price: addition.price,
        stock: addition.stock,
        status: addition.status,
    };
    let made = match product::make(conn, now, actor, &draft)? {
        Made::Done(slug) => slug,
        Made::CodeTaken => return Ok(Changed::CodeTaken),
        Made::NoCategory => return Ok(Changed::Overtaken),
    };
    let new = products::table.filter(products::slug.eq(&made));
    diesel::update(new).set((products::picture.eq(model.picture), products::picture_alt.eq(&model.picture_alt))).execute(conn)?;
    let (new, place) = (new.select(products::id).first(conn)?, behind(conn, key)?);
    write(conn, new, key, &addition.words, place)?;
    done(conn, key)
}

/// Puts an option one place nearer to the front, or to the end; at the end of the row it stays.
///
/// # Errors
/// `NotFound` if there is no such option.
pub fn shift(conn: &mut Conn, slug: &str, earlier: bool, version: i64) -> Result<Changed> {
    let record = product::record(conn, slug)?;
    let key = record.family.ok_or(Error::NotFound)?;
    let Some((_, members)) = take(conn, key, record.key, version)? else { return Ok(Changed::Overtaken) };
    let mut row: Vec<ProductKey> = members.iter().map(|it| it.key).collect();
    let at = row.iter().position(|it| *it == record.key).ok_or(Error::NotFound)?;
    let with = if earlier { at.saturating_sub(1) } else { (at + 1).min(row.len() - 1) };
    row.swap(at, with);
    for (place, one) in (1_i64..).zip(row) {
        let elsewhere = products::table.filter(products::id.eq(one)).filter(products::place.ne(place));
        diesel::update(elsewhere).set(products::place.eq(place)).execute(conn)?;
    }
    done(conn, key)
}

/// Takes an option out: it is a product by itself again, under the name it had.
///
/// # Errors
/// `NotFound` if there is no such option.
pub fn leave(conn: &mut Conn, now: Moment, actor: &Actor, slug: &str, version: i64) -> Result<Changed> {
    let record = product::record(conn, slug)?;
    let key = record.family.ok_or(Error::NotFound)?;
    if take(conn, key, record.key, version)?.is_none() {
        return Ok(Changed::Overtaken);
    }
    // Held now, so what it says is what it says to the end.
    let record = product::record(conn, slug)?;
    let none: Option<FamilyKey> = None;
    diesel::update(products::table.filter(products::id.eq(record.key)))
        .set((
            products::family_id.eq(none),
            (products::option_1.eq(""), products::option_2.eq(""), products::option_3.eq("")),
            (products::place.eq(0_i64), products::listed.eq(true), products::version.eq(products::version + 1)),
            products::words.eq(search::words_of(&record.title, &record.description, &record.category, &record.sku)),
        ))
        .execute(conn)?;
    audit::record(conn, now, Kind::ProductChanged, actor, &format!("{slug}, no option any more"))?;
    done(conn, key)
}

/// Takes the family and its options for a change, if it still is what was seen and the product still is one of them.
fn take(conn: &mut Conn, key: FamilyKey, product: ProductKey, version: i64) -> Result<Option<(Family, Vec<Member>)>> {
    hold(conn, &[key], &[])?;
    // Gone meanwhile is changed meanwhile.
    let (family, members) = match whole(conn, key) {
        Err(Error::NotFound) => return Ok(None),
        other => other?,
    };
    let same = family.version == version && members.iter().any(|it| it.key == product);
    Ok(same.then_some((family, members)))
}

/// Ends a change: what follows from it is made right, and forms that were drawn before it are too old.
fn done(conn: &mut Conn, key: FamilyKey) -> Result<Changed> {
    let family = families::table.filter(families::id.eq(key));
    diesel::update(family).set(families::version.eq(families::version + 1)).execute(conn)?;
    settle(conn, key)?;
    Ok(Changed::Done)
}

/// Has another option these words, whatever their case?
fn is_taken(members: &[Member], product: ProductKey, words: &[String]) -> bool {
    let same = |other: &[String]| said(other).to_lowercase() == said(words).to_lowercase();
    members.iter().any(|it| it.key != product && same(&it.words))
}
