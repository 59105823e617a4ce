//! How often something may be tried before waits begin.
//!
//! Invariant: a rule that exists lets at least one try through and forgets in the end. It does not know what is tried.

use super::values::rate;
use std::str::FromStr;
use std::time::Duration;

/// `N/PERIOD`, `N/PERIOD:BURST`, or `off`: so many failures, each forgotten when nothing failed for so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tries {
    /// Nobody ever waits.
    Off,
    /// Waits begin.
    On {
        /// With this failure.
        most: u32,
        /// Failures are forgotten after this time.
        within: Duration,
    },
}

impl FromStr for Tries {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if text == "off" {
            return Ok(Self::Off);
        }
        let (count, within, burst) = rate(text)?;
        // A failure is no act that comes back: there is nothing that N and BURST could each say, so the smaller of them holds.
        let most = count.min(burst);
        if most > 1_000 {
            return Err(format!("`{text}` is not a limit"));
        }
        Ok(Self::On { most, within })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_reads_as_documented() {
        let rule = |most, minutes| Ok(Tries::On { most, within: Duration::from_mins(minutes) });
        assert_eq!("5/15m".parse(), rule(5, 15));
        assert_eq!("5/15m:3".parse(), rule(3, 15));
        assert_eq!("off".parse(), Ok(Tries::Off));
        for wrong in ["", "5", "0/15m", "5/0s", "5/15m:0", "-1/15m", "5/", "often", "99999/1m"] {
            assert!(wrong.parse::<Tries>().is_err(), "{wrong}");
        }
    }
}
