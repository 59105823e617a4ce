//! Finding the products that match, in the order that is wanted.
//!
//! Invariant: whatever narrows a search (a category, only what is in stock) is asked in the same statement that counts or limits, so
//! nothing is hidden by a limit; and no statement reads more matches than a bound, however many there are. It does not know what a
//! product looks like.

mod estimate;

use super::expression::{Language, Tier};
use super::{COUNTED, Search, token};
use crate::db::Conn;
use crate::error::Result;
use crate::ids::{CategoryKey, ProductKey};
use crate::shop::catalogue::Sort;
use crate::shop::product::STOCK_OF_ALL;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use std::cmp::Reverse;
use std::collections::HashSet;

/// The part of the catalogue that is searched, and which piece of the result is wanted.
pub(in crate::shop) struct Within<'a> {
    pub search: &'a Search,
    pub category: Option<CategoryKey>,
    pub in_stock: bool,
    /// How many products there are in this part.
    pub among: i64,
    /// None: the best match first.
    pub sort: Option<Sort>,
    pub limit: i64,
    pub offset: i64,
}

/// What was found.
#[derive(Debug, Default)]
pub(in crate::shop) struct Found {
    /// The rows of the piece that is wanted, in order.
    pub keys: Vec<ProductKey>,
    /// How many match, counted up to `COUNTED` + 1.
    pub matches: i64,
}

#[derive(QueryableByName)]
struct Key {
    #[diesel(sql_type = BigInt)]
    id: ProductKey,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    matches: i64,
}

/// Finds what matches every word.
pub(in crate::shop) fn find(conn: &mut Conn, within: &Within) -> Result<Found> {
    if within.search.words.is_empty() {
        return Ok(Found::default());
    }
    let about = estimate::of(conn, within)?;
    let matches = if about.is_some() { COUNTED + 1 } else { count(conn, within, COUNTED + 1)? };
    if within.offset >= matches.min(COUNTED) {
        return Ok(Found { keys: Vec::new(), matches });
    }
    let keys = match within.sort {
        None => best(conn, within, matches, about)?,
        Some(sort) if matches <= COUNTED => sorted(conn, within, sort)?,
        Some(sort) => in_order(conn, within, sort, about)?,
    };
    // An estimate that was of an earlier day: fewer than this piece needs.
    if about.is_some() && keys.len() < usize::try_from(within.limit).unwrap_or_default() {
        return Ok(Found { keys, matches: count(conn, within, COUNTED + 1)? });
    }
    Ok(Found { keys, matches })
}

/// Does anything in the catalogue match?
pub(in crate::shop) fn finds_any(conn: &mut Conn, search: &Search) -> Result<bool> {
    let all = Within { search, category: None, in_stock: false, among: 0, sort: None, limit: 1, offset: 0 };
    Ok(!search.words.is_empty() && count(conn, &all, 1)? > 0)
}

fn count(conn: &mut Conn, within: &Within, most: i64) -> Result<i64> {
    let language = Language::of(conn);
    let text = format!("SELECT count(*) AS matches FROM (SELECT 1 FROM {} LIMIT {most}) AS counted", matching(language, within));
    let count: Count = diesel::sql_query(text)
        .bind::<Text, _>(language.expression(within.search, Tier::Any, within.category))
        .get_result(conn)?;
    Ok(count.matches)
}

/// Of the products in an order, so many pages of them are looked at before it is asked how many match.
const NEAR: i64 = 16;

/// A piece of very many matches. Of a word that many products have it is full before so many of them were looked at; of another, the
/// cheaper of the two ways is taken.
fn in_order(conn: &mut Conn, within: &Within, sort: Sort, about: Option<i64>) -> Result<Vec<ProductKey>> {
    let near = walked(conn, within, sort, Some(within.offset + NEAR * within.limit))?;
    if i64::try_from(near.len()).is_ok_and(|found| found == within.limit) {
        return Ok(near);
    }
    // Where none is near, the estimate may be of an earlier day, and the walk would go to the end.
    let about = about.filter(|_| !near.is_empty());
    if is_sparse(conn, within, about)? { sorted(conn, within, sort) } else { walked(conn, within, sort, None) }
}

