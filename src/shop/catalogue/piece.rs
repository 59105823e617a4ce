//! The rows of a piece of the catalogue, in the statement that looks up what is shown of them.
//!
//! Invariant: they are found in an index first, and nothing else is looked up but for these. It does not know what order they are in.

use crate::db::First;
use crate::db::schema::products;
use diesel::backend::Backend;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::Bool;

/// Is a product one of these?
#[derive(Debug, Clone, Copy, QueryId)]
pub(super) struct Among<Q>(pub First<Q>);

impl<Q> Expression for Among<Q> {
    type SqlType = Bool;
}

impl<Q, DB> QueryFragment<DB> for Among<Q>
where
    DB: Backend,
    First<Q>: QueryFragment<DB>,
    products::id: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        products::id.walk_ast(out.reborrow())?;
        out.push_sql(" IN (");
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(")");
        Ok(())
    }
}

impl<Q> ValidGrouping<()> for Among<Q> {
    type IsAggregate = is_aggregate::No;
}

impl<Q, QS> AppearsOnTable<QS> for Among<Q> {}

impl<Q, QS> SelectableExpression<QS> for Among<Q> {}
