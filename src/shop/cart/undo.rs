//! Putting back what was taken out last.
//!
//! Invariant: each removal is undone at most once, and never adds to what was put in again since. It does not know messages.

use super::OPEN;
use super::change::{Changed, find, put};
use crate::db::Conn;
use crate::db::schema::{carts, products};
use crate::error::Result;
use crate::ids::{CartKey, ProductId, ProductKey, UserKey};
use diesel::prelude::*;

/// Puts the last thing that was taken out back, as far as it is to be had; none, if there is no such thing.
///
/// # Errors
/// As adding it, and then it can be tried again.
pub fn undo(conn: &mut Conn, user: UserKey) -> Result<Option<Changed>> {
    let with_removal = carts::table
        .filter(carts::user_id.eq(user))
        .filter(carts::status.eq(OPEN))
        .filter(carts::removed_product_id.is_not_null());
    let removed: Option<(CartKey, Option<ProductKey>, Option<i64>)> = diesel::update(with_removal)
        .set(carts::version.eq(carts::version + 1))
        .returning((carts::id, carts::removed_product_id, carts::removed_quantity))
        .get_result(conn)
        .optional()?;
    let Some((cart, Some(key), Some(quantity))) = removed else { return Ok(None) };
    let product: ProductId = products::table.filter(products::id.eq(key)).select(products::public_id).first(conn)?;
    let ware = find(conn, product)?;
    let changed = put(conn, cart, ware, |there| there.max(quantity))?;
    remember(conn, cart, None)?;
    Ok(Some(changed))
}

/// Keeps what was taken out of a cart, in the place of what was taken out before.
pub(super) fn remember(conn: &mut Conn, cart: CartKey, removed: Option<(ProductKey, i64)>) -> Result<()> {
    let (product, quantity) = removed.unzip();
    diesel::update(carts::table.filter(carts::id.eq(cart)))
        .set((carts::removed_product_id.eq(product), carts::removed_quantity.eq(quantity)))
        .execute(conn)?;
    Ok(())
}
