//! Putting things into a cart and taking them out.
//!
//! Invariant: every change begins by taking the cart's own row (raising its version), so two changes of one cart happen one after
//! the other on both databases, and neither is lost. What cannot be bought is never put in.

use super::notice::Notice;
use super::undo::remember;
use super::{MOST_LINES, OPEN};
use crate::clock::Moment;
use crate::db::schema::{cart_items, carts, products};
use crate::db::{Conn, update};
use crate::error::{Error, Result};
use crate::ids::{CartId, CartKey, DiscountKey, ProductId, ProductKey, UserKey};
use crate::on_either;
use crate::shop::discount::{self, Code};
use crate::shop::money::Money;
use crate::shop::product::Status;
use crate::shop::quantity::{MOST, Quantity, SetQuantity};
use diesel::prelude::*;

/// What became of a wish.
#[derive(Debug, Clone)]
pub struct Changed {
    /// The product.
    pub product: ProductId,
    /// Its name.
    pub title: String,
    /// Pieces of it in the cart now.
    pub quantity: i64,
    /// Where that is not what was wished, why.
    pub notices: Vec<Notice>,
}

/// What a change must know about a product.
#[derive(Debug, Clone, Queryable)]
pub(in crate::shop) struct Ware {
    pub(super) key: ProductKey,
    pub(super) id: ProductId,
    pub(super) title: String,
    price: Money,
    stock: i64,
    status: String,
}

impl Ware {
    fn is_sold(&self) -> bool {
        self.status == Status::Active.word()
    }
}

/// Adds pieces to what is there.
///
/// # Errors
/// `NotFound` for what is not for sale; `Refused` as `sold_out`; `Invalid` when the cart has no room for another line.
pub fn add(conn: &mut Conn, now: Moment, user: UserKey, product: ProductId, quantity: Quantity) -> Result<Changed> {
    let ware = for_sale(conn, product)?;
    let cart = open(conn, now, user)?;
    put(conn, cart, ware, |there| there + quantity.get())
}

/// Sets how many pieces there are; none takes the product out.
///
/// # Errors
/// As `add`; taking out what is in the cart always works.
pub fn set(conn: &mut Conn, now: Moment, user: UserKey, product: ProductId, wish: SetQuantity) -> Result<Changed> {
    let Some(quantity) = wish.0 else { return remove(conn, user, product) };
    let ware = for_sale(conn, product)?;
    let cart = open(conn, now, user)?;
    put(conn, cart, ware, |_| quantity.get())
}

/// Takes a product out. One that is not in the cart stays out, and nothing changes.
///
/// # Errors
/// `NotFound` for a product that is neither in the cart nor for sale.
pub fn remove(conn: &mut Conn, user: UserKey, product: ProductId) -> Result<Changed> {
    let ware = find(conn, product)?;
    match take_out(conn, user, ware.key)? {
        None if !ware.is_sold() => return Err(Error::NotFound),
        None => {}
        Some((cart, quantity)) => remember(conn, cart, Some((ware.key, quantity)))?,
    }
    Ok(Changed { product, title: ware.title, quantity: 0, notices: Vec::new() })
}

/// Puts a discount code on the cart, in the place of another.
///
/// # Errors
/// `Invalid` with a sentence beside `code`, for one that is not known or may not be used, and for a cart that is not there yet.
pub fn apply(conn: &mut Conn, now: Moment, user: UserKey, code: &Code) -> Result<()> {
    let Some(cart) = raise(conn, user)? else {
        return Err(Error::field("code", "Put something into your cart first, then the code."));
    };
    let found = discount::find(conn, now, user, code)?;
    let found = found.ok_or_else(|| Error::field("code", format!("We know no code {code}. Check how it is written.")))?;
    if let Some(sentence) = found.sentence() {
        return Err(Error::field("code", sentence));
    }
    diesel::update(carts::table.filter(carts::id.eq(cart))).set(carts::discount_id.eq(found.key)).execute(conn)?;
    Ok(())
}

/// Takes the discount code off the cart again.
///
/// # Errors
/// What the database says.
pub fn without_discount(conn: &mut Conn, user: UserKey) -> Result<()> {
    if let Some(cart) = raise(conn, user)? {
        let none: Option<DiscountKey> = None;
        diesel::update(carts::table.filter(carts::id.eq(cart))).set(carts::discount_id.eq(none)).execute(conn)?;
    }
    Ok(())
}

/// Takes a line out of the person's open cart: of which cart, and how many pieces it had. Without such a line nothing changes.
pub(super) fn take_out(conn: &mut Conn, user: UserKey, product: ProductKey) -> Result<Option<(CartKey, i64)>> {
    let in_cart = carts::table
        .inner_join(cart_items::table)
        .filter(carts::user_id.eq(user))
        .filter(carts::status.eq(OPEN))
        .filter(cart_items::product_id.eq(product))
        .select(carts::id)
        .first::<CartKey>(conn)
        .optional()?;
    if in_cart.is_none() {
        return Ok(None);
    }
    let Some(cart) = raise(conn, user)? else { return Ok(None) };
    let item = cart_items::table.filter(cart_items::cart_id.eq(cart)).filter(cart_items::product_id.eq(product));
    let quantity: Option<i64> = diesel::delete(item).returning(cart_items::quantity).get_result(conn).optional()?;
    Ok(quantity.map(|quantity| (cart, quantity)))
}

