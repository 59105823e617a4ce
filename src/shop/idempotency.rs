//! The name that a program gives to an order, so that sending it twice is asking twice for the same.
//!
//! Invariant: for 24 hours a name of a person stands for one order and the wish it was made from; the row is written in that order's
//! own transaction. What was refused is not remembered: it may be tried again under the same name. It does not know headers.

use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{idempotency_keys, orders};
use crate::error::Result;
use crate::ids::{OrderKey, UserKey, base64url};
use crate::on_either;
use crate::shop::checkout::Wish;
use crate::shop::order::Number;
use aws_lc_rs::digest::{Context, SHA256};
use diesel::prelude::*;
use std::str::FromStr;
use std::time::Duration;

/// How long a name is kept.
pub const LIFE: Duration = Duration::from_hours(24);
/// Most characters of a name.
const LONGEST: usize = 255;

/// A name: 1 to 255 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl FromStr for IdempotencyKey {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if (1..=LONGEST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!("Send a key of 1 to {LONGEST} visible ASCII characters, without blanks."))
        }
    }
}

/// What is known under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Known {
    /// The same wish: this is its order.
    Same(Number),
    /// Another wish.
    Other,
}

/// What the person has asked for under this name.
pub(super) fn known(conn: &mut Conn, now: Moment, user: UserKey, key: &IdempotencyKey, wish: &Wish) -> Result<Option<Known>> {
    let row: Option<(String, Number)> = idempotency_keys::table
        .inner_join(orders::table)
        .filter(idempotency_keys::user_id.eq(user))
        .filter(idempotency_keys::key.eq(&key.0))
        .filter(idempotency_keys::created_at.gt(now - LIFE))
        .select((idempotency_keys::body, orders::number))
        .first(conn)
        .optional()?;
    Ok(row.map(|(body, number)| if body == fingerprint(wish) { Known::Same(number) } else { Known::Other }))
}

/// Keeps the name of a new order; `false` if another request was faster, and then the caller takes its order back.
pub(super) fn keep(
    conn: &mut Conn,
    now: Moment,
    user: UserKey,
    key: &IdempotencyKey,
    wish: &Wish,
    order: OrderKey,
) -> Result<bool> {
    // One whose day is over, and which the sweep has not come to.
    let over = idempotency_keys::table
        .filter(idempotency_keys::user_id.eq(user))
        .filter(idempotency_keys::key.eq(&key.0))
        .filter(idempotency_keys::created_at.le(now - LIFE));
    diesel::delete(over).execute(conn)?;
    let kept = on_either!(conn, conn => diesel::insert_into(idempotency_keys::table)
        .values((
            (idempotency_keys::user_id.eq(user), idempotency_keys::key.eq(&key.0), idempotency_keys::order_id.eq(order)),
            (idempotency_keys::body.eq(fingerprint(wish)), idempotency_keys::created_at.eq(now)),
        ))
        .on_conflict_do_nothing()
        .execute(conn))?;
    Ok(kept == 1)
}

/// Deletes the oldest names whose day is over.
///
/// # Errors
/// What the database says.
pub fn purge(conn: &mut Conn, before: Moment, most: i64) -> Result<usize> {
    let old: Vec<i64> = idempotency_keys::table
        .filter(idempotency_keys::created_at.le(before))
        .order(idempotency_keys::created_at)
        .limit(most)
        .select(idempotency_keys::id)
        .load(conn)?;
    Ok(diesel::delete(idempotency_keys::table.filter(idempotency_keys::id.eq_any(old))).execute(conn)?)
}

/// SHA-256 of the wish as it was understood, so that the order of members, blanks around a name or an absent `phone` make no other
/// one. Each part goes in behind its length, so that none can reach into the next.
fn fingerprint(wish: &Wish) -> String {
    let (to, total) = (&wish.address, wish.expected_total.minor().to_string());
    let parts = [
        to.name.as_str(),
        &to.address1,
        &to.address2,
        &to.city,
        &to.postal_code,
        to.country.code(),
        &to.phone,
        &wish.note,
        &wish.cart_version,
        &total,
    ];
    let mut digest = Context::new(&SHA256);
    for part in parts {
        digest.update(&(part.len() as u64).to_be_bytes());
        digest.update(part.as_bytes());
    }
    base64url(digest.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::trial::{home, money};

    #[test]
    fn a_key_is_visible_ascii_of_at_most_255_characters() {
        for good in ["a", "6fa459ea-ee8a-3ca4-894e-db77e160355e", "\"quoted\"", &"x".repeat(255)] {
            assert_eq!(good.parse(), Ok(IdempotencyKey(good.to_owned())));
        }
        for wrong in ["", " ", "a b", "a\tb", "\u{7f}", "\u{e4}", "\0", &"x".repeat(256)] {
            assert!(wrong.parse::<IdempotencyKey>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn every_part_of_a_wish_tells_it_from_another() {
        let wish =
            Wish { address: home(), note: "a".to_owned(), cart_version: "b".to_owned(), expected_total: money(1), key: None };
        let moved = Wish { note: String::new(), cart_version: "ab".to_owned(), ..wish.clone() };
        let dearer = Wish { expected_total: money(2), ..wish.clone() };
        let mut elsewhere = wish.clone();
        elsewhere.address.city = "Paris".to_owned();
        for other in [moved, dearer, elsewhere] {
            assert_ne!(fingerprint(&other), fingerprint(&wish));
        }
        let named = Wish { key: Some(IdempotencyKey("a".to_owned())), ..wish.clone() };
        assert_eq!(fingerprint(&named), fingerprint(&wish));
    }
}
