//! Do families and categories say what their products do?
//!
//! Invariant: it reads and repairs nothing; each statement reads a count and the rows it counts, so that a sale in between is in both or in
//! neither.

use super::words::said;
use super::{Member, ONE, OneRow, member};
use crate::db::Conn;
use crate::db::schema::{families, products};
use crate::error::Result;
use crate::ids::FamilyKey;
use crate::shop::money::Money;
use crate::shop::product::Status;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

/// What was found of some families.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// How many were looked at.
    pub looked: usize,
    /// Codes of those that have one option only.
    pub single: Vec<String>,
    /// What is wrong, in sentences.
    pub wrong: Vec<String>,
    /// Where to go on; none when that was all.
    pub last: Option<FamilyKey>,
}

type Head = (FamilyKey, String, i64, Money);

/// Looks at `most` families behind `after`.
///
/// # Errors
/// What the database says.
pub fn families(conn: &mut Conn, after: FamilyKey, most: i64) -> Result<Findings> {
    let next = families::table.filter(families::id.gt(after)).order(families::id).limit(most).select(families::id);
    let keys: Vec<FamilyKey> = next.load(conn)?;
    let rows: Vec<(Head, Option<(OneRow, bool)>)> = families::table
        .left_join(products::table)
        .filter(families::id.eq_any(&keys))
        .order((families::id, products::place, products::id))
        .select(((families::id, families::code, families::shown, families::dearest), (ONE, products::listed).nullable()))
        .load(conn)?;
    let mut found = Findings { last: keys.last().copied(), ..Findings::default() };
    for of_one in rows.chunk_by(|one, other| one.0.0 == other.0.0) {
        let options: Vec<(Member, bool)> = of_one
            .iter()
            .filter_map(|row| row.1.clone())
            .map(|(row, listed)| Ok((member(row)?, listed)))
            .collect::<Result<_>>()?;
        found.look(&of_one[0].0, options);
    }
    Ok(found)
}

impl Findings {
    fn look(&mut self, (_, code, shown, dearest): &Head, options: Vec<(Member, bool)>) {
        self.looked += 1;
        let (members, listed): (Vec<Member>, Vec<bool>) = options.into_iter().unzip();
        if members.len() == 1 {
            self.single.push(code.clone());
        }
        let mut words: Vec<String> = members.iter().map(|one| said(&one.words).to_lowercase()).collect();
        words.sort_unstable();
        let sold: Vec<Money> = members.iter().filter(|one| one.status == Status::Active).map(|one| one.price).collect();
        let most = sold.iter().max().copied().unwrap_or(Money::ZERO);
        // By a rule of its own, so that a mistake of `settle` is seen.
        let cheapest = members.iter().filter(|one| one.status == Status::Active).min_by_key(|one| one.price).or(members.first());
        let standing: Vec<_> = members.iter().zip(listed).filter(|(_, listed)| *listed).map(|(one, _)| one.key).collect();
        for (is_wrong, sentence) in [
            (members.is_empty(), "has no options"),
            (words.windows(2).any(|two| two[0] == two[1]), "has two options of the same words"),
            (usize::try_from(*shown) != Ok(sold.len()), "counts other options for sale than there are"),
            (*dearest != most, "names another price as the highest than its options do"),
            (!standing.iter().eq(cheapest.map(|one| one.key).iter()), "is listed by another option than the cheapest"),
        ] {
            if is_wrong {
                self.wrong.push(format!("{code} {sentence}"));
            }
        }
    }
}

#[derive(QueryableByName)]
struct Shelf {
    #[diesel(sql_type = Text)]
    slug: String,
    #[diesel(sql_type = BigInt)]
    shown: i64,
    #[diesel(sql_type = BigInt)]
    shown_in_stock: i64,
    #[diesel(sql_type = BigInt)]
    things: i64,
    #[diesel(sql_type = BigInt)]
    in_stock: i64,
}

/// Options of a family count as one: negative numbers are families', the others products'.
const SHELVES: &str = "SELECT c.slug, c.shown, c.shown_in_stock,
        COUNT(DISTINCT COALESCE(-p.family_id, p.id)) AS things,
        COUNT(DISTINCT CASE WHEN p.stock > 0 THEN COALESCE(-p.family_id, p.id) END) AS in_stock
    FROM categories c LEFT JOIN products p ON p.category_id = c.id AND p.status = 'active'
    GROUP BY c.id, c.slug, c.shown, c.shown_in_stock ORDER BY c.id";

/// What categories say wrongly of how many things are for sale, in sentences, each with the statement that puts it right.
///
/// # Errors
/// What the database says.
pub fn shelves(conn: &mut Conn) -> Result<Vec<(String, String)>> {
    let rows: Vec<Shelf> = diesel::sql_query(SHELVES).load(conn)?;
    let off = rows.into_iter().filter(|row| (row.shown, row.shown_in_stock) != (row.things, row.in_stock));
    let said = |row: Shelf| {
        let Shelf { slug, shown, shown_in_stock, things, in_stock } = row;
        (
            format!("{slug} says {shown} for sale, {shown_in_stock} in stock, and it has {things} and {in_stock}"),
            format!("UPDATE categories SET shown = {things}, shown_in_stock = {in_stock} WHERE slug = '{slug}'"),
        )
    };
    Ok(off.map(said).collect())
}