/// Is the product in this cart?
pub(super) fn has(conn: &mut Conn, cart: CartKey, product: ProductKey) -> Result<bool> {
    let item = cart_items::table.filter(cart_items::cart_id.eq(cart)).filter(cart_items::product_id.eq(product));
    let row: Option<i64> = item.select(cart_items::id).first(conn).optional()?;
    Ok(row.is_some())
}

/// The person's open cart, taken for a change; made if there is none.
pub(in crate::shop) fn open(conn: &mut Conn, now: Moment, user: UserKey) -> Result<CartKey> {
    // Between a raise that found nothing and the insert, another request may open a cart, and yet another may order it.
    for _ in 0..3 {
        if let Some(cart) = raise(conn, user)? {
            return Ok(cart);
        }
        on_either!(conn, conn => diesel::insert_into(carts::table)
            .values((
                carts::public_id.eq(CartId::random()),
                carts::user_id.eq(user),
                carts::status.eq(OPEN),
                carts::version.eq(0_i64),
                carts::created_at.eq(now),
            ))
            .on_conflict_do_nothing()
            .execute(conn))?;
    }
    Err(Error::Unavailable("the cart is being changed by too many requests at once".to_owned()))
}

/// Puts as many pieces into a taken cart as the wish, the stock and the limit of a line allow. `wish` is given what is there.
pub(in crate::shop) fn put(conn: &mut Conn, cart: CartKey, ware: Ware, wish: impl FnOnce(i64) -> i64) -> Result<Changed> {
    if !ware.is_sold() {
        return Err(Error::NotFound);
    }
    if ware.stock == 0 {
        return Err(Error::refused("sold_out", format!("{} is sold out.", ware.title)));
    }
    let items: Vec<(ProductKey, i64)> = cart_items::table
        .filter(cart_items::cart_id.eq(cart))
        .select((cart_items::product_id, cart_items::quantity))
        .load(conn)?;
    let there = items.iter().find(|(key, _)| *key == ware.key).map(|(_, quantity)| *quantity);
    let (quantity, notices) = possible(wish(there.unwrap_or(0)), ware.stock);
    if there.is_some() {
        let item = cart_items::cart_id.eq(cart).and(cart_items::product_id.eq(ware.key));
        let as_wished = (cart_items::quantity.eq(quantity), cart_items::seen_price.eq(ware.price));
        let set = update(cart_items::table, item, as_wished);
        on_either!(conn, conn => set.execute(conn))?;
    } else if items.len() >= MOST_LINES {
        let text =
            format!("Your cart holds {MOST_LINES} different things, which is all it can. Take one out, or order these first.");
        return Err(Error::field("quantity", text));
    } else {
        diesel::insert_into(cart_items::table)
            .values((
                cart_items::cart_id.eq(cart),
                cart_items::product_id.eq(ware.key),
                cart_items::quantity.eq(quantity),
                cart_items::seen_price.eq(ware.price),
            ))
            .execute(conn)?;
    }
    Ok(Changed { product: ware.id, title: ware.title, quantity, notices })
}

/// Lowers a wish to what the line and the stock allow.
fn possible(wish: i64, stock: i64) -> (i64, Vec<Notice>) {
    if wish > stock && stock <= MOST {
        (stock, vec![Notice::LoweredToStock { left: stock }])
    } else if wish > MOST {
        (MOST, vec![Notice::LoweredToMost])
    } else {
        (wish, Vec::new())
    }
}

/// Takes the row of the open cart and raises its version.
fn raise(conn: &mut Conn, user: UserKey) -> Result<Option<CartKey>> {
    let open = carts::user_id.eq(user).and(carts::status.eq(OPEN));
    let raise = update(carts::table, open, carts::version.eq(carts::version + 1)).returning(carts::id);
    Ok(on_either!(conn, conn => raise.get_result(conn)).optional()?)
}

fn for_sale(conn: &mut Conn, id: ProductId) -> Result<Ware> {
    let ware = find(conn, id)?;
    if ware.is_sold() { Ok(ware) } else { Err(Error::NotFound) }
}

pub(in crate::shop) fn find(conn: &mut Conn, id: ProductId) -> Result<Ware> {
    products::table
        .filter(products::public_id.eq(id))
        .select((products::id, products::public_id, products::title, products::price, products::stock, products::status))
        .first(conn)
        .optional()?
        .ok_or(Error::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_is_lowered_to_what_is_possible_and_that_is_said() {
        assert_eq!(possible(3, 10), (3, vec![]));
        assert_eq!(possible(12, 10), (10, vec![Notice::LoweredToStock { left: 10 }]));
        assert_eq!(possible(150, 1000), (99, vec![Notice::LoweredToMost]));
        assert_eq!(possible(150, 120), (99, vec![Notice::LoweredToMost]));
        assert_eq!(possible(100, 99), (99, vec![Notice::LoweredToStock { left: 99 }]));
    }
}
