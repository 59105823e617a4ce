//! A product's picture, as those who run the shop change it.
//!
//! Invariant: as every change of a product, it is taken only on the version that was seen; a picture that no product shows any more is
//! deleted in the same transaction. It does not know how pictures are made.

use super::edit::{Edited, record};
use crate::audit::{self, Actor, Kind};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::products;
use crate::error::Result;
use crate::shop::picture::{self, Sizes};
use diesel::prelude::*;

/// What shall hang there.
#[derive(Debug, Clone)]
pub enum Hang {
    /// What hangs there already.
    Same,
    /// Nothing.
    Nothing,
    /// This.
    New(Sizes),
}

/// Hangs it, with what it shows in words, if the product still is what was seen.
///
/// # Errors
/// `NotFound` if there is no such product.
pub fn hang(conn: &mut Conn, now: Moment, actor: &Actor, slug: &str, (what, alt): (&Hang, &str), version: i64) -> Result<Edited> {
    let before = record(conn, slug)?;
    if before.version != version {
        return Ok(Edited::Overtaken);
    }
    let after = match what {
        Hang::Same => before.picture,
        Hang::Nothing => None,
        Hang::New(sizes) => Some(picture::keep_sizes(conn, now, sizes)?),
    };
    let same = products::table.filter(products::id.eq(before.key)).filter(products::version.eq(version));
    let changed = diesel::update(same)
        .set((products::picture.eq(after), products::picture_alt.eq(alt), products::version.eq(products::version + 1)))
        .execute(conn)?;
    if changed == 0 {
        // A race that the version was asked for too early to see: what was kept for it goes again.
        if let (Hang::New(_), Some(id)) = (what, after) {
            picture::forget(conn, id)?;
        }
        return Ok(Edited::Overtaken);
    }
    if let Some(old) = before.picture.filter(|old| after != Some(*old)) {
        picture::forget(conn, old)?;
    }
    let told = match what {
        Hang::Same => "words of the picture",
        Hang::Nothing => "no picture",
        Hang::New(_) => "picture",
    };
    audit::record(conn, now, Kind::ProductChanged, actor, &format!("{slug}, {told}"))?;
    Ok(Edited::Done)
}
