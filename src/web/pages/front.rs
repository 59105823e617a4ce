//! `/`: the shop front.

use crate::error::Result;
use crate::shop::catalogue;
use crate::web::pages::card::{Card, image};
use crate::web::view::View;
use actix_web::HttpResponse;
use serde::Serialize;

#[derive(Serialize)]
struct Shelf {
    slug: String,
    name: String,
    count: i64,
    image: String,
}

/// `GET /`.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn show(view: View) -> Result<HttpResponse> {
    #[derive(Serialize)]
    struct Page {
        categories: Vec<Shelf>,
        products: Vec<Card>,
    }
    let load = |conn: &mut crate::db::Conn| {
        let (shelves, chosen) = catalogue::front(conn)?;
        let shelf = |shelf: crate::shop::category::Shelf| Shelf {
            slug: shelf.category.slug,
            name: shelf.category.name,
            count: shelf.category.shown,
            image: image(shelf.picture),
        };
        Ok(Page { categories: shelves.into_iter().map(shelf).collect(), products: chosen.into_iter().map(Card::from).collect() })
    };
    view.show("front/show.html", load).await
}
