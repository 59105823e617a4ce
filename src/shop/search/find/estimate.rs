//! What is believed of how many products have the words of a search, without reading what matches.
//!
//! Invariant: a belief decides how an answer is come by, and may say "very many" where so many were seen in a sample; it never hides a
//! match. The statistics may be of an earlier day; then pages past the real end find it out, because they stay short. It does not know
//! what is done with the matches.

use super::way::{Condition, Way};
use super::{Within, in_stock};
use crate::db::Conn;
use crate::error::Result;
use crate::shop::search::COUNTED;
use crate::shop::search::expression::{Language, Tier};
use crate::shop::search::token::{CATEGORY, NAMED, TITLE};
use crate::shop::search::vocabulary::either;

/// So many times what is counted leaves room for statistics of an earlier day.
const MANY: i64 = 10 * COUNTED;

/// Very many have a word that at least one product in so many has.
const COMMON: i64 = 100;

/// A sample is taken from so many places, so many rows from each.
const PLACES: i64 = 20;
const FROM_EACH: i64 = 25;

/// About how many products have each part of a search, tier by tier. Empty: nothing needs to be known.
#[derive(Debug, Default)]
pub(super) struct Known {
    tiers: Vec<(Tier, Vec<i64>)>,
    common: i64,
}

impl Known {
    /// What the vocabulary knows. FTS5 has a list of each word's matches and counts faster than it could guess; and where a shop has a
    /// few thousand products, there is nothing to save.
    pub fn of(within: &Within) -> Self {
        if within.vocabulary.is_empty() || within.total <= MANY {
            return Self::default();
        }
        let tiers = Tier::ALL.map(|tier| (tier, parts(within, tier))).to_vec();
        Self { tiers, common: MANY.max(within.total / COMMON) }
    }

    /// Do very many products have every part?
    pub fn is_common(&self) -> bool {
        self.of_tier(Tier::Any).is_some_and(|rows| rows.iter().all(|rows| *rows > self.common))
    }

    fn of_tier(&self, tier: Tier) -> Option<&[i64]> {
        self.tiers.iter().find(|(known, _)| *known == tier).map(|(_, rows)| rows.as_slice())
    }

    /// How to come by the matches of a tier.
    pub fn way(&self, tier: Tier) -> Way {
        let Some(rows) = self.of_tier(tier) else { return Way::Index };
        let rare: Vec<bool> = rows.iter().map(|rows| *rows <= self.common).collect();
        match (rare.iter().all(|rare| *rare), rare.iter().any(|rare| *rare)) {
            (true, _) => Way::Index,
            (_, true) => Way::Some(rare),
            _ => Way::Rows,
        }
    }

    /// How to come by all of them, however common each part is: by the rarest.
    pub fn way_to_all(&self, tier: Tier) -> Way {
        match (self.way(tier), self.of_tier(tier)) {
            (Way::Rows, Some(rows)) => {
                let rarest = rows.iter().min();
                let first = rows.iter().position(|rows| Some(rows) == rarest);
                Way::Some((0..rows.len()).map(|part| Some(part) == first).collect())
            }
            (way, _) => way,
        }
    }

    /// About how many match, if they are very many; as many match at least.
    pub fn about(&self, conn: &mut Conn, within: &Within) -> Result<Option<i64>> {
        let Some(rows) = self.of_tier(Tier::Any).filter(|_| self.is_common()) else { return Ok(None) };
        let plain = within.search.is_plain() && !within.in_stock;
        let least = if plain { with_all(rows, within.total) } else { 0 };
        if least > MANY {
            return Ok(Some(least));
        }
        Ok(Some(sample(conn, within)?).filter(|matches| *matches > MANY))
    }
}

/// How many of all have every part at least, whichever those are that have each.
fn with_all(each: &[i64], among: i64) -> i64 {
    each.iter().fold(among, |left, have| left - (among - among.min(*have)))
}

/// About how many products have each part of a tier (`Language::parts`).
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "it is an estimate")]
fn parts(within: &Within, tier: Tier) -> Vec<i64> {
    let of = |word: &Vec<String>| {
        let share = |mark, open| within.vocabulary.share(mark, word, open);
        match tier {
            Tier::Title => share(TITLE, false),
            Tier::InTitle => share(TITLE, true),
            Tier::Named => either(share(TITLE, true), share(NAMED, true)),
            Tier::Words => share("", false),
            Tier::Any => share("", true),
        }
    };
    let category = within.category.map(|key| within.vocabulary.share(CATEGORY, &[key.0.to_string()], false));
    within.search.words.iter().map(of).chain(category).map(|share| (share * within.total as f64) as i64).collect()
}

/// How many would match if all were as those that are looked at, which come from all over the catalogue.
fn sample(conn: &mut Conn, within: &Within) -> Result<i64> {
    let condition = Condition::of(Language::of(conn), within.search, within.category, Tier::Any, &Way::Rows);
    let stock = if within.in_stock {
        format!(" AND EXISTS (SELECT 1 FROM products p WHERE p.id = w.rowid AND {})", in_stock())
    } else {
        String::new()
    };
    let text = format!(
        "SELECT count(*) AS number FROM generate_series(0, {PLACES} - 1) AS place CROSS JOIN LATERAL (
             SELECT * FROM product_words WHERE rowid >= place * ((SELECT max(rowid) FROM product_words) / {PLACES})
             ORDER BY rowid LIMIT {FROM_EACH}
         ) AS w WHERE {}{stock}",
        condition.text
    );
    let seen = super::numbers(conn, text, &condition.bound)?.first().copied().unwrap_or_default();
    Ok(seen * within.total / (PLACES * FROM_EACH))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_exclude_each_other_are_not_taken_to_meet() {
        assert_eq!(with_all(&[30_000], 100_000), 30_000);
        assert_eq!(with_all(&[100_000, 30_000], 100_000), 30_000);
        assert!(with_all(&[50_000, 50_000], 100_000) <= 0);
        assert_eq!(with_all(&[120_000, 90_000, 80_000], 100_000), 70_000);
    }

    #[test]
    fn the_rarest_part_leads() {
        let known = |any: &[i64], words: &[i64]| Known {
            tiers: vec![(Tier::Any, any.to_vec()), (Tier::Words, words.to_vec())],
            common: 10_000,
        };
        assert_eq!(Known::default().way(Tier::Any), Way::Index);
        assert_eq!(known(&[5, 6], &[5, 6]).way(Tier::Any), Way::Index);
        let mixed = known(&[50_000, 6], &[50_000, 6]);
        assert_eq!((mixed.is_common(), mixed.way(Tier::Any)), (false, Way::Some(vec![false, true])));
        assert_eq!(mixed.way_to_all(Tier::Any), mixed.way(Tier::Any));
        let common = known(&[50_000, 40_000], &[5, 40_000]);
        assert_eq!((common.is_common(), common.way(Tier::Any)), (true, Way::Rows));
        assert_eq!(common.way(Tier::Words), Way::Some(vec![true, false]));
        assert_eq!(common.way_to_all(Tier::Any), Way::Some(vec![false, true]));
    }
}
