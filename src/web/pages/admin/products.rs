//! `/admin/products`: everything in the catalogue, for sale or not.

use crate::error::Result;
use crate::shop::product::{self, Item, ON_A_PAGE, Shelf};
use crate::web::pages::card::image;
use crate::web::view::{View, see_other};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

/// The query; what is not legal is as absent (docs/API.md, "General").
#[derive(Debug, Default)]
struct Wish {
    shelf: Shelf,
    after: Option<String>,
    sku: String,
}

impl Wish {
    fn read(query: &str) -> Self {
        let mut wish = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "shelf" => wish.shelf = Shelf::read(&value).unwrap_or_default(),
                "after" => wish.after = Some(value.into_owned()).filter(|slug| !slug.is_empty() && !slug.contains('\0')),
                "sku" => value.chars().filter(|c| !c.is_control()).take(64).collect::<String>().trim().clone_into(&mut wish.sku),
                _ => {}
            }
        }
        wish
    }

    fn behind(&self, last: &Item) -> String {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("shelf", self.shelf.code())
            .append_pair("after", &last.slug)
            .finish();
        format!("/admin/products?{query}")
    }
}

#[derive(Serialize)]
struct Choice {
    code: &'static str,
    name: &'static str,
}

/// A product in a list.
#[derive(Serialize)]
pub(super) struct Row {
    sku: String,
    slug: String,
    title: String,
    price: i64,
    stock: i64,
    image: String,
}

impl From<Item> for Row {
    fn from(item: Item) -> Self {
        Self {
            sku: item.sku,
            slug: item.slug,
            title: item.title,
            price: item.price.minor(),
            stock: item.stock,
            image: image(item.picture),
        }
    }
}

#[derive(Serialize)]
struct Page {
    products: Vec<Row>,
    shelves: Vec<Choice>,
    shelf: &'static str,
    sku: String,
    first: bool,
    next: Option<String>,
}

/// `GET /admin/products`; a stock-keeping code that is searched for leads to its product.
///
/// # Errors
/// `NotFound` behind a product that does not exist; `Unavailable` from the database.
pub async fn index(request: HttpRequest, view: View) -> Result<HttpResponse> {
    let wish = Wish::read(request.query_string());
    if !wish.sku.is_empty() {
        let sku = wish.sku.clone();
        if let Some(slug) = view.app().db.read(move |conn| product::by_sku(conn, &sku)).await? {
            return Ok(see_other(&format!("/admin/products/{slug}")));
        }
    }
    let load = move |conn: &mut crate::db::Conn| {
        let found = match &*wish.sku {
            "" => product::inventory(conn, wish.shelf, wish.after.as_deref(), ON_A_PAGE)?,
            // A code that was not found: the list would look like an answer.
            _ => product::Inventory { items: Vec::new(), more: false },
        };
        let next = found.items.last().filter(|_| found.more).map(|last| wish.behind(last));
        Ok(Page {
            products: found.items.into_iter().map(Row::from).collect(),
            shelves: Shelf::ALL.into_iter().map(|shelf| Choice { code: shelf.code(), name: name(shelf) }).collect(),
            shelf: wish.shelf.code(),
            first: wish.after.is_none(),
            sku: wish.sku,
            next,
        })
    };
    view.show("admin/products/index.html", load).await
}

const fn name(shelf: Shelf) -> &'static str {
    match shelf {
        Shelf::Active => "For sale",
        Shelf::Low => "Low: 5 or fewer",
        Shelf::Out => "Sold out",
        Shelf::Draft => "Drafts",
        Shelf::Archived => "Archived",
    }
}
