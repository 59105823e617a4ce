//! `/api/sessions`: where the person is signed in, and ending it.

use crate::auth::alive::Alive;
use crate::auth::device::{self, Device};
use crate::clock::rfc3339;
use crate::error::Result;
use crate::ids::SessionId;
use crate::web::api::openapi::shapes;
use crate::web::app::App;
use crate::web::identity::{CurrentUser, Visit};
use crate::web::named::Named;
use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Session)]
pub(super) struct WireSession {
    #[schema(schema_with = shapes::id)]
    id: SessionId,
    #[schema(schema_with = shapes::kind)]
    kind: &'static str,
    #[schema(required)]
    browser: Option<&'static str>,
    #[schema(required)]
    system: Option<&'static str>,
    address: String,
    #[schema(schema_with = shapes::time)]
    created_at: String,
    /// Up to a minute behind.
    #[schema(schema_with = shapes::time)]
    last_seen_at: String,
    /// Is it the one that asks?
    current: bool,
}

impl WireSession {
    fn of(device: Device, here: SessionId) -> Self {
        Self {
            id: device.id,
            kind: device.door.word(),
            browser: device.client.browser,
            system: device.client.system,
            address: device.address,
            created_at: rfc3339(device.created_at),
            last_seen_at: rfc3339(device.last_seen_at),
            current: device.id == here,
        }
    }
}

/// `GET`: browsers and programs, the one seen last first.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn index(app: web::Data<App>, user: CurrentUser) -> Result<HttpResponse> {
    #[derive(Serialize)]
    struct Answer {
        sessions: Vec<WireSession>,
    }
    let alive = Alive::at(app.clock.now(), &app.config.sessions, user.role);
    let devices = app.db.read(move |conn| device::list(conn, user.key, alive)).await?;
    let sessions = devices.into_iter().map(|device| WireSession::of(device, user.session)).collect();
    Ok(HttpResponse::Ok().json(Answer { sessions }))
}

/// `DELETE /api/sessions/{id}`: ends it, this one too.
///
/// # Errors
/// `NotFound`, also for another person's and for one that has ended; `Unavailable` from the database.
pub async fn end(app: web::Data<App>, user: CurrentUser, visit: Visit, Named(id): Named<SessionId>) -> Result<HttpResponse> {
    device::end(&app.latch, user, id, visit.actor()).await?;
    Ok(HttpResponse::NoContent().finish())
}
