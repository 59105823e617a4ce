//! Turning a cart into an order.
//!
//! Invariant: a cart becomes at most one order, at the total the person saw, of pieces that were in stock; or nothing is done.
//! It does not know how the person is told.

mod review;

pub use review::{Change, Review, Told};

use crate::audit::{self, Actor, Kind};
use crate::clock::Moment;
use crate::config::Shop;
use crate::db::schema::{carts, order_events, order_lines, orders};
use crate::db::{Conn, update};
use crate::error::{Error, Result};
use crate::ids::{CartId, CartKey, OrderKey, UserKey};
use crate::mail::outbox::Postbox;
use crate::on_either;
use crate::shop::address::Address;
use crate::shop::cart::{self, Cart, Version};
use crate::shop::discount;
use crate::shop::idempotency::{self, IdempotencyKey, Known};
use crate::shop::money::Money;
use crate::shop::order::{Number, Status, letters};
use crate::shop::payment;
use crate::shop::stock::{self, Pieces};
use crate::shop::sums;
use diesel::prelude::*;

/// What a person asks for when they press "Place order".
#[derive(Debug, Clone)]
pub struct Wish {
    /// Where it goes.
    pub address: Address,
    /// What they want us to know.
    pub note: String,
    /// The cart they saw; any text, since one that is not of ours matches nothing.
    pub cart_version: String,
    /// The total they saw.
    pub expected_total: Money,
    /// The name they gave it, so that sending it again asks for the same order.
    pub key: Option<IdempotencyKey>,
}

/// What came of it.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// There is a new order.
    Placed(Number),
    /// This cart was ordered before: here is that order.
    Already(Number),
    /// The same was asked under the same name before: here is that order.
    Replayed(Number),
    /// The cart, a price or the stock is not what they saw. Nothing was done.
    Changed(Box<Review>),
    /// There is nothing to order. Nothing was done.
    Empty,
}

/// Reads the total that a form was drawn with: minor units, in digits.
///
/// # Errors
/// A sentence for the person.
pub fn expected_total(text: &str) -> Result<Money, String> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let minor = if digits { text.parse().ok() } else { None };
    minor.and_then(Money::new).ok_or_else(|| "The total of this form is not readable. Open the checkout again.".to_owned())
}

/// The shop that sells.
#[derive(Debug, Clone, Copy)]
pub struct House<'a> {
    /// Its name and its currency.
    pub shop: &'a Shop,
    /// Where the letter to the customer is left.
    pub post: &'a Postbox,
}

/// Why no order was made.
enum Halt {
    /// Another request was faster: it took the cart, or the last pieces, or changed a price.
    Overtaken,
    Failed(Error),
}

impl From<Error> for Halt {
    fn from(cause: Error) -> Self {
        Self::Failed(cause)
    }
}

impl From<diesel::result::Error> for Halt {
    fn from(cause: diesel::result::Error) -> Self {
        Self::Failed(cause.into())
    }
}

/// Places the order, if everything still is as the person saw it.
///
/// # Errors
/// `Refused` as `idempotency_mismatch` for another wish under a name that is taken, and what the database says. What else the rules of
/// the shop say is an `Outcome`.
pub fn place(conn: &mut Conn, now: Moment, actor: &Actor, house: House<'_>, user: UserKey, wish: &Wish) -> Result<Outcome> {
    if let Some(known) = replayed(conn, now, user, wish)? {
        return Ok(known);
    }
    match attempt(conn, now, actor, house, user, wish)? {
        Outcome::Placed(number) => Ok(Outcome::Placed(number)),
        // Whoever was faster may have done it under this very name: then the answer is theirs.
        other => Ok(replayed(conn, now, user, wish)?.unwrap_or(other)),
    }
}

