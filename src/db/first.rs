//! The first rows of a query, where how many is said in the statement itself.
//!
//! Invariant: nothing that is bound decides how a statement is best answered. A server that does not know how many rows are wanted, or
//! how many are passed over, thinks of a tenth of them all, finds a plan for that worse than any other, and plans anew each time, which
//! takes it three times as long as to find the rows of a page. It does not know what is asked.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::BigInt;
use diesel::sqlite::Sqlite;

/// A server cuts later pieces from a head of so many rows, or of twice as many, and so on. It reckons that a tenth of a head is passed
/// over: were a head much longer than that, it would plan for each offset anew.
const HEAD: i64 = 1024;

/// What `first` makes. `MultiConnection` cannot build it: run it inside `on_either!`.
#[derive(Debug, Clone, Copy)]
pub struct First<Q> {
    query: Q,
    most: i64,
    offset: i64,
}

/// The first rows of a query that has no limit of its own. Each `most` is a statement of its own, which a connection keeps: a number
/// of the program's, never of a person's.
pub const fn first<Q>(query: Q, most: i64) -> First<Q> {
    First { query, most, offset: 0 }
}

impl<Q> First<Q> {
    /// As many after the first `offset`. That is bound, or each page would be kept as a statement of its own.
    #[must_use]
    pub fn after(self, offset: i64) -> Self {
        Self { offset, ..self }
    }
}

impl<Q: QueryFragment<Sqlite>> QueryFragment<Sqlite> for First<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        self.query.walk_ast(out.reborrow())?;
        out.push_sql(&format!(" LIMIT {}", self.most));
        if self.offset > 0 {
            out.push_sql(" OFFSET ");
            out.push_bind_param::<BigInt, _>(&self.offset)?;
        }
        Ok(())
    }
}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for First<Q> {
    /// A later piece is cut from a head of the whole, of which only a handful of lengths are ever said.
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        if self.offset > 0 {
            out.push_sql("SELECT * FROM (");
        }
        self.query.walk_ast(out.reborrow())?;
        if self.offset > 0 {
            let mut head = HEAD;
            while head < self.offset.saturating_add(self.most) {
                head = head.saturating_mul(2);
            }
            out.push_sql(&format!(" LIMIT {head}) AS head OFFSET "));
            out.push_bind_param::<BigInt, _>(&self.offset)?;
        }
        out.push_sql(&format!(" LIMIT {}", self.most));
        Ok(())
    }
}

/// Told apart by its words.
impl<Q> QueryId for First<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: Query> Query for First<Q> {
    type SqlType = Q::SqlType;
}

impl<Q, Conn> RunQueryDsl<Conn> for First<Q> {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::schema::users;

    #[test]
    fn its_number_stands_in_the_statement_and_only_an_offset_is_bound() {
        let emails = || users::table.select(users::email);
        let text = |query| diesel::debug_query::<diesel::pg::Pg, _>(&query).to_string();
        assert_eq!(text(first(emails(), 24)), "SELECT \"users\".\"email\" FROM \"users\" LIMIT 24 -- binds: []");
        let later = |offset| text(first(emails(), 24).after(offset));
        assert_eq!(
            later(1000),
            "SELECT * FROM (SELECT \"users\".\"email\" FROM \"users\" LIMIT 1024) AS head OFFSET $1 LIMIT 24 -- binds: [1000]"
        );
        assert!(later(1001).contains("LIMIT 2048)") && later(i64::MAX).contains("OFFSET $1"));
        let embedded = diesel::debug_query::<Sqlite, _>(&first(emails(), 24).after(48)).to_string();
        assert_eq!(embedded, "SELECT `users`.`email` FROM `users` LIMIT 24 OFFSET ? -- binds: [48]");
    }
}