/// Is it less work to read all matches than to walk the catalogue until the piece is full? With `n` matches among `m` products, the
/// piece ends after about `(offset + limit) * m / n` of them, which is more than `n` up to the root of `(offset + limit) * m`.
fn is_sparse(conn: &mut Conn, within: &Within, about: Option<i64>) -> Result<bool> {
    let even = (within.offset + within.limit).saturating_mul(within.among).isqrt();
    let are_more = even <= COUNTED || about.is_some_and(|matches| matches > even);
    Ok(!are_more && count(conn, within, even + 1)? <= even)
}

/// The best match first, and of equals the newest: a tier after the other, until the piece is full. A tier gives no more than that,
/// so those that were seen in a better one still leave enough of it.
fn best(conn: &mut Conn, within: &Within, matches: i64, about: Option<i64>) -> Result<Vec<ProductKey>> {
    let (first, most) = (within.offset, within.offset + within.limit);
    let wanted = usize::try_from(most.min(matches)).unwrap_or_default();
    let (mut keys, mut seen) = (Vec::new(), HashSet::new());
    // A single match needs no rank.
    for tier in Tier::ALL.into_iter().filter(|tier| matches > 1 || *tier == Tier::Any) {
        if keys.len() >= wanted {
            break;
        }
        let are_few = match tier {
            Tier::Any => matches <= COUNTED,
            Tier::Words => about.is_none(),
            _ => true,
        };
        keys.extend(newest(conn, within, tier, are_few, most)?.into_iter().filter(|key| seen.insert(*key)));
    }
    keys.truncate(usize::try_from(most).unwrap_or_default());
    Ok(keys.split_off(usize::try_from(first).unwrap_or_default().min(keys.len())))
}

/// The newest matches of a tier. FTS5 has them in this order. A server has them in none, and would rather walk all products backwards
/// than sort: that is right where matches are many, and where they are few it walks to the end. So what may be few is sorted here.
fn newest(conn: &mut Conn, within: &Within, tier: Tier, are_few: bool, most: i64) -> Result<Vec<ProductKey>> {
    let language = Language::of(conn);
    let (matching, expression) = (matching(language, within), language.expression(within.search, tier, within.category));
    let ask = |conn: &mut Conn, text: String| -> Result<Vec<ProductKey>> {
        let found: Vec<Key> = diesel::sql_query(text).bind::<Text, _>(&expression).load(conn)?;
        Ok(found.into_iter().map(|key| key.id).collect())
    };
    if language != Language::Fts5 && are_few {
        let mut few = ask(conn, format!("SELECT w.rowid AS id FROM {matching} LIMIT {}", COUNTED + 1))?;
        if i64::try_from(few.len()).is_ok_and(|found| found <= COUNTED) {
            few.sort_unstable_by_key(|ProductKey(key)| Reverse(*key));
            few.truncate(usize::try_from(most).unwrap_or_default());
            return Ok(few);
        }
    }
    ask(conn, format!("SELECT w.rowid AS id FROM {matching} ORDER BY w.rowid DESC LIMIT {most}"))
}

/// All matches, sorted.
fn sorted(conn: &mut Conn, within: &Within, sort: Sort) -> Result<Vec<ProductKey>> {
    let language = Language::of(conn);
    let stock = if within.in_stock { format!(" AND {}", in_stock()) } else { String::new() };
    // A server believes of a word that it does not know that one product in 50 has it, and would walk all of them in the wanted order.
    let once = if language == Language::Fts5 { "" } else { "MATERIALIZED" };
    let text = format!(
        "WITH w AS {once} (SELECT w.rowid FROM product_words w WHERE {})
         SELECT p.id FROM w CROSS JOIN products p WHERE p.id = w.rowid{stock} ORDER BY {} LIMIT {} OFFSET {}",
        language.condition(),
        order(sort),
        within.limit,
        within.offset
    );
    let found: Vec<Key> =
        diesel::sql_query(text).bind::<Text, _>(language.expression(within.search, Tier::Any, within.category)).load(conn)?;
    Ok(found.into_iter().map(|key| key.id).collect())
}

