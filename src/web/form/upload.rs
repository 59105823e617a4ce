//! A form with a file: `multipart/form-data`, read part by part as it comes.
//!
//! Invariant: the first part is `csrf`, and nothing behind it is read before it is found good (docs/SECURITY.md, "Cross-site
//! requests", rule 4). Fields come before the file, and the file is the last part. It does not know what the file is.

use super::sent::{Sent, Value};
use super::{Fields, Form, pace, stamp};
use crate::error::{Error, Result};
use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};
use futures_util::{StreamExt as _, TryStreamExt as _};
use std::future::{Ready, ready};
use std::marker::PhantomData;

/// Most fields, and most bytes of them together.
const FIELDS: usize = 16;
const BYTES: usize = super::body::FORM;

/// A form that is on its way.
pub struct Upload {
    parts: Multipart,
    request: HttpRequest,
}

/// A file that is on its way.
pub struct File {
    parts: Multipart,
    field: Option<Field>,
    /// What it is called on the machine it comes from.
    pub name: String,
}

impl FromRequest for Upload {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let headers = request.headers();
        let plain = headers.get(header::CONTENT_ENCODING).is_none_or(|coding| coding == "identity");
        if !plain || !is_upload(headers.get(header::CONTENT_TYPE)) {
            return ready(Err(Error::UnsupportedType));
        }
        let parts = Multipart::new(headers, Box::pin(pace::paced(payload.take())));
        ready(Ok(Self { parts, request: request.clone() }))
    }
}

/// Is a body of this type a form with a file?
#[must_use]
pub fn is_upload(kind: Option<&header::HeaderValue>) -> bool {
    let essence = kind.and_then(|kind| kind.to_str().ok()).and_then(|kind| kind.split(';').next());
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case("multipart/form-data"))
}

impl Upload {
    /// The fields before the file, and the file, if one was chosen. With a stale `csrf` the form says so and nothing else was read.
    ///
    /// # Errors
    /// `TooLarge`, `TooSlow`, `BadRequest` for what no form of ours sends.
    pub async fn read<T: Fields>(mut self) -> Result<(Form<T>, Option<File>)> {
        if !self.is_ours().await? {
            return Ok((Form { sent: Sent::new(), stale: true, kind: PhantomData }, None));
        }
        let (mut sent, mut left) = (Sent::new(), BYTES);
        loop {
            let Some(mut field) = self.parts.try_next().await.map_err(broken)? else {
                return Ok((Form { sent, stale: false, kind: PhantomData }, None));
            };
            let name = field.name().unwrap_or_default().to_owned();
            let file = field.content_disposition().and_then(|it| it.get_filename().map(str::to_owned));
            if let Some(chosen) = file {
                // A browser sends a file without a name and content when none was chosen.
                let form = Form { sent, stale: false, kind: PhantomData };
                let file = File { parts: self.parts, field: Some(field), name: chosen };
                return Ok((form, (!file.name.is_empty()).then_some(file)));
            }
            if sent.len() == FIELDS {
                return Err(Error::BadRequest("That has more fields than any form of ours."));
            }
            let value = small(&mut field, &mut left).await?;
            sent.push((name, String::from_utf8(value).map_or(Value::NotText, Value::Text)));
        }
    }

    /// Reads the first part, and no more.
    async fn is_ours(&mut self) -> Result<bool> {
        let Some(mut field) = self.parts.try_next().await.map_err(broken)? else { return Ok(false) };
        if field.name() != Some(stamp::NAME) {
            return Ok(false);
        }
        let value = small(&mut field, &mut 256).await?;
        std::str::from_utf8(&value).map_or(Ok(false), |value| stamp::is_good(&self.request, value))
    }
}

impl File {
    /// The next piece of it.
    ///
    /// # Errors
    /// `TooSlow`, `BadRequest` when it breaks off.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>> {
        if let Some(field) = &mut self.field {
            if let Some(chunk) = field.next().await {
                return chunk.map(Some).map_err(broken);
            }
            // The parts go on only when nobody holds the one before.
            self.field = None;
        }
        // The file is whole only if its form is.
        match self.parts.try_next().await.map_err(broken)? {
            None => Ok(None),
            Some(_) => Err(Error::BadRequest("Something follows the file.")),
        }
    }

    /// All of it; none if it is larger than `most`. What is too large is read on and thrown away for a while, because a browser
    /// that cannot send on does not show our answer.
    ///
    /// # Errors
    /// As `chunk`; `TooLarge` far beyond.
    pub async fn whole(mut self, most: usize) -> Result<Option<Vec<u8>>> {
        let (mut whole, mut size) = (Vec::new(), 0);
        while let Some(chunk) = self.chunk().await? {
            size += chunk.len();
            if size <= most {
                whole.extend_from_slice(&chunk);
            } else if size > most * 4 {
                return Err(Error::TooLarge);
            }
        }
        Ok((size <= most).then_some(whole))
    }
}

/// All of a field, as long as the fields together are no longer than `left`.
async fn small(field: &mut Field, left: &mut usize) -> Result<Vec<u8>> {
    let mut value = Vec::new();
    while let Some(chunk) = field.try_next().await.map_err(broken)? {
        *left = left.checked_sub(chunk.len()).ok_or(Error::TooLarge)?;
        value.extend_from_slice(&chunk);
    }
    Ok(value)
}

fn broken(cause: MultipartError) -> Error {
    match cause {
        MultipartError::Payload(PayloadError::Io(cause)) if cause.kind() == std::io::ErrorKind::TimedOut => Error::TooSlow,
        MultipartError::Payload(PayloadError::Overflow) => Error::TooLarge,
        _ => Error::BadRequest("The form broke off before its end, or is none."),
    }
}
