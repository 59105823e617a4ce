//! An authenticator app on somebody's phone.
//!
//! Invariant: its codes come from `oathtool`, which shares no line with the shop; its clock is the shop's unless it is off.

use super::page::Page;
use latchkey::clock::{Clock, unix};
use std::process::Command;

/// See the module.
pub struct Phone {
    key: String,
    clock: Clock,
}

impl Phone {
    /// Takes the key of the page that offers one, and checks that the picture's address says the same.
    #[track_caller]
    pub fn set_up(page: &Page, clock: &Clock) -> Self {
        let key: String = page.text(".key").split_whitespace().collect();
        assert_eq!(key.len(), 32, "20 bytes in base32: {key}");
        let url = page.attributes("main a[href^='otpauth:']", "href").remove(0);
        assert!(url.starts_with("otpauth://totp/") && url.contains(&format!("secret={key}&issuer=")), "{url}");
        assert!(page.has("svg.qr path"), "{}", page.words());
        Self { key, clock: clock.clone() }
    }

    /// What it shows now.
    pub fn code(&self) -> String {
        self.code_at(0)
    }

    /// What it shows so many seconds from now, or shows now if its clock is so far ahead.
    pub fn code_at(&self, ahead: i64) -> String {
        let at = format!("@{}", unix(self.clock.now()) + ahead);
        let output = Command::new("oathtool").args(["--totp", "--base32", &self.key, "--now", &at]).output();
        let output = output.expect("oathtool is installed (.ci/run)");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("digits").trim().to_owned()
    }
}
