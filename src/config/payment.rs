//! How the shop is paid.
//!
//! Invariant: a shop that strangers can reach takes no play money unless somebody wrote that out. It does not know providers.

use std::time::Duration;

/// Who takes the money for new orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaidBy {
    /// Nobody: it comes by itself, and an operator writes down that it did.
    Invoice,
    /// A provider of our own, for tests and demos, that takes none.
    Trial,
}

impl PaidBy {
    /// Reads the setting.
    ///
    /// # Errors
    /// A sentence.
    pub fn read(text: &str, loopback: bool) -> Result<Self, String> {
        match text {
            "invoice" => Ok(Self::Invoice),
            "trial" if loopback => Ok(Self::Trial),
            "trial" => Err("a public shop would give its goods away: nobody pays with `trial`".to_owned()),
            "trial-in-public" => Ok(Self::Trial),
            _ => Err(format!("`{text}` is neither invoice nor trial")),
        }
    }
}

/// How the shop is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payment {
    /// Who takes the money for new orders.
    pub by: PaidBy,
    /// How long an order waits for its money before it is called off; one on invoice waits for ever.
    pub within: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn play_money_in_public_is_written_out() {
        assert_eq!(PaidBy::read("invoice", false), Ok(PaidBy::Invoice));
        assert_eq!(PaidBy::read("trial", true), Ok(PaidBy::Trial));
        assert_eq!(PaidBy::read("trial-in-public", false), Ok(PaidBy::Trial));
        assert!(PaidBy::read("trial", false).is_err() && PaidBy::read("", true).is_err());
    }
}
