//! The families of some lines.
//!
//! Invariant: families are taken before the products of the lines, with all their options, and settled when the lines of a piece were taken. A line
//! without a family leaves it as it is; its title is that of the family. It does not know files.

use super::super::line::Line;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{families, products};
use crate::error::Result;
use crate::ids::{CategoryKey, FamilyKey, ProductKey};
use crate::shop::family;
use diesel::prelude::*;
use std::collections::HashSet;

/// The families that the lines touched.
#[derive(Debug, Default)]
pub(super) struct Kin(Vec<(FamilyKey, Option<CategoryKey>)>);

/// Takes what the lines will change.
pub(super) fn hold(conn: &mut Conn, lines: &[Line], keys: &[ProductKey]) -> Result<()> {
    let codes: HashSet<&str> = lines.iter().filter_map(|line| line.seat.as_ref()).map(|seat| seat.code.as_str()).collect();
    let mut held: Vec<FamilyKey> = Vec::new();
    if !codes.is_empty() {
        held = families::table.filter(families::code.eq_any(codes)).select(families::id).load(conn)?;
    }
    let of_lines = products::table.filter(products::id.eq_any(keys)).filter(products::family_id.is_not_null());
    let of_lines: Vec<Option<FamilyKey>> = of_lines.select(products::family_id).distinct().load(conn)?;
    held.extend(of_lines.into_iter().flatten());
    held.sort_unstable();
    held.dedup();
    family::hold(conn, &held, keys)
}

impl Kin {
    /// Seats a product, which is one of `before` still.
    pub(super) fn seat(
        &mut self,
        conn: &mut Conn,
        now: Moment,
        line: &Line,
        product: ProductKey,
        before: Option<FamilyKey>,
        shelf: CategoryKey,
    ) -> Result<()> {
        let key = match (&line.seat, before) {
            (None, None) => return Ok(()),
            (None, Some(key)) => {
                family::retitle(conn, key, &line.title)?;
                key
            }
            (Some(seat), _) => family::seat(conn, now, product, &line.title, seat)?,
        };
        if let Some(left) = before.filter(|left| *left != key) {
            self.0.push((left, None));
        }
        self.0.push((key, Some(shelf)));
        Ok(())
    }

    /// Makes right what follows: all options of a family stand where the last line of it says.
    pub(super) fn settle(mut self, conn: &mut Conn) -> Result<()> {
        while let Some((key, shelf)) = self.0.pop() {
            let shelf = shelf.or(self.0.iter().rev().find(|(other, _)| *other == key).and_then(|(_, shelf)| *shelf));
            self.0.retain(|(other, _)| *other != key);
            if let Some(shelf) = shelf {
                family::shelve(conn, key, shelf)?;
            }
            family::settle(conn, key)?;
        }
        Ok(())
    }
}
