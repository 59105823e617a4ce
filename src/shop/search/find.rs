//! Finding the products that match, in the order that is wanted.
//!
//! Invariant: whatever narrows a search (a category, only what is in stock) is asked in the same statement that counts or limits, so
//! nothing is hidden by a limit; and no statement gives more matches than a bound, however many there are. It does not know what a
//! product looks like.

mod best;
mod estimate;
mod order;
mod way;

#[cfg(test)]
pub(in crate::shop) use order::walk;

use super::expression::{Language, Plan, Tier};
use super::vocabulary::Vocabulary;
use super::{COUNTED, Search};
use crate::db::{Conn, Statement};
use crate::error::Result;
use crate::ids::{CategoryKey, ProductKey};
use crate::shop::catalogue::Sort;
use crate::shop::product::STOCK_OF_ALL;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use estimate::Known;
use way::{Condition, Way};

/// The part of the catalogue that is searched, and which piece of the result is wanted.
pub(in crate::shop) struct Within<'a> {
    pub search: &'a Search,
    pub vocabulary: &'a Vocabulary,
    pub category: Option<CategoryKey>,
    pub in_stock: bool,
    /// How many products there are in this part.
    pub among: i64,
    /// How many products there are in all.
    pub total: i64,
    /// None: the best match first.
    pub sort: Option<Sort>,
    pub limit: i64,
    pub offset: i64,
}

/// The statements for so many words are kept; each number of words has its own.
const FEW_WORDS: usize = 4;

impl Within<'_> {
    /// Where only what is in stock is wanted, how much of that there is decides which way is short, and only a server knows.
    const fn plan(&self) -> Plan {
        if self.in_stock { Plan::Anew } else { Plan::Once }
    }

    /// Is a statement that says how many words there are one of a few, and planned once?
    fn is_kept(&self) -> bool {
        self.plan() == Plan::Once && self.search.words.len() <= FEW_WORDS
    }

    /// And one that says too which rows of the matches are wanted?
    fn is_usual(&self) -> bool {
        self.is_kept() && self.offset == 0
    }
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
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// Finds what matches every word.
pub(in crate::shop) fn find(conn: &mut Conn, within: &Within) -> Result<Found> {
    if within.search.words.is_empty() {
        return Ok(Found::default());
    }
    let known = Known::of(conn, within);
    let most = COUNTED + 1;
    let is_past_all = within.offset >= COUNTED;
    let is_ranked = !is_past_all && best::is_ranked(conn, within, &known);
    if is_ranked && let Some(found) = best::at_once(conn, within, &known)? {
        return Ok(found);
    }
    let are_many = !is_ranked && known.are_many(conn, within)?;
    let matches = if is_ranked || are_many { most } else { count(conn, within, &known, most)? };
    if within.offset >= matches.min(COUNTED) {
        return Ok(Found { keys: Vec::new(), matches });
    }
    let keys = match within.sort {
        Some(sort) if matches <= COUNTED => order::sorted(conn, within, sort, &known)?,
        Some(sort) => order::in_order(conn, within, sort, &known)?,
        None if matches <= COUNTED && Language::of(conn) == Language::Tsquery => {
            return Ok(best::all(conn, within, &known)?.unwrap_or_default());
        }
        None => best::first(conn, within, matches, &known)?,
    };
    // What was believed is not so: fewer than this piece needs.
    if are_many && keys.len() < usize::try_from(within.limit).unwrap_or_default() {
        return Ok(Found { keys, matches: count(conn, within, &known, most)? });
    }
    Ok(Found { keys, matches })
}

/// Does anything in the catalogue match, which has `total` products?
pub(in crate::shop) fn finds_any(conn: &mut Conn, search: &Search, (vocabulary, total): (&Vocabulary, i64)) -> Result<bool> {
    let all =
        Within { search, vocabulary, category: None, in_stock: false, among: total, total, sort: None, limit: 1, offset: 0 };
    if search.words.is_empty() {
        return Ok(false);
    }
    let known = Known::of(conn, &all);
    let is_near = known.way(Tier::Any) == Way::Rows && !best::near(conn, &all, (Tier::Any, &known), 1)?.is_empty();
    Ok(is_near || count(conn, &all, &known, 1)? > 0)
}

/// How many match, counted up to `most`.
fn count(conn: &mut Conn, within: &Within, known: &Known, most: i64) -> Result<i64> {
    let Condition { text, bound } = matching(conn, within, Tier::Any, &known.way_to_all(Tier::Any));
    let text = format!("SELECT count(*) AS number FROM ({}) AS counted", at_most(conn, most, &format!("SELECT 1 FROM {text}")));
    let statement = Statement::new(text, bound).kept(within.is_kept() && most <= COUNTED + 1);
    Ok(numbers(conn, statement)?.first().copied().unwrap_or_default())
}

/// The first of what a query gives, whichever. A server that knows of a limit believes that it will meet so many soon, and reads the whole
/// table where they are few; it is told of it when it has made its plan.
fn at_most(conn: &Conn, most: i64, query: &str) -> String {
    match Language::of(conn) {
        Language::Fts5 => format!("{query} LIMIT {most}"),
        Language::Tsquery => format!("WITH all_of_them AS MATERIALIZED ({query}) SELECT * FROM all_of_them LIMIT {most}"),
    }
}

/// The rows of the index that match, as what follows `FROM`. Stock is no part of the index, or every sale would write it: it is read
/// from the product.
fn matching(conn: &Conn, within: &Within, tier: Tier, way: &Way) -> Condition {
    let mut condition = Condition::of((Language::of(conn), within.plan()), within.search, within.category, tier, way);
    condition.text = if within.in_stock {
        format!("product_words w CROSS JOIN products p WHERE {} AND p.id = w.rowid AND {}", condition.text, in_stock())
    } else {
        format!("product_words w WHERE {}", condition.text)
    };
    condition
}

/// Can the product `p` be bought, or one of the options that it stands for?
fn in_stock() -> String {
    format!("({}) > 0", STOCK_OF_ALL.replace("products.", "p."))
}

/// The piece that is wanted of all matches.
fn piece(mut keys: Vec<ProductKey>, within: &Within) -> Vec<ProductKey> {
    keys.truncate(usize::try_from(within.offset + within.limit).unwrap_or_default());
    keys.split_off(usize::try_from(within.offset).unwrap_or_default().min(keys.len()))
}

/// What a statement says that gives a `number` in each row.
fn numbers(conn: &mut Conn, statement: Statement) -> Result<Vec<i64>> {
    let found: Vec<Number> = crate::on_either!(conn, conn => statement.load(conn))?;
    Ok(found.into_iter().map(|found| found.number).collect())
}

fn keys(conn: &mut Conn, statement: Statement) -> Result<Vec<ProductKey>> {
    Ok(numbers(conn, statement)?.into_iter().map(ProductKey).collect())
}

#[cfg(test)]
mod tests;
