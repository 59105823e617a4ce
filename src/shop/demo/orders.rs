//! Ninety days of orders that nobody made.
//!
//! Invariant: the same orders with the same numbers each time, all before now; one that is there already stays as it is, so that
//! seeding can be interrupted and repeated. They take no stock and no cart.

use super::Progress;
use super::chance::Chance;
use crate::clock::Moment;
use crate::config::Shop;
use crate::db::schema::{order_events, order_lines, orders, products};
use crate::db::{Conn, Db};
use crate::error::Result;
use crate::ids::{OrderKey, ProductKey, UserKey};
use crate::on_either;
use crate::shop::money::Money;
use crate::shop::order::{Number, Status};
use crate::shop::product;
use crate::shop::sums::{self, Sums};
use diesel::prelude::*;
use time::Duration;

const DAYS: u32 = 90;
const SEED: u64 = 0x4c61_7463_686b_6579;

/// Orders in a transaction.
const BATCH: usize = 20;

/// Every so many orders, one is the first customer's.
const OWN: usize = 13;

/// Street, town, postal code, country.
const PLACES: [(&str, &str, &str, &str); 8] = [
    ("14 Marram Lane", "St Andrews", "KY16 9AB", "GB"),
    ("Lindenstraße 8", "Leipzig", "04107", "DE"),
    ("27 Rue des Tanneurs", "Nantes", "44000", "FR"),
    ("Oudegracht 112", "Utrecht", "3511 AV", "NL"),
    ("Via del Forno 5", "Lucca", "55100", "IT"),
    ("3 Quay Street", "Galway", "H91 K2P1", "IE"),
    ("Rua das Flores 61", "Porto", "4050-262", "PT"),
    ("Nørregade 19", "Aarhus", "8000", "DK"),
];

/// Somebody who orders in the demo.
#[derive(Debug, Clone)]
pub struct Customer {
    /// The person's row.
    pub key: UserKey,
    /// Their name, for the address.
    pub name: String,
}

/// A product as it is ordered.
type Ware = (ProductKey, String, Money);

/// An order to be.
struct Plan {
    number: Number,
    customer: Customer,
    place: (&'static str, &'static str, &'static str, &'static str),
    lines: Vec<(Ware, i64)>,
    /// What became of it, the oldest first, never empty.
    events: Vec<(Status, Moment)>,
}

/// Makes the orders; how many were not there yet. The first customer gets one in thirteen, the last one among them.
///
/// # Errors
/// What the database says.
pub fn orders(db: &Db, now: Moment, shop: &Shop, customers: &[Customer], progress: Progress) -> Result<usize> {
    let wares: Vec<Ware> = db.read_here(|conn| {
        Ok(products::table
            .filter(products::status.eq(product::Status::Active.word()))
            .order(products::sku)
            .limit(200)
            .select((products::id, products::title, products::price))
            .load(conn)?)
    })?;
    let plans = plan(now, shop, customers, &wares);
    let mut added = 0;
    for (batch, of_batch) in plans.chunks(BATCH).enumerate() {
        added += db.write_here(|conn| {
            let mut new = 0;
            for plan in of_batch {
                new += usize::from(insert(conn, shop, plan)?);
            }
            Ok(new)
        })?;
        progress(batch * BATCH + of_batch.len(), plans.len());
    }
    Ok(added)
}

/// All the orders, the oldest first.
fn plan(now: Moment, shop: &Shop, customers: &[Customer], wares: &[Ware]) -> Vec<Plan> {
    let Some((own, others)) = customers.split_first() else { return Vec::new() };
    let mut chance = Chance(SEED);
    let mut plans = Vec::new();
    // Counted back from now: the newest is the first, and with one in thirteen it is the first customer's.
    for day in 0..DAYS {
        // Trade grows a little over the three months.
        for _ in 0..=chance.below(if day < DAYS / 2 { 4 } else { 3 }) {
            let number = Number::of(&shop.name, chance.bits());
            let age = Duration::days(i64::from(day)) + chance.minutes(25, 24 * 60);
            let (who, lines, fate) = (chance.below(others.len()), lines(&mut chance, wares), chance.below(100));
            let events = events(&mut chance, now, now - age, fate);
            let nth = plans.len();
            let customer = if nth % OWN == 0 { own } else { others.get(who).unwrap_or(own) };
            let place = if nth % OWN == 0 { PLACES[0] } else { PLACES[1 + who % (PLACES.len() - 1)] };
            plans.push(Plan { number, customer: customer.clone(), place, lines, events });
        }
    }
    // Without others, the first customer keeps only their own.
    if others.is_empty() {
        plans = plans.into_iter().step_by(OWN).collect();
    }
    plans.retain(|plan| !plan.lines.is_empty());
    plans.sort_by_key(|plan| plan.events[0].1);
    plans
}