fn replayed(conn: &mut Conn, now: Moment, user: UserKey, wish: &Wish) -> Result<Option<Outcome>> {
    let Some(key) = &wish.key else { return Ok(None) };
    match idempotency::known(conn, now, user, key, wish)? {
        None => Ok(None),
        Some(Known::Same(number)) => Ok(Some(Outcome::Replayed(number))),
        Some(Known::Other) => {
            let text = "This Idempotency-Key stands for another order. Send a new key with a new order.";
            Err(Error::refused("idempotency_mismatch", text))
        }
    }
}

fn attempt(conn: &mut Conn, now: Moment, actor: &Actor, house: House<'_>, user: UserKey, wish: &Wish) -> Result<Outcome> {
    let version: Option<Version> = wish.cart_version.parse().ok();
    let cart = cart::show(conn, now, &house.shop.terms, user)?;
    if version.is_none() || cart.version != version || !as_seen(&cart, wish) {
        return refuse(conn, user, cart, version, wish);
    }
    // A savepoint, because the outer transaction commits whatever outcome is told: when the third product of five turns out to be
    // gone, the claim, the order and two takings must not stay behind.
    match conn.transaction(|conn| order(conn, now, actor, house, user, wish, &cart)) {
        Ok(number) => Ok(Outcome::Placed(number)),
        Err(Halt::Failed(cause)) => Err(cause),
        Err(Halt::Overtaken) => {
            let cart = cart::show(conn, now, &house.shop.terms, user)?;
            refuse(conn, user, cart, version, wish)
        }
    }
}

fn as_seen(cart: &Cart, wish: &Wish) -> bool {
    !cart.lines.is_empty() && !cart.is_blocked() && cart.sums.total == wish.expected_total
}

fn refuse(conn: &mut Conn, user: UserKey, cart: Cart, version: Option<Version>, wish: &Wish) -> Result<Outcome> {
    if let Some(version) = version.filter(|version| cart.version.is_none_or(|open| open.cart != version.cart))
        && let Some(number) = ordered(conn, user, version.cart)?
    {
        return Ok(Outcome::Already(number));
    }
    if cart.lines.is_empty() {
        return Ok(Outcome::Empty);
    }
    Ok(Outcome::Changed(Box::new(Review::of(cart, version, wish.expected_total))))
}

/// The order that the person made of the cart which a form was drawn from, if they did.
///
/// # Errors
/// What the database says.
pub fn order_of(conn: &mut Conn, user: UserKey, cart_version: &str) -> Result<Option<Number>> {
    match cart_version.parse::<Version>() {
        Ok(version) => ordered(conn, user, version.cart),
        Err(_) => Ok(None),
    }
}

/// The person's order of this cart.
fn ordered(conn: &mut Conn, user: UserKey, cart: CartId) -> Result<Option<Number>> {
    Ok(orders::table
        .inner_join(carts::table.on(orders::cart_id.eq(carts::id.nullable())))
        .filter(carts::public_id.eq(cart))
        .filter(carts::user_id.eq(user))
        .filter(orders::user_id.eq(user))
        .select(orders::number)
        .first(conn)
        .optional()?)
}

