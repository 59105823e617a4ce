//! The best match first, and of equals the newest.
//!
//! Invariant: a product is where its best tier puts it, whether the tiers are asked at once or one after the other. It does not know
//! another order.

use super::estimate::{Known, SELDOM};
use super::way::{Condition, Way};
use super::{Found, Within, at_most, keys, matching, piece};
use crate::db::{Conn, Statement};
use crate::error::Result;
use crate::ids::ProductKey;
use crate::shop::search::COUNTED;
use crate::shop::search::expression::{Language, Tier};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use std::cmp::Reverse;
use std::collections::HashSet;

/// Rows that are looked at before the index is asked for words that very many have: first so many, or so many for each that is wanted,
/// then so many times as many, or where the sample says that it takes more, four times what it says.
const NEWEST: i64 = 4096;
const NEAR: i64 = 16;
const FARTHER: i64 = 8;
/// But at most such a part of all; the larger one where the sample says so.
const PART: i64 = 50;
const LARGEST_PART: i64 = 4;

#[derive(QueryableByName)]
struct Ranked {
    #[diesel(sql_type = BigInt)]
    number: i64,
    #[diesel(sql_type = BigInt)]
    matches: i64,
}

/// Are all matches best come by at once? On a server one statement says of each how well it matches, unless very many have every word.
pub(super) fn is_ranked(conn: &Conn, within: &Within, known: &Known) -> bool {
    Language::of(conn) == Language::Tsquery && within.sort.is_none() && (!known.all_are_common() || known.meet_seldom())
}

/// A tier after the other, until the piece is full. A tier gives no more than that, so those that were seen in a better one still leave
/// enough of it.
pub(super) fn first(conn: &mut Conn, within: &Within, matches: i64, known: &Known) -> Result<Vec<ProductKey>> {
    let most = within.offset + within.limit;
    let wanted = usize::try_from(most.min(matches)).unwrap_or_default();
    let (mut found, mut seen, mut after) = (Vec::new(), HashSet::new(), None);
    if Language::of(conn) == Language::Tsquery
        && known.way(Tier::Named) != Way::Rows
        && let Some(few) = ranked(conn, within, Tier::Named, known)?
    {
        seen.extend(few.keys.iter().copied());
        (found, after) = (few.keys, Some(Tier::Named));
    }
    // A single match needs no rank.
    let tiers = Tier::ALL.into_iter().filter(|tier| Some(*tier) > after && (matches > 1 || *tier == Tier::Any));
    for tier in tiers {
        if found.len() >= wanted {
            break;
        }
        found.extend(newest(conn, within, (tier, known), matches)?.into_iter().filter(|key| seen.insert(*key)));
    }
    Ok(piece(found, within))
}

/// The piece of all matches, if they are few enough to be read at once.
pub(super) fn at_once(conn: &mut Conn, within: &Within, known: &Known) -> Result<Option<Found>> {
    if !known.all_are_common() || known.way(Tier::Named) == Way::Rows {
        return all(conn, within, known);
    }
    // Of common words a server's index would find all that begin with either first. Nobody asks where more than are counted have the
    // words themselves.
    let Some(words) = read(conn, within, (Tier::Words, known), (SELDOM, false))? else { return Ok(None) };
    if words.matches <= COUNTED {
        return all(conn, within, known);
    }
    let named = ranked(conn, within, Tier::Named, known)?;
    Ok(named.map(|Found { mut keys, .. }| {
        let seen: HashSet<ProductKey> = keys.iter().copied().collect();
        keys.extend(words.keys.into_iter().filter(|key| !seen.contains(key)));
        Found { keys: piece(keys, within), matches: COUNTED + 1 }
    }))
}

/// The same, by one statement.
pub(super) fn all(conn: &mut Conn, within: &Within, known: &Known) -> Result<Option<Found>> {
    let ranked = ranked(conn, within, Tier::Any, known)?;
    Ok(ranked.map(|Found { keys, matches }| Found { keys: piece(keys, within), matches: matches.min(COUNTED + 1) }))
}

/// How many match at least so well, and the best of them, to the end of the piece or farther; if they are few enough.
fn ranked(conn: &mut Conn, within: &Within, last: Tier, known: &Known) -> Result<Option<Found>> {
    read(conn, within, (last, known), (if known.meet_seldom() { SELDOM } else { COUNTED }, true))
}