/// One to four different things, mostly one piece of each.
fn lines(chance: &mut Chance, wares: &[Ware]) -> Vec<(Ware, i64)> {
    let mut lines: Vec<(Ware, i64)> = Vec::new();
    for _ in 0..=chance.below(4) {
        let (choice, more) = (chance.below(wares.len()), chance.below(6));
        let pieces = if more < 4 { 1 } else { 2 };
        if let Some(ware) = wares.get(choice).filter(|ware| lines.iter().all(|(there, _)| there.0 != ware.0)) {
            lines.push((ware.clone(), pieces));
        }
    }
    lines
}

/// What has become of an order by now: of a hundred, six are called off and three come back.
fn events(chance: &mut Chance, now: Moment, placed: Moment, fate: usize) -> Vec<(Status, Moment)> {
    let paid = placed + chance.minutes(5, 300);
    let packed = paid + chance.minutes(300, 1_800);
    let shipped = packed + chance.minutes(120, 1_200);
    let delivered = shipped + chance.minutes(1_500, 6_000);
    let refunded = delivered + chance.minutes(3_000, 12_000);
    let mut events = vec![(Status::Placed, placed)];
    if fate < 6 {
        events.push((Status::Cancelled, paid));
    } else {
        events.extend([
            (Status::Paid, paid),
            (Status::Packed, packed),
            (Status::Shipped, shipped),
            (Status::Delivered, delivered),
        ]);
        events.extend((fate < 9).then_some((Status::Refunded, refunded)));
    }
    events.retain(|(_, at)| *at < now);
    events
}

fn insert(conn: &mut Conn, shop: &Shop, plan: &Plan) -> Result<bool> {
    let totals: Vec<Money> = plan.lines.iter().map(|((_, _, price), count)| price.times(*count)).collect::<Result<_>>()?;
    let sums = Sums::of(totals.iter().copied(), None, &shop.terms)?;
    let tax_rate = sums::tax_rate(&shop.terms)?;
    let (Some((_, placed)), Some((status, _))) = (plan.events.first(), plan.events.last()) else { return Ok(false) };
    let (street, city, postal_code, country) = plan.place;
    let key: Option<OrderKey> = on_either!(conn, conn => diesel::insert_into(orders::table)
        .values((
            (orders::number.eq(&plan.number), orders::user_id.eq(plan.customer.key)),
            (orders::status.eq(status), orders::placed_at.eq(placed), orders::currency.eq(shop.currency.code)),
            (orders::subtotal.eq(sums.subtotal), orders::discount.eq(sums.discount), orders::delivery.eq(sums.delivery)),
            (orders::total.eq(sums.total), orders::tax.eq(sums.tax)),
            (orders::name.eq(&plan.customer.name), orders::address1.eq(street), orders::address2.eq("")),
            (orders::city.eq(city), orders::postal_code.eq(postal_code), orders::country.eq(country)),
            (orders::phone.eq(""), orders::note.eq("")),
        ))
        .on_conflict(orders::number)
        .do_nothing()
        .returning(orders::id)
        .get_result(conn)
        .optional())?;
    let Some(key) = key else { return Ok(false) };
    for (((product, title, price), count), line_total) in plan.lines.iter().zip(totals) {
        diesel::insert_into(order_lines::table)
            .values((
                (order_lines::order_id.eq(key), order_lines::product_id.eq(product), order_lines::title.eq(title)),
                (order_lines::unit_price.eq(price), order_lines::quantity.eq(count), order_lines::line_total.eq(line_total)),
                order_lines::tax_rate.eq(tax_rate),
            ))
            .execute(conn)?;
    }
    for (status, at) in &plan.events {
        diesel::insert_into(order_events::table)
            .values((order_events::order_id.eq(key), order_events::status.eq(status), order_events::at.eq(at)))
            .execute(conn)?;
    }
    Ok(true)
}
