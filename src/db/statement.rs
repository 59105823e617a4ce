//! A statement in SQL of our own, for what Diesel has no words for.
//!
//! Invariant: what is bound stands in the text as `$1`, `$2` and so on, as often as it is needed and in any order, on both databases. A
//! connection keeps a statement that is `kept` prepared: its text has no number and no name of anybody's, so that there are only so many.
//! It does not know what is asked.

use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{HasSqlType, Text, Untyped};

/// A text and what is bound in it. `MultiConnection` cannot build it: run it inside `on_either!`.
#[derive(Debug, Clone)]
pub struct Statement {
    text: String,
    bound: Vec<String>,
    is_kept: bool,
}

impl Statement {
    /// A statement that is prepared each time it is asked.
    #[must_use]
    pub const fn new(text: String, bound: Vec<String>) -> Self {
        Self { text, bound, is_kept: false }
    }

    /// The same, of which the text is one of a few.
    #[must_use]
    pub fn kept(self, is_kept: bool) -> Self {
        Self { is_kept, ..self }
    }
}

impl<DB> QueryFragment<DB> for Statement
where
    DB: Backend + HasSqlType<Text>,
    String: ToSql<Text, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        if !self.is_kept {
            out.unsafe_to_cache_prepared();
        }
        let mut pieces = self.text.split('$');
        out.push_sql(pieces.next().unwrap_or_default());
        for piece in pieces {
            let end = piece.find(|c: char| !c.is_ascii_digit()).unwrap_or(piece.len());
            let (number, rest) = piece.split_at(end);
            let place = number.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
            let value = place.and_then(|place| self.bound.get(place));
            out.push_bind_param::<Text, _>(value.ok_or_else(|| unbound(number))?)?;
            out.push_sql(rest);
        }
        Ok(())
    }
}

fn unbound(number: &str) -> diesel::result::Error {
    diesel::result::Error::QueryBuilderError(format!("nothing is bound as ${number}").into())
}

/// Told apart by its words.
impl QueryId for Statement {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Statement {
    type SqlType = Untyped;
}

impl<Conn> RunQueryDsl<Conn> for Statement {}

#[cfg(test)]
mod tests {
    use super::*;
    use diesel::pg::Pg;
    use diesel::sqlite::Sqlite;

    #[test]
    fn what_is_bound_stands_wherever_it_is_needed() {
        let statement = |text: &str| Statement::new(text.to_owned(), vec!["a".to_owned(), "b".to_owned()]);
        let server = |text: &str| diesel::debug_query::<Pg, _>(&statement(text)).to_string();
        assert_eq!(server("SELECT $2, $1, $2 || ''"), r#"SELECT $1, $2, $3 || '' -- binds: ["b", "a", "b"]"#);
        let embedded = diesel::debug_query::<Sqlite, _>(&statement("SELECT $1")).to_string();
        assert_eq!(embedded, r#"SELECT ? -- binds: ["a"]"#);
    }

    #[test]
    fn what_is_not_bound_is_an_error() {
        let mut conn = diesel::SqliteConnection::establish(":memory:").expect("a database");
        for text in ["SELECT $1", "SELECT $0", "SELECT $"] {
            let said = Statement::new(text.to_owned(), Vec::new()).execute(&mut conn);
            assert!(matches!(said, Err(diesel::result::Error::QueryBuilderError(_))), "{text}: {said:?}");
        }
    }
}
