//! Where a long list goes on: a name for an event's place that says nothing to anybody else.
//!
//! Invariant: the place is sealed, since a row's number never leaves the server; one that we did not seal is not found.

use crate::audit::{Event, Place};
use crate::auth::secrets::Secrets;
use crate::clock::Moment;
use crate::error::{Error, Result};
use time::{OffsetDateTime, PrimitiveDateTime};

const PURPOSE: &str = "place in the audit";

/// The name of an event's place.
pub(super) fn name(secrets: &Secrets, event: &Event) -> String {
    let micros = event.at.assume_utc().unix_timestamp_nanos() / 1_000;
    let plain = [micros.to_be_bytes().as_slice(), event.id.to_be_bytes().as_slice()].concat();
    secrets.current().seal(PURPOSE, &plain)
}

/// The place that a query says to go on behind, if it says one.
///
/// # Errors
/// `NotFound` for a name that is none of ours.
pub(super) fn after(secrets: &Secrets, query: &str) -> Result<Option<Place>> {
    let Some((_, name)) = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "after") else { return Ok(None) };
    let plain = secrets.all().find_map(|keys| keys.open(PURPOSE, &name)).ok_or(Error::NotFound)?;
    let (micros, id) = plain.split_at_checked(16).ok_or(Error::NotFound)?;
    let micros = i128::from_be_bytes(micros.try_into().map_err(|_| Error::NotFound)?);
    let id = i64::from_be_bytes(id.try_into().map_err(|_| Error::NotFound)?);
    let at = OffsetDateTime::from_unix_timestamp_nanos(micros * 1_000).map_err(|_| Error::NotFound)?;
    let at: Moment = PrimitiveDateTime::new(at.date(), at.time());
    Ok(Some(Place { at, id }))
}

/// One more than is shown, so that "older" is known.
pub(super) fn one_more(shown: usize) -> i64 {
    i64::try_from(shown + 1).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    #[test]
    fn a_place_is_read_back_and_an_invented_one_is_not_found() {
        let secrets = Secrets::new(&"q8Vn2LxT0sRb5YwZ7mKc3JdH9fGpA1eU".parse().expect("a secret"), &[]);
        let text = String::new;
        let event = Event {
            id: 7,
            at: Clock::default().now(),
            kind: text(),
            user: None,
            session: None,
            address: text(),
            detail: text(),
            client: text(),
        };
        let name = name(&secrets, &event);
        assert_eq!(after(&secrets, &format!("x=1&after={name}")).expect("a place"), Some(event.place()));
        assert_eq!(after(&secrets, "x=1").expect("nothing said"), None);
        for invented in ["", "7", "AAAAAAAAAAAAAAAAAAAAAA", &name[1..]] {
            assert!(matches!(after(&secrets, &format!("after={invented}")), Err(Error::NotFound)), "{invented}");
        }
    }
}
