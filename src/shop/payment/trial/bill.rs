//! The books of the trial provider.
//!
//! Invariant: a payment has one bill, a bill one verdict, and a verdict one name, whoever asks how often. It does not know the shop's
//! own rows.

use super::super::provider::{Bill, Tidings, Verdict};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::trial_bills;
use crate::error::{Error, Result};
use crate::ids::{BillId, PaymentId};
use crate::on_either;
use crate::shop::money::Money;
use diesel::prelude::*;

/// A bill.
#[derive(Debug, Clone, Queryable)]
pub struct TrialBill {
    /// What its page is called.
    pub reference: BillId,
    /// What the shop calls it.
    pub payment: PaymentId,
    /// The order it is for.
    pub number: String,
    /// How much.
    pub amount: Money,
    /// In which currency.
    pub currency: String,
    verdict: Option<String>,
    event: Option<String>,
}

impl TrialBill {
    /// What was decided, and what that is called; none while it is open.
    #[must_use]
    pub fn tidings(&self) -> Option<Tidings> {
        let (verdict, event) = (Verdict::read(self.verdict.as_deref()?)?, self.event.clone()?);
        Some(Tidings { event, payment: self.payment, verdict, amount: self.amount, currency: self.currency.clone() })
    }
}

const ROW: (
    trial_bills::reference,
    trial_bills::payment,
    trial_bills::number,
    trial_bills::amount,
    trial_bills::currency,
    trial_bills::verdict,
    trial_bills::event,
) = (
    trial_bills::reference,
    trial_bills::payment,
    trial_bills::number,
    trial_bills::amount,
    trial_bills::currency,
    trial_bills::verdict,
    trial_bills::event,
);

/// Writes a bill, or finds the one there is.
pub(super) fn open(conn: &mut Conn, now: Moment, bill: &Bill) -> Result<BillId> {
    on_either!(conn, conn => diesel::insert_into(trial_bills::table)
        .values((
            (trial_bills::reference.eq(BillId::random()), trial_bills::payment.eq(bill.payment)),
            (trial_bills::number.eq(bill.number.as_str()), trial_bills::amount.eq(bill.amount)),
            (trial_bills::currency.eq(&bill.currency), trial_bills::created_at.eq(now)),
        ))
        .on_conflict(trial_bills::payment)
        .do_nothing()
        .execute(conn))?;
    let found = trial_bills::table.filter(trial_bills::payment.eq(bill.payment)).select(trial_bills::reference);
    Ok(found.first(conn)?)
}

/// The bill of that page.
pub(super) fn find(conn: &mut Conn, reference: BillId) -> Result<TrialBill> {
    let found = trial_bills::table.filter(trial_bills::reference.eq(reference)).select(ROW);
    found.first(conn).optional()?.ok_or(Error::NotFound)
}

/// The bill of that payment.
pub(super) fn of(conn: &mut Conn, payment: PaymentId) -> Result<Option<TrialBill>> {
    Ok(trial_bills::table.filter(trial_bills::payment.eq(payment)).select(ROW).first(conn).optional()?)
}

/// Decides an open bill; one that is decided stays as it is.
pub(super) fn decide(conn: &mut Conn, reference: BillId, verdict: Verdict) -> Result<TrialBill> {
    let open = trial_bills::table.filter(trial_bills::reference.eq(reference)).filter(trial_bills::verdict.is_null());
    let event = BillId::random();
    diesel::update(open).set((trial_bills::verdict.eq(verdict.code()), trial_bills::event.eq(event.as_str()))).execute(conn)?;
    find(conn, reference)
}
