//! `latchkey doctor`: do families and categories say what their products do?

use super::{Report, good};
use crate::db::Db;
use crate::ids::FamilyKey;
use crate::shop::family::check;

/// Families in a statement, and sentences that are written out.
const SOME: i64 = 200;
const TOLD: usize = 10;

pub(super) fn check(report: &mut Report, db: &Db, fix: &str) {
    let (mut after, mut looked, mut single, mut wrong) = (FamilyKey(0), 0, Vec::new(), Vec::new());
    loop {
        let Some(found) = report.check("options", db.read_here(|conn| check::families(conn, after, SOME)), fix) else { return };
        looked += found.looked;
        single.extend(found.single);
        wrong.extend(found.wrong);
        match found.last {
            Some(last) => after = last,
            None => break,
        }
    }
    for sentence in wrong.iter().take(TOLD) {
        report.bad("options", sentence, "open one of its options below /admin/products, choose Options, and save it once");
    }
    if wrong.is_empty() {
        let alone = match single.as_slice() {
            [] => String::new(),
            [one] => format!("; {one} has one option only"),
            [one, others @ ..] => format!("; {one} and {} more have one option only", others.len()),
        };
        good("options", format!("{looked} families say what their products do{alone}"));
    }
    let Some(off) = report.check("categories", db.read_here(check::shelves), fix) else { return };
    for (sentence, statement) in off.iter().take(TOLD) {
        report.bad("categories", sentence, statement);
    }
    if off.is_empty() {
        good("categories", "each counts what is for sale in it");
    }
}
