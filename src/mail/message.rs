//! A letter as it goes over the wire (RFC 5322).
//!
//! Invariant: the same letter is the same bytes at every try, Message-ID and all, so that one which had to be sent again is known for
//! what it is; nothing that a person wrote becomes a header of its own. It does not know servers.

use crate::clock::Moment;
use crate::config::MailFrom;
use crate::error::{Error, Result};
use crate::ids::LetterId;
use crate::mail::letter::Recipient;
use lettre::Address;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart, SinglePart};

/// The words of a letter.
#[derive(Clone)]
pub struct Words {
    /// One line.
    pub subject: String,
    /// For readers without HTML.
    pub text: String,
    /// The same, with looks.
    pub html: String,
}

/// What goes out.
#[derive(Clone)]
pub struct Parcel {
    /// Its name in the world: Message-ID without the domain.
    pub id: LetterId,
    /// When it was written.
    pub written_at: Moment,
    /// To whom, for the envelope.
    pub to: Address,
    /// From whom, for the envelope.
    pub from: Address,
    /// Headers and body.
    pub bytes: Vec<u8>,
}

/// Builds the message: text and HTML as alternatives (RFC 2046 section 5.1.4).
///
/// # Errors
/// `Internal`, when an address is none: it was checked before it was stored.
pub fn build(id: LetterId, written_at: Moment, from: &MailFrom, to: &Recipient, words: Words) -> Result<Parcel> {
    let address = |text: &str| text.parse::<Address>().map_err(|_| Error::internal("an address of a letter is none"));
    let (sender, receiver) = (address(&from.address)?, address(&to.address)?);
    let automatic = |name: &'static str, value: &str| HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned());
    let message = Message::builder()
        .message_id(Some(format!("<{id}@{}>", from.domain())))
        .date(written_at.assume_utc().into())
        .from(Mailbox::new(Some(one_line(&from.name)), sender.clone()))
        .to(Mailbox::new(to.greeting().map(one_line), receiver.clone()))
        .subject(one_line(&words.subject))
        // Nobody's out-of-office should answer a machine (RFC 3834).
        .raw_header(automatic("Auto-Submitted", "auto-generated"))
        .raw_header(automatic("X-Auto-Response-Suppress", "All"))
        .multipart(
            MultiPart::alternative()
                .boundary(format!("=_{id}"))
                .singlepart(SinglePart::plain(words.text))
                .singlepart(SinglePart::html(words.html)),
        )
        .map_err(|cause| Error::internal(format!("a letter is no message: {cause}")))?;
    Ok(Parcel { id, written_at, to: receiver, from: sender, bytes: message.formatted() })
}

/// A header is one line: what would end it, or hide in it, becomes a blank.
fn one_line(text: &str) -> String {
    let sightless = |sign: char| {
        sign.is_control() || matches!(sign, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let plain: String = text.chars().map(|sign| if sightless(sign) { ' ' } else { sign }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
