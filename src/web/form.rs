//! Forms and JSON bodies, read strictly.
//!
//! Invariant: a `T` exists only if every field of it was sent once, readable and right, and (for a form) with a `csrf` value of a page
//! of ours; else the page gets back what was typed, without its secrets, and a sentence beside each field. It does not know what the
//! fields mean.

pub mod body;
pub mod ceremony;
mod pace;
mod reader;
pub(in crate::web) mod sent;
mod stamp;
#[cfg(test)]
mod tests;
pub mod upload;

pub use reader::Reader;

use crate::error::{Error, FieldError, Result};
use crate::web::csrf::origin::is_type;
use crate::web::errors::words;
use actix_web::dev::Payload;
use actix_web::http::{StatusCode, header};
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::LocalBoxFuture;
use sent::{Sent, Value};
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::time::Duration;

/// The fields of one form, or of one JSON body.
pub trait Fields: Sized + 'static {
    /// `form.name` in the template.
    const NAME: &'static str;
    /// Every legal field beside `csrf`.
    const FIELDS: &'static [&'static str];
    /// Fields that are never sent back.
    const SECRET: &'static [&'static str] = &["password", "current_password", "new_password"];
    /// Fields that may be a number in JSON.
    const NUMBERS: &'static [&'static str] = &["quantity", "expected_total"];
    /// Fields that may have several lines.
    const LINES: &'static [&'static str] = &["note"];
    /// Reads all fields, so that each wrong one gets its sentence; none if any is wrong.
    fn read(reader: &mut Reader) -> Option<Self>;
}

/// A form as it was sent to a page.
#[derive(Debug)]
pub struct Form<T> {
    sent: Sent,
    stale: bool,
    kind: PhantomData<T>,
}

impl<T: Fields> Form<T> {
    /// A form that came to us before, from a page of ours.
    ///
    /// # Errors
    /// `BadRequest` for more fields than any form has.
    pub(in crate::web) fn of(fields: &str) -> Result<Self> {
        Ok(Self { sent: sent::from_form(fields.as_bytes())?, stale: false, kind: PhantomData })
    }

    /// The typed fields, once the `csrf` value is good.
    ///
    /// # Errors
    /// What was typed, for the same page: 403 with a stale `csrf`, 422 with a wrong field.
    pub fn parse(&self) -> Result<T, Typed> {
        if self.stale {
            let again = "This page was too old to be sent. Nothing was done: look it over and send it again.";
            return Err(self.typed(StatusCode::FORBIDDEN, vec![FieldError { field: String::new(), message: again.to_owned() }]));
        }
        read::<T>(&self.sent, Some(stamp::NAME)).map_err(|errors| self.typed(StatusCode::UNPROCESSABLE_ENTITY, errors))
    }

    /// What was typed, with a "no" that a verb said after parsing.
    #[must_use]
    pub fn refuse(&self, field: impl Into<String>, sentence: impl Into<String>) -> Typed {
        let error = FieldError { field: field.into(), message: sentence.into() };
        self.typed(StatusCode::UNPROCESSABLE_ENTITY, vec![error])
    }

    /// As `refuse`, of what was wrong too often (`tries`: "passwords", "codes"): nobody looks at another one for so long.
    #[must_use]
    pub fn put_off(&self, field: &str, tries: &str, left: Duration) -> Typed {
        let wait = words::wait(words::whole_seconds(left));
        let refused = self.refuse(field, format!("Too many {tries} were wrong. Wait {wait}, then try again."));
        Typed { status: StatusCode::TOO_MANY_REQUESTS, ..refused }
    }

