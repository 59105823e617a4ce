//! What a race left behind, counted from a second connection.
//!
//! Invariant: every count is compared with what the race allows, to the piece and to the cent. Nothing is asked of the shop itself.

use super::buyer::Told;
use super::{PLENTY, Race};
use crate::support::app::TestApp;
use crate::support::goods::Goods;
use diesel::prelude::*;
use latchkey::db::Conn;
use latchkey::db::schema::{
    audit_events, carts, discount_uses, discounts, order_events, order_lines, orders, outbox, payments, products, stock_movements,
};
use std::collections::BTreeSet;

/// The amounts of an order: subtotal, discount, delivery, total, and whether it names a code.
type Sums = (i64, i64, i64, i64, bool);
/// Unit price, quantity, line total, discount.
type Line = (i64, i64, i64, i64);

/// One order and what belongs to it.
struct Order {
    path: String,
    sums: Sums,
    lines: Vec<Line>,
    /// Pieces that left the shelf for it, one number a movement.
    sold: Vec<i64>,
    /// State and amount.
    payments: Vec<(String, i64)>,
    events: Vec<String>,
}

/// Everything that is counted.
pub struct Counts {
    orders: Vec<Order>,
    /// What is left, and what the movements add up to, of what is rare and of what is plenty.
    shelves: [(i64, i64); 2],
    /// Uses as they are counted, and as they are listed.
    uses: (i64, i64),
    carts: i64,
    payments: i64,
    audited: i64,
    letters: i64,
}

impl Counts {
    /// Reads all of it.
    pub fn read(app: &TestApp, goods: [&Goods; 2]) -> Self {
        let conn = &mut app.storage.second_connection();
        let columns = (
            (orders::id, orders::number),
            (orders::subtotal, orders::discount, orders::delivery, orders::total, orders::discount_code.is_not_null()),
        );
        let found: Vec<((i64, String), Sums)> = orders::table.order(orders::id).select(columns).load(conn).expect("orders");
        Self {
            orders: found.into_iter().map(|((id, number), sums)| Order::read(conn, id, &number, sums)).collect(),
            shelves: goods.map(|goods| shelf(conn, goods)),
            uses: (
                discounts::table.select(discounts::uses).first(conn).optional().expect("a code").unwrap_or(0),
                discount_uses::table.count().get_result(conn).expect("a count"),
            ),
            carts: carts::table.filter(carts::status.eq("ordered")).count().get_result(conn).expect("a count"),
            payments: payments::table.count().get_result(conn).expect("a count"),
            audited: audit_events::table.filter(audit_events::kind.eq("order_placed")).count().get_result(conn).expect("a count"),
            letters: outbox::table.filter(outbox::kind.eq("order_placed")).count().get_result(conn).expect("a count"),
        }
    }

    /// Compares them with the race, and with what the buyers were told.
    pub fn are_exact(&self, race: Race, told: &[Vec<Told>]) {
        let made = i64::try_from(race.orders()).expect("a few");
        let of_one: Vec<BTreeSet<&Told>> = told.iter().map(|clicks| clicks.iter().collect()).collect();
        let orders_of = |told: &BTreeSet<&Told>| told.iter().filter(|told| matches!(told, Told::Ordered(_))).count();
        for told in &of_one {
            assert!(orders_of(told) <= 1, "one cart is one order: {told:?}");
            let ended = if orders_of(told) == 1 { !told.contains(&Told::SoldOut) } else { !told.contains(&Told::Emptied) };
            assert!(ended, "all clicks of one buyer are told one truth: {told:?}");
        }
        let said =
            of_one.iter().flatten().filter_map(|told| if let Told::Ordered(path) = told { Some(path.as_str()) } else { None });
        let (said, kept): (BTreeSet<&str>, BTreeSet<&str>) =
            (said.collect(), self.orders.iter().map(|it| it.path.as_str()).collect());
        assert_eq!(said, kept, "what was told is there, and nothing else");
        assert_eq!(self.orders.len(), race.orders());
        let (rare, plenty) = (race.stock - race.wanted * made, PLENTY - made);
        assert_eq!(self.shelves, [(rare, rare), (plenty, plenty)], "what is left, and what the movements add up to");
        let uses = race.code.unwrap_or(0).min(made);
        assert_eq!(self.uses, (uses, uses));
        assert_eq!(self.orders.iter().filter(|order| order.sums.4).count(), usize::try_from(uses).expect("a few"));
        assert_eq!([self.carts, self.payments, self.audited, self.letters], [made; 4], "one of each an order");
        self.orders.iter().for_each(|order| order.is_exact(race));
    }
}

impl Order {
    fn read(conn: &mut Conn, id: i64, number: &str, sums: Sums) -> Self {
        let columns = (order_lines::unit_price, order_lines::quantity, order_lines::line_total, order_lines::discount);
        let lines = order_lines::table.filter(order_lines::order_id.eq(id)).select(columns);
        let sold = stock_movements::table
            .filter(stock_movements::order_id.eq(id))
            .order(stock_movements::pieces)
            .select(stock_movements::pieces);
        let bills = payments::table.filter(payments::order_id.eq(id)).select((payments::state, payments::amount));
        let events = order_events::table.filter(order_events::order_id.eq(id)).order(order_events::id);
        let events: Vec<(String, Option<String>)> =
            events.select((order_events::status, order_events::payment)).load(conn).expect("events");
        Self {
            path: format!("/orders/{number}"),
            sums,
            lines: lines.load(conn).expect("lines"),
            sold: sold.load(conn).expect("movements"),
            payments: bills.load(conn).expect("payments"),
            events: events.into_iter().map(|(status, payment)| payment.unwrap_or(status)).collect(),
        }
    }

    fn is_exact(&self, race: Race) {
        let (subtotal, discount, delivery, total, with_code) = self.sums;
        let goods = 2_405 * race.wanted + 333;
        let off = if with_code { (goods * 10 + 50) / 100 } else { 0 };
        assert_eq!((subtotal, discount, delivery, total), (goods, off, 490, goods - off + 490), "{}", self.path);
        assert_eq!(self.lines.len(), 2);
        assert!(self.lines.iter().all(|(price, quantity, total, _)| price * quantity == *total), "{:?}", self.lines);
        let summed = self.lines.iter().fold((0, 0), |(goods, off), line| (goods + line.2, off + line.3));
        assert_eq!(summed, (subtotal, discount), "the lines add up");
        assert_eq!(self.sold, [-race.wanted, -1], "each product left the shelf once");
        let (state, life): (&str, &[&str]) = match race.payment {
            "trial" => ("paid", &["placed", "pending", "paid"]),
            _ => ("due", &["placed"]),
        };
        assert_eq!(self.payments, [(state.to_owned(), total)], "one payment, of the order's total");
        assert_eq!(self.events, life, "nothing happened twice");
    }
}

/// What is left of a product, and what its movements add up to.
fn shelf(conn: &mut Conn, goods: &Goods) -> (i64, i64) {
    let product = products::table.filter(products::public_id.eq(goods.id));
    let (id, stock): (i64, i64) = product.select((products::id, products::stock)).first(conn).expect("it is on the shelf");
    let moved = stock_movements::table.filter(stock_movements::product_id.eq(id)).select(stock_movements::pieces);
    (stock, moved.load::<i64>(conn).expect("movements").into_iter().sum())
}