/// The products in the wanted order, as far as it takes to meet enough matches, or among the first `near` of them.
fn walked(conn: &mut Conn, within: &Within, sort: Sort, near: Option<i64>) -> Result<Vec<ProductKey>> {
    let language = Language::of(conn);
    let words: Vec<&String> = within.search.words.iter().flatten().filter(|token| token::is_word(token)).collect();
    let numbers = || 2..words.len() + 2;
    let order = order(sort);
    let of_category = within.category.map(|CategoryKey(key)| format!(" AND p.category_id = {key}")).unwrap_or_default();
    let shown = format!("p.status = 'active' AND p.listed{of_category}");
    // SQLite counts parameters as they come, so the first has to come first.
    let mut conditions = vec!["$1 <> ''".to_owned(), shown.clone()];
    if let Some(near) = near {
        let (column, is_down) = column(sort);
        let sign = if is_down { ">=" } else { "<=" };
        conditions.push(format!(
            "(p.{column}, p.id) {sign} (SELECT p.{column}, p.id FROM products p WHERE {shown} ORDER BY {order} LIMIT 1 OFFSET {near})"
        ));
    }
    conditions.extend(within.in_stock.then(in_stock));
    let is_match = if language == Language::Fts5 && within.search.is_plain() {
        // To ask FTS5 about one row costs ten times as much as to read what it keeps of it, where a word is a token with a space before it.
        let words: Vec<String> = numbers().map(|number| format!("w.c0 LIKE '% ' || ${number} || '%'")).collect();
        format!("EXISTS (SELECT 1 FROM product_words_content w WHERE w.id = p.id AND {})", words.join(" AND "))
    } else {
        // Most of those that do not match can go before the index of words is asked, which has the last word.
        conditions.extend(numbers().map(|number| format!("p.words LIKE '%' || ${number} || '%'")));
        format!("EXISTS (SELECT 1 FROM product_words w WHERE w.rowid = p.id AND {})", language.condition())
    };
    conditions.push(is_match);
    let text = format!(
        "SELECT p.id FROM products p WHERE {} ORDER BY {order} LIMIT {} OFFSET {}",
        conditions.join(" AND "),
        within.limit,
        within.offset
    );
    let expression = language.expression(within.search, Tier::Any, within.category);
    let found: Vec<Key> = crate::on_either!(conn, conn => {
        let mut query = diesel::sql_query(text).into_boxed().bind::<Text, _>(expression);
        for word in words {
            query = query.bind::<Text, _>(word);
        }
        query.load(conn)?
    });
    Ok(found.into_iter().map(|key| key.id).collect())
}

/// The walk alone, of which the plan is looked at: it wants more products than a test has.
#[cfg(test)]
pub(in crate::shop) fn walk(conn: &mut Conn, search: &Search, sort: Sort, near: Option<i64>) -> Result<Vec<ProductKey>> {
    walked(conn, &Within { search, category: None, in_stock: false, among: 0, sort: None, limit: 24, offset: 0 }, sort, near)
}

/// The rows of the index that match. Stock is no part of it, or every sale would write it: it is read from the product.
fn matching(language: Language, within: &Within) -> String {
    let condition = language.condition();
    if within.in_stock {
        return format!("product_words w CROSS JOIN products p WHERE {condition} AND p.id = w.rowid AND {}", in_stock());
    }
    format!("product_words w WHERE {condition}")
}

/// Can the product `p` be bought, or one of the options that it stands for?
fn in_stock() -> String {
    format!("({}) > 0", STOCK_OF_ALL.replace("products.", "p."))
}

fn order(sort: Sort) -> String {
    let (column, is_down) = column(sort);
    let direction = if is_down { " DESC" } else { "" };
    format!("p.{column}{direction}, p.id{direction}")
}

/// What is sorted by; is the highest first?
const fn column(sort: Sort) -> (&'static str, bool) {
    match sort {
        Sort::Name => ("sort_title", false),
        Sort::Newest => ("created_at", true),
        Sort::Price => ("price", false),
        Sort::PriceDown => ("price", true),
    }
}

#[cfg(test)]
mod tests;
