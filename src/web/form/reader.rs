//! Reads typed fields out of what was sent and collects a sentence for each that is wrong.
//!
//! Invariant: unknown, repeated, undecodable and control-character fields are named before any field is read; a `T` exists only when
//! nothing was complained about.

use super::Fields;
use super::sent::{Sent, Value};
use crate::error::FieldError;

/// What was sent, and what is wrong with it so far.
#[derive(Debug)]
pub struct Reader<'a> {
    sent: &'a Sent,
    numbers: &'static [&'static str],
    errors: Vec<FieldError>,
}

impl<'a> Reader<'a> {
    /// Looks over all fields for what no form of ours can have sent.
    #[must_use]
    pub(super) fn new<T: Fields>(sent: &'a Sent, beside: Option<&str>) -> Self {
        let mut reader = Self { sent, numbers: T::NUMBERS, errors: Vec::new() };
        for (at, (name, value)) in sent.iter().enumerate() {
            let known = T::FIELDS.contains(&name.as_str());
            if !known && beside != Some(name.as_str()) {
                let shown: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
                reader.complain(&shown, format!("There is no field \"{shown}\" here."));
            } else if sent[..at].iter().any(|(earlier, _)| earlier == name) {
                reader.complain(name, format!("The field \"{name}\" came more than once."));
            } else if let Some(complaint) = unreadable(value, T::LINES.contains(&name.as_str())) {
                reader.complain(name, complaint);
            }
        }
        reader
    }

    /// A field that must be there and not empty, as text (or, for `Fields::NUMBERS`, a JSON number).
    pub fn required<V>(&mut self, field: &str, parse: impl FnOnce(&str) -> Result<V, String>) -> Option<V> {
        match self.optional(field, parse)? {
            Some(value) => Some(value),
            None => self.refuse(field, format!("Enter {}.", thing(field))),
        }
    }

    /// A field that may be absent or empty: `Some(None)` then.
    #[allow(clippy::option_option, reason = "the outer one says whether it could be read, the inner whether it was there")]
    pub fn optional<V>(&mut self, field: &str, parse: impl FnOnce(&str) -> Result<V, String>) -> Option<Option<V>> {
        match self.raw(field)? {
            None | Some("") => Some(None),
            Some(text) => match parse(text) {
                Ok(value) => Some(Some(value)),
                Err(sentence) => self.refuse(field, sentence),
            },
        }
    }

    /// Text of 1 to `most` characters that is not blank.
    pub fn text(&mut self, field: &str, most: usize) -> Option<String> {
        self.required(field, |text| short(text, most))
    }

    /// Text of at most `most` characters; `Some(None)` when it is absent, empty or blank.
    #[allow(clippy::option_option, reason = "as in `optional`")]
    pub fn optional_text(&mut self, field: &str, most: usize) -> Option<Option<String>> {
        if self.raw(field)?.is_none_or(|text| text.trim().is_empty()) {
            return Some(None);
        }
        self.optional(field, |text| short(text, most))
    }

    /// A secret: taken as it is, not trimmed, not even when blank; empty is absent.
    pub fn secret(&mut self, field: &str) -> Option<String> {
        self.required(field, |text| Ok(text.to_owned()))
    }

    /// Text that must be sent, and may be empty: where every wrong text has the same answer.
    pub fn any_text(&mut self, field: &str) -> Option<String> {
        match self.raw(field)? {
            Some(text) => Some(text.to_owned()),
            None => self.refuse(field, format!("Send {}.", thing(field))),
        }
    }

    /// True for `1`, `on`, `true`; false when absent or empty (docs/API.md, "General").
    pub fn flag(&mut self, field: &str) -> Option<bool> {
        if let Some((_, Value::Flag(flag))) = self.find(field) {
            return self.errors.iter().all(|error| error.field != field).then_some(*flag);
        }
        match self.raw(field)? {
            None | Some("") => Some(false),
            Some("1" | "on" | "true") => Some(true),
            Some(_) => self.refuse(field, "This is either on or left out.".to_owned()),
        }
    }

    /// Complains about a field; always `None`, so that it can end a `read`.
    pub fn refuse<V>(&mut self, field: &str, sentence: String) -> Option<V> {
        self.complain(field, sentence);
        None
    }

    /// Did this field come at all?
    #[must_use]
    pub fn has(&self, field: &str) -> bool {
        self.find(field).is_some()
    }

    /// What is wrong, in the order it was found.
    pub(super) fn errors(self) -> Vec<FieldError> {
        self.errors
    }

    fn complain(&mut self, field: &str, message: String) {
        self.errors.push(FieldError { field: field.to_owned(), message });
    }

    fn find(&self, field: &str) -> Option<&'a (String, Value)> {
        self.sent.iter().find(|(name, _)| name == field)
    }

    /// The text of a field; none at all when it was complained about already.
    #[allow(clippy::option_option, reason = "as in `optional`")]
    fn raw(&mut self, field: &str) -> Option<Option<&'a str>> {
        if self.errors.iter().any(|error| error.field == field) {
            return None;
        }
        match self.find(field).map(|(_, value)| value) {
            None => Some(None),
            Some(Value::Null) if !self.numbers.contains(&field) => Some(None),
            Some(Value::Text(text)) => Some(Some(text)),
            Some(Value::Number(digits)) if self.numbers.contains(&field) => Some(Some(digits)),
            Some(_) if self.numbers.contains(&field) => self.refuse(field, "This must be a whole number.".to_owned()),
            Some(_) => self.refuse(field, "This must be text.".to_owned()),
        }
    }
}

/// Text that nobody can have typed into this field.
fn unreadable(value: &Value, lines: bool) -> Option<String> {
    match value {
        Value::NotText => Some("This has characters that we cannot read (it is not UTF-8).".to_owned()),
        Value::Text(text) if text.chars().any(|c| c.is_control() && !(lines && matches!(c, '\n' | '\r' | '\t'))) => {
            Some("This has invisible control characters in it. Type it again by hand.".to_owned())
        }
        _ => None,
    }
}

fn short(text: &str, most: usize) -> Result<String, String> {
    let text = text.trim();
    let length = text.chars().count();
    if text.is_empty() {
        Err("This has nothing but spaces in it.".to_owned())
    } else if length > most {
        Err(format!("This has {length} characters; {most} is the most."))
    } else {
        Ok(text.to_owned())
    }
}

/// What a person is asked to enter.
fn thing(field: &str) -> String {
    let known = match field {
        "name" => "your name",
        "email" | "username" => "your e-mail address",
        "password" => "your password",
        "current_password" => "your present password",
        "new_password" => "a new password",
        "address1" => "the street and number",
        "city" => "the town or city",
        "postal_code" => "the postal code",
        "country" => "the country",
        "quantity" => "how many",
        "sku" => "the stock-keeping code",
        "position" => "a place in the order",
        _ => return format!("the {}", field.replace('_', " ")),
    };
    known.to_owned()
}
