//! How products, carts and the ways through a list look in more than one page's data.
//!
//! Invariant: amounts go out as minor units, which templates turn into words. It does not know templates.

use crate::config::Shop;
use crate::ids::{PictureId, ProductId};
use crate::shop::cart::{Cart, Line, Saved};
use crate::shop::discount::Applied;
use crate::shop::money::Money;
use crate::shop::paging::Paging;
use crate::shop::product::Product;
use crate::shop::tax::TaxRate;
use crate::web::view::pen::Pen;
use crate::web::view::stencil::Mark;
use serde::Serialize;

/// Where a picture is; without one, a quiet stand-in.
#[must_use]
pub fn image(picture: Option<PictureId>) -> String {
    picture.map_or_else(|| "/pictures/none".to_owned(), |id| format!("/pictures/{id}"))
}

/// A product on its own page.
#[derive(Debug, Serialize)]
pub struct Sheet {
    product_id: ProductId,
    slug: String,
    title: String,
    price: i64,
    stock: i64,
    image: String,
    description: String,
    category: String,
    category_slug: String,
    sku: String,
}

impl From<Product> for Sheet {
    fn from(product: Product) -> Self {
        Self {
            product_id: product.id,
            slug: product.slug,
            title: product.title,
            price: product.price.minor(),
            stock: product.stock,
            image: image(product.picture),
            description: product.description,
            category: product.category,
            category_slug: product.category_slug,
            sku: product.sku,
        }
    }
}

/// A cart with its sums.
#[derive(Debug, Serialize)]
pub struct Basket {
    version: String,
    count: i64,
    items: Vec<Item>,
    subtotal: i64,
    discount: i64,
    discount_code: Option<String>,
    discount_refused: Option<String>,
    delivery: i64,
    total: i64,
    tax: i64,
    tax_rate: String,
    to_free_delivery: Option<i64>,
    blocked: bool,
}

#[derive(Debug, Serialize)]
struct Item {
    product_id: ProductId,
    slug: String,
    title: String,
    sku: String,
    image: String,
    unit_price: i64,
    quantity: i64,
    line_total: i64,
    stock: i64,
    notices: Vec<String>,
}

impl Basket {
    /// The cart, with each notice in words.
    #[must_use]
    pub fn of(cart: Cart, shop: &Shop) -> Self {
        let (currency, sums) = (&shop.currency, cart.sums);
        let (version, count, blocked) = (cart.version_text(), cart.count(), cart.is_blocked());
        let item = |line: Line| Item {
            product_id: line.product,
            notices: line.notices.iter().map(|notice| notice.message(currency)).collect(),
            image: image(line.picture),
            slug: line.slug,
            title: line.title,
            sku: line.sku,
            unit_price: line.unit_price.minor(),
            quantity: line.quantity.get(),
            line_total: line.line_total.minor(),
            stock: line.stock,
        };
        Self {
            version,
            count,
            blocked,
            items: cart.lines.into_iter().map(item).collect(),
            subtotal: sums.subtotal.minor(),
            discount: sums.discount.minor(),
            discount_refused: cart.discount.as_ref().and_then(Applied::sentence),
            discount_code: cart.discount.map(|applied| applied.code),
            delivery: sums.delivery.minor(),
            total: sums.total.minor(),
            tax: sums.tax.minor(),
            tax_rate: TaxRate::new(shop.terms.tax_rate).unwrap_or_default().to_string(),
            to_free_delivery: sums.to_free_delivery(&shop.terms).map(Money::minor),
        }
    }
}

/// A thing that was put aside for later.
#[derive(Debug, Serialize)]
pub struct SavedItem {
    product_id: ProductId,
    slug: String,
    title: String,
    image: String,
    unit_price: i64,
    quantity: i64,
    stock: i64,
}

impl From<Saved> for SavedItem {
    fn from(saved: Saved) -> Self {
        Self {
            product_id: saved.product,
            slug: saved.slug,
            title: saved.title,
            image: image(saved.picture),
            unit_price: saved.unit_price.minor(),
            quantity: saved.quantity,
            stock: saved.stock,
        }
    }
}

/// Links to the neighbours of a page.
#[derive(Debug, Default, Serialize)]
pub struct Links<U = String> {
    prev: Option<U>,
    next: Option<U>,
}

/// A link to a page, or a gap between two.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum PageLink<N = i64, U = String> {
    /// To that page.
    To {
        /// Its number.
        page: N,
        /// Its address.
        url: U,
        /// Is it this one?
        current: bool,
    },
    /// Pages left out.
    Gap {
        /// Always true.
        gap: bool,
    },
}

/// The links of a paged list: the first, the last, and the neighbours of this one.
#[must_use]
pub fn links(paging: &Paging, url: impl Fn(i64) -> String) -> (Links, Vec<PageLink>) {
    let (page, pages) = (paging.page, paging.pages());
    let neighbour = |number: i64| (1..=pages).contains(&number).then(|| url(number));
    let mut shown: Vec<i64> =
        [1, page - 1, page, page + 1, pages].into_iter().filter(|number| (1..=pages).contains(number)).collect();
    shown.sort_unstable();
    shown.dedup();
    let (mut list, mut last) = (Vec::with_capacity(shown.len() + 2), 0);
    for number in shown {
        if number > last + 1 {
            list.push(PageLink::Gap { gap: true });
        }
        list.push(PageLink::To { page: number, url: url(number), current: number == page });
        last = number;
    }
    (Links { prev: neighbour(page - 1), next: neighbour(page + 1) }, list)
}

/// The same links, written.
#[must_use]
pub fn written(pen: &mut Pen, (links, list): &(Links, Vec<PageLink>)) -> (Links<Mark>, Vec<PageLink<Mark, Mark>>) {
    let mut url = |url: &Option<String>| url.as_deref().map(|url| pen.text(url));
    let links = Links { prev: url(&links.prev), next: url(&links.next) };
    let mut link = |link: &PageLink| match link {
        PageLink::To { page, url, current } => PageLink::To { page: pen.number(*page), url: pen.text(url), current: *current },
        PageLink::Gap { gap } => PageLink::Gap { gap: *gap },
    };
    (links, list.iter().map(&mut link).collect())
}
