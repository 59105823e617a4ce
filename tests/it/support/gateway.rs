//! Whoever speaks for the trial provider, or would like to.
//!
//! Invariant: what is sent is what the provider itself would send; a test says what it changes in it. What became of it is read from a
//! second connection.

use super::app::TestApp;
use diesel::prelude::*;
use latchkey::clock::Moment;
use latchkey::db::schema::{order_events, orders, payments};
use latchkey::ids::{PaymentId, UserId};
use latchkey::shop::money::Money;
use latchkey::shop::payment::provider::{Tidings, Verdict};
use latchkey::shop::payment::trial::{Message, SIGNATURE};
use latchkey::shop::payment::upkeep::{self, Round};

/// Where the shop listens to the provider.
pub const HOOK: &str = "/payments/trial/webhook";

impl TestApp {
    /// What the provider would say of the newest payment of that order.
    pub fn tidings(&self, number: &str, verdict: Verdict) -> Tidings {
        let (payment, amount, currency): (PaymentId, Money, String) = payments::table
            .inner_join(orders::table)
            .filter(orders::number.eq(number))
            .order(payments::attempt.desc())
            .select((payments::public_id, payments::amount, payments::currency))
            .first(&mut self.storage.second_connection())
            .expect("the order has a payment");
        Tidings { event: UserId::random().to_string(), payment, verdict, amount, currency }
    }

    /// It says so, signed now; the status of the answer.
    pub async fn hears(&self, tidings: &Tidings) -> u16 {
        self.takes(&self.signed(tidings)).await
    }

    /// The message, signed now.
    pub fn signed(&self, tidings: &Tidings) -> Message {
        self.server().payments.trial().expect("the shop is paid so").message(tidings).expect("a message")
    }

    /// Somebody sends a message; the status of the answer.
    pub async fn takes(&self, message: &Message) -> u16 {
        let address = self.origin.join(HOOK).expect("a path");
        let request = self.http.post(address).header(SIGNATURE, &message.signature).body(message.body.clone());
        request.send().await.expect("an answer").status().as_u16()
    }

    /// Where the payments of an order stand, the first attempt first.
    pub fn payments_of(&self, number: &str) -> Vec<String> {
        payments::table
            .inner_join(orders::table)
            .filter(orders::number.eq(number))
            .order(payments::attempt)
            .select(payments::state)
            .load(&mut self.storage.second_connection())
            .expect("payments")
    }

    /// Where an order stands.
    pub fn order_is(&self, number: &str) -> String {
        let order = orders::table.filter(orders::number.eq(number)).select(orders::status);
        order.first(&mut self.storage.second_connection()).expect("the order is there")
    }

    /// What became of an order and its money, in the order of its life.
    pub fn life_of(&self, number: &str) -> Vec<String> {
        let rows: Vec<(String, Option<String>)> = order_events::table
            .inner_join(orders::table)
            .filter(orders::number.eq(number))
            .order(order_events::id)
            .select((order_events::status, order_events::payment))
            .load(&mut self.storage.second_connection())
            .expect("events");
        rows.into_iter().map(|(status, payment)| payment.unwrap_or(status)).collect()
    }

    /// A minute's round of the shop's own, at its time now.
    pub fn looks_after_payments(&self) -> Round {
        self.looks_after_payments_at(self.clock.now())
    }

    /// The same, at another time.
    pub fn looks_after_payments_at(&self, now: Moment) -> Round {
        let shop = self.server();
        upkeep::round(&shop.db, now, &shop.latch.post, &shop.payments).expect("a round")
    }
}
