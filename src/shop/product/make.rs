//! A new product, as somebody who runs the shop makes it.
//!
//! Invariant: its slug is made from its title and is nobody else's, its code is nobody else's, and what it starts with is a movement.
//! It does not know forms.

use crate::audit::{self, Actor, Kind};
use crate::clock::Moment;
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::shop::money::Money;
use crate::shop::product::insert::{NewProduct, insert_by};
use crate::shop::product::{Status, by_sku};
use crate::shop::{category, slug};

/// What is asked of it.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The stock-keeping code.
    pub sku: String,
    /// Its name.
    pub title: String,
    /// What it is.
    pub description: String,
    /// The slug of its category.
    pub category: String,
    /// The price.
    pub price: Money,
    /// Pieces to start with.
    pub stock: i64,
    /// Is it for sale?
    pub status: Status,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Made {
    /// It is there, under this slug.
    Done(String),
    /// Another product has this code. Nothing was done.
    CodeTaken,
    /// There is no such category. Nothing was done.
    NoCategory,
}

/// Makes it.
///
/// # Errors
/// What the database says.
pub fn make(conn: &mut Conn, now: Moment, actor: &Actor, draft: &Draft) -> Result<Made> {
    let Some((shelf, name)) = category::named(conn, &draft.category)? else { return Ok(Made::NoCategory) };
    for slug in slug::candidates(&slug::of(&draft.title, "product")) {
        // Asked each time: between the question and the answer somebody else may have taken it.
        if by_sku(conn, &draft.sku)?.is_some() {
            return Ok(Made::CodeTaken);
        }
        let new = NewProduct {
            sku: &draft.sku,
            slug: &slug,
            title: &draft.title,
            description: &draft.description,
            category: (shelf, &name),
            price: draft.price,
            stock: draft.stock,
            status: draft.status,
            picture: None,
        };
        if insert_by(conn, now, actor, &new)? {
            if draft.status == Status::Active {
                category::bring_back(conn, &[shelf])?;
            }
            let told = format!("{slug}, new, price {}, {}", draft.price.minor(), draft.status.word());
            audit::record(conn, now, Kind::ProductChanged, actor, &told)?;
            return Ok(Made::Done(slug));
        }
    }
    Err(Error::internal("no slug is left for a new product"))
}
