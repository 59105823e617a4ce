//! Discount codes: what they take off, who may use them, and how often.
//!
//! Invariant: a code is used at most as often as it may be, and once by each person; the use is counted in the order's own
//! transaction and given back when that order is cancelled. It does not know carts.

mod code;
mod days;
mod split;
mod standing;

pub use code::Code;
pub use days::days;
pub use split::split;
pub use standing::{Applied, Off, Refusal};
pub(super) use standing::{COLUMNS, Row};

use crate::audit::{self, Actor, Kind};
use crate::clock::Moment;
use crate::db::schema::{discount_uses, discounts};
use crate::db::{Conn, update};
use crate::error::{Error, Result};
use crate::ids::{DiscountKey, OrderKey, UserKey};
use crate::on_either;
use crate::shop::money::Money;
use diesel::prelude::*;

/// A code to be made.
#[derive(Debug, Clone)]
pub struct NewDiscount {
    /// What people type.
    pub code: Code,
    /// What it takes off.
    pub off: Off,
    /// From when on.
    pub starts_at: Option<Moment>,
    /// Until when.
    pub ends_at: Option<Moment>,
    /// How often in all.
    pub most_uses: Option<i64>,
}

/// A code and how often it was used.
#[derive(Debug, Clone)]
pub struct Discount {
    /// What it is.
    pub what: NewDiscount,
    /// Orders that used it and were not cancelled.
    pub uses: i64,
}

/// Makes a code; `false` if there is one of this name.
///
/// # Errors
/// What the database says.
pub fn add(conn: &mut Conn, now: Moment, new: &NewDiscount) -> Result<bool> {
    let (percent, amount) = match new.off {
        Off::Percent(percent) => (Some(percent), None),
        Off::Amount(amount) => (None, Some(amount)),
    };
    let added = on_either!(conn, conn => diesel::insert_into(discounts::table)
        .values((
            (discounts::code.eq(new.code.as_str()), discounts::percent.eq(percent), discounts::amount.eq(amount)),
            (discounts::starts_at.eq(new.starts_at), discounts::ends_at.eq(new.ends_at)),
            (discounts::most_uses.eq(new.most_uses), discounts::uses.eq(0_i64), discounts::created_at.eq(now)),
        ))
        .on_conflict(discounts::code)
        .do_nothing()
        .execute(conn))?;
    Ok(added == 1)
}

/// Makes a code, as somebody who runs the shop; `false` if there is one of this name.
///
/// # Errors
/// What the database says.
pub fn make(conn: &mut Conn, now: Moment, actor: &Actor, new: &NewDiscount) -> Result<bool> {
    if !add(conn, now, new)? {
        return Ok(false);
    }
    let off = match new.off {
        Off::Percent(percent) => format!("{percent} %"),
        Off::Amount(amount) => amount.minor().to_string(),
    };
    audit::record(conn, now, Kind::DiscountChanged, actor, &format!("{}, new, {off} off", new.code))?;
    Ok(true)
}

/// Ends a code now; `false` if it was over already. Whoever has it in their cart is told there.
///
/// # Errors
/// `NotFound` if there is no such code.
pub fn stop(conn: &mut Conn, now: Moment, actor: &Actor, code: &Code) -> Result<bool> {
    let named = discounts::table.filter(discounts::code.eq(code.as_str()));
    let key: Option<DiscountKey> = named.select(discounts::id).first(conn).optional()?;
    let key = key.ok_or(Error::NotFound)?;
    let good = discounts::table.filter(discounts::id.eq(key)).filter(discounts::ends_at.is_null().or(discounts::ends_at.gt(now)));
    let stopped = diesel::update(good).set(discounts::ends_at.eq(now)).execute(conn)? == 1;
    if stopped {
        audit::record(conn, now, Kind::DiscountChanged, actor, &format!("{code}, stopped"))?;
    }
    Ok(stopped)
}

/// The newest codes, at most 200.
///
/// # Errors
/// What the database says.
pub fn list(conn: &mut Conn) -> Result<Vec<Discount>> {
    type Kept = (String, Option<i64>, Option<Money>, Option<Moment>, Option<Moment>, Option<i64>, i64);
    let rows: Vec<Kept> = discounts::table
        .order(discounts::id.desc())
        .limit(200)
        .select((
            discounts::code,
            discounts::percent,
            discounts::amount,
            discounts::starts_at,
            discounts::ends_at,
            discounts::most_uses,
            discounts::uses,
        ))
        .load(conn)?;
    let read = |(code, percent, amount, starts_at, ends_at, most_uses, uses): Kept| {
        let code = code.parse().map_err(Error::internal)?;
        Ok(Discount { what: NewDiscount { code, off: Off::of(percent, amount)?, starts_at, ends_at, most_uses }, uses })
    };
    rows.into_iter().map(read).collect()
}

/// The code of this name, as it stands for this person.
///
/// # Errors
/// What the database says.
pub(super) fn find(conn: &mut Conn, now: Moment, user: UserKey, code: &Code) -> Result<Option<Applied>> {
    let used = discount_uses::table.on(discount_uses::discount_id.eq(discounts::id).and(discount_uses::user_id.eq(user)));
    let row: Option<(Row, Option<i64>)> = discounts::table
        .left_join(used)
        .filter(discounts::code.eq(code.as_str()))
        .select((COLUMNS, discount_uses::id.nullable()))
        .first(conn)
        .optional()?;
    row.map(|(row, used)| row.applied(now, used.is_some())).transpose()
}

/// Counts a use; `false` if the code may not be used any more, and then the caller takes its order back.
pub(super) fn take(conn: &mut Conn, now: Moment, discount: DiscountKey, user: UserKey, order: OrderKey) -> Result<bool> {
    let left = discounts::most_uses.is_null().or(discounts::uses.nullable().lt(discounts::most_uses)).assume_not_null();
    let begun = discounts::starts_at.is_null().or(discounts::starts_at.le(now)).assume_not_null();
    let lasts = discounts::ends_at.is_null().or(discounts::ends_at.gt(now)).assume_not_null();
    let good = discounts::id.eq(discount).and(left).and(begun).and(lasts);
    let take = update(discounts::table, good, discounts::uses.eq(discounts::uses + 1));
    if on_either!(conn, conn => take.execute(conn))? == 0 {
        return Ok(false);
    }
    let kept = on_either!(conn, conn => diesel::insert_into(discount_uses::table)
        .values((discount_uses::discount_id.eq(discount), discount_uses::user_id.eq(user), discount_uses::order_id.eq(order)))
        .on_conflict_do_nothing()
        .execute(conn))?;
    Ok(kept == 1)
}

/// Gives the use of a cancelled order back. Whoever calls it has made sure that the order is cancelled only now.
pub(super) fn give_back(conn: &mut Conn, order: OrderKey) -> Result<()> {
    let used = discount_uses::table.filter(discount_uses::order_id.eq(order));
    let freed: Option<DiscountKey> = used.select(discount_uses::discount_id).first(conn).optional()?;
    if let Some(discount) = freed {
        // The code before its use, as an order takes them: two that meet never wait for each other in a circle.
        diesel::update(discounts::table.filter(discounts::id.eq(discount)))
            .set(discounts::uses.eq(discounts::uses - 1))
            .execute(conn)?;
        diesel::delete(used).execute(conn)?;
    }
    Ok(())
}
