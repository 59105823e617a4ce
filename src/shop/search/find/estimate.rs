//! What is believed of how many products match, without reading what matches.
//!
//! Invariant: a belief decides how an answer is come by, and may say "very many" where a sample of the whole catalogue says ten times that;
//! it never hides a match. The sample may be of an earlier minute; then the pages past the real end find it out, up to the last there can be, because they stay short.
//! It does not know what is done with the matches.

use super::way::{Condition, Way};
use super::{Within, in_stock};
use crate::db::{Conn, Statement};
use crate::error::Result;
use crate::shop::search::COUNTED;
use crate::shop::search::expression::{Language, Tier};
use crate::shop::search::token::{CATEGORY, NAMED, TITLE};
use crate::shop::search::vocabulary::Rows;

/// So many times what is counted leaves room for a sample that is not like the whole.
const MANY: i64 = 10 * COUNTED;

/// Words that meet in no more products are read all at once.
pub(super) const SELDOM: i64 = 4 * COUNTED;

/// Fewer matches in a sample are chance.
const SEEN: i64 = 5;

/// Of what is in stock a sample is taken at once, a few rows from each of so many places.
const PLACES: i64 = 100;
const FROM_EACH: i64 = 5;

/// Which products of the sample have each part of a search, tier by tier. Empty: nothing is known, or nothing needs to be.
#[derive(Debug, Default)]
pub(super) struct Known {
    tiers: Vec<(Tier, Vec<Rows>)>,
    /// So many of the sample are very many.
    common: u32,
    /// So many of the sample are few enough to be read all.
    few: u32,
    size: u32,
    /// Is the index asked for all, however common?
    asks_all: bool,
}

impl Known {
    /// What the vocabulary knows; where a shop has a few thousand products, there is nothing to save.
    pub fn of(conn: &Conn, within: &Within) -> Self {
        let size = within.vocabulary.size();
        if size == 0 || within.total <= MANY {
            return Self::default();
        }
        let tiers = Tier::ALL.map(|tier| (tier, parts(within, tier))).to_vec();
        let common = (MANY * i64::from(size) / within.total + 1).max(i64::from(size / 100));
        let few = even(within, within.total).min(SELDOM) * i64::from(size) / within.total;
        let asks_all = Language::of(conn) == Language::Fts5;
        Self { tiers, common: u32::try_from(common).unwrap_or(size), few: u32::try_from(few).unwrap_or_default(), size, asks_all }
    }

    /// Do very many products have each part?
    pub fn all_are_common(&self) -> bool {
        self.parts(Tier::Any).is_some_and(|parts| parts.iter().all(|rows| rows.count() >= self.common))
    }

    /// Is it less work to read all that match than to look for a piece of them?
    pub fn meet_seldom(&self) -> bool {
        self.seen(Tier::Any).is_some_and(|seen| seen <= self.few)
    }

    /// So many rows are looked at for so many matches of a tier, if these are spread evenly; 0 if nothing is known.
    pub fn rows_for(&self, tier: Tier, matches: i64) -> i64 {
        self.seen(tier).map_or(0, |seen| matches.saturating_mul(self.size.into()) / i64::from(seen.max(1)))
    }

    /// Do so few match so well, wherever they are, that it is less work to read all of them than to look at all products?
    pub fn are_some(&self, tier: Tier) -> bool {
        self.seen(tier).is_some_and(|seen| seen < self.size / 5)
    }

    /// How many of the sample have all parts.
    fn seen(&self, tier: Tier) -> Option<u32> {
        Some(self.parts(tier)?.iter().copied().fold(Rows::ALL, Rows::and).count())
    }

    fn parts(&self, tier: Tier) -> Option<&[Rows]> {
        self.tiers.iter().find(|(known, _)| *known == tier).map(|(_, parts)| parts.as_slice())
    }