/// The same, of which no more than so many are read; not ranked, they are the newest.
fn read(
    conn: &mut Conn,
    within: &Within,
    (last, known): (Tier, &Known),
    (most, is_ranked): (i64, bool),
) -> Result<Option<Found>> {
    let language = Language::of(conn);
    let Condition { text, mut bound } = matching(conn, within, last, &known.way_to_all(last));
    let mut ranks = Vec::new();
    for tier in Tier::ALL.into_iter().take_while(|tier| is_ranked && *tier < last) {
        bound.push(language.expression(within.search, tier, None));
        ranks.push(format!("WHEN {} THEN {}", language.condition(bound.len(), within.plan()), ranks.len()));
    }
    let tier = if ranks.is_empty() { "0".to_owned() } else { format!("CASE {} ELSE {} END", ranks.join(" "), ranks.len()) };
    // A number that is bound would be planned for anew, and one of each page would be a statement of its own.
    let end = (within.offset + within.limit).unsigned_abs().next_power_of_two();
    let text = format!(
        "SELECT number, count(*) OVER () AS matches FROM ({}) AS ranked ORDER BY tier, number DESC LIMIT {end}",
        at_most(conn, most.saturating_add(1), &format!("SELECT w.rowid AS number, {tier} AS tier FROM {text}")),
    );
    let statement = Statement::new(text, bound).kept(within.is_kept());
    let found: Vec<Ranked> = crate::on_either!(conn, conn => statement.load(conn))?;
    let matches = found.first().map_or(0, |first| first.matches);
    let keys = found.into_iter().map(|found| ProductKey(found.number)).collect();
    Ok(Some(Found { keys, matches }).filter(|found| found.matches <= most))
}

/// The newest matches of a tier, of `matches` in all. FTS5 has them in either order, and is a while at the start of the one from the newest.
/// A server has them in none: what may be few is found first and sorted here, and of words that very many have, the newest rows are looked at
/// first.
fn newest(conn: &mut Conn, within: &Within, (tier, known): (Tier, &Known), matches: i64) -> Result<Vec<ProductKey>> {
    let most = within.offset + within.limit;
    let in_order = format!("ORDER BY w.rowid DESC LIMIT {most}");
    if Language::of(conn) == Language::Fts5 {
        let are_few = matches <= most.min(COUNTED);
        let mut found = ask(conn, within, (tier, &Way::Index), if are_few { "" } else { &in_order })?;
        found.sort_unstable_by_key(|ProductKey(key)| Reverse(*key));
        return Ok(found);
    }
    if known.way(tier) == Way::Rows {
        let near = near(conn, within, (tier, known), most)?;
        if i64::try_from(near.len()).is_ok_and(|found| found >= most) {
            return Ok(near);
        }
    }
    if tier != Tier::Any
        && let Some(few) = read(conn, within, (tier, known), (COUNTED, false))?
    {
        return Ok(few.keys);
    }
    if known.are_some(tier) {
        let Condition { text, bound } = matching(conn, within, tier, &known.way_to_all(tier));
        let all = format!("WITH all_of_them AS MATERIALIZED (SELECT w.rowid AS number FROM {text})");
        let text = format!("{all} SELECT number FROM all_of_them ORDER BY number DESC LIMIT {most}");
        return keys(conn, Statement::new(text, bound).kept(within.is_usual()));
    }
    ask(conn, within, (tier, &Way::Rows), &in_order)
}

/// The newest matches of a tier among the newest rows, as many as are wanted or there are.
pub(super) fn near(conn: &mut Conn, within: &Within, (tier, known): (Tier, &Known), most: i64) -> Result<Vec<ProductKey>> {
    let expected = known.rows_for(tier, most).saturating_mul(4).min(within.total / LARGEST_PART);
    let farther = floor_to_power((FARTHER * NEWEST).min(within.total / PART).max(expected));
    let nearer = NEWEST.max(floor_to_power(NEAR * most)).min(farther);
    let look = |conn: &mut Conn, rows: i64| {
        let newest = "SELECT max(rowid) FROM product_words";
        let rest = format!("AND w.rowid > ({newest}) - {rows} ORDER BY w.rowid DESC LIMIT {most}");
        ask(conn, within, (tier, &Way::Rows), &rest)
    };
    let found = look(conn, nearer)?;
    let is_all = nearer == farther || i64::try_from(found.len()).is_ok_and(|found| found >= most);
    if is_all { Ok(found) } else { look(conn, farther) }
}

/// One of a few numbers, or each size of a catalogue would be a statement of its own.
fn floor_to_power(number: i64) -> i64 {
    number.checked_ilog2().map_or(1, |power| 1 << power)
}

fn ask(conn: &mut Conn, within: &Within, (tier, way): (Tier, &Way), rest: &str) -> Result<Vec<ProductKey>> {
    let Condition { text, bound } = matching(conn, within, tier, way);
    keys(conn, Statement::new(format!("SELECT w.rowid AS number FROM {text} {rest}"), bound).kept(within.is_usual()))
}
