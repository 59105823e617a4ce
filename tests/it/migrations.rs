//! Bringing the schema up: by several at once, not twice, not from the future, and alike on both databases.
//!
//! Invariant: the twin folders make equal tables, and `db/schema.rs` says what is there.

use crate::support::Backend;
use crate::support::storage::Storage;
use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable, Text};
use latchkey::db::schema::mail_links;
use latchkey::db::{self, Conn};
use latchkey::error::Error;
use latchkey::ids::LinkKey;
use latchkey::on_either;
use std::collections::BTreeMap;
use std::sync::{Arc, Barrier};

const BOTH: [Backend; 2] = [Backend::Sqlite, Backend::Postgres];

#[test]
fn of_several_nodes_that_start_at_once_one_migrates_and_all_start() {
    // SQLite needs more than one try to lose.
    for backend in [Backend::Sqlite; 10].into_iter().chain([Backend::Postgres]) {
        let storage = Storage::empty(backend);
        let start = Arc::new(Barrier::new(5));
        let nodes: Vec<_> = (0..5)
            .map(|_| {
                let (url, start) = (storage.url(), start.clone());
                std::thread::spawn(move || {
                    start.wait();
                    db::migrate(&url).expect("a node waits for the one that migrates").applied
                })
            })
            .collect();
        let mut applied: Vec<_> = nodes.into_iter().map(|node| node.join().expect("no node panics")).collect();
        applied.sort_by_key(Vec::len);
        assert!(applied[..4].iter().all(Vec::is_empty), "{backend:?}: only one had something to do: {applied:?}");
        assert!(!applied[4].is_empty(), "{backend:?}");
    }
}

#[test]
fn a_second_migration_has_nothing_to_do() {
    for backend in BOTH {
        let storage = Storage::migrated(backend);
        assert_eq!(db::migrate(&storage.url()).expect("a second run").applied, [""; 0], "{backend:?}");
    }
}

#[test]
fn a_binary_older_than_the_schema_does_not_start() {
    for backend in BOTH {
        let storage = Storage::migrated(backend);
        let mut conn = storage.second_connection();
        let newer = "INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231000001')";
        diesel::sql_query(newer).execute(&mut conn).expect("a note from the future");
        match db::migrate(&storage.url()) {
            Err(Error::Refused { code: "schema_too_new", text }) => {
                assert!(text.contains("29991231000001") && text.contains("newer"), "it says which and what to do: {text}");
            }
            other => panic!("{backend:?}: {other:?}"),
        }
    }
}

#[test]
fn links_stay_when_another_purpose_is_allowed() {
    for backend in BOTH {
        let storage = Storage::migrated(backend);
        let conn = &mut storage.second_connection();
        let written = |conn: &mut Conn, purpose: &str| {
            let row = format!(
                "INSERT INTO mail_links (hash, purpose, email, created_at, expires_at)
                VALUES ('{purpose:a>43}', '{purpose}', 'ada@example.com', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)"
            );
            diesel::sql_query(row).execute(conn).is_ok()
        };
        let kept = |conn: &mut Conn| {
            let of = mail_links::table.order(mail_links::id).select((mail_links::id, mail_links::purpose));
            of.load::<(LinkKey, String)>(conn).expect("links")
        };
        assert!(["verify", "disown", "reset"].into_iter().all(|purpose| written(conn, purpose)), "{backend:?}");
        let all = kept(conn);
        let folder = format!("migrations/{}/2026-11-22-000031_disowning", format!("{backend:?}").to_ascii_lowercase());
        let runs = |conn: &mut Conn, file: &str| {
            let text = std::fs::read_to_string(format!("{folder}/{file}")).expect("a migration");
            conn.transaction(|conn| conn.batch_execute(&text)).expect("it runs");
        };
        runs(conn, "down.sql");
        assert_eq!(kept(conn), [all[0].clone(), all[2].clone()], "{backend:?}");
        assert!(!written(conn, "disown"), "{backend:?}: an earlier version knows no such link");
        runs(conn, "up.sql");
        assert_eq!(kept(conn), [all[0].clone(), all[2].clone()], "{backend:?}");
        assert!(written(conn, "disown") && !written(conn, "dishonour"), "{backend:?}");
        assert!(kept(conn)[2].0 > all[2].0, "{backend:?}: no key is given twice");
    }
}

/// A column as both databases can say it.
#[derive(Debug, PartialEq, Eq)]
struct Column {
    name: String,
    kind: String,
    optional: bool,
}

type Tables = BTreeMap<String, Vec<Column>>;

#[test]
fn the_twins_have_the_same_tables_and_columns() {
    let [sqlite, postgres] = BOTH.map(|backend| tables(&mut Storage::migrated(backend).second_connection()));
    assert!(sqlite.len() > 10, "{sqlite:?}");
    assert_eq!(sqlite, postgres);
}