    /// How to come by the matches of a tier.
    pub fn way(&self, tier: Tier) -> Way {
        let Some(parts) = self.parts(tier).filter(|_| !self.asks_all) else { return Way::Index };
        let rare: Vec<bool> = parts.iter().map(|rows| rows.count() < self.common).collect();
        match (rare.iter().all(|rare| *rare), rare.iter().any(|rare| *rare)) {
            (true, _) => Way::Index,
            (_, true) => Way::Marked(rare),
            _ => Way::Rows,
        }
    }

    /// How to come by all of them, also where each part is common.
    pub fn way_to_all(&self, tier: Tier) -> Way {
        Some(self.way(tier)).filter(|way| *way != Way::Rows).unwrap_or(Way::Index)
    }

    /// Is it to be believed that many more match than are counted?
    pub fn are_many(&self, conn: &mut Conn, within: &Within) -> Result<bool> {
        let Some(seen) = self.seen(Tier::Any) else { return Ok(false) };
        if !is_many(seen.into(), self.size.into(), within.total) {
            return Ok(false);
        }
        // Tokens side by side, and what is in stock, are not in the vocabulary.
        if within.search.is_plain() && !within.in_stock {
            return Ok(true);
        }
        if self.asks_all { Ok(false) } else { sample(conn, within) }
    }
}

/// With `n` matches among `m` products, a piece that is looked for in the products' own order ends after about `(offset + limit) * m / n`
/// of them, which is more than `n` up to the root of `(offset + limit) * m`: so many matches are as soon read all.
pub(super) fn even(within: &Within, among: i64) -> i64 {
    (within.offset + within.limit).saturating_mul(among).isqrt()
}

/// If so many of a sample match, do many more than are counted?
const fn is_many(seen: i64, size: i64, total: i64) -> bool {
    seen >= SEEN && seen.saturating_mul(total) / size > MANY
}

/// Which of the sample have each part of a tier, as `Language::parts` says them.
fn parts(within: &Within, tier: Tier) -> Vec<Rows> {
    let of = |word: &Vec<String>| {
        let rows = |mark, open| within.vocabulary.rows(mark, word, open);
        match tier {
            Tier::Title => rows(TITLE, false),
            Tier::InTitle => rows(TITLE, true),
            Tier::Named => rows(TITLE, true).or(rows(NAMED, true)),
            Tier::Words => rows("", false),
            Tier::Any => rows("", true),
        }
    };
    let category = within.category.map(|key| within.vocabulary.rows(CATEGORY, &[key.0.to_string()], false));
    within.search.words.iter().map(of).chain(category).collect()
}

/// Do so many match of some that come from all over the catalogue?
fn sample(conn: &mut Conn, within: &Within) -> Result<bool> {
    let condition = Condition::of((Language::of(conn), within.plan()), within.search, within.category, Tier::Any, &Way::Rows);
    let stock = format!(" AND EXISTS (SELECT 1 FROM products p WHERE p.id = w.rowid AND {})", in_stock());
    let text = format!(
        "SELECT count(DISTINCT w.rowid) AS number FROM (SELECT min(rowid) AS low, max(rowid) AS high FROM product_words) AS ends,
         generate_series(0, {PLACES} - 1) AS place CROSS JOIN LATERAL (
             SELECT * FROM product_words WHERE rowid >= low + place * (high - low) / {PLACES} ORDER BY rowid LIMIT {FROM_EACH}
         ) AS w WHERE {}{}",
        condition.text,
        if within.in_stock { &stock } else { "" }
    );
    let statement = Statement::new(text, condition.bound);
    let seen = super::numbers(conn, statement)?.first().copied().unwrap_or_default();
    Ok(is_many(seen, PLACES * FROM_EACH, within.total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_of_a_sample_are_chance() {
        assert!(is_many(11, 1000, 1_000_000) && !is_many(10, 1000, 1_000_000));
        assert!(!is_many(4, 1000, 100_000_000) && is_many(5, 1000, 100_000_000));
        assert!(is_many(600, 1000, 20_000) && !is_many(500, 1000, 20_000));
    }
}
