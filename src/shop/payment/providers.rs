//! The providers of this shop.
//!
//! Invariant: whoever may still say something of a payment is here, also when new orders are paid elsewhere. It does not know which
//! provider an order has.

use super::invoice::Invoice;
use super::provider::PaymentProvider;
use super::trial::Trial;
use crate::clock::Clock;
use crate::config::PaidBy;
use crate::db::Db;
use aws_lc_rs::hmac;
use std::sync::Arc;

/// All of them; a clone is the same.
#[derive(Clone)]
pub struct Providers {
    all: Arc<[Arc<dyn PaymentProvider>]>,
    trial: Option<Arc<Trial>>,
}

impl Providers {
    /// Those that the settings name. The keys sign the trial provider's messages; the first is the one in use.
    #[must_use]
    pub fn open(paid_by: PaidBy, db: &Db, clock: &Clock, keys: Vec<hmac::Key>) -> Self {
        let trial = (paid_by == PaidBy::Trial).then(|| Arc::new(Trial::new(db.clone(), clock.clone(), keys)));
        let mut all: Vec<Arc<dyn PaymentProvider>> = vec![Arc::new(Invoice)];
        if let Some(trial) = &trial {
            all.push(trial.clone());
        }
        Self { all: all.into(), trial }
    }

    /// The provider of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<dyn PaymentProvider>> {
        self.all.iter().find(|provider| provider.name() == name)
    }

    /// The trial provider, whose page is ours, if it is in use.
    #[must_use]
    pub fn trial(&self) -> Option<&Arc<Trial>> {
        self.trial.as_ref()
    }
}
