//! What two steps of a request cost alone: the check of the access token, and the drawing of the dashboard.
//!
//! Invariant: they are the functions that a request calls, on values as it has them. It does not know HTTP.

use crate::shop::{Pass, Shop};
use anyhow::{Context as _, Result, ensure};
use latchkey::auth::latch::{Access, Latch};
use latchkey::auth::session::Door;
use latchkey::web::assets::Assets;
use latchkey::web::view::templates::Templates;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The dashboard's values, as its page gathers them.
const DASHBOARD: &str = include_str!("dashboard.json");

/// One check of an access token whose generation was seen.
///
/// # Errors
/// When the token is not accepted.
pub fn token(latch: &Latch, pass: &Pass) -> Result<Duration> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let access = latch.access(Door::Web, &pass.token).await?;
        ensure!(matches!(access, Access::Granted(_)), "the token is not accepted");
        let started = Instant::now();
        let times = 20_000;
        for _ in 0..times {
            black_box(latch.access(Door::Web, black_box(&pass.token)).await?);
        }
        Ok(started.elapsed() / times)
    })
}

/// One drawing of the dashboard, from gathered values to bytes.
///
/// # Errors
/// When a template is wrong.
pub fn page(shop: &Shop) -> Result<Duration> {
    let config = shop.config()?;
    let assets = Arc::new(Assets::lay_out(&config.var, false)?);
    let templates = Templates::new(&config, "http://localhost:8080", assets)?;
    let values: serde_json::Value = serde_json::from_str(DASHBOARD).context("dashboard.json")?;
    let started = Instant::now();
    let times = 2_000;
    for _ in 0..times {
        let mut context = tera::Context::from_serialize(black_box(&values))?;
        context.insert_value("shop", templates.shop().clone());
        black_box(templates.render("dashboard/show.html", &context)?);
    }
    Ok(started.elapsed() / times)
}
