//! What two steps of a request cost alone: the check of the access token, and the drawing of the dashboard.
//!
//! Invariant: they are the functions that a request calls, on values as it has them. It does not know HTTP.

use crate::shop::{Pass, Shop};
use anyhow::{Context as _, Result, ensure};
use latchkey::auth::latch::{Access, Latch};
use latchkey::auth::session::Door;
use latchkey::web::assets::Assets;
use latchkey::web::view::pen::Pen;
use latchkey::web::view::templates::Templates;
use serde_json::Value;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What a dashboard says.
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
    let values: Value = serde_json::from_str(DASHBOARD).context("dashboard.json")?;
    let started = Instant::now();
    let times = 2_000;
    for _ in 0..times {
        let set = templates.set()?;
        let mut pen = Pen::new(&set, "Y3NyZi1zYW1wbGUtdmFsdWUtb25seQY3NyZi1zYW1wbGUtdmFsdWUtb25seQabcd", 12_000);
        let shape = written(&mut pen, black_box(&values))?;
        black_box(pen.page("dashboard/show.html", &shape)?);
    }
    Ok(started.elapsed() / times)
}

/// The values with a mark for each text: those of a list are rows, drawn by the template that the list names first. What is no text
/// is of the shape, and so is a text that begins with `=`.
fn written(pen: &mut Pen, value: &Value) -> Result<Value> {
    Ok(match value {
        Value::String(text) => match text.strip_prefix('=') {
            Some(shape) => shape.into(),
            None => serde_json::to_value(pen.text(text))?,
        },
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| Ok((name.clone(), written(pen, value)?))).collect::<Result<_>>()?
        }
        Value::Array(rows) => {
            let Some((Value::String(template), rows)) = rows.split_first() else { return Ok(value.clone()) };
            let template = ["dashboard/line.html", "orders/row.html"].into_iter().find(|known| known == template);
            let template = template.context("a list names its template")?;
            let marks = pen.rows(template, rows, |pen, row| written(pen, row).unwrap_or_default())?;
            serde_json::to_value(marks)?
        }
        plain => plain.clone(),
    })
}
