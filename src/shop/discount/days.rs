//! From which day to which day a code is good, in the shop's time.
//!
//! Invariant: a day is whole: from its first moment to the first of the next. It does not know codes.

use crate::clock::{Moment, from_unix};
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// The moments between which it is good.
///
/// # Errors
/// A sentence, when the last day is before the first, or a day is beyond all calendars.
pub fn days(from: Option<Date>, until: Option<Date>, zone: &TimeZone) -> Result<(Option<Moment>, Option<Moment>), String> {
    let begin = |day: Date| {
        let begins = day.to_zoned(zone.clone()).map_err(|cause| cause.to_string())?;
        Ok::<_, String>(from_unix(begins.timestamp().as_second()))
    };
    let after = |day: Date| begin(day.tomorrow().map_err(|cause| cause.to_string())?);
    let (starts, ends) = (from.map(begin).transpose()?, until.map(after).transpose()?);
    if starts.zip(ends).is_some_and(|(starts, ends)| ends <= starts) {
        return Err("The last day is before the first.".to_owned());
    }
    Ok((starts, ends))
}
