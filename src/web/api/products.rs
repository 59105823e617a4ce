//! `/api/products`: the catalogue.

use super::wire::{Meta, WireProduct};
use crate::error::Result;
use crate::shop::{catalogue, product};
use crate::web::app::App;
use crate::web::pages::products::Wish;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

/// `GET /api/products`: the same query as the page; a page past the end is empty.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn index(app: web::Data<App>, request: HttpRequest) -> Result<HttpResponse> {
    #[derive(Serialize)]
    struct Answer {
        products: Vec<WireProduct>,
        meta: Meta,
    }
    let (wish, currency) = (Wish::read(request.query_string()), app.config.shop.currency);
    let found = app.db.read(move |conn| catalogue::page(conn, &wish.query())).await?;
    let meta = Meta::from(&found.paging);
    let products = found.products.into_iter().map(|product| WireProduct::of(product, &currency)).collect();
    Ok(HttpResponse::Ok().json(Answer { products, meta }))
}

/// `GET /api/products/{slug}`.
///
/// # Errors
/// `NotFound`; `Unavailable` from the database.
pub async fn show(app: web::Data<App>, slug: web::Path<String>) -> Result<HttpResponse> {
    #[derive(Serialize)]
    struct Answer {
        product: WireProduct,
    }
    let found = app.db.read(move |conn| product::by_slug(conn, &slug)).await?;
    Ok(HttpResponse::Ok().json(Answer { product: WireProduct::of(found, &app.config.shop.currency) }))
}