#[test]
fn the_twins_have_the_same_indexes() {
    let [sqlite, postgres] = BOTH.map(|backend| indexes(&mut Storage::migrated(backend).second_connection()));
    assert!(sqlite.len() > 10, "{sqlite:?}");
    assert_eq!(sqlite, postgres);
}

#[test]
fn the_schema_in_the_code_is_the_schema_in_the_database() {
    let texts = super::tidy::rust("src/db").into_iter().filter(|source| source.path.starts_with("src/db/schema"));
    let written = schema_file(&texts.map(|source| source.text).collect::<String>());
    assert_eq!(written, tables(&mut Storage::migrated(Backend::Postgres).second_connection()));
}

#[test]
fn a_schema_file_is_read_column_by_column() {
    let text = "diesel::table! {\n    tea (id) {\n        id -> BigInt,\n        at -> Nullable<Timestamp>,\n    }\n}\n";
    let column = |name: &str, kind: &str, optional| Column { name: name.to_owned(), kind: kind.to_owned(), optional };
    assert_eq!(
        schema_file(text),
        Tables::from([("tea".to_owned(), vec![column("id", "bigint", false), column("at", "timestamp", true)])])
    );
}

/// The index of words is of each database's own kind, and no statement of Diesel's asks for it.
fn tables(conn: &mut Conn) -> Tables {
    let names =
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE '\\_\\_%' ESCAPE '\\'
            AND name NOT LIKE 'product\\_words%' ESCAPE '\\'";
    let query = match conn {
        Conn::Sqlite(_) => format!(
            "SELECT m.name, c.name, lower(c.type), c.\"notnull\" = 0 FROM ({names}) m JOIN pragma_table_info(m.name) c ORDER BY m.name, c.cid"
        ),
        Conn::Postgres(_) => {
            "SELECT table_name::text, column_name::text, data_type::text, is_nullable = 'YES' FROM information_schema.columns
            WHERE table_schema = current_schema() AND table_name NOT LIKE '\\_\\_%' AND table_name <> 'product_words' ORDER BY table_name, ordinal_position"
                .to_owned()
        }
    };
    let found: Vec<(String, String, String, bool)> =
        on_either!(conn, conn => sql::<(Text, Text, Text, Bool)>(&query).load(conn)).expect("the database describes itself");
    let mut tables = Tables::new();
    for (table, name, kind, optional) in found {
        tables.entry(table).or_default().push(Column { name, kind: plain(&kind), optional });
    }
    tables
}

/// One word for what a column holds, whoever says it.
fn plain(kind: &str) -> String {
    match kind {
        "integer" | "bigint" => "bigint",
        "timestamp without time zone" | "timestamp" => "timestamp",
        "blob" | "bytea" | "binary" => "bytes",
        "bool" | "boolean" => "boolean",
        other => other,
    }
    .to_owned()
}

/// Index name and its definition, as far as both say it alike: the table, the columns, whether it is unique, its condition.
fn indexes(conn: &mut Conn) -> Vec<(String, String)> {
    let query = match conn {
        Conn::Sqlite(_) => "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name",
        Conn::Postgres(_) => {
            "SELECT i.indexname::text, i.indexdef FROM pg_indexes i WHERE i.schemaname = current_schema()
                AND i.tablename <> 'product_words' AND NOT EXISTS
                (SELECT 1 FROM pg_constraint c WHERE c.conname = i.indexname) ORDER BY i.indexname COLLATE \"C\""
        }
    };
    let found: Vec<(String, Option<String>)> =
        on_either!(conn, conn => sql::<(Text, Nullable<Text>)>(query).load(conn)).expect("the database describes itself");
    found.into_iter().map(|(name, definition)| (name, definition_words(&definition.unwrap_or_default()))).collect()
}

fn definition_words(definition: &str) -> String {
    let plain = definition.replace("USING btree", "").replace("public.", "").replace("::text", "").replace("WHERE (", "WHERE ");
    let plain = plain.strip_suffix(')').filter(|_| plain.contains("WHERE")).unwrap_or(&plain).to_owned();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What `diesel::table!` says, read as text.
fn schema_file(text: &str) -> Tables {
    let mut tables = Tables::new();
    let mut table = String::new();
    for line in text.lines().map(str::trim) {
        if let Some((name, "{")) = line.split_once(" (id) ") {
            name.clone_into(&mut table);
        } else if let Some((name, kind)) = line.trim_end_matches(',').split_once(" -> ").filter(|_| !line.starts_with("diesel::"))
        {
            let inner = kind.strip_prefix("Nullable<").and_then(|kind| kind.strip_suffix('>'));
            let kind =
                plain(&inner.unwrap_or(kind).to_ascii_lowercase().replace("bool", "boolean").replace("booleanean", "boolean"));
            tables.entry(table.clone()).or_default().push(Column { name: name.to_owned(), kind, optional: inner.is_some() });
        }
    }
    tables
}
