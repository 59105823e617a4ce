//! The secret that an authenticator app and the shop share.
//!
//! Invariant: 20 bytes (RFC 4226 section 4); codes of the present step and the one before are right, no other (RFC 6238 section 5.2). It
//! does not know which steps were used.

use crate::auth::secrets::{Keys, Secrets};
use crate::clock::{Moment, unix};
use crate::ids::UserId;
use aws_lc_rs::hmac;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::fmt;
use totp_rs::{Builder, Secret, Totp};
use zeroize::Zeroizing;

/// Seconds of a step.
const STEP: i64 = 30;
/// An offered seed is good until the end of the next hour.
const OFFER: i64 = 3_600;
/// How far a phone's clock may be off and still be told so, in steps: ten minutes.
const FAR: i64 = 20;

/// See the module; wiped when dropped, never printed.
pub struct Seed(Zeroizing<[u8; 20]>);

impl Seed {
    /// The seed that a person is offered at this hour.
    #[must_use]
    pub fn offered(secrets: &Secrets, person: UserId, epoch: i64, now: Moment) -> Self {
        Self::of_hour(secrets.current(), person, epoch, unix(now).div_euclid(OFFER))
    }

    /// Every seed they may have been offered: in this hour or the one before, also by a node whose secret is not our first.
    pub(super) fn offers(secrets: &Secrets, person: UserId, epoch: i64, now: Moment) -> impl Iterator<Item = Self> {
        let hour = unix(now).div_euclid(OFFER);
        secrets.all().flat_map(move |keys| [hour, hour - 1].map(|hour| Self::of_hour(keys, person, epoch, hour)))
    }

    /// Drawn from the master secret, so that looking at a page writes nothing; the epoch goes up with every change, so nobody is offered
    /// a seed that was theirs before.
    fn of_hour(keys: &Keys, person: UserId, epoch: i64, hour: i64) -> Self {
        let tag = hmac::sign(&keys.enrolment, format!("{person} {epoch} {hour}").as_bytes());
        let mut seed = Zeroizing::new([0; 20]);
        seed.copy_from_slice(&tag.as_ref()[..20]);
        Self(seed)
    }

    /// The bytes that were sealed.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(|bytes| Self(Zeroizing::new(bytes)))
    }

    pub(super) fn expose(&self) -> &[u8] {
        &*self.0
    }

    fn totp(&self) -> Totp {
        Builder::new().with_skew(0).with_secret(Secret::new_stack(*self.0)).build().expect("20 bytes and six digits are legal")
    }

    fn is_of(&self, digits: &str, step: i64) -> bool {
        u64::try_from(step * STEP).is_ok_and(|at| self.totp().check(digits, at).is_some())
    }

    /// The step whose code this is: the present one or the one before.
    pub(super) fn step_of(&self, digits: &str, now: Moment) -> Option<i64> {
        let step = unix(now).div_euclid(STEP);
        [step, step - 1].into_iter().find(|step| self.is_of(digits, *step))
    }

    /// How many seconds the phone's clock is ahead, if this is the code of another time nearby. Told only to who is shown the seed anyway.
    pub(super) fn off_by(&self, digits: &str, now: Moment) -> Option<i64> {
        let step = unix(now).div_euclid(STEP);
        let nearby = (1..=FAR).flat_map(|far| [far, -far]);
        nearby.into_iter().find(|far| self.is_of(digits, step + far)).map(|far| far * STEP)
    }

    /// The key to be typed where a picture cannot be scanned.
    #[must_use]
    pub fn key(&self) -> String {
        Secret::new_stack(*self.0).to_base32()
    }

    /// What the picture says.
    #[must_use]
    pub fn url(&self, issuer: &str, account: &str) -> String {
        let plain = |text: &str| utf8_percent_encode(&text.replace(':', " "), NON_ALPHANUMERIC).to_string();
        let (issuer, account) = (plain(issuer), plain(account));
        format!("otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}", self.key())
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    /// The secret of RFC 6238, Appendix B.
    fn seed() -> Seed {
        Seed::of(b"12345678901234567890").expect("20 bytes")
    }

    #[test]
    fn codes_are_those_of_the_standard() {
        for (at, code) in [
            (datetime!(1970-01-01 00:00:59), "287082"),
            (datetime!(2005-03-18 01:58:29), "081804"),
            (datetime!(2033-05-18 03:33:20), "279037"),
            (datetime!(2603-10-11 11:33:20), "353130"),
        ] {
            assert_eq!(seed().step_of(code, at), Some(unix(at) / 30), "{at}");
            assert_eq!(seed().step_of(code, at + time::Duration::seconds(30)), Some(unix(at) / 30), "a step later");
            assert_eq!(seed().step_of(code, at + time::Duration::seconds(61)), None, "two steps later");
            assert_eq!(seed().step_of(code, at - time::Duration::seconds(30)), None, "before its time");
        }
    }

    #[test]
    fn a_clock_that_is_off_is_noticed() {
        let now = datetime!(2005-03-18 01:58:29);
        assert_eq!(seed().off_by("081804", now - time::Duration::seconds(180)), Some(180));
        assert_eq!(seed().off_by("081804", now + time::Duration::seconds(300)), Some(-300));
        assert_eq!(seed().off_by("081804", now + time::Duration::hours(1)), None);
    }

    #[test]
    fn the_picture_says_what_the_key_says() {
        let url = seed().url("Hearth & Grain: home", "ada@example.com");
        assert_eq!(
            url,
            "otpauth://totp/Hearth%20%26%20Grain%20%20home:ada%40example%2Ecom?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Hearth%20%26%20Grain%20%20home"
        );
        assert_eq!(format!("{:?}", seed()), "Seed(…)");
    }

    #[test]
    fn an_offer_outlives_its_hour_and_is_of_one_person_and_epoch() {
        let secrets = Secrets::new(&"q8Vn2LxT0sRb5YwZ7mKc3JdH9fGpA1eU".parse().expect("a secret"), &[]);
        let (ada, eve, now) = (UserId::random(), UserId::random(), datetime!(2026-11-22 10:59:59));
        let offered = Seed::offered(&secrets, ada, 3, now).key();
        let known = |person, epoch, later| {
            Seed::offers(&secrets, person, epoch, now + time::Duration::minutes(later)).any(|seed| seed.key() == offered)
        };
        assert!(known(ada, 3, 0) && known(ada, 3, 60));
        assert!(!known(ada, 3, 61) && !known(ada, 4, 0) && !known(eve, 3, 0));
    }
}