fn order(
    conn: &mut Conn,
    now: Moment,
    actor: &Actor,
    house: House<'_>,
    user: UserKey,
    wish: &Wish,
    cart: &Cart,
) -> Result<Number, Halt> {
    // The version is claimed, so the lines read before the claim are the lines of the claimed cart.
    let claimed = claim(conn, user, cart)?.ok_or(Halt::Overtaken)?;
    let (order, number) = insert(conn, now, house.shop, user, claimed, wish, cart)?;
    payment::open(conn, now, &house.shop.payment, order, cart.sums.total, house.shop.currency.code)?;
    if let Some(key) = &wish.key
        && !idempotency::keep(conn, now, user, key, wish, order)?
    {
        return Err(Halt::Overtaken);
    }
    if let Some(code) = cart.discount.as_ref().filter(|code| code.refusal.is_none())
        && !discount::take(conn, now, code.key, user, order)?
    {
        return Err(Halt::Overtaken);
    }
    let totals: Vec<Money> = cart.lines.iter().map(|line| line.line_total).collect();
    let shares = discount::split(cart.sums.discount, &totals)?;
    let tax_rate = sums::tax_rate(&house.shop.terms)?;
    for (line, share) in cart.lines.iter().zip(shares) {
        diesel::insert_into(order_lines::table)
            .values((
                order_lines::order_id.eq(order),
                order_lines::product_id.eq(line.key),
                order_lines::title.eq(&line.title),
                order_lines::unit_price.eq(line.unit_price),
                order_lines::quantity.eq(line.quantity),
                order_lines::line_total.eq(line.line_total),
                order_lines::tax_rate.eq(tax_rate),
                order_lines::discount.eq(share),
            ))
            .execute(conn)?;
    }
    diesel::insert_into(order_events::table)
        .values((
            (order_events::order_id.eq(order), order_events::status.eq(Status::Placed), order_events::at.eq(now)),
            order_events::user_id.eq(user),
        ))
        .execute(conn)?;
    audit::record(conn, now, Kind::OrderPlaced, actor, number.as_str())?;
    house.post.put(conn, now, user, letters::placed(&number, now, cart, &wish.address))?;
    // Last, so that the row of a product that everybody wants is held for as short a time as can be.
    let pieces = |line: &cart::Line| Pieces {
        key: line.key,
        category: line.category_key,
        count: line.quantity.get(),
        price: line.unit_price,
    };
    if stock::take(conn, now, actor, order, cart.lines.iter().map(pieces).collect())? { Ok(number) } else { Err(Halt::Overtaken) }
}

fn claim(conn: &mut Conn, user: UserKey, cart: &Cart) -> Result<Option<CartKey>> {
    let Some(version) = cart.version else { return Ok(None) };
    let theirs = carts::public_id.eq(version.cart).and(carts::user_id.eq(user));
    let as_it_was = theirs.and(carts::status.eq(cart::OPEN)).and(carts::version.eq(version.counter));
    let claim = update(carts::table, as_it_was, carts::status.eq(cart::ORDERED)).returning(carts::id);
    Ok(on_either!(conn, conn => claim.get_result(conn)).optional()?)
}

fn insert(
    conn: &mut Conn,
    now: Moment,
    shop: &Shop,
    user: UserKey,
    claimed: CartKey,
    wish: &Wish,
    cart: &Cart,
) -> Result<(OrderKey, Number)> {
    let (to, sums) = (&wish.address, &cart.sums);
    let code = cart.discount.as_ref().filter(|code| code.refusal.is_none()).map(|code| code.code.as_str());
    // One number in a million million is taken already; then the next one is not.
    for _ in 0..3 {
        let number = Number::random(&shop.name);
        let key: Option<OrderKey> = on_either!(conn, conn => diesel::insert_into(orders::table)
            .values((
                (orders::number.eq(&number), orders::user_id.eq(user), orders::cart_id.eq(claimed)),
                (orders::status.eq(Status::Placed), orders::placed_at.eq(now), orders::currency.eq(shop.currency.code)),
                (orders::subtotal.eq(sums.subtotal), orders::discount.eq(sums.discount), orders::delivery.eq(sums.delivery)),
                (orders::total.eq(sums.total), orders::tax.eq(sums.tax), orders::discount_code.eq(code)),
                (orders::name.eq(&to.name), orders::address1.eq(&to.address1), orders::address2.eq(&to.address2)),
                (orders::city.eq(&to.city), orders::postal_code.eq(&to.postal_code), orders::country.eq(to.country)),
                (orders::phone.eq(&to.phone), orders::note.eq(&wish.note)),
            ))
            .on_conflict(orders::number)
            .do_nothing()
            .returning(orders::id)
            .get_result(conn)
            .optional())?;
        if let Some(key) = key {
            return Ok((key, number));
        }
    }
    Err(Error::internal("three order numbers in a row were taken"))
}

#[cfg(test)]
mod tests;
