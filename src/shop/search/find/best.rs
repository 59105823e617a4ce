//! The best match first, and of equals the newest.
//!
//! Invariant: a product is where its best tier puts it, whether the tiers are asked at once or one after the other. It does not know
//! another order.

use super::estimate::Known;
use super::way::{Condition, Way};
use super::{Within, at_most, keys, matching, piece};
use crate::db::Conn;
use crate::error::Result;
use crate::ids::ProductKey;
use crate::shop::search::COUNTED;
use crate::shop::search::expression::{Language, Tier};
use std::cmp::Reverse;
use std::collections::HashSet;

/// Rows that are looked at before the index is asked for words that very many have: first so many, or so many for each that is wanted,
/// then ten times as many; and at most so large a part of all.
const NEWEST: i64 = 4096;
const NEAR: i64 = 16;
const PART: i64 = 50;

/// Are all matches best come by at once? On a server one statement says of each how well it matches, unless very many have every word.
pub(super) fn is_ranked(conn: &Conn, within: &Within, known: &Known) -> bool {
    Language::of(conn) == Language::Tsquery && within.sort.is_none() && !known.all_are_common()
}

/// A tier after the other, until the piece is full. A tier gives no more than that, so those that were seen in a better one still leave
/// enough of it.
pub(super) fn first(conn: &mut Conn, within: &Within, matches: i64, known: &Known) -> Result<Vec<ProductKey>> {
    let most = within.offset + within.limit;
    let wanted = usize::try_from(most.min(matches)).unwrap_or_default();
    let (mut found, mut seen, mut after) = (Vec::new(), HashSet::new(), None);
    let named = known.way(Tier::Named);
    if Language::of(conn) == Language::Tsquery
        && named != Way::Rows
        && let Some(few) = ranked(conn, within, Tier::Named, &named)?
    {
        seen.extend(few.iter().copied());
        (found, after) = (few, Some(Tier::Named));
    }
    // A single match needs no rank.
    let tiers = Tier::ALL.into_iter().filter(|tier| Some(*tier) > after && (matches > 1 || *tier == Tier::Any));
    for tier in tiers {
        if found.len() >= wanted {
            break;
        }
        let are_more = tier == Tier::Any && matches > COUNTED;
        found.extend(newest(conn, within, (tier, known), are_more)?.into_iter().filter(|key| seen.insert(*key)));
    }
    Ok(piece(found, within))
}

/// All matches of a tier in order, if they are no more than are counted.
pub(super) fn ranked(conn: &mut Conn, within: &Within, last: Tier, way: &Way) -> Result<Option<Vec<ProductKey>>> {
    let language = Language::of(conn);
    let Condition { text, mut bound } = matching(conn, within, last, way);
    let mut ranks = Vec::new();
    for tier in Tier::ALL.into_iter().take_while(|tier| *tier < last) {
        bound.push(language.expression(within.search, tier, None));
        ranks.push(format!("WHEN w.tokens @@ ${}::tsquery THEN {}", bound.len(), ranks.len()));
    }
    let rows = format!("SELECT w.rowid AS number, CASE {} ELSE {} END AS tier FROM {text}", ranks.join(" "), ranks.len());
    let text = format!("SELECT number FROM ({}) AS ranked ORDER BY tier, number DESC", at_most(conn, COUNTED + 1, &rows));
    let found = keys(conn, text, &bound)?;
    Ok(Some(found).filter(|found| i64::try_from(found.len()).is_ok_and(|found| found <= COUNTED)))
}

/// The newest matches of a tier, of which there are no more than are counted or `are_more`. FTS5 has them in this order. A server has them
/// in none: what may be few is found first and sorted here, and of words that very many have, the newest rows are looked at first.
fn newest(conn: &mut Conn, within: &Within, (tier, known): (Tier, &Known), are_more: bool) -> Result<Vec<ProductKey>> {
    let most = within.offset + within.limit;
    let in_order = format!("ORDER BY w.rowid DESC LIMIT {most}");
    let way = known.way_to_all(tier);
    if Language::of(conn) == Language::Fts5 {
        return ask(conn, within, (tier, &way), &in_order);
    }
    let enough = usize::try_from(most).unwrap_or_default();
    if known.way(tier) == Way::Rows {
        let near = near(conn, within, tier, most)?;
        if near.len() >= enough {
            return Ok(near);
        }
    }
    if !are_more {
        let Condition { text, bound } = matching(conn, within, tier, &way);
        let text = at_most(conn, COUNTED + 1, &format!("SELECT w.rowid AS number FROM {text}"));
        let mut few = keys(conn, text, &bound)?;
        if i64::try_from(few.len()).is_ok_and(|found| found <= COUNTED) {
            few.sort_unstable_by_key(|ProductKey(key)| Reverse(*key));
            few.truncate(enough);
            return Ok(few);
        }
    }
    ask(conn, within, (tier, &way), &in_order)
}

/// The newest matches of a tier among the newest rows, as many as are wanted or there are.
pub(super) fn near(conn: &mut Conn, within: &Within, tier: Tier, most: i64) -> Result<Vec<ProductKey>> {
    let enough = usize::try_from(most).unwrap_or_default();
    let farther = (10 * NEWEST).min(within.total / PART);
    let look = |conn: &mut Conn, rows: i64| {
        let newest = "SELECT max(rowid) FROM product_words";
        let rest = format!("AND w.rowid > ({newest}) - {rows} ORDER BY w.rowid DESC LIMIT {most}");
        ask(conn, within, (tier, &Way::Rows), &rest)
    };
    let found = look(conn, NEWEST.max(NEAR * most).min(farther))?;
    if found.len() < enough { look(conn, farther) } else { Ok(found) }
}

fn ask(conn: &mut Conn, within: &Within, (tier, way): (Tier, &Way), rest: &str) -> Result<Vec<ProductKey>> {
    let Condition { text, bound } = matching(conn, within, tier, way);
    keys(conn, format!("SELECT w.rowid AS number FROM {text} {rest}"), &bound)
}
