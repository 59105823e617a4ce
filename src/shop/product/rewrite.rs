//! Products that are written anew, some in one statement.
//!
//! Invariant: the caller holds them. Of several in one statement no two are, were or become options of one family: Postgres counts them when
//! the statement is over, each as if the others had been so before. It does not know why.

use crate::db::Conn;
use crate::error::Result;
use crate::ids::{CategoryKey, FamilyKey, PictureId, ProductKey};
use crate::on_either;
use crate::shop::money::Money;
use crate::shop::product::{NewProduct, Status};
use crate::shop::search;
use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Bool, HasSqlType, Nullable, Text};

/// A product as it shall be.
#[derive(Debug, Clone)]
pub(in crate::shop) struct Written {
    pub key: ProductKey,
    pub title: String,
    pub words: String,
    pub sort_title: String,
    pub description: String,
    pub category: CategoryKey,
    pub price: Money,
    pub stock: i64,
    pub status: Status,
    pub picture: Option<PictureId>,
    /// By how much its version goes up.
    pub raised: i64,
}

impl Written {
    /// As it was put in.
    pub fn of(key: ProductKey, new: &NewProduct) -> Self {
        Self {
            key,
            title: new.title.to_owned(),
            words: search::words_of(new.title, new.description, new.category.1, new.sku),
            sort_title: search::fold(new.title),
            description: new.description.to_owned(),
            category: new.category.0,
            price: new.price,
            stock: new.stock,
            status: new.status,
            picture: new.picture,
            raised: 0,
        }
    }
}

/// Where an option stands in its family.
#[derive(Debug, Clone)]
pub(in crate::shop) struct Standing {
    pub family: FamilyKey,
    pub words: [String; 3],
    pub place: i64,
    pub listed: bool,
}

/// Writes products that are no options, if there are any.
pub(in crate::shop) fn rewrite(conn: &mut Conn, rows: &[Written]) -> Result<()> {
    run(conn, Rewrite(rows.iter().map(|row| (row, None)).collect()))
}

/// Writes options, and where they stand.
pub(in crate::shop) fn rewrite_options(conn: &mut Conn, rows: &[(Written, Standing)]) -> Result<()> {
    run(conn, Rewrite(rows.iter().map(|(row, standing)| (row, Some(standing))).collect()))
}

fn run(conn: &mut Conn, rewrite: Rewrite) -> Result<()> {
    if !rewrite.0.is_empty() {
        on_either!(conn, conn => diesel::RunQueryDsl::execute(rewrite, conn))?;
    }
    Ok(())
}

/// The statement. Diesel has no `UPDATE ... FROM`; both databases call the columns of `VALUES` so.
#[derive(Debug)]
struct Rewrite<'a>(Vec<(&'a Written, Option<&'a Standing>)>);

const SET: &str = "UPDATE products SET title = v.column2, words = v.column3, sort_title = v.column4, description = v.column5, \
    category_id = v.column6, price = v.column7, stock = v.column8, status = v.column9, picture = v.column10, \
    version = products.version + v.column11";
const SET_STANDING: &str = ", family_id = v.column12, option_1 = v.column13, option_2 = v.column14, option_3 = v.column15, \
    place = v.column16, listed = v.column17";

impl<DB> QueryFragment<DB> for Rewrite<'_>
where
    DB: Backend + HasSqlType<Bool>,
    i64: ToSql<BigInt, DB>,
    str: ToSql<Text, DB>,
    bool: ToSql<Bool, DB>,
    CategoryKey: ToSql<BigInt, DB>,
    FamilyKey: ToSql<BigInt, DB>,
    ProductKey: ToSql<BigInt, DB>,
    Money: ToSql<BigInt, DB>,
    Option<PictureId>: ToSql<Nullable<Text>, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.unsafe_to_cache_prepared();
        out.push_sql(SET);
        if self.0.iter().all(|(_, standing)| standing.is_some()) {
            out.push_sql(SET_STANDING);
        }
        out.push_sql(" FROM (VALUES ");
        for (nth, (row, standing)) in self.0.iter().enumerate() {
            out.push_sql(if nth == 0 { "(" } else { ", (" });
            out.push_bind_param::<BigInt, _>(&row.key)?;
            for text in [&row.title, &row.words, &row.sort_title, &row.description] {
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
            out.push_bind_param::<Text, str>(row.status.word())?;
            out.push_sql(", ");
            out.push_bind_param::<Nullable<Text>, _>(&row.picture)?;
            out.push_sql(", ");
            out.push_bind_param::<BigInt, _>(&row.raised)?;
            if let Some(standing) = standing {
                out.push_sql(", ");
                out.push_bind_param::<BigInt, _>(&standing.family)?;
                for word in &standing.words {
                    out.push_sql(", ");
                    out.push_bind_param::<Text, str>(word)?;
                }
                out.push_sql(", ");
                out.push_bind_param::<BigInt, _>(&standing.place)?;
                out.push_sql(", ");
                out.push_bind_param::<Bool, _>(&standing.listed)?;
            }
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
