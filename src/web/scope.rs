//! May somebody who shows a personal API token do this?
//!
//! Invariant: where a route's line names no scope, no token opens it. It does not know what scopes mean (`auth::api_token`), nor how a
//! token is checked.

use crate::auth::api_token::Scope;
use crate::error::{Error, Result};
use crate::web::identity::{CurrentUser, Visit};
use actix_web::dev::ServiceRequest;
use actix_web::http::Method;

/// The person of this visit, if what they showed opens this route.
///
/// # Errors
/// As `Visit::require`; `Refused` as `insufficient_scope`.
pub fn require(visit: &Visit, request: &ServiceRequest) -> Result<CurrentUser> {
    let person = visit.require()?;
    let Some(scopes) = visit.scopes() else { return Ok(person) };
    let to_change = !matches!(*request.method(), Method::GET | Method::HEAD);
    let text = match request.app_data::<Scope>() {
        Some(room) if scopes.open(*room, to_change) => return Ok(person),
        Some(Scope::Read) | None => "No API token opens this: sign in with the password, and use the access token.".to_owned(),
        Some(room) => format!("This API token does not have the scope \"{}\", which this needs.", room.word()),
    };
    Err(Error::refused("insufficient_scope", text))
}
