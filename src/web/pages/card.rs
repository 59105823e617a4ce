//! How products, carts and orders look in more than one page's data.
//!
//! Invariant: amounts go out as minor units, which templates turn into words; times as RFC 3339. It does not know templates.

use crate::clock::rfc3339;
use crate::config::Shop;
use crate::ids::{PictureId, ProductId};
use crate::shop::cart::{Cart, Line, Saved};
use crate::shop::discount::Applied;
use crate::shop::money::Money;
use crate::shop::order::{Status, Summary};
use crate::shop::paging::Paging;
use crate::shop::product::{Kin, Product};
use crate::shop::tax::TaxRate;
use serde::Serialize;

/// Where a picture is; without one, a quiet stand-in.
#[must_use]
pub fn image(picture: Option<PictureId>) -> String {
    picture.map_or_else(|| "/pictures/none".to_owned(), |id| format!("/pictures/{id}"))
}

/// A product in a list: what a card shows and no more, since a page has dozens.
#[derive(Debug, Serialize)]
pub struct Card {
    product_id: ProductId,
    slug: String,
    title: String,
    price: i64,
    stock: i64,
    image: String,
    /// What it stands for, where it is one of several.
    options: Option<Several>,
}

/// The options that one of them stands for in a list.
#[derive(Debug, Serialize)]
struct Several {
    count: i64,
    in_stock: bool,
    /// Do some cost more?
    from: bool,
}

impl From<Product> for Card {
    fn from(product: Product) -> Self {
        let kin = product.kin.filter(|kin| kin.shown > 1);
        let several = |kin: &Kin| Several { count: kin.shown, in_stock: kin.in_stock, from: kin.dearest > product.price };
        Self {
            product_id: product.id,
            slug: product.slug,
            options: kin.as_ref().map(several),
            title: kin.map_or(product.title, |kin| kin.title),
            price: product.price.minor(),
            stock: product.stock,
            image: image(product.picture),
        }
    }
}

/// A product on its own page.
#[derive(Debug, Serialize)]
pub struct Sheet {
    #[serde(flatten)]
    card: Card,
    description: String,
    category: String,
    category_slug: String,
    sku: String,
}

impl From<Product> for Sheet {
    fn from(mut product: Product) -> Self {
        Self {
            description: std::mem::take(&mut product.description),
            category: std::mem::take(&mut product.category),
            category_slug: std::mem::take(&mut product.category_slug),
            sku: std::mem::take(&mut product.sku),
            card: Product { kin: None, ..product }.into(),
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

/// An order in a list.
#[derive(Debug, Serialize)]
pub struct OrderRow {
    number: String,
    status: &'static str,
    status_word: &'static str,
    placed_at: String,
    total: i64,
    lines_count: i64,
    titles: Vec<String>,
}

impl From<Summary> for OrderRow {
    fn from(order: Summary) -> Self {
        Self {
            number: order.number.as_str().to_owned(),
            status: Status::code(order.status),
            status_word: order.status.word(),
            placed_at: rfc3339(order.placed_at),
            total: order.total.minor(),
            lines_count: order.lines_count,
            titles: order.titles,
        }
    }
}

/// Which page of how many.
#[derive(Debug, Serialize)]
pub struct Meta {
    page: i64,
    pages: i64,
    per_page: i64,
    total: i64,
}

impl From<&Paging> for Meta {
    fn from(paging: &Paging) -> Self {
        Self { page: paging.page, pages: paging.pages(), per_page: paging.per_page, total: paging.total }
    }
}

/// Links to the neighbours of a page.
#[derive(Debug, Default, Serialize)]
pub struct Links {
    prev: Option<String>,
    next: Option<String>,
}

/// A link to a page, or a gap between two.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum PageLink {
    /// To that page.
    To {
        /// Its number.
        page: i64,
        /// Its address.
        url: String,
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
