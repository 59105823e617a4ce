//! What matches, in an order of the catalogue.
//!
//! Invariant: few matches are sorted, and of many the index of the order is walked until the piece is full; which of the two it is
//! decides no more than how long it takes. It does not know how well a product matches.

use super::estimate::{self, Known};
use super::way::{Condition, Way};
use super::{FEW_WORDS, Within, count, in_stock, keys, matching};
use crate::db::{Conn, Statement};
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

/// Is it less work to read all matches than to walk the catalogue until the piece is full?
fn is_sparse(conn: &mut Conn, within: &Within, known: &Known) -> Result<bool> {
    let even = estimate::even(within, within.among);
    Ok(even > COUNTED && count(conn, within, known, even + 1)? <= even)
}

/// All matches, sorted.
pub(super) fn sorted(conn: &mut Conn, within: &Within, sort: Sort, known: &Known) -> Result<Vec<ProductKey>> {
    let stock = if within.in_stock { format!(" AND {}", in_stock()) } else { String::new() };
    // A server is not told of the words, and believes that one product in 200 has them: it could walk all of them in the wanted order.
    let once = if Language::of(conn) == Language::Fts5 { "" } else { "MATERIALIZED" };
    let all = Within { in_stock: false, ..*within };
    let Condition { text, bound } = matching(conn, &all, Tier::Any, &known.way_to_all(Tier::Any));
    let text = format!(
        "WITH w AS {once} (SELECT w.rowid FROM {text})
         SELECT p.id AS number FROM w CROSS JOIN products p WHERE p.id = w.rowid{stock} ORDER BY {} {}",
        order("p", sort),
        limit(within)
    );
    keys(conn, Statement::new(text, bound).kept(within.is_usual()))
}

/// The products in the wanted order, as far as it takes to meet enough matches, or among the first `near` of them.
fn walked(conn: &mut Conn, within: &Within, sort: Sort, near: Option<i64>) -> Result<Vec<ProductKey>> {
    match Language::of(conn) {
        Language::Fts5 => walked_on_sqlite(conn, within, sort, near),
        Language::Tsquery => walked_on_postgres(conn, within, sort, near),
    }
}

/// SQLite walks an index as it is told to. To ask FTS5 about one row costs ten times as much as to read what it keeps of it, where a word
/// is a token with a space before it; or the words of the product, where most of those that do not match can go before FTS5 is asked.
fn walked_on_sqlite(conn: &mut Conn, within: &Within, sort: Sort, near: Option<i64>) -> Result<Vec<ProductKey>> {
    let language = Language::of(conn);
    let (order, shown) = (order("p", sort), shown(within));
    let mut conditions = vec![shown.clone()];
    if let Some(near) = near {
        let (column, is_down) = column(sort);
        let sign = if is_down { ">=" } else { "<=" };
        conditions.push(format!(
            "(p.{column}, p.id) {sign} (SELECT p.{column}, p.id FROM products p WHERE {shown} ORDER BY {order} LIMIT 1 OFFSET {near})"
        ));
    }
    conditions.extend(within.in_stock.then(in_stock));
    let mut bound: Vec<String> = within.search.words.iter().flatten().filter(|token| token::is_word(token)).cloned().collect();
    let is_usual = within.is_usual() && bound.len() <= FEW_WORDS && within.category.is_none();
    let numbers = 1..=bound.len();
    let is_match = if within.search.is_plain() {
        let words: Vec<String> = numbers.map(|number| format!("instr(w.c0, ' ' || ${number}) > 0")).collect();
        format!("EXISTS (SELECT 1 FROM product_words_content w WHERE w.id = p.id AND {})", words.join(" AND "))
    } else {
        conditions.extend(numbers.map(|number| format!("instr(p.words, ${number}) > 0")));
        bound.push(language.expression(within.search, Tier::Any, within.category));
        format!(
            "EXISTS (SELECT 1 FROM product_words w WHERE w.rowid = p.id AND {})",
            language.condition(bound.len(), within.plan())
        )
    };
    conditions.push(is_match);
    let text =
        format!("SELECT p.id AS number FROM products p WHERE {} ORDER BY {order} {}", conditions.join(" AND "), limit(within));
    keys(conn, Statement::new(text, bound).kept(is_usual))
}

/// A server is left no other way: where a query has an end or an offset of its own, that is not planned together with what is around it.
/// Where it ends is one of a few numbers, and where a later piece begins is bound: so all pages are kept as a few statements.
fn walked_on_postgres(conn: &mut Conn, within: &Within, sort: Sort, near: Option<i64>) -> Result<Vec<ProductKey>> {
    let (column, _) = column(sort);
    let end = near.and_then(|near| u64::try_from(near).ok()?.checked_next_power_of_two());
    let head = end.map_or_else(|| "OFFSET 0".to_owned(), |end| format!("LIMIT {end}"));
    let Condition { text, mut bound } = matching(conn, within, Tier::Any, &Way::Rows);
    let piece = if within.offset == 0 {
        limit(within)
    } else {
        bound.push(within.offset.to_string());
        format!("LIMIT {} OFFSET ${}::bigint", within.limit, bound.len())
    };
    let text = format!(
        "SELECT x.id AS number FROM (SELECT p.id, p.{column} FROM products p WHERE {} ORDER BY {} {head}) AS x
         CROSS JOIN LATERAL (SELECT 1 FROM {text} AND w.rowid = x.id OFFSET 0) AS matching ORDER BY {} {piece}",
        shown(within),
        order("p", sort),
        order("x", sort),
    );
    keys(conn, Statement::new(text, bound).kept(within.is_kept() && within.category.is_none()))
}

/// What a list shows of the products `p`.
fn shown(within: &Within) -> String {
    let of_category = within.category.map(|CategoryKey(key)| format!(" AND p.category_id = {key}")).unwrap_or_default();
    format!("p.status = 'active' AND p.listed{of_category}")
}

fn limit(within: &Within) -> String {
    format!("LIMIT {} OFFSET {}", within.limit, within.offset)
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

fn order(table: &str, sort: Sort) -> String {
    let (column, is_down) = column(sort);
    let direction = if is_down { " DESC" } else { "" };
    format!("{table}.{column}{direction}, {table}.id{direction}")
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
