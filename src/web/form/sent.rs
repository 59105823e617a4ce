//! What was sent: the fields of a form or of a JSON object, in order, before they mean anything.
//!
//! Invariant: nothing is repaired or dropped. A repeated field, bad UTF-8 and control characters are kept as what they are, so that
//! `Reader` can name them. It does not know which fields are legal.

use crate::error::{Error, Result};
use serde::de::{Deserializer as _, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// More fields than any form of ours has are no form of ours.
const MOST: usize = 64;

/// One value as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Text; from a form everything is.
    Text(String),
    /// A JSON number that is whole.
    Number(String),
    /// A JSON true or false.
    Flag(bool),
    /// Not UTF-8.
    NotText,
    /// A JSON list, object, or a number with a fraction.
    Other,
    /// JSON null: as good as absent.
    Null,
}

/// All fields in the order they came.
pub type Sent = Vec<(String, Value)>;

/// Decodes `application/x-www-form-urlencoded`.
///
/// # Errors
/// `BadRequest` for more fields than any form has.
pub fn from_form(body: &[u8]) -> Result<Sent> {
    let mut sent = Sent::new();
    for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        if sent.len() == MOST {
            return Err(Error::BadRequest("That has more fields than any form of ours."));
        }
        let (name, value) = match pair.iter().position(|byte| *byte == b'=') {
            Some(at) => (&pair[..at], &pair[at + 1..]),
            None => (pair, &[][..]),
        };
        let name = String::from_utf8_lossy(&decoded(name)).into_owned();
        sent.push((name, String::from_utf8(decoded(value)).map_or(Value::NotText, Value::Text)));
    }
    Ok(sent)
}

/// Percent-decodes and turns `+` into a space, as the URL standard says; a `%` without two digits stands for itself.
fn decoded(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, after)) = rest.split_first() {
        let hex = |at: usize| after.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        rest = after;
        bytes.push(match (first, hex(0), hex(1)) {
            (b'%', Some(high), Some(low)) => {
                rest = &after[2..];
                u8::try_from(high * 16 + low).unwrap_or_default()
            }
            (b'+', ..) => b' ',
            _ => first,
        });
    }
    bytes
}

/// Reads a JSON object, keeping repeated members. An empty body is an empty object.
///
/// # Errors
/// `BadRequest` for anything that is no object.
pub fn from_json(body: &[u8]) -> Result<Sent> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Sent::new());
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let sent = json.deserialize_map(Members).map_err(|_| Error::BadRequest("The body is not a JSON object that we can read."))?;
    json.end().map_err(|_| Error::BadRequest("Something follows the JSON object."))?;
    Ok(sent)
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Sent;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Sent, A::Error> {
        let mut sent = Sent::new();
        while let Some(member) = map.next_entry()? {
            if sent.len() == MOST {
                return Err(A::Error::custom("too many members"));
            }
            sent.push(member);
        }
        Ok(sent)
    }
}

impl<'de> serde::Deserialize<'de> for Value {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct One;
        impl<'de> Visitor<'de> for One {
            type Value = Value;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }
            fn visit_str<E>(self, text: &str) -> Result<Value, E> {
                Ok(Value::Text(text.to_owned()))
            }
            fn visit_string<E>(self, text: String) -> Result<Value, E> {
                Ok(Value::Text(text))
            }
            fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
                Ok(Value::Flag(flag))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
                Ok(Value::Number(number.to_string()))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
                Ok(Value::Number(number.to_string()))
            }
            fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
                // 2.0 is a whole number to JSON; from 2^53 on nobody knows any more which one was meant. (The sum makes -0 to 0.)
                let whole = number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0;
                Ok(if whole { Value::Number(format!("{:.0}", number + 0.0)) } else { Value::Other })
            }
            fn visit_unit<E>(self) -> Result<Value, E> {
                Ok(Value::Null)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Value::Other)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Value::Other)
            }
        }
        deserializer.deserialize_any(One)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    #[test]
    fn a_form_is_decoded_without_repair() {
        let sent = from_form(b"name=Ada+L%C3%B6v&&email=&bare&odd=%zz%4&bad=%ff%fe&name=twice&nul=%00").expect("a form");
        let expected = [
            ("name", text("Ada L\u{f6}v")),
            ("email", text("")),
            ("bare", text("")),
            ("odd", text("%zz%4")),
            ("bad", Value::NotText),
            ("name", text("twice")),
            ("nul", text("\0")),
        ];
        assert_eq!(sent, expected.map(|(name, value)| (name.to_owned(), value)));
        assert!(from_form("a=1&".repeat(65).as_bytes()).is_err());
    }

    #[test]
    fn json_keeps_kinds_and_repetitions() {
        let sent =
            from_json(br#"{"a": "x", "a": 2, "b": true, "c": null, "d": [1, {"e": 2}], "f": 1.5, "g": -3}"#).expect("an object");
        let kinds: Vec<_> = sent.into_iter().map(|(_, value)| value).collect();
        let number = |digits: &str| Value::Number(digits.to_owned());
        assert_eq!(kinds, [text("x"), number("2"), Value::Flag(true), Value::Null, Value::Other, Value::Other, number("-3")]);
        let wholes = from_json(br#"{"a": 48.0, "b": -0.0, "c": 1e2, "d": 1e16, "e": 0.5}"#).expect("an object");
        let wholes: Vec<_> = wholes.into_iter().map(|(_, value)| value).collect();
        assert_eq!(wholes, [number("48"), number("0"), number("100"), Value::Other, Value::Other]);
        assert_eq!(from_json(b" ").expect("nothing"), []);
        for wrong in ["[]", "1", "\"x\"", "{", "{} {}", "{\"a\": 01}", "{\"a\": \"\\ud800\"}", "null"] {
            assert!(from_json(wrong.as_bytes()).is_err(), "{wrong}");
        }
        assert!(from_json(b"{\"a\":\"\xff\"}").is_err(), "bad UTF-8");
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(5000), "]".repeat(5000));
        assert_eq!(from_json(deep.as_bytes()).expect("it is skipped without recursion")[0].1, Value::Other);
    }
}
