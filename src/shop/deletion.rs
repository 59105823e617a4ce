//! What becomes of a customer's things when they delete their account.
//!
//! Invariant: stock and sums stay true: what was not packed is cancelled like any other order, its pieces come back, and only then is the
//! person taken out of it. What is packed still needs its address, so it stops the deletion. It does not know accounts.

use crate::audit::Actor;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{carts, idempotency_keys, order_events, orders, payments, saved_items};
use crate::error::{Error, Result};
use crate::ids::{OrderKey, UserKey};
use crate::mail::outbox::Postbox;
use crate::shop::order::{self, Number, Status};
use crate::shop::payment::State;
use diesel::prelude::*;

/// What would become of their orders.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outlook {
    /// These would be cancelled.
    pub cancelled: Vec<Number>,
    /// These stop it.
    pub packed: Vec<Number>,
    /// So many orders there are in all.
    pub orders: i64,
}

/// Says what would happen.
///
/// # Errors
/// What the database says.
pub fn outlook(conn: &mut Conn, user: UserKey) -> Result<Outlook> {
    let orders = orders::table.filter(orders::user_id.eq(user)).count().get_result(conn)?;
    let (packed, open): (Vec<_>, Vec<_>) = under_way(conn, user)?.into_iter().partition(|(_, status)| *status == Status::Packed);
    let numbers = |some: Vec<(Number, Status)>| some.into_iter().map(|(number, _)| number).collect();
    Ok(Outlook { cancelled: numbers(open), packed: numbers(packed), orders })
}

/// Takes the person out of the shop; with `keep_orders` their orders stay, without name, street, town, phone and notes;
/// without it only those with money that is owed or on its way.
///
/// # Errors
/// `Refused` as `order_packed`; what the database says.
pub fn leave(conn: &mut Conn, now: Moment, actor: &Actor, post: &Postbox, user: UserKey, keep_orders: bool) -> Result<()> {
    // The carts first: whoever is placing an order of one holds it, so from here on there is no new order.
    diesel::delete(carts::table.filter(carts::user_id.eq(user))).execute(conn)?;
    diesel::delete(saved_items::table.filter(saved_items::user_id.eq(user))).execute(conn)?;
    diesel::delete(idempotency_keys::table.filter(idempotency_keys::user_id.eq(user))).execute(conn)?;
    for (number, _) in under_way(conn, user)? {
        match order::cancel_leaving(conn, now, actor, post, user, &number) {
            Err(Error::Refused { .. }) => return Err(packed(&number)),
            done => done?,
        }
    }
    let theirs = orders::table.filter(orders::user_id.eq(user));
    if !keep_orders {
        // What is still owed to them, or on its way, must stay on the books.
        let unsettled = payments::table.filter(payments::state.eq_any([State::Pending, State::RefundDue]));
        let unsettled = unsettled.select(payments::order_id);
        diesel::delete(theirs.filter(orders::id.ne_all(unsettled))).execute(conn)?;
    }
    let keys: Vec<OrderKey> = theirs.select(orders::id).load(conn)?;
    for some in keys.chunks(500) {
        diesel::update(order_events::table.filter(order_events::order_id.eq_any(some)))
            .set(order_events::note.eq(""))
            .execute(conn)?;
    }
    diesel::update(theirs)
        .set((
            orders::name.eq(""),
            orders::address1.eq(""),
            orders::address2.eq(""),
            orders::city.eq(""),
            orders::postal_code.eq(""),
            orders::phone.eq(""),
            orders::note.eq(""),
        ))
        .execute(conn)?;
    Ok(())
}

fn under_way(conn: &mut Conn, user: UserKey) -> Result<Vec<(Number, Status)>> {
    let before_it_left = [Status::Placed, Status::Paid, Status::Packed];
    let orders = orders::table.filter(orders::user_id.eq(user)).filter(orders::status.eq_any(before_it_left));
    Ok(orders.order(orders::id).select((orders::number, orders::status)).load(conn)?)
}

fn packed(number: &Number) -> Error {
    let text =
        format!("Order {number} is packed and needs its address until it is sent. Delete your account when it is on its way.");
    Error::refused("order_packed", text)
}
