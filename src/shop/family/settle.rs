//! Keeping the options of a family in step.
//!
//! Invariant: families are taken before products, and products before categories, each in the order of their rows; a sale takes no
//! family, so none waits for another in a circle. After `settle` the cheapest option for sale is listed, of equals the first, and has the
//! words of all that are for sale; each option is called after its family, and a family of none is gone. It does not know who changed what.

use super::words::{said, titled};
use super::{Member, whole};
use crate::db::schema::{categories, families, products};
use crate::db::{Conn, lock_families, lock_products};
use crate::error::Result;
use crate::ids::{CategoryKey, FamilyKey, ProductKey};
use crate::shop::money::Money;
use crate::shop::product::Status;
use crate::shop::search;
use diesel::prelude::*;

/// Takes the families with all their options, and other products beside them, until the transaction ends.
pub(in crate::shop) fn hold(conn: &mut Conn, keys: &[FamilyKey], beside: &[ProductKey]) -> Result<()> {
    if keys.is_empty() && beside.is_empty() {
        return Ok(());
    }
    lock_families(conn, keys)?;
    let keys = keys.iter().copied().map(Some);
    let mut all: Vec<ProductKey> = products::table.filter(products::family_id.eq_any(keys)).select(products::id).load(conn)?;
    all.extend(beside);
    lock_products(conn, &all)
}

/// What `settle` reads of an option, beside what everyone does.
#[derive(Debug, Queryable)]
struct Stands {
    key: ProductKey,
    title: String,
    description: String,
    category: String,
    words: String,
    listed: bool,
}

/// An option, with what is found by it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'a> {
    pub one: &'a Member,
    pub description: &'a str,
    pub category: &'a str,
}

/// How it looks among the others.
#[derive(Debug)]
pub(super) struct Aspect {
    pub title: String,
    pub words: String,
    pub listed: bool,
}

/// How each of the options looks, in their order.
pub(super) fn aspects(title: &str, all: &[Known]) -> Vec<Aspect> {
    let sold: Vec<&Known> = all.iter().filter(|it| it.one.status == Status::Active).collect();
    // `min_by_key` gives the first of equals.
    let chosen = sold.iter().min_by_key(|it| it.one.price).copied().or(all.first()).map(|it| it.one.key);
    let aspect = |it: &Known| {
        let title = titled(title, &it.one.words);
        let mut words = search::words_of(&title, it.description, it.category, &it.one.sku);
        let listed = chosen == Some(it.one.key);
        for other in sold.iter().filter(|other| listed && other.one.key != it.one.key) {
            let text = if other.description == it.description { "" } else { other.description };
            words.push(' ');
            words.push_str(&search::words_of(&said(&other.one.words), text, "", &other.one.sku));
        }
        Aspect { title, words, listed }
    };
    all.iter().map(aspect).collect()
}

/// How many options are for sale, and what the dearest of them costs.
pub(super) fn offer<'a>(members: impl IntoIterator<Item = &'a Member>) -> (i64, Money) {
    let sold = members.into_iter().filter(|it| it.status == Status::Active).map(|it| it.price);
    sold.fold((0, Money::ZERO), |(shown, dearest), price| (shown + 1, dearest.max(price)))
}

/// Makes right what follows from the options: titles, words, which one is listed, what the list says of all. The family is held.
pub(in crate::shop) fn settle(conn: &mut Conn, key: FamilyKey) -> Result<()> {
    let (family, members) = whole(conn, key)?;
    if members.is_empty() {
        diesel::delete(families::table.filter(families::id.eq(key))).execute(conn)?;
        return Ok(());
    }
    let stand: Vec<Stands> = products::table
        .inner_join(categories::table)
        .filter(products::family_id.eq(key))
        .select((products::id, products::title, products::description, categories::name, products::words, products::listed))
        .load(conn)?;
    let standing = |key: ProductKey| stand.iter().find(|it| it.key == key);
    let known: Vec<Known> = members
        .iter()
        .filter_map(|one| standing(one.key).map(|it| Known { one, description: &it.description, category: &it.category }))
        .collect();
    for (one, Aspect { title, words, listed }) in known.iter().map(|it| it.one).zip(aspects(&family.title, &known)) {
        let Some(before) = standing(one.key) else { continue };
        if (&before.title, &before.words, before.listed) == (&title, &words, listed) {
            continue;
        }
        // Whoever edits an option that is called otherwise now shall be told.
        let raised = i64::from(before.title != title);
        diesel::update(products::table.filter(products::id.eq(one.key)))
            .set((
                products::title.eq(&title),
                products::sort_title.eq(search::fold(&title)),
                products::words.eq(&words),
                products::listed.eq(listed),
                products::version.eq(products::version + raised),
            ))
            .execute(conn)?;
    }
    let (shown, dearest) = offer(&members);
    diesel::update(families::table.filter(families::id.eq(key)))
        .set((families::shown.eq(shown), families::dearest.eq(dearest)))
        .execute(conn)?;
    Ok(())
}

/// Puts all options into the category of one, one row at a time: each counts only what the others are when it moves.
pub(in crate::shop) fn shelve(conn: &mut Conn, key: FamilyKey, shelf: CategoryKey) -> Result<()> {
    let others = products::table.filter(products::family_id.eq(key)).filter(products::category_id.ne(shelf));
    let others: Vec<ProductKey> = others.order(products::id).select(products::id).load(conn)?;
    for other in others {
        diesel::update(products::table.filter(products::id.eq(other)))
            .set((products::category_id.eq(shelf), products::version.eq(products::version + 1)))
            .execute(conn)?;
    }
    Ok(())
}
