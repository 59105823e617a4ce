//! The options of a product on its page: links in words, one row for each name.
//!
//! Invariant: every option that is for sale is offered, what is sold out too, and none that is not. It does not know which link is followed.

use crate::db::Conn;
use crate::error::Result;
use crate::shop::family::{self, Member};
use crate::shop::product::Product;
use serde::Serialize;

/// What there is to choose from.
#[derive(Debug, Serialize)]
pub(super) struct Options {
    code: String,
    title: String,
    /// Is another one in stock?
    others_in_stock: bool,
    rows: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    name: String,
    /// The word of the one that is shown.
    word: String,
    choices: Vec<Choice>,
}

#[derive(Debug, Serialize)]
struct Choice {
    word: String,
    slug: String,
    current: bool,
    stock: i64,
    /// What it costs, where that is not what the one that is shown costs.
    price: Option<i64>,
    /// The words of another one that it leads to, where there is none like the one that is shown.
    with: Option<String>,
}

/// The options beside a product; none for one that has no others.
pub(super) fn of(conn: &mut Conn, product: &Product) -> Result<Option<Options>> {
    let Some(kin) = product.kin.as_ref().filter(|kin| kin.shown > 1) else { return Ok(None) };
    let Some((family, members)) = family::offered(conn, &[kin.key])?.pop() else { return Ok(None) };
    let rows = family::choose(&family.names, &members, product.key).into_iter().enumerate();
    let rows = rows.map(|(at, row)| Row {
        name: row.name.to_owned(),
        word: row.choices.iter().find(|choice| choice.current).map_or_else(String::new, |choice| choice.word.to_owned()),
        choices: row.choices.iter().map(|choice| shown(choice, at, product)).collect(),
    });
    Ok(Some(Options {
        rows: rows.collect(),
        others_in_stock: members.iter().any(|it| it.key != product.key && it.stock > 0),
        code: family.code,
        title: family.title,
    }))
}

fn shown(choice: &family::Choice<'_>, at: usize, product: &Product) -> Choice {
    let Member { slug, words, price, stock, .. } = choice.member;
    let others: Vec<String> = words.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, word)| word.clone()).collect();
    Choice {
        word: choice.word.to_owned(),
        slug: slug.clone(),
        current: choice.current,
        stock: *stock,
        price: (*price != product.price).then(|| price.minor()),
        with: (!choice.alone).then(|| family::said(&others)),
    }
}
