//! One message that survives a redirect.
//!
//! Invariant: it is shown once, on the next page that a person really opens (a prefetch consumes nothing), and only what we signed
//! ourselves in the last five minutes is shown. It does not know pages.

use crate::clock::{Moment, unix};
use crate::ids::{base64url, from_base64url};
use crate::web::cookies::{self, Name};
use crate::web::identity::Visit;
use aws_lc_rs::hmac;
use serde::{Deserialize, Serialize};

const LIFE: i64 = 300;
/// A message is a sentence or two; a cookie has 4 KiB.
const LONGEST: usize = 600;

/// How it is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// It was done.
    Success,
    /// Something to know.
    Notice,
    /// It was not done.
    Error,
}

/// The message, as the layout shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flash {
    /// How it is meant.
    pub kind: Kind,
    /// What it says.
    pub text: String,
    /// Where "Undo" posts to.
    pub undo: Option<String>,
    /// What is to be read this once; such a message waits for the page it belongs to.
    #[serde(default)]
    pub sealed: Option<Sealed>,
}

/// What is to be read once, on one page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// The page.
    pub page: String,
    /// The sealed text.
    pub text: String,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    #[serde(flatten)]
    flash: Flash,
    until: i64,
}

/// Keeps the message for the next page.
pub fn keep(visit: &Visit, key: &hmac::Key, now: Moment, flash: Flash) {
    let text = flash.text.chars().take(LONGEST).collect();
    let kept = Kept { flash: Flash { text, ..flash }, until: unix(now) + LIFE };
    let Ok(message) = serde_json::to_vec(&kept) else { return };
    let tag = hmac::sign(key, &message);
    visit.set_cookie(cookies::set(Name::Flash, &format!("{}.{}", base64url(&message), base64url(tag)), Some(LIFE)));
}

/// Takes the message, if there is one of ours, and deletes it; one with something sealed in it only at the page that shows it.
#[must_use]
pub fn take<'a>(visit: &Visit, mut keys: impl Iterator<Item = &'a hmac::Key>, now: Moment, page: &str) -> Option<Flash> {
    let value = visit.cookie(Name::Flash)?;
    let kept = keys.find_map(|key| open(value, key, now));
    if kept.as_ref().is_some_and(|flash| flash.sealed.as_ref().is_some_and(|sealed| sealed.page != page)) {
        return None;
    }
    visit.set_cookie(cookies::delete(Name::Flash));
    kept
}

fn open(value: &str, key: &hmac::Key, now: Moment) -> Option<Flash> {
    let (message, tag) = value.split_once('.')?;
    let (message, tag) = (from_base64url(message)?, from_base64url(tag)?);
    // Nothing is parsed before it is known to be ours.
    if hmac::verify(key, &message, &tag).is_err() {
        return None;
    }
    match serde_json::from_slice::<Kept>(&message) {
        Ok(kept) if unix(now) < kept.until => Some(kept.flash),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    #[test]
    fn only_what_we_signed_lately_is_shown() {
        let (key, clock) = (hmac::Key::new(hmac::HMAC_SHA256, &[1; 32]), Clock::default());
        let flash = Flash { kind: Kind::Success, text: "Saved.".to_owned(), undo: None, sealed: None };
        let message = serde_json::to_vec(&Kept { flash: flash.clone(), until: unix(clock.now()) + LIFE }).expect("JSON");
        let value = format!("{}.{}", base64url(&message), base64url(hmac::sign(&key, &message)));
        assert_eq!(open(&value, &key, clock.now()), Some(flash));
        let other = hmac::Key::new(hmac::HMAC_SHA256, &[2; 32]);
        assert_eq!(open(&value, &other, clock.now()), None);
        for wrong in ["", ".", "x.y", &value[1..], &value[..value.len() - 2]] {
            assert_eq!(open(wrong, &key, clock.now()), None, "{wrong}");
        }
        clock.advance(std::time::Duration::from_secs(301));
        assert_eq!(open(&value, &key, clock.now()), None);
    }
}
