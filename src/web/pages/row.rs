//! Products and orders in lists, each drawn by itself, since a page has dozens and only their words differ.
//!
//! Invariant: a row says what was just read: a new name, price or stock is in it at once. It does not know the pages.

use crate::error::Result;
use crate::shop::order::Summary;
use crate::shop::product::Product;
use crate::web::pages::card::image;
use crate::web::view::pen::{Count, Pen, When};
use crate::web::view::stencil::Mark;
use serde::Serialize;

/// A product as a card shows it.
#[derive(Serialize)]
struct Card {
    level: u8,
    /// Is its picture loaded at once?
    eager: bool,
    product_id: Mark,
    slug: Mark,
    title: Mark,
    price: Mark,
    image: Mark,
    /// Pieces that are left, as far as one is told: of many, one is not told how many.
    stock: i64,
    /// What it stands for, where it is one of several.
    options: Option<Several>,
    csrf: Mark,
}

/// So many or more look the same (templates/products/stock.html).
const MANY: i64 = 6;

/// The options that one of them stands for in a list.
#[derive(Serialize)]
struct Several {
    count: Mark,
    in_stock: bool,
    /// Do some cost more?
    from: bool,
}

/// Cards of products under headings of a level; the first `eager` pictures are loaded at once.
///
/// # Errors
/// `Internal`, when the template is wrong.
pub fn cards(pen: &mut Pen, products: &[Product], level: u8, eager: usize) -> Result<Option<Mark>> {
    pen.rows("products/card.html", products.iter().enumerate(), |pen, (index, product)| {
        let kin = product.kin.as_ref().filter(|kin| kin.shown > 1);
        Card {
            level,
            eager: index < eager,
            product_id: pen.text(product.id.as_str()),
            slug: pen.text(&product.slug),
            title: pen.text(kin.map_or(&product.title, |kin| &kin.title)),
            price: pen.money(product.price),
            image: pen.text(&image(product.picture)),
            // Where there are options, theirs counts.
            stock: if kin.is_some() { 0 } else { product.stock.clamp(0, MANY) },
            options: kin.map(|kin| Several {
                count: pen.number(kin.shown),
                in_stock: kin.in_stock,
                from: kin.dearest > product.price,
            }),
            csrf: pen.csrf(),
        }
    })
}

/// An order as a row shows it.
#[derive(Serialize)]
struct Row {
    level: u8,
    csrf: Mark,
    order: Order,
}

#[derive(Serialize)]
struct Order {
    number: Mark,
    status: &'static str,
    status_word: &'static str,
    placed: When,
    total: Mark,
    lines: Count<Mark>,
    titles: Option<Mark>,
}

/// Rows of orders under headings of a level.
///
/// # Errors
/// `Internal`, when the template is wrong.
pub fn orders(pen: &mut Pen, orders: &[Summary], level: u8) -> Result<Option<Mark>> {
    pen.rows("orders/row.html", orders, |pen, order| Row {
        level,
        csrf: pen.csrf(),
        order: Order {
            number: pen.text(order.number.as_str()),
            status: order.status.code(),
            status_word: order.status.word(),
            placed: pen.day(order.placed_at),
            total: pen.money(order.total),
            lines: pen.count(order.lines_count),
            titles: pen.some(&order.titles.join(", ")),
        },
    })
}
