//! What goods come to: discount, delivery, total, and the tax in it.
//!
//! Invariant: `total = subtotal - discount + delivery`, counted in checked integers in this one place, for the cart, the order and
//! the demo's history alike. It does not know products.

use crate::config::Terms;
use crate::error::{Error, Result};
use crate::shop::discount::Off;
use crate::shop::money::Money;
use crate::shop::tax::TaxRate;

/// The sums of a cart or an order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sums {
    /// The sum of the lines.
    pub subtotal: Money,
    /// What is taken off.
    pub discount: Money,
    /// What the delivery costs.
    pub delivery: Money,
    /// `subtotal - discount + delivery`.
    pub total: Money,
    /// The tax that the total contains.
    pub tax: Money,
}

impl Sums {
    /// Adds up lines, and takes something off. Nothing at all costs no delivery; what is left counts for one that costs nothing.
    ///
    /// # Errors
    /// Sums that no shop has.
    pub fn of(lines: impl IntoIterator<Item = Money>, off: Option<Off>, terms: &Terms) -> Result<Self> {
        let subtotal = Money::sum(lines)?;
        let discount = off.map_or(Ok(Money::ZERO), |off| off.from(subtotal))?;
        let goods = subtotal.minus(discount)?;
        let delivery = if subtotal == Money::ZERO || is_free(goods, terms) { Money::ZERO } else { rate(terms)? };
        let total = goods.plus(delivery)?;
        Ok(Self { subtotal, discount, delivery, total, tax: tax_rate(terms)?.within(total)? })
    }

    /// What is missing for a delivery that costs nothing; none where that cannot be had, or is had already.
    #[must_use]
    pub fn to_free_delivery(&self, terms: &Terms) -> Option<Money> {
        let goods = self.subtotal.minor() - self.discount.minor();
        let missing = terms.delivery_free_from?.checked_sub(goods)?;
        if self.delivery > Money::ZERO { Money::new(missing) } else { None }
    }
}

fn is_free(goods: Money, terms: &Terms) -> bool {
    terms.delivery_free_from.is_some_and(|from| goods.minor() >= from)
}

fn rate(terms: &Terms) -> Result<Money> {
    Money::new(terms.delivery).ok_or_else(|| Error::internal("the delivery's price is below nothing"))
}

/// The shop's one rate of tax.
///
/// # Errors
/// None with settings that were read.
pub fn tax_rate(terms: &Terms) -> Result<TaxRate> {
    TaxRate::new(terms.tax_rate).ok_or_else(|| Error::internal("the tax rate is over a hundred percent"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::trial::money;
    use proptest::prelude::*;

    const TERMS: Terms = Terms { delivery: 490, delivery_free_from: Some(6_000), tax_rate: 1_900 };

    #[test]
    fn delivery_has_one_price_and_costs_nothing_from_a_sum_on() {
        let sums = |lines: &[i64], terms| Sums::of(lines.iter().map(|line| money(*line)), None, terms).expect("sums");
        let some = sums(&[2_000, 3_999], &TERMS);
        assert_eq!((some.subtotal, some.delivery, some.total, some.tax), (money(5_999), money(490), money(6_489), money(1_036)));
        assert_eq!(some.to_free_delivery(&TERMS), Some(money(1)));
        let enough = sums(&[6_000], &TERMS);
        assert_eq!((enough.delivery, enough.total, enough.to_free_delivery(&TERMS)), (money(0), money(6_000), None));
        assert_eq!(sums(&[], &TERMS), Sums::default());
        let off = |lines: &[i64], off| Sums::of(lines.iter().map(|line| money(*line)), Some(off), &TERMS).expect("sums");
        let less = off(&[6_500], Off::Percent(10));
        assert_eq!((less.discount, less.delivery, less.total), (money(650), money(490), money(6_340)));
        let all = off(&[300], Off::Amount(money(900)));
        assert_eq!((all.discount, all.total), (money(300), money(490)));
        let never = Terms { delivery_free_from: None, ..TERMS };
        assert_eq!((sums(&[900_000], &never).delivery, sums(&[1], &never).to_free_delivery(&never)), (money(490), None));
    }

    proptest! {
        #[test]
        fn the_parts_make_the_total(lines in prop::collection::vec(0..=1_000_000_000_i64, 0..50), delivery in 0..=10_000_i64, percent in prop::option::of(1..=100_i64), from in prop::option::of(0..=100_000_i64)) {
            let terms = Terms { delivery, delivery_free_from: from, tax_rate: 1_900 };
            let sums = Sums::of(lines.iter().map(|line| money(*line)), percent.map(Off::Percent), &terms).expect("sums");
            prop_assert_eq!(sums.subtotal.minor(), lines.iter().sum::<i64>());
            prop_assert_eq!(sums.total.minor(), sums.subtotal.minor() - sums.discount.minor() + sums.delivery.minor());
            prop_assert!(sums.tax <= sums.total);
        }
    }
}
