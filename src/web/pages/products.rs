//! `/products`: the list, and one product.

mod options;

use crate::error::Result;
use crate::shop::catalogue::{self, Query, Sort};
use crate::shop::paging::PageNumber;
use crate::shop::product;
use crate::shop::search::{Search, Vocabulary};
use crate::web::app::App;
use crate::web::form::Typed;
use crate::web::pages::card::{self, Card, Links, Meta, PageLink, Sheet};
use crate::web::view::View;
use actix_web::{HttpRequest, HttpResponse, web};
use options::Options;
use serde::Serialize;

/// The query as it came; what is not legal is as absent (docs/API.md, "General").
#[derive(Debug, Clone, Default)]
pub struct Wish {
    q: String,
    category: Option<String>,
    sort: Option<Sort>,
    in_stock: bool,
    page: PageNumber,
}

impl Wish {
    /// Reads a query string. The last of a repeated parameter counts.
    #[must_use]
    pub fn read(query: &str) -> Self {
        let mut wish = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "q" => value.chars().filter(|c| !c.is_control()).take(100).collect::<String>().trim().clone_into(&mut wish.q),
                "category" => wish.category = Some(value.into_owned()).filter(|slug| !slug.is_empty()),
                "sort" => wish.sort = Sort::read(&value),
                "in_stock" => wish.in_stock = matches!(&*value, "1" | "on" | "true"),
                "page" => wish.page = PageNumber::read(Some(&value)),
                _ => {}
            }
        }
        wish
    }

    /// As the catalogue takes it.
    #[must_use]
    pub fn query(&self, vocabulary: &Vocabulary) -> Query {
        Query {
            vocabulary: vocabulary.clone(),
            q: Search::read(&self.q),
            category: self.category.clone(),
            sort: self.sort,
            in_stock: self.in_stock,
            page: self.page,
        }
    }

    /// The address of this list at a page.
    fn url(&self, page: i64) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if !self.q.is_empty() {
            query.append_pair("q", &self.q);
        }
        if let Some(category) = &self.category {
            query.append_pair("category", category);
        }
        if let Some(sort) = self.sort {
            query.append_pair("sort", sort.word());
        }
        if self.in_stock {
            query.append_pair("in_stock", "1");
        }
        if page > 1 {
            query.append_pair("page", &page.to_string());
        }
        let query = query.finish();
        if query.is_empty() { "/products".to_owned() } else { format!("/products?{query}") }
    }

    /// Another search, in the whole catalogue.
    fn way(&self, q: &str) -> Chip {
        let label = if q == self.q { format!("“{q}” in all products") } else { format!("“{q}”") };
        Chip { label, url: Self { q: q.to_owned(), ..Self::default() }.url(1) }
    }

    /// What narrows the list, each with the address that takes it away.
    fn chips(&self, category: Option<&str>) -> Vec<Chip> {
        let without = |change: fn(&mut Self)| {
            let mut other = self.clone();
            change(&mut other);
            other.url(1)
        };
        let mut chips = Vec::new();
        if !self.q.is_empty() {
            chips.push(Chip { label: format!("“{}”", self.q), url: without(|wish| wish.q.clear()) });
        }
        if let Some(name) = category {
            chips.push(Chip { label: name.to_owned(), url: without(|wish| wish.category = None) });
        }
        if self.in_stock {
            chips.push(Chip { label: "In stock only".to_owned(), url: without(|wish| wish.in_stock = false) });
        }
        chips
    }
}

#[derive(Serialize)]
struct Chip {
    label: String,
    url: String,
}

#[derive(Serialize)]
struct Choice {
    slug: String,
    name: String,
}

#[derive(Serialize)]
struct Asked {
    q: String,
    category: String,
    category_name: String,
    sort: &'static str,
    in_stock: bool,
    page: i64,
    wordless: bool,
}

#[derive(Serialize)]
struct List {
    products: Vec<Card>,
    categories: Vec<Choice>,
    query: Asked,
    meta: Meta,
    links: Links,
    page_links: Vec<PageLink>,
    chips: Vec<Chip>,
    more: bool,
    ways: Vec<Chip>,
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
    let vocabulary = app.vocabulary.clone();
    let load = move |conn: &mut crate::db::Conn| {
        let query = wish.query(&vocabulary);
        let found = catalogue::page(conn, &query)?;
        if found.category.is_none() {
            wish.category = None;
        }
        let name = found.category.as_ref().map(|category| category.name.as_str());
        let (links, page_links) = card::links(&found.paging, |page| wish.url(page));
        Ok(List {
            chips: wish.chips(name),
            query: Asked {
                q: wish.q.clone(),
                category: wish.category.clone().unwrap_or_default(),
                category_name: name.unwrap_or_default().to_owned(),
                sort: wish.sort.map_or("", Sort::word),
                in_stock: wish.in_stock,
                page: wish.page.get(),
                wordless: query.q.is_wordless(),
            },
            more: found.more,
            ways: found.instead.iter().map(|search| wish.way(search.text())).collect(),
            meta: Meta::from(&found.paging),
            categories: found
                .categories
                .into_iter()
                .filter(|category| category.shown > 0)
                .map(|category| Choice { slug: category.slug, name: category.name })
                .collect(),
            products: found.products.into_iter().map(Card::from).collect(),
            links,
            page_links,
        })
    };
    view.show("products/index.html", load).await
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
        related: Vec<Card>,
    }
    let (status, currency) = (form.status, view.app().config.shop.currency);
    let load = move |conn: &mut crate::db::Conn| {
        let product = match wanted {
            Wanted::Slug(slug) => product::by_slug(conn, &slug)?,
            Wanted::Id(id) => product::by_id(conn, id)?,
        };
        let related = product::related(conn, &product)?.into_iter().map(Card::from).collect();
        let offer = Offer { price: product.price.decimal(&currency), currency: currency.code };
        let alt = product::picture_alt(conn, product.key)?;
        let options = options::of(conn, &product)?;
        Ok(Page { product: product.into(), offer, alt, form, options, related })
    };
    view.show_as(status, "products/show.html", load).await
}
