//! Products, carts and orders as the API writes them (docs/API.md, "JSON API").
//!
//! Invariant: money is an integer of minor units beside a currency code; times are RFC 3339; no row number goes out.

use crate::clock::rfc3339;
use crate::config::Currency;
use crate::ids::{PictureId, ProductId};
use crate::shop::cart::{Cart, Line, Saved};
use crate::shop::discount::Applied;
use crate::shop::family::{Family, Member};
use crate::shop::order::{self, Order, Summary};
use crate::shop::paging::Paging;
use crate::shop::product::Product;
use crate::web::api::openapi::shapes;
use crate::web::api::options::WireOption;
use serde::Serialize;
use utoipa::ToSchema;

fn image(picture: Option<PictureId>) -> Option<String> {
    picture.map(|id| format!("/pictures/{id}"))
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Product)]
pub(super) struct WireProduct {
    #[schema(schema_with = shapes::id)]
    product_id: ProductId,
    slug: String,
    title: String,
    description: String,
    category: String,
    price: i64,
    #[schema(schema_with = shapes::currency)]
    currency: &'static str,
    stock: i64,
    /// A path on this site, or null.
    #[schema(required)]
    image: Option<String>,
    /// This product and the others that are sold as the same thing, in their order; empty where there are no others.
    options: Vec<WireOption>,
}

impl WireProduct {
    pub(super) fn of(product: Product, currency: &Currency, families: &[(Family, Vec<Member>)]) -> Self {
        let kin = product.kin.as_ref().filter(|kin| kin.shown > 1);
        let family = kin.and_then(|kin| families.iter().find(|(family, _)| family.key == kin.key));
        Self {
            options: family.map(|(family, members)| WireOption::all(family, members)).unwrap_or_default(),
            product_id: product.id,
            slug: product.slug,
            title: product.title,
            description: product.description,
            category: product.category_slug,
            price: product.price.minor(),
            currency: currency.code,
            stock: product.stock,
            image: image(product.picture),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Meta {
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

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Cart)]
pub(in crate::web) struct WireCart {
    /// Goes into `cart_version`.
    version: String,
    #[schema(schema_with = shapes::currency)]
    currency: &'static str,
    items: Vec<WireItem>,
    subtotal: i64,
    discount: i64,
    #[schema(required)]
    discount_code: Option<String>,
    /// Why the code takes nothing off any more.
    #[schema(required)]
    discount_notice: Option<WireNotice>,
    delivery: i64,
    total: i64,
    tax: i64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CartItem)]
struct WireItem {
    #[schema(schema_with = shapes::id)]
    product_id: ProductId,
    slug: String,
    title: String,
    unit_price: i64,
    quantity: i64,
    line_total: i64,
    stock: i64,
    notices: Vec<WireNotice>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Notice)]
struct WireNotice {
    #[schema(schema_with = shapes::notice)]
    code: &'static str,
    message: String,
}

impl WireCart {
    pub(in crate::web) fn of(cart: Cart, currency: &Currency) -> Self {
        let item = |line: Line| WireItem {
            notices: line
                .notices
                .iter()
                .map(|notice| WireNotice { code: notice.code(), message: notice.message(currency) })
                .collect(),
            product_id: line.product,
            slug: line.slug,
            title: line.title,
            unit_price: line.unit_price.minor(),
            quantity: line.quantity.get(),
            line_total: line.line_total.minor(),
            stock: line.stock,
        };
        let notice = |applied: &Applied| {
            let code = applied.refusal?.code();
            Some(WireNotice { code, message: applied.sentence()? })
        };
        let discount_notice = cart.discount.as_ref().and_then(notice);
        Self {
            version: cart.version_text(),
            currency: currency.code,
            items: cart.lines.into_iter().map(item).collect(),
            subtotal: cart.sums.subtotal.minor(),
            discount: cart.sums.discount.minor(),
            discount_notice,
            discount_code: cart.discount.map(|applied| applied.code),
            delivery: cart.sums.delivery.minor(),
            total: cart.sums.total.minor(),
            tax: cart.sums.tax.minor(),
        }
    }
}

/// A thing that was put aside for later.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Saved)]
pub(in crate::web) struct WireSaved {
    #[schema(schema_with = shapes::id)]
    product_id: ProductId,
    slug: String,
    title: String,
    unit_price: i64,
    quantity: i64,
    stock: i64,
}

impl From<Saved> for WireSaved {
    fn from(saved: Saved) -> Self {
        Self {
            product_id: saved.product,
            slug: saved.slug,
            title: saved.title,
            unit_price: saved.unit_price.minor(),
            quantity: saved.quantity,
            stock: saved.stock,
        }
    }
}

/// An order in a list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderSummary)]
pub(super) struct WireSummary {
    number: String,
    #[schema(schema_with = shapes::status)]
    status: &'static str,
    #[schema(schema_with = shapes::time)]
    placed_at: String,
    #[schema(schema_with = shapes::currency)]
    currency: String,
    total: i64,
}

impl From<Summary> for WireSummary {
    fn from(order: Summary) -> Self {
        Self {
            number: order.number.as_str().to_owned(),
            status: order.status.code(),
            placed_at: rfc3339(order.placed_at),
            currency: order.currency,
            total: order.total.minor(),
        }
    }
}

/// An order with all it has.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Order)]
pub(in crate::web) struct WireOrder {
    number: String,
    #[schema(schema_with = shapes::status)]
    status: &'static str,
    #[schema(schema_with = shapes::time)]
    placed_at: String,
    #[schema(schema_with = shapes::currency)]
    currency: String,
    lines: Vec<WireLine>,
    subtotal: i64,
    discount: i64,
    #[schema(required)]
    discount_code: Option<String>,
    delivery: i64,
    total: i64,
    tax: i64,
    address: WireAddress,
    note: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderLine)]
struct WireLine {
    #[schema(schema_with = shapes::id)]
    product_id: ProductId,
    slug: String,
    title: String,
    unit_price: i64,
    quantity: i64,
    line_total: i64,
    discount: i64,
    /// In hundredths of a percent.
    tax_rate: i64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Address)]
struct WireAddress {
    name: String,
    address1: String,
    address2: String,
    city: String,
    postal_code: String,
    country: &'static str,
    phone: String,
}

impl From<Order> for WireOrder {
    fn from(order: Order) -> Self {
        let line = |line: order::Line| WireLine {
            product_id: line.product,
            slug: line.slug,
            title: line.title,
            unit_price: line.unit_price.minor(),
            quantity: line.quantity,
            line_total: line.line_total.minor(),
            discount: line.discount.minor(),
            tax_rate: line.tax_rate.hundredths(),
        };
        let place = order.address;
        Self {
            number: order.number.as_str().to_owned(),
            status: order.status.code(),
            placed_at: rfc3339(order.placed_at),
            currency: order.currency,
            lines: order.lines.into_iter().map(line).collect(),
            subtotal: order.sums.subtotal.minor(),
            discount: order.sums.discount.minor(),
            discount_code: order.discount_code,
            delivery: order.sums.delivery.minor(),
            total: order.sums.total.minor(),
            tax: order.sums.tax.minor(),
            address: WireAddress {
                name: place.name,
                address1: place.address1,
                address2: place.address2,
                city: place.city,
                postal_code: place.postal_code,
                country: place.country.code(),
                phone: place.phone,
            },
            note: order.note,
        }
    }
}
