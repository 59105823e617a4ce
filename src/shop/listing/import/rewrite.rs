//! Products that are written anew, in one statement.
//!
//! Invariant: the caller holds them, and of several none is an option of a family. Each is another version then. It does not know why.

use crate::db::Conn;
use crate::error::Result;
use crate::ids::{CategoryKey, PictureId, ProductKey};
use crate::on_either;
use crate::shop::money::Money;
use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Nullable, Text};

/// A product as it shall be.
#[derive(Debug)]
pub(super) struct Written<'a> {
    pub key: ProductKey,
    pub title: &'a str,
    pub words: String,
    pub sort_title: String,
    pub description: &'a str,
    pub category: CategoryKey,
    pub price: Money,
    pub stock: i64,
    pub status: &'a str,
    pub picture: Option<PictureId>,
}

/// The statement. Diesel has no `UPDATE ... FROM`; both databases call the columns of `VALUES` so.
#[derive(Debug)]
pub(super) struct Rewrite<'a>(pub Vec<Written<'a>>);

const SET: &str = "UPDATE products SET title = v.column2, words = v.column3, sort_title = v.column4, description = v.column5, \
    category_id = v.column6, price = v.column7, stock = v.column8, status = v.column9, picture = v.column10, \
    version = products.version + 1 FROM (VALUES ";

impl Rewrite<'_> {
    /// Writes them, if there are any.
    pub fn execute(self, conn: &mut Conn) -> Result<()> {
        if !self.0.is_empty() {
            on_either!(conn, conn => diesel::RunQueryDsl::execute(self, conn))?;
        }
        Ok(())
    }
}

impl<DB> QueryFragment<DB> for Rewrite<'_>
where
    DB: Backend,
    i64: ToSql<BigInt, DB>,
    str: ToSql<Text, DB>,
    CategoryKey: ToSql<BigInt, DB>,
    ProductKey: ToSql<BigInt, DB>,
    Money: ToSql<BigInt, DB>,
    Option<PictureId>: ToSql<Nullable<Text>, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.unsafe_to_cache_prepared();
        out.push_sql(SET);
        for (nth, row) in self.0.iter().enumerate() {
            out.push_sql(if nth == 0 { "(" } else { ", (" });
            out.push_bind_param::<BigInt, _>(&row.key)?;
            for text in [row.title, &row.words, &row.sort_title, row.description] {
                out.push_sql(", ");
                out.push_bind_param::<Text, str>(text)?;
            }
            out.push_sql(", ");
            out.push_bind_param::<BigInt, _>(&row.category)?;
            out.push_sql(", ");
            out.push_bind_param::<BigInt, _>(&row.price)?;
            out.push_sql(", ");
            out.push_bind_param::<BigInt, _>(&row.stock)?;
            out.push_sql(", ");
            out.push_bind_param::<Text, str>(row.status)?;
            out.push_sql(", ");
            out.push_bind_param::<Nullable<Text>, _>(&row.picture)?;
            out.push_sql(")");
        }
        out.push_sql(") AS v WHERE products.id = v.column1");
        Ok(())
    }
}

impl QueryId for Rewrite<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<C> RunQueryDsl<C> for Rewrite<'_> {}
