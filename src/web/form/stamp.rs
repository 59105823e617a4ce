//! The `csrf` value of what was sent.
//!
//! Invariant: forms, uploads and ceremonies ask here, and nowhere else, whether they come from a page of ours (docs/SECURITY.md,
//! "Cross-site requests", rule 5); a value that was sent twice is none. It does not know the other fields.

use super::sent::{Sent, Value};
use crate::error::{Error, Result};
use crate::web::app::App;
use crate::web::csrf;
use crate::web::identity::Visit;
use actix_web::{HttpMessage as _, HttpRequest, web};

/// The field.
pub(super) const NAME: &str = "csrf";

/// Is there one, and is it of a page that this browser was given?
///
/// # Errors
/// `Internal` where no layer said who asks.
pub(super) fn is_on(request: &HttpRequest, sent: &Sent) -> Result<bool> {
    let mut values = sent.iter().filter(|(name, _)| name == NAME);
    match (values.next(), values.next()) {
        (Some((_, Value::Text(value))), None) => is_good(request, value),
        _ => Ok(false),
    }
}

/// Is this value of a page that this browser was given?
///
/// # Errors
/// As `is_on`.
pub(super) fn is_good(request: &HttpRequest, value: &str) -> Result<bool> {
    let app = request.app_data::<web::Data<App>>().ok_or_else(|| Error::internal("a form without an App"))?;
    let visit = request.extensions().get::<Visit>().cloned().ok_or_else(|| Error::internal("a form without a Visit"))?;
    Ok(app.csrf_keys().any(|key| csrf::is_good(key, visit.binding(), value)))
}
