//! The list of products, and the shop front.
//!
//! Invariant: without a search, a page walks one index and its total is one that triggers keep, so a page costs the same with a
//! hundred products and a hundred thousand; only active products are listed, and options of one thing once. It does not know how a
//! search matches.

mod piece;

use crate::db::schema::{families, products};
use crate::db::{self, Conn};
use crate::error::Result;
use crate::ids::{CategoryKey, PictureId, ProductId, ProductKey};
use crate::on_either;
use crate::shop::category::{self, Category, Shelf};
use crate::shop::money::Money;
use crate::shop::paging::{PageNumber, Paging};
use crate::shop::product::{self, KIN, KinRow, Product, Status, StockOfAll};
use crate::shop::search::{self, Search, Vocabulary};
use diesel::prelude::*;
use piece::Among;

/// Products on a page.
pub const PER_PAGE: i64 = 24;

/// Products chosen for the front.
const CHOSEN: i64 = 8;

/// How a list is ordered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sort {
    /// By name.
    #[default]
    Name,
    /// The newest first.
    Newest,
    /// The cheapest first.
    Price,
    /// The dearest first.
    PriceDown,
}

impl Sort {
    /// Reads the word of a query; none if it is not legal.
    #[must_use]
    pub fn read(word: &str) -> Option<Self> {
        [Self::Name, Self::Newest, Self::Price, Self::PriceDown].into_iter().find(|sort| sort.word() == word)
    }

    /// The word in a query.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Newest => "newest",
            Self::Price => "price",
            Self::PriceDown => "-price",
        }
    }
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Query {
    /// Words that must all be found.
    pub q: Search,
    /// The slug of a category; one that does not exist is as absent.
    pub category: Option<String>,
    /// The order; none: the best match first when something is searched, else by name.
    pub sort: Option<Sort>,
    /// Only what can be bought now?
    pub in_stock: bool,
    /// The page.
    pub page: PageNumber,
    /// Which words are common, as far as it is known: the same is found without it, more slowly.
    pub vocabulary: Vocabulary,
}

impl Default for Query {
    fn default() -> Self {
        let (q, vocabulary) = (Search::default(), Vocabulary::default());
        Self { q, category: None, sort: None, in_stock: false, page: PageNumber::FIRST, vocabulary }
    }
}

/// What is shown.
#[derive(Debug, Clone)]
pub struct Page {
    /// The products of this page.
    pub products: Vec<Product>,
    /// Every category, to choose from.
    pub categories: Vec<Category>,
    /// The category that was chosen.
    pub category: Option<Category>,
    /// Which page of how many.
    pub paging: Paging,
    /// Are there more matches than were counted?
    pub more: bool,
    /// What to search for instead, in the whole catalogue, when nothing matches; each of these finds something.
    pub instead: Vec<Search>,
}

/// A page of the catalogue: in two statements, or in a few more when something is searched.
///
/// # Errors
/// What the database says.
pub fn page(conn: &mut Conn, query: &Query) -> Result<Page> {
    let categories = category::all(conn)?;
    let category = query.category.as_ref().and_then(|slug| categories.iter().find(|category| category.slug == *slug)).cloned();
    let key = category.as_ref().map(|category| category.key);
    let of_category = |category: &Category| if query.in_stock { category.shown_in_stock } else { category.shown };
    let all = category.as_ref().map_or_else(|| categories.iter().map(of_category).sum(), of_category);
    let (rows, total) = if query.q.is_empty() {
        (list(conn, query, key, Paging::new(query.page, PER_PAGE, all))?, all)
    } else {
        found(conn, query, key, (all, categories.iter().map(|category| category.shown).sum()))?
    };
    let more = !query.q.is_empty() && total > search::COUNTED;
    let total = if more { search::COUNTED } else { total };
    let paging = Paging::new(query.page, PER_PAGE, total);
    let rows = if paging.is_past_the_end() { Vec::new() } else { rows };
    let products = rows.into_iter().map(|row| named(row, &categories)).collect();
    let instead = if total == 0 && !query.q.is_empty() { instead(conn, query, &categories)? } else { Vec::new() };
    Ok(Page { products, categories, category, paging, more, instead })
}

/// The shop front in two statements and one of names: the categories with a picture each, and what is new and in stock.
///
/// # Errors
/// What the database says.
pub fn front(conn: &mut Conn) -> Result<(Vec<Shelf>, Vec<Product>)> {
    let shelves = category::shelves(conn)?;
    let query = products::table
        .left_join(families::table)
        .filter(products::status.eq(Status::Active.word()))
        .filter(products::listed.eq(true))
        .filter(StockOfAll.gt(0))
        .order((products::created_at.desc(), products::id.desc()))
        .select(columns());
    let rows: Vec<Row> = on_either!(conn, conn => db::first(query, CHOSEN).load(conn))?;
    let categories: Vec<Category> = shelves.iter().map(|shelf| shelf.category.clone()).collect();
    Ok((shelves, rows.into_iter().map(|row| named(row, &categories)).collect()))
}

