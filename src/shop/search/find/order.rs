//! What matches, in an order of the catalogue.
//!
//! Invariant: few matches are sorted, and of many the index of the order is walked until the piece is full; which of the two it is
//! decides no more than how long it takes. It does not know how well a product matches.

use super::estimate::Known;
use super::way::Condition;
use super::{Within, count, in_stock, keys, matching};
use crate::db::Conn;
use crate::error::Result;
use crate::ids::{CategoryKey, ProductKey};
use crate::shop::catalogue::Sort;
use crate::shop::search::expression::{Language, Tier};
use crate::shop::search::{COUNTED, token};

/// Of the products in an order, so many pages of them are looked at, and then so many times as many where very many match, before it is
/// asked how many match.
const NEAR: i64 = 16;

/// A piece of very many matches. Of a word that many products have it is full before so many of them were looked at; of another, the
/// cheaper of the two ways is taken.
pub(super) fn in_order(conn: &mut Conn, within: &Within, sort: Sort, known: &Known) -> Result<Vec<ProductKey>> {
    let near = NEAR * within.limit;
    for more in if known.all_are_common() { vec![near, NEAR * near] } else { vec![near] } {
        let found = walked(conn, within, sort, Some(within.offset + more))?;
        if i64::try_from(found.len()).is_ok_and(|found| found == within.limit) {
            return Ok(found);
        }
    }
    if is_sparse(conn, within, known)? { sorted(conn, within, sort, known) } else { walked(conn, within, sort, None) }
}

/// Is it less work to read all matches than to walk the catalogue until the piece is full? With `n` matches among `m` products, the
/// piece ends after about `(offset + limit) * m / n` of them, which is more than `n` up to the root of `(offset + limit) * m`.
fn is_sparse(conn: &mut Conn, within: &Within, known: &Known) -> Result<bool> {
    let even = (within.offset + within.limit).saturating_mul(within.among).isqrt();
    Ok(even > COUNTED && count(conn, within, known, even + 1)? <= even)
}

/// All matches, sorted.
pub(super) fn sorted(conn: &mut Conn, within: &Within, sort: Sort, known: &Known) -> Result<Vec<ProductKey>> {
    let stock = if within.in_stock { format!(" AND {}", in_stock()) } else { String::new() };
    // A server believes of a word that it does not know that one product in 50 has it, and would walk all of them in the wanted order.
    let once = if Language::of(conn) == Language::Fts5 { "" } else { "MATERIALIZED" };
    let all = Within { in_stock: false, ..*within };
    let Condition { text, bound } = matching(conn, &all, Tier::Any, &known.way_to_all(Tier::Any));
    let text = format!(
        "WITH w AS {once} (SELECT w.rowid FROM {text})
         SELECT p.id AS number FROM w CROSS JOIN products p WHERE p.id = w.rowid{stock} ORDER BY {} LIMIT {} OFFSET {}",
        order(sort),
        within.limit,
        within.offset
    );
    keys(conn, text, &bound)
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
        "SELECT p.id AS number FROM products p WHERE {} ORDER BY {order} LIMIT {} OFFSET {}",
        conditions.join(" AND "),
        within.limit,
        within.offset
    );
    let mut bound = vec![language.expression(within.search, Tier::Any, within.category)];
    bound.extend(words.into_iter().cloned());
    keys(conn, text, &bound)
}

/// The walk alone, of which the plan is looked at: it wants more products than a test has.
#[cfg(test)]
pub(in crate::shop) fn walk(
    conn: &mut Conn,
    search: &crate::shop::search::Search,
    sort: Sort,
    near: Option<i64>,
) -> Result<Vec<ProductKey>> {
    let vocabulary = &crate::shop::search::Vocabulary::default();
    let within =
        Within { search, vocabulary, category: None, in_stock: false, among: 0, total: 0, sort: None, limit: 24, offset: 0 };
    walked(conn, &within, sort, near)
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
