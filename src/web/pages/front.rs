//! `/`: the shop front.

use crate::error::Result;
use crate::shop::catalogue;
use crate::web::pages::card::image;
use crate::web::pages::row;
use crate::web::view::View;
use crate::web::view::pen::Count;
use crate::web::view::stencil::Mark;
use actix_web::HttpResponse;
use serde::Serialize;

#[derive(Serialize)]
struct Shelf {
    slug: Mark,
    name: Mark,
    count: Count<Mark>,
    image: Mark,
}

/// `GET /`.
///
/// # Errors
/// `Unavailable` from the database.
pub async fn show(view: View) -> Result<HttpResponse> {
    #[derive(Serialize)]
    struct Page {
        categories: Vec<Shelf>,
        cards: Option<Mark>,
    }
    let (layout, (shelves, chosen)) = view.load(catalogue::front).await?;
    view.sketch(("/", "front/show.html"), layout, |pen| {
        let shelf = |shelf: &crate::shop::category::Shelf| Shelf {
            slug: pen.text(&shelf.category.slug),
            name: pen.text(&shelf.category.name),
            count: pen.count(shelf.category.shown),
            image: pen.text(&image(shelf.picture)),
        };
        Ok(Page { categories: shelves.iter().map(shelf).collect(), cards: row::cards(pen, &chosen, 3, 0)? })
    })
}
