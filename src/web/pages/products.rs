//! `/products`: the list, and one product.

mod options;
mod wish;

pub use wish::Wish;

use crate::error::Result;
use crate::shop::catalogue::{self, Sort};
use crate::shop::category::Category;
use crate::shop::product;
use crate::web::app::App;
use crate::web::form::Typed;
use crate::web::pages::card::{self, Links, PageLink, Sheet};
use crate::web::pages::row;
use crate::web::view::View;
use crate::web::view::pen::{Count, Pen};
use crate::web::view::stencil::Mark;
use actix_web::{HttpRequest, HttpResponse, web};
use options::Options;
use serde::Serialize;
use wish::Chip;

#[derive(Serialize)]
struct Way {
    label: Mark,
    url: Mark,
}

impl Chip {
    fn written(&self, pen: &mut Pen) -> Way {
        Way { label: pen.text(&self.label), url: pen.text(&self.url) }
    }
}

#[derive(Serialize)]
struct Choice {
    slug: Mark,
    name: Mark,
    chosen: bool,
}

#[derive(Serialize)]
struct Asked {
    q: Option<Mark>,
    category: Option<Mark>,
    sort: &'static str,
    in_stock: bool,
    wordless: bool,
}

#[derive(Serialize)]
struct List {
    cards: Option<Mark>,
    categories: Vec<Choice>,
    query: Asked,
    total: Count<Mark>,
    /// Where it is not the first.
    page: Option<Mark>,
    /// Where there are any.
    pages: Option<Mark>,
    links: Links<Mark>,
    page_links: Vec<PageLink<Mark, Mark>>,
    chips: Vec<Way>,
    more: bool,
    ways: Vec<Way>,
}

/// `GET /products`.
///
/// # Errors
/// `TooMany` searches; `Unavailable` from the database.
pub async fn index(app: web::Data<App>, request: HttpRequest, view: View) -> Result<HttpResponse> {
    let mut wish = Wish::read(request.query_string());
    if !wish.q.is_empty() {
        app.limits.api.admit(view.visit().address())?;
    }
    let query = wish.query(&app.vocabulary);
    let wordless = query.q.is_wordless();
    let (layout, found) = view.load(move |conn| catalogue::page(conn, &query)).await?;
    if found.category.is_none() {
        wish.category = None;
    }
    view.sketch(("/products", "products/index.html"), layout, |pen| list(pen, &wish, wordless, &found))
}

fn list(pen: &mut Pen, wish: &Wish, wordless: bool, found: &catalogue::Page) -> Result<List> {
    let chosen = found.category.as_ref();
    let name = chosen.map(|category| category.name.as_str());
    let (links, page_links) = card::written(pen, &card::links(&found.paging, |page| wish.url(page)));
    let choice = |pen: &mut Pen, category: &Category| Choice {
        slug: pen.text(&category.slug),
        name: pen.text(&category.name),
        chosen: chosen.is_some_and(|chosen| chosen.key == category.key),
    };
    Ok(List {
        cards: row::cards(pen, &found.products, 2, 4)?,
        categories: found.categories.iter().filter(|category| category.shown > 0).map(|category| choice(pen, category)).collect(),
        query: Asked {
            q: pen.some(&wish.q),
            category: name.map(|name| pen.text(name)),
            sort: wish.sort.map_or("", Sort::word),
            in_stock: wish.in_stock,
            wordless,
        },
        total: pen.count(found.paging.total),
        page: (found.paging.page > 1).then(|| pen.number(found.paging.page)),
        pages: (found.paging.total > 0).then(|| pen.number(found.paging.pages())),
        links,
        page_links,
        chips: wish.chips(name).iter().map(|chip| chip.written(pen)).collect(),
        more: found.more,
        ways: found.instead.iter().map(|search| wish.way(search.text()).written(pen)).collect(),
    })
}

/// `GET /products/{slug}`.
///
/// # Errors
/// `NotFound`; `Unavailable` from the database.
pub async fn show(slug: web::Path<String>, view: View) -> Result<HttpResponse> {
    show_with(&view, Wanted::Slug(slug.into_inner()), Typed::with("add", [("quantity", "1")])).await
}

/// Which product's page.
#[derive(Debug)]
pub(super) enum Wanted {
    /// By its address.
    Slug(String),
    /// By what a form said.
    Id(crate::ids::ProductId),
}

/// The page of a product with its add form; also what a form that could not be taken comes back as.
pub(super) async fn show_with(view: &View, wanted: Wanted, form: Typed) -> Result<HttpResponse> {
    #[derive(Serialize)]
    struct Offer {
        price: String,
        currency: &'static str,
    }
    #[derive(Serialize)]
    struct Page {
        product: Sheet,
        offer: Offer,
        alt: String,
        form: Typed,
        options: Option<Options>,
        cards: Option<tera::Value>,
    }
    let (status, currency) = (form.status, view.app().config.shop.currency);
    let load = move |conn: &mut crate::db::Conn| {
        let product = match wanted {
            Wanted::Slug(slug) => product::by_slug(conn, &slug)?,
            Wanted::Id(id) => product::by_id(conn, id)?,
        };
        let related = product::related(conn, &product)?;
        let offer = Offer { price: product.price.decimal(&currency), currency: currency.code };
        let alt = product::picture_alt(conn, product.key)?;
        let options = options::of(conn, &product)?;
        Ok((Page { product: product.into(), offer, alt, form, options, cards: None }, related))
    };
    let (layout, (page, related)) = view.load(load).await?;
    let set = view.app().templates.set()?;
    let mut pen = Pen::new(&set, view.csrf(), 0);
    let cards = row::cards(&mut pen, &related, 3, 0)?;
    view.draw(status, "products/show.html", layout, &Page { cards: pen.value(cards), ..page })
}
