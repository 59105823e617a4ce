//! Words that do not belong into the program: dropped errors, unfinished work, other clocks, the machine it was written on.
//!
//! Invariant: what is looked for is put together here from pieces, so that this file does not find itself. The traps are those of
//! docs/TRAPS.md, "Two databases".

use super::{Source, assert_complains, assert_tidy, file, program, tree};

/// What must not stand in the program's code, and why.
const IN_CODE: [(&str, &str); 14] = [
    ("let _ =", "an error is read, never dropped"),
    (".unwrap()", "say with `expect` why it cannot fail, or return the error"),
    ("todo!", "unfinished"),
    ("unimplemented!", "unfinished"),
    ("dbg!", "left over"),
    ("dsl::now", "the one clock is ours (trap 8)"),
    ("CURRENT_TIMESTAMP", "the one clock is ours (trap 8)"),
    ("SystemTime::now", "the one clock is ours"),
    ("dsl::sum", "totals are added up in checked Rust (trap 3)"),
    ("Utc::now", "the one clock is ours"),
    ("unsafe {", "forbidden"),
    (".establish(", "connections are opened by scheme, in db/connection.rs (trap 2)"),
    ("request.cookie", "cookies are read byte for byte, in web/cookies.rs"),
    ("process::Command", "the program starts no other"),
];

fn in_code(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in sources {
        let mut statement = String::new();
        for (at, line) in source.code() {
            for (word, why) in IN_CODE.iter().filter(|(word, _)| line.contains(word)) {
                complaints.push(format!("{}:{at}: `{word}`: {why}", source.path));
            }
            statement = if ends_statement(&statement) { line.to_owned() } else { statement + line.trim() };
            if line.trim_end().ends_with(".ok();") && !statement.contains("let ") && !statement.contains(" = ") {
                complaints.push(format!("{}:{at}: `.ok();`: an error is read, never dropped", source.path));
            }
            // docs/TRAPS.md, "Trap 10": an untyped literal kept rustc busy for ten minutes.
            if line.contains("case_when(") && !line.contains("into_sql") {
                complaints.push(format!(
                    "{}:{at}: give the literals of `case_when` a SQL type on the same line (trap 10)",
                    source.path
                ));
            }
            if line.contains("now_utc") && source.path != "src/clock.rs" {
                complaints.push(format!("{}:{at}: `now_utc`: the one clock is ours", source.path));
            }
        }
    }
    complaints
}

fn ends_statement(text: &str) -> bool {
    text.is_empty() || text.trim_end().ends_with([';', '{', '}', ','])
}

/// Everywhere, comments too.
fn anywhere(sources: &[Source]) -> Vec<String> {
    let unfinished = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X"), concat!("HA", "CK")];
    let machine =
        [concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/wo", "rk/"), concat!("/tmp/", "lk"), concat!("/Us", "ers/")];
    let mut complaints = Vec::new();
    for source in sources {
        for (at, line) in source.text.lines().enumerate() {
            for word in unfinished.iter().filter(|word| has_word(line, word)) {
                complaints.push(format!("{}:{}: `{word}`: finish it or leave it out", source.path, at + 1));
            }
            for path in machine.iter().filter(|path| line.contains(*path)) {
                complaints.push(format!("{}:{}: `{path}`: a path of some machine", source.path, at + 1));
            }
        }
    }
    complaints
}

fn has_word(line: &str, word: &str) -> bool {
    line.split(|sign: char| !sign.is_alphanumeric()).any(|found| found == word)
}

/// Migrations get their times from the program, and only add.
fn in_migrations(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in sources.iter().filter(|source| source.is("up.sql")) {
        let upper = source.text.to_uppercase();
        for word in ["CURRENT_TIMESTAMP", "NOW()", "DATETIME(", "TIMESTAMPTZ", "WITH TIME ZONE"] {
            if upper.contains(word) {
                complaints.push(format!("{}: `{word}`: times are the program's, in UTC (trap 8)", source.path));
            }
        }
        let keys = upper.matches("INTEGER PRIMARY KEY").count();
        if keys != upper.matches("INTEGER PRIMARY KEY AUTOINCREMENT").count() {
            complaints.push(format!("{}: SQLite uses a purged id again without AUTOINCREMENT", source.path));
        }
    }
    complaints
}

fn twins(sources: &[Source]) -> Vec<String> {
    let side = |side: &str| -> Vec<String> {
        sources.iter().filter_map(|source| source.path.strip_prefix(&format!("migrations/{side}/")).map(str::to_owned)).collect()
    };
    let (sqlite, postgres) = (side("sqlite"), side("postgres"));
    let lonely = |path: &&String| sqlite.contains(path) != postgres.contains(path);
    sqlite.iter().chain(&postgres).filter(lonely).map(|path| format!("{path}: only one of the twin folders has it")).collect()
}

#[test]
fn the_program_drops_no_error_and_leaves_nothing_unfinished() {
    assert_tidy(&in_code(&program()));
}

#[test]
fn no_file_speaks_of_unfinished_work_or_of_somebodys_machine() {
    let folders = ["src", "tests", "templates", "static", "migrations", "seed", "benches", "docs", "deploy", ".ci"];
    let mut sources: Vec<Source> = folders.into_iter().flat_map(tree).collect();
    sources.push(file("Cargo.toml"));
    assert_tidy(&anywhere(&sources));
}

#[test]
fn migrations_leave_time_to_the_program() {
    assert_tidy(&in_migrations(&tree("migrations")));
}

#[test]
fn migrations_are_twins() {
    let migrations = tree("migrations");
    assert!(migrations.len() > 4);
    assert_tidy(&twins(&migrations));
}

#[test]
fn words_that_do_not_belong_are_found() {
    let code = "//! A.\nfn a() {\n    let a = b()\n        .ok();\n    save()\n        .ok();\n    let _ = 1; // let it\n    // todo! in a comment\n    x.case_when(1)\n}\n#[cfg(test)]\nmod tests { dbg!(1) }\n";
    assert_complains(&in_code(&[Source::example("src/a.rs", code)]), &[".ok();", "let _ =", "trap 10"]);
    let left = format!("// {}: later\n// at {}me/me\n", concat!("TO", "DO"), "/ho");
    assert_complains(&anywhere(&[Source::example("src/a.rs", &left)]), &["finish it", "some machine"]);
    let up = "CREATE TABLE a (id INTEGER PRIMARY KEY, at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);";
    let lonely = [Source::example("migrations/sqlite/1_a/up.sql", up)];
    assert_complains(&in_migrations(&lonely), &["trap 8", "AUTOINCREMENT"]);
    assert_complains(&twins(&lonely), &["1_a/up.sql"]);
}
