//! A product's picture, kept in the database so that every node has it and one backup holds all.
//!
//! Invariant: what a picture's id names never changes, so it may be cached for ever. It does not know whose picture it is.

use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::pictures;
use crate::error::{Error, Result};
use crate::ids::PictureId;
use crate::on_either;
use diesel::prelude::*;

/// The bytes of a picture and what they are.
#[derive(Debug, Clone, Queryable)]
pub struct Picture {
    /// `image/svg+xml` and the like.
    pub media_type: String,
    /// The file.
    pub bytes: Vec<u8>,
}

/// The picture with this id.
///
/// # Errors
/// `NotFound` if there is none.
pub fn show(conn: &mut Conn, id: PictureId) -> Result<Picture> {
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
