//! `/api/products`: the catalogue.

use super::wire::{Meta, WireProduct};
use crate::db::Conn;
use crate::error::Result;
use crate::ids::FamilyKey;
use crate::shop::catalogue;
use crate::shop::family::{self, Family, Member};
use crate::shop::product::{self, Product};
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
    let query = Wish::read(request.query_string()).query(&app.vocabulary);
    let currency = app.config.shop.currency;
    let load = move |conn: &mut Conn| {
        let found = catalogue::page(conn, &query)?;
        let families = families(conn, &found.products)?;
        Ok((found, families))
    };
    let (found, families) = app.db.read(load).await?;
    let meta = Meta::from(&found.paging);
    let products = found.products.into_iter().map(|product| WireProduct::of(product, &currency, &families)).collect();
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
    let load = move |conn: &mut Conn| {
        let product = product::by_slug(conn, &slug)?;
        let families = families(conn, std::slice::from_ref(&product))?;
        Ok((product, families))
    };
    let (found, families) = app.db.read(load).await?;
    Ok(HttpResponse::Ok().json(Answer { product: WireProduct::of(found, &app.config.shop.currency, &families) }))
}

/// The options of those that have others: one statement more, and none where nothing has.
fn families(conn: &mut Conn, products: &[Product]) -> Result<Vec<(Family, Vec<Member>)>> {
    let keys: Vec<FamilyKey> = products.iter().filter_map(|product| product.kin.as_ref()).map(|kin| kin.key).collect();
    family::offered(conn, &keys)
}