    /// The text of one field as it came, a secret too, for a rule that needs more than the field.
    #[must_use]
    pub fn raw(&self, field: &str) -> Option<&str> {
        let (_, value) = self.sent.iter().find(|(name, _)| name == field)?;
        match value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// What was typed, with that status and nothing to complain of.
    #[must_use]
    pub fn as_typed(&self, status: StatusCode) -> Typed {
        self.typed(status, Vec::new())
    }

    fn typed(&self, status: StatusCode, errors: Vec<FieldError>) -> Typed {
        let shown = |(name, value): &(String, Value)| {
            let field = T::FIELDS.iter().find(|field| *field == name).filter(|field| !T::SECRET.contains(field))?;
            match value {
                Value::Text(text) => Some((Cow::Borrowed(*field), text.clone())),
                _ => None,
            }
        };
        Typed { status, name: T::NAME, values: self.sent.iter().rev().filter_map(shown).collect(), errors }
    }
}

/// Reads a `T`; `beside` is a field that is legal beside its own.
fn read<T: Fields>(sent: &Sent, beside: Option<&str>) -> Result<T, Vec<FieldError>> {
    let mut reader = Reader::new::<T>(sent, beside);
    let read = T::read(&mut reader);
    let errors = reader.errors();
    match read {
        Some(read) if errors.is_empty() => Ok(read),
        _ if errors.is_empty() => {
            Err(vec![FieldError { field: String::new(), message: "Something is missing here.".to_owned() }])
        }
        _ => Err(errors),
    }
}

/// A form as a page shows it: `form` in the template.
#[derive(Debug, Clone, Serialize)]
pub struct Typed {
    /// The status of the page that shows it.
    #[serde(skip)]
    pub status: StatusCode,
    /// Which form of the page it is.
    pub name: &'static str,
    /// What stands in its fields.
    pub values: BTreeMap<Cow<'static, str>, String>,
    /// What is wrong.
    pub errors: Vec<FieldError>,
}

impl Typed {
    /// Nothing typed yet.
    #[must_use]
    pub fn blank(name: &'static str) -> Self {
        Self { status: StatusCode::OK, name, values: BTreeMap::new(), errors: Vec::new() }
    }

    /// Filled in with what is known.
    #[must_use]
    pub fn with<V: Into<String>>(name: &'static str, values: impl IntoIterator<Item = (&'static str, V)>) -> Self {
        let values = values.into_iter().map(|(field, value)| (Cow::Borrowed(field), value.into())).collect();
        Self { values, ..Self::blank(name) }
    }
}

impl<T: Fields> FromRequest for Form<T> {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let (sent, stale) = receive(&request, payload).await?;
            Ok(Self { sent, stale, kind: PhantomData })
        })
    }
}

/// A form's fields, and whether its `csrf` value is none of ours.
async fn receive(request: &HttpRequest, payload: Payload) -> Result<(Sent, bool)> {
    let sent = sent::from_form(&body::read(request, payload, body::FORM).await?)?;
    let stale = !stamp::is_on(request, &sent)?;
    Ok((sent, stale))
}

/// The members of a JSON object; none where there is no body.
async fn receive_json(request: &HttpRequest, payload: Payload) -> Result<Sent> {
    let body = body::read(request, payload, body::JSON).await?;
    let kind = request.headers().get(header::CONTENT_TYPE).map(|kind| kind.to_str().unwrap_or_default());
    if !kind.map_or(body.is_empty(), |kind| is_type(kind, "application/json")) {
        return Err(Error::UnsupportedType);
    }
    sent::from_json(&body)
}

/// A form without typed fields (remove, cancel, sign out), checked.
#[derive(Debug)]
pub struct Press;

impl FromRequest for Press {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        struct Nothing;
        impl Fields for Nothing {
            const NAME: &'static str = "press";
            const FIELDS: &'static [&'static str] = &[];
            fn read(_: &mut Reader) -> Option<Self> {
                Some(Self)
            }
        }
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let (sent, stale) = receive(&request, payload).await?;
            if stale {
                return Err(Error::StaleForm);
            }
            read::<Nothing>(&sent, Some(stamp::NAME)).map_err(Error::Invalid)?;
            Ok(Self)
        })
    }
}

/// The same fields from the API's JSON body.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: Fields> FromRequest for Json<T> {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let sent = receive_json(&request, payload).await?;
            read::<T>(&sent, None).map(Self).map_err(Error::Invalid)
        })
    }
}
