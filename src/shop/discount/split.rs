//! One amount shared out over several, in whole minor units.
//!
//! Invariant: the shares add up to the amount exactly, and none is more than what it is a share of. It does not know what is shared.

use crate::error::{Error, Result};
use crate::shop::money::Money;

/// Shares `amount` out in proportion to `weights`, by largest remainder: everyone gets the whole units of their part, and what is left
/// goes, a unit each, to those who were cut the most, the earlier first.
///
/// # Errors
/// When the amount is more than all weights together.
pub fn split(amount: Money, weights: &[Money]) -> Result<Vec<Money>> {
    let whole: i128 = weights.iter().map(|weight| i128::from(weight.minor())).sum();
    let amount = i128::from(amount.minor());
    if amount > whole {
        return Err(Error::internal("more is to be shared out than there is"));
    }
    if whole == 0 {
        return Ok(vec![Money::ZERO; weights.len()]);
    }
    let parts = || weights.iter().map(|weight| amount * i128::from(weight.minor()));
    let mut shares: Vec<i128> = parts().map(|part| part / whole).collect();
    let mut cut: Vec<(usize, i128)> = parts().map(|part| part % whole).enumerate().collect();
    cut.sort_by_key(|(at, remainder)| (-remainder, *at));
    let left = usize::try_from(amount - shares.iter().sum::<i128>()).map_err(Error::internal)?;
    for (at, _) in cut.into_iter().take(left) {
        shares[at] += 1;
    }
    let money = |share: i128| i64::try_from(share).ok().and_then(Money::new);
    shares.into_iter().map(money).collect::<Option<_>>().ok_or_else(|| Error::internal("a share left the range of money"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::trial::money;
    use proptest::prelude::*;

    fn shares(amount: i64, weights: &[i64]) -> Vec<i64> {
        let weights: Vec<Money> = weights.iter().map(|weight| money(*weight)).collect();
        split(money(amount), &weights).expect("shares").into_iter().map(Money::minor).collect()
    }

    #[test]
    fn the_rest_goes_to_those_who_were_cut_the_most() {
        assert_eq!(shares(100, &[100, 100, 100]), [34, 33, 33]);
        assert_eq!(shares(1, &[1, 1, 1]), [1, 0, 0]);
        assert_eq!(shares(10, &[1, 98, 1]), [0, 10, 0]);
        assert_eq!(shares(7, &[0, 5, 5]), [0, 4, 3]);
        assert_eq!((shares(0, &[]), shares(0, &[0, 0]), shares(6, &[1, 2, 3])), (vec![], vec![0, 0], vec![1, 2, 3]));
        assert!(split(money(2), &[money(1)]).is_err());
    }

    proptest! {
        #[test]
        fn shares_add_up_and_none_is_more_than_its_whole(weights in prop::collection::vec(0..=1_000_000_000_000_i64, 0..50), part in 0..=1_000_i128) {
            let whole: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
            let amount = i64::try_from(whole * part / 1_000).expect("it fits");
            let shares = shares(amount, &weights);
            prop_assert_eq!(shares.iter().sum::<i64>(), amount);
            for (share, weight) in shares.iter().zip(&weights) {
                prop_assert!(share <= weight);
                let exact = i128::from(amount) * i128::from(*weight);
                prop_assert!((i128::from(*share) * whole - exact).abs() < whole.max(1), "a share is within a unit of its part");
            }
        }
    }
}
