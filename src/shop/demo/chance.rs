//! Chance that falls the same way each time.
//!
//! Invariant: the same seed gives the same numbers on every machine. Good enough for a demo, for nothing that must not be guessed.

/// `SplitMix64` (Steele, Lea and Flood, 2014): three lines, and no crate that could change its numbers.
pub(super) struct Chance(pub(super) u64);

impl Chance {
    pub(super) const fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `end` - 1; 0 when there is none.
    pub(super) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.bits() % end).unwrap_or_default()
    }

    /// A duration from `least` to `most` minutes.
    pub(super) fn minutes(&mut self, least: u32, most: u32) -> time::Duration {
        let span = u64::from(most.saturating_sub(least)) + 1;
        time::Duration::minutes(i64::from(least) + i64::try_from(self.bits() % span).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_paper() {
        let mut chance = Chance(1_234_567);
        assert_eq!([chance.bits(), chance.bits()], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
    }
}
