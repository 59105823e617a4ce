//! `/admin/settings`: every setting, its value and where it came from.
//!
//! Invariant: what is secret was hidden where the settings were read; nothing can be changed here.

use crate::error::Result;
use crate::web::app::App;
use crate::web::view::View;
use actix_web::{HttpResponse, web};
use serde::Serialize;

#[derive(Serialize)]
struct Row {
    name: String,
    value: String,
    source: String,
}

#[derive(Serialize)]
struct Page {
    settings: Vec<Row>,
    version: &'static str,
}

/// `GET /admin/settings`.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn show(app: web::Data<App>, view: View) -> Result<HttpResponse> {
    let row = |(name, value, source): &(String, String, String)| Row {
        name: name.clone(),
        value: value.clone(),
        source: source.clone(),
    };
    let page = Page { settings: app.config.shown.iter().map(row).collect(), version: env!("CARGO_PKG_VERSION") };
    view.show("admin/settings/show.html", |_| Ok(page)).await
}
