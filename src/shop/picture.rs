//! A product's picture, kept in the database so that every node has it and one backup holds all.
//!
//! Invariant: what a picture's id names never changes, so it may be cached for ever. It does not know whose picture it is.

mod redraw;

pub use redraw::{Sizes, redraw};

use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{pictures, products};
use crate::error::{Error, Result};
use crate::ids::{PictureId, ProductKey};
use crate::on_either;
use diesel::prelude::*;
use std::collections::HashSet;

/// The bytes of a picture and what they are.
#[derive(Debug, Clone, Queryable)]
pub struct Picture {
    /// `image/svg+xml` and the like.
    pub media_type: String,
    /// The file.
    pub bytes: Vec<u8>,
}

/// The picture with this id; its small size, if that is wanted and there is one.
///
/// # Errors
/// `NotFound` if there is none.
pub fn show(conn: &mut Conn, id: PictureId, small: bool) -> Result<Picture> {
    let of_id = pictures::table.filter(pictures::public_id.eq(id));
    if small {
        let found: Option<(String, Option<Vec<u8>>)> =
            of_id.select((pictures::media_type, pictures::small)).first(conn).optional()?;
        if let (media_type, Some(bytes)) = found.ok_or(Error::NotFound)? {
            return Ok(Picture { media_type, bytes });
        }
    }
    pictures::table
        .filter(pictures::public_id.eq(id))
        .select((pictures::media_type, pictures::bytes))
        .first(conn)
        .optional()?
        .ok_or(Error::NotFound)
}

/// Keeps a picture under `id`; one that is there already stays as it is.
///
/// # Errors
/// What the database says.
pub fn keep(conn: &mut Conn, now: Moment, id: PictureId, media_type: &str, bytes: &[u8]) -> Result<()> {
    on_either!(conn, conn => diesel::insert_into(pictures::table)
        .values((
            pictures::public_id.eq(id),
            pictures::media_type.eq(media_type),
            pictures::bytes.eq(bytes),
            pictures::created_at.eq(now),
        ))
        .on_conflict_do_nothing()
        .execute(conn))?;
    Ok(())
}

/// Keeps an uploaded picture in both sizes, under an id of its own.
///
/// # Errors
/// What the database says.
pub fn keep_sizes(conn: &mut Conn, now: Moment, sizes: &Sizes) -> Result<PictureId> {
    let id = PictureId::random();
    diesel::insert_into(pictures::table)
        .values((
            pictures::public_id.eq(id),
            pictures::media_type.eq(sizes.media_type),
            pictures::bytes.eq(&sizes.large),
            pictures::small.eq(&sizes.small),
            pictures::created_at.eq(now),
        ))
        .execute(conn)?;
    Ok(id)
}

/// Which of these there are.
///
/// # Errors
/// What the database says.
pub fn there(conn: &mut Conn, ids: impl IntoIterator<Item = PictureId>) -> Result<HashSet<PictureId>> {
    let ids: HashSet<PictureId> = ids.into_iter().collect();
    if ids.is_empty() {
        return Ok(ids);
    }
    let found: Vec<PictureId> = pictures::table.filter(pictures::public_id.eq_any(ids)).select(pictures::public_id).load(conn)?;
    Ok(found.into_iter().collect())
}

/// Deletes a picture that no product shows any more.
pub(super) fn forget(conn: &mut Conn, id: PictureId) -> Result<()> {
    let shown = products::table.filter(products::picture.eq(id)).select(products::id);
    let anywhere: Option<ProductKey> = shown.first(conn).optional()?;
    if anywhere.is_none() {
        diesel::delete(pictures::table.filter(pictures::public_id.eq(id))).execute(conn)?;
    }
    Ok(())
}