type Own = (products::id, products::public_id, products::sku, products::slug, products::title, products::description);
type Rest = (products::category_id, products::price, products::stock, products::picture);
type Columns = (Own, Rest, diesel::helper_types::Nullable<product::KinColumns>, StockOfAll);

const OWN: Own = (products::id, products::public_id, products::sku, products::slug, products::title, products::description);
const REST: Rest = (products::category_id, products::price, products::stock, products::picture);

type OwnRow = (ProductKey, ProductId, String, String, String, String);
type Row = (OwnRow, (CategoryKey, Money, i64, Option<PictureId>), Option<KinRow>, i64);

fn columns() -> Columns {
    (OWN, REST, KIN.nullable(), StockOfAll)
}

/// The category's name comes from the list of them, not from a join: a join would let the planner begin with it, and sort.
fn named(row: Row, categories: &[Category]) -> Product {
    let ((key, id, sku, slug, title, description), (category_key, price, stock, picture), family, stock_of_all) = row;
    let kin = product::kin(family, stock_of_all);
    let category = categories.iter().find(|category| category.key == category_key);
    let (category, category_slug) = category.map_or_else(Default::default, |it| (it.name.clone(), it.slug.clone()));
    Product { key, id, sku, slug, title, description, category_key, category, category_slug, price, stock, picture, kin }
}

fn list(conn: &mut Conn, query: &Query, category: Option<CategoryKey>, paging: Paging) -> Result<Vec<Row>> {
    if paging.is_past_the_end() {
        return Ok(Vec::new());
    }
    let sort = query.sort.unwrap_or_default();
    on_either!(conn, conn => {
        // The rows of the page are found in the index alone; what else is shown of them is looked up for these and no others.
        let all = products::table.filter(products::status.eq(Status::Active.word())).filter(products::listed.eq(true));
        let mut page = all.select(products::id).into_boxed();
        if let Some(key) = category {
            page = page.filter(products::category_id.eq(key));
        }
        if query.in_stock {
            page = page.filter(StockOfAll.gt(0));
        }
        page = match sort {
            Sort::Name => page.order((products::sort_title.asc(), products::id.asc())),
            Sort::Newest => page.order((products::created_at.desc(), products::id.desc())),
            Sort::Price => page.order((products::price.asc(), products::id.asc())),
            Sort::PriceDown => page.order((products::price.desc(), products::id.desc())),
        };
        let page = Among(db::first(page, PER_PAGE).after(paging.offset()));
        let rows = products::table.left_join(families::table).filter(page).select(columns()).into_boxed();
        Ok(match sort {
            Sort::Name => rows.order((products::sort_title.asc(), products::id.asc())),
            Sort::Newest => rows.order((products::created_at.desc(), products::id.desc())),
            Sort::Price => rows.order((products::price.asc(), products::id.asc())),
            Sort::PriceDown => rows.order((products::price.desc(), products::id.desc())),
        }.load(conn)?)
    })
}

fn found(conn: &mut Conn, query: &Query, category: Option<CategoryKey>, (among, total): (i64, i64)) -> Result<(Vec<Row>, i64)> {
    let offset = Paging::new(query.page, PER_PAGE, 0).offset();
    let (search, vocabulary, in_stock, sort) = (&query.q, &query.vocabulary, query.in_stock, query.sort);
    let within = search::Within { search, vocabulary, category, in_stock, among, total, sort, limit: PER_PAGE, offset };
    let found = search::find(conn, &within)?;
    if found.keys.is_empty() {
        return Ok((Vec::new(), found.matches));
    }
    let mut rows: Vec<Row> = on_either!(conn, conn => products::table
        .left_join(families::table)
        .filter(products::id.eq_any(&found.keys))
        .filter(products::status.eq(Status::Active.word()))
        .select(columns())
        .load(conn))?;
    rows.sort_by_key(|row| found.keys.iter().position(|key| *key == row.0.0));
    Ok((rows, found.matches))
}

/// The way on from nothing: the same words in the whole catalogue, and each word alone.
fn instead(conn: &mut Conn, query: &Query, categories: &[Category]) -> Result<Vec<Search>> {
    let mut found = Vec::new();
    let total = categories.iter().map(|category| category.shown).sum();
    let in_category = categories.iter().any(|category| Some(&category.slug) == query.category.as_ref());
    let whole = (in_category || query.in_stock).then(|| query.q.clone());
    for search in whole.into_iter().chain(query.q.apart()) {
        if !found.contains(&search) && search::finds_any(conn, &search, (&query.vocabulary, total))? {
            found.push(search);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
