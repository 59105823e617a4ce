//! The stock that a list goes by.
//!
//! Invariant: nothing is looked up for a product that has no options, and of one that has, only they are. It does not know which list.

use diesel::backend::Backend;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::BigInt;

/// Pieces of a product; of an option, as many as there are of the one that has most. A scalar, because Postgres would read the options
/// of the whole shop at once to answer an `EXISTS`.
pub const STOCK_OF_ALL: &str = "CASE WHEN products.family_id IS NULL THEN products.stock ELSE coalesce((SELECT max(o.stock) \
    FROM products o WHERE o.family_id = products.family_id AND o.status = 'active'), 0) END";

/// The same in a statement of `products`. Not text in it, which Diesel would have the database read anew each time.
#[derive(Debug, Clone, Copy, QueryId)]
pub struct StockOfAll;

impl Expression for StockOfAll {
    type SqlType = BigInt;
}

impl<DB: Backend> QueryFragment<DB> for StockOfAll {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(STOCK_OF_ALL);
        Ok(())
    }
}

impl ValidGrouping<()> for StockOfAll {
    type IsAggregate = is_aggregate::No;
}

impl<QS> AppearsOnTable<QS> for StockOfAll {}

impl<QS> SelectableExpression<QS> for StockOfAll {}
