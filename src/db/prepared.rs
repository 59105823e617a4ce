//! An `UPDATE` that a connection keeps prepared.
//!
//! Invariant: it says the same words at every run, whatever its values. Diesel's own has the database read it anew each time, since a
//! changeset may leave columns out; on Postgres that is one more way there and back, under whatever lock is held. It does not know
//! what the statement is for.

use diesel::backend::Backend;
use diesel::expression::{AppearsOnTable, SelectableExpression};
use diesel::prelude::*;
use diesel::query_builder::{AsChangeset, AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::Bool;

/// What `update` makes. `MultiConnection` cannot build it: run it inside `on_either!`.
#[derive(Debug, Clone, Copy)]
pub struct Update<T, W, C> {
    table: T,
    rows: W,
    set: C,
}

/// What `Update::returning` makes.
#[derive(Debug, Clone, Copy)]
pub struct Returning<U, R> {
    update: U,
    columns: R,
}

/// Changes these rows of a table. The changeset sets the same columns each time: no `Option` of one, and no list in the condition.
pub fn update<T, W, V>(table: T, rows: W, set: V) -> Update<T, W, V::Changeset>
where
    T: Table,
    W: AppearsOnTable<T, SqlType = Bool>,
    V: AsChangeset<Target = T>,
{
    Update { table, rows, set: set.as_changeset() }
}

impl<T, W, C> Update<T, W, C> {
    /// Asks for columns of the rows as they are then.
    pub fn returning<R>(self, columns: R) -> Returning<Self, R>
    where
        R: SelectableExpression<T>,
        T: Table,
    {
        Returning { update: self, columns }
    }
}

impl<T, W, C, DB> QueryFragment<DB> for Update<T, W, C>
where
    DB: Backend,
    T: QueryFragment<DB>,
    W: QueryFragment<DB>,
    C: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("UPDATE ");
        self.table.walk_ast(out.reborrow())?;
        out.push_sql(" SET ");
        self.set.walk_ast(out.reborrow())?;
        out.push_sql(" WHERE ");
        self.rows.walk_ast(out)
    }
}

impl<U: QueryFragment<DB>, R: QueryFragment<DB>, DB: Backend> QueryFragment<DB> for Returning<U, R> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.update.walk_ast(out.reborrow())?;
        out.push_sql(" RETURNING ");
        self.columns.walk_ast(out)
    }
}

/// Told apart by its words.
impl<T, W, C> QueryId for Update<T, W, C> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<U, R> QueryId for Returning<U, R> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<U, R: Expression> Query for Returning<U, R> {
    type SqlType = R::SqlType;
}

impl<T, W, C, Conn> RunQueryDsl<Conn> for Update<T, W, C> {}
impl<U, R, Conn> RunQueryDsl<Conn> for Returning<U, R> {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::schema::users;
    use diesel::connection::{InstrumentationEvent, SimpleConnection as _};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn it_is_prepared_once() {
        let mut conn = SqliteConnection::establish(":memory:").expect("SQLite");
        conn.batch_execute("CREATE TABLE users (id BIGINT, epoch BIGINT); INSERT INTO users VALUES (1, 1)").expect("a table");
        let kept = Arc::new(AtomicUsize::new(0));
        let heard = Arc::clone(&kept);
        conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if matches!(event, InstrumentationEvent::CacheQuery { .. }) {
                heard.fetch_add(1, Ordering::Relaxed);
            }
        });
        for epoch in 2..5 {
            let raise = update(users::table, users::epoch.lt(epoch), users::epoch.eq(epoch));
            assert_eq!(raise.execute(&mut conn), Ok(1));
        }
        assert_eq!(kept.load(Ordering::Relaxed), 1);
        let raise = update(users::table, users::id.eq(1), users::epoch.eq(users::epoch + 1)).returning(users::epoch);
        assert_eq!(raise.get_result::<i64>(&mut conn), Ok(5));
    }
}
