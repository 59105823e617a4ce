//! `/account/devices`: where one is signed in, and ending it.
//!
//! Invariant: a device that has ended and one of somebody else are not found; ending this one is signing out.

use crate::auth::alive::Alive;
use crate::auth::device::{self, Device};
use crate::auth::session::Door;
use crate::clock::rfc3339;
use crate::error::Result;
use crate::ids::SessionId;
use crate::web::address;
use crate::web::app::App;
use crate::web::form::Press;
use crate::web::identity::{CurrentUser, Visit};
use crate::web::named::Named;
use crate::web::pages::logout;
use crate::web::view::{Kind, View, see_other};
use actix_web::{HttpResponse, web};
use serde::Serialize;

const PAGE: &str = "/account/devices";

#[derive(Serialize)]
struct Row {
    id: SessionId,
    client: String,
    place: String,
    created_at: String,
    last_seen_at: String,
    current: bool,
}

impl Row {
    fn of(device: &Device, here: SessionId) -> Self {
        Self {
            id: device.id,
            client: device.client.words(device.door),
            place: address::place(&device.address),
            created_at: rfc3339(device.created_at),
            last_seen_at: rfc3339(device.last_seen_at),
            current: device.id == here,
        }
    }
}

/// `GET /account/devices`: this one first, then the others, the one seen last before the rest; programs apart.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn index(app: web::Data<App>, user: CurrentUser, view: View) -> Result<HttpResponse> {
    #[derive(Serialize)]
    struct Page {
        browsers: Vec<Row>,
        programs: Vec<Row>,
        others: bool,
    }
    let alive = Alive::at(app.clock.now(), &app.config.sessions, user.role);
    let load = move |conn: &mut crate::db::Conn| {
        let devices = device::list(conn, user.key, alive)?;
        let rows = |door: Door| {
            let of_kind = devices.iter().filter(|device| device.door == door);
            let mut rows: Vec<Row> = of_kind.map(|device| Row::of(device, user.session)).collect();
            rows.sort_by_key(|row| !row.current);
            rows
        };
        Ok(Page { browsers: rows(Door::Web), programs: rows(Door::Api), others: devices.len() > 1 })
    };
    view.show("devices/index.html", load).await
}

/// `POST /account/devices/{id}/sign-out`.
///
/// # Errors
/// `NotFound`; `StaleForm`; `Unavailable`, and the device stays signed in.
pub async fn end(
    app: web::Data<App>,
    user: CurrentUser,
    visit: Visit,
    view: View,
    Named(id): Named<SessionId>,
    _: Press,
) -> Result<HttpResponse> {
    device::end(&app.latch, user, id, visit.actor()).await?;
    if id == user.session {
        view.flash(Kind::Success, "You are signed out.");
        return Ok(logout::leave(&visit));
    }
    view.flash(Kind::Success, "That device is signed out.");
    Ok(see_other(PAGE))
}

/// `POST /account/devices/sign-out-others`: every device but this one.
///
/// # Errors
/// `StaleForm`; `Unavailable`, and all stay signed in.
pub async fn end_others(app: web::Data<App>, user: CurrentUser, view: View, _: Press) -> Result<HttpResponse> {
    device::end_all(&app.latch, user, true, view.visit().actor()).await?;
    view.flash(Kind::Success, "Everywhere else you are signed out.");
    Ok(see_other(PAGE))
}

/// `POST /account/devices/sign-out-everywhere`: every device, this one too.
///
/// # Errors
/// `StaleForm`; `Unavailable`, and all stay signed in.
pub async fn end_all(app: web::Data<App>, user: CurrentUser, visit: Visit, view: View, _: Press) -> Result<HttpResponse> {
    device::end_all(&app.latch, user, false, visit.actor()).await?;
    view.flash(Kind::Success, "You are signed out everywhere.");
    Ok(logout::leave(&visit))
}
