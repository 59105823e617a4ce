//! New rows of products.
//!
//! Invariant: what `words` and `sort_title` hold is made by one place (`search`), and what a product starts with is a movement in the same
//! transaction; of two products of one code or one name in URLs there is never a second. It does not know who makes products.

use crate::audit::Actor;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::products;
use crate::error::{Error, Result};
use crate::ids::{CategoryKey, PictureId, ProductId, ProductKey};
use crate::on_either;
use crate::shop::money::Money;
use crate::shop::product::Status;
use crate::shop::{search, slug, stock};
use diesel::prelude::*;
use std::collections::{HashMap, HashSet};

/// How often names are looked for that are free, while others take them.
const ROUNDS: usize = 3;

/// A product to be.
#[derive(Debug, Clone)]
pub struct NewProduct<'a> {
    /// The stock-keeping code.
    pub sku: &'a str,
    /// Its name in URLs.
    pub slug: &'a str,
    /// Its name.
    pub title: &'a str,
    /// What it is.
    pub description: &'a str,
    /// The row of its category and that category's name.
    pub category: (CategoryKey, &'a str),
    /// The price.
    pub price: Money,
    /// Pieces in stock.
    pub stock: i64,
    /// Is it for sale?
    pub status: Status,
    /// Its picture.
    pub picture: Option<PictureId>,
}

#[derive(Insertable)]
#[diesel(table_name = products, treat_none_as_default_value = false)]
struct Row<'a> {
    public_id: ProductId,
    sku: &'a str,
    slug: &'a str,
    title: &'a str,
    words: String,
    sort_title: String,
    description: &'a str,
    category_id: CategoryKey,
    price: Money,
    stock: i64,
    status: &'static str,
    picture: Option<PictureId>,
    created_at: Moment,
}

fn row<'a>(now: Moment, new: &NewProduct<'a>, slug: &'a str) -> Row<'a> {
    Row {
        public_id: ProductId::random(),
        sku: new.sku,
        slug,
        title: new.title,
        words: search::words_of(new.title, new.description, new.category.1, new.sku),
        sort_title: search::fold(new.title),
        description: new.description,
        category_id: new.category.0,
        price: new.price,
        stock: new.stock,
        status: new.status.word(),
        picture: new.picture,
        created_at: now,
    }
}

/// Puts a product into the catalogue, unless one with its sku or slug is there already; was it put in?
///
/// # Errors
/// What the database says.
pub fn insert(conn: &mut Conn, now: Moment, new: &NewProduct) -> Result<bool> {
    insert_by(conn, now, &Actor::default(), new)
}

/// The same, by somebody who runs the shop.
pub(super) fn insert_by(conn: &mut Conn, now: Moment, actor: &Actor, new: &NewProduct) -> Result<bool> {
    let row = row(now, new, new.slug);
    let key: Option<ProductKey> = on_either!(conn, conn => diesel::insert_into(products::table)
        .values(row)
        .on_conflict_do_nothing()
        .returning(products::id)
        .get_result(conn)
        .optional())?;
    if let Some(key) = key {
        stock::open(conn, now, actor, &[(key, new.stock)])?;
    }
    Ok(key.is_some())
}

/// Puts products into the catalogue, each under the first name in URLs like its own that is free; their rows, by their codes. However many
/// there are, it takes a few statements.
///
/// # Errors
/// `Unavailable` when somebody else makes the same in this moment.
pub(in crate::shop) fn insert_all(
    conn: &mut Conn,
    now: Moment,
    actor: &Actor,
    all: &[NewProduct],
) -> Result<HashMap<String, ProductKey>> {
    let mut made: HashMap<String, ProductKey> = HashMap::with_capacity(all.len());
    for _ in 0..ROUNDS {
        let left: Vec<&NewProduct> = all.iter().filter(|new| !made.contains_key(new.sku)).collect();
        if left.is_empty() {
            break;
        }
        let slugs = free_slugs(conn, &left.iter().map(|new| new.slug).collect::<Vec<_>>())?;
        let rows: Vec<Row> = left.iter().zip(&slugs).map(|(new, slug)| row(now, new, slug)).collect();
        let ids: Vec<ProductId> = rows.iter().map(|row| row.public_id).collect();
        on_either!(conn, conn => diesel::insert_into(products::table).values(rows).on_conflict_do_nothing().execute(conn))?;
        let there = products::table.filter(products::public_id.eq_any(ids)).select((products::sku, products::id));
        made.extend(there.load::<(String, ProductKey)>(conn)?);
    }
    let stocks: Vec<(ProductKey, i64)> = all.iter().filter_map(|new| Some((*made.get(new.sku)?, new.stock))).collect();
    if stocks.len() < all.len() {
        return Err(Error::Unavailable("somebody else makes the same products in this moment".to_owned()));
    }
    stock::open(conn, now, actor, &stocks)?;
    Ok(made)
}

/// For each of these the first like it that no product has, nor one of the others.
fn free_slugs(conn: &mut Conn, wished: &[&str]) -> Result<Vec<String>> {
    let mut taken = taken_of(conn, wished.iter().copied())?;
    let (mut once, mut crowded) = (HashSet::new(), HashSet::new());
    for slug in wished {
        if taken.contains(*slug) || !once.insert(*slug) {
            crowded.insert(*slug);
        }
    }
    // A name that only looks like another's second, such as `mug-2`, is among those that were asked for.
    let numbered: Vec<String> = crowded.into_iter().flat_map(slug::numbered).collect();
    if !numbered.is_empty() {
        taken.extend(taken_of(conn, numbered.iter().map(String::as_str))?);
    }
    let free = |slug: &&str| {
        let free = slug::candidates(slug).find(|slug| !taken.contains(slug)).unwrap_or_else(|| (*slug).to_owned());
        taken.insert(free.clone());
        free
    };
    Ok(wished.iter().map(free).collect())
}

fn taken_of<'a>(conn: &mut Conn, slugs: impl Iterator<Item = &'a str>) -> Result<HashSet<String>> {
    let taken: Vec<String> = products::table.filter(products::slug.eq_any(slugs)).select(products::slug).load(conn)?;
    Ok(taken.into_iter().collect())
}
