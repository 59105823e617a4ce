//! The table of docs/ASVS.md is whole, adds up, and shows what is there.
//!
//! Invariant: each of the 272 requirements has one row, in order, under its own chapter; what it names exists; the figures at the top
//! are counted from the rows. It does not know whether a test really shows what its row says: that is for readers.

use super::{Source, assert_complains, assert_tidy, file, rust};
use std::path::Path;

/// How many there are.
const ALL: usize = 272;

/// What a row can say, in the order of the table at the top.
const STATUSES: [&str; 5] = ["met", "partly", "open", "operator's", "not applicable"];

/// A row, and the heading it stands under.
struct Row<'a> {
    chapter: &'a str,
    id: &'a str,
    cells: Vec<&'a str>,
}

/// The cells of a line of a table.
fn cells(line: &str) -> Vec<&str> {
    line.trim().trim_start_matches('|').trim_end_matches('|').split('|').map(str::trim).collect()
}

/// The rows of requirements: lines whose first cell is such as `V1.2.3`.
fn rows(doc: &Source) -> Vec<Row<'_>> {
    let (mut found, mut chapter) = (Vec::new(), "");
    for line in doc.text.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            chapter = heading;
        } else if line.starts_with("| V") {
            let cells = cells(line);
            let id = cells.first().copied().unwrap_or_default();
            if number(id).is_some() {
                found.push(Row { chapter, id, cells });
            }
        }
    }
    found
}

/// `V1.2.3` in an order that counts.
fn number(id: &str) -> Option<[u32; 3]> {
    let mut parts = id.strip_prefix('V')?.split('.').map(str::parse::<u32>);
    let mut next = || parts.next()?.ok();
    let number = [next()?, next()?, next()?];
    parts.next().is_none().then_some(number)
}

/// Rows that are missing, doubled, astray or not filled in.
fn not_whole(doc: &Source, all: usize) -> Vec<String> {
    let (rows, mut complaints) = (rows(doc), Vec::new());
    if rows.len() != all {
        complaints.push(format!("{}: {} rows, and there are {all} requirements", doc.path, rows.len()));
    }
    for pair in rows.windows(2) {
        if number(pair[0].id) >= number(pair[1].id) {
            complaints.push(format!("{}: {} stands behind {}", doc.path, pair[1].id, pair[0].id));
        }
    }
    for Row { chapter, id, cells } in &rows {
        let own = id.split('.').next().unwrap_or_default();
        if chapter.split(' ').next() != Some(own) {
            complaints.push(format!("{}: {id} stands under \"{chapter}\"", doc.path));
        }
        let [_, level, words, status, shows] = cells[..] else {
            complaints.push(format!("{}: {id} has {} cells", doc.path, cells.len()));
            continue;
        };
        if !["L1", "L2", "L3"].contains(&level) || !STATUSES.contains(&status) || words.is_empty() || shows.is_empty() {
            complaints.push(format!("{}: {id} is not filled in", doc.path));
        }
        let names = shows.split('`').skip(1).step_by(2).any(is_path) || shows.contains("docs/");
        if ["met", "partly"].contains(&status) && !names {
            complaints.push(format!("{}: {id} is {status}, and nothing shows it", doc.path));
        }
    }
    complaints
}

/// `src/web/headers.rs` and `Cargo.toml` are; `/readyz` and `LATCHKEY_DEV` are not.
fn is_path(text: &str) -> bool {
    !text.contains(' ') && (text.contains('/') && !text.starts_with('/') || text.starts_with("Cargo."))
}

/// Files and tests that a row names and that are not there.
fn not_there(doc: &Source, code: &[Source], exists: impl Fn(&str) -> bool) -> Vec<String> {
    let mut complaints = Vec::new();
    for row in rows(doc) {
        let (mut at, mut before) = (None::<&str>, "");
        for (place, part) in row.cells.last().copied().unwrap_or_default().split('`').enumerate() {
            if place % 2 == 0 {
                before = part;
            } else if let Some(path) = at.filter(|_| before == ": " || before == ", ") {
                let named = format!("fn {part}(");
                if !code.iter().any(|source| source.path == path && source.text.contains(&named)) {
                    complaints.push(format!("{}: {}: {path} has no `{part}`", doc.path, row.id));
                }
            } else if is_path(part) {
                at = Some(part);
                if !exists(part) {
                    complaints.push(format!("{}: {}: there is no {part}", doc.path, row.id));
                }
            } else {
                at = None;
            }
        }
    }
    complaints
}

/// Figures of the table at the top that are not those of the rows.
fn miscounted(doc: &Source) -> Vec<String> {
    let rows = rows(doc);
    let figures = |chapter: Option<&str>| -> Vec<String> {
        let of = |row: &&Row<'_>| chapter.is_none_or(|chapter| row.chapter == chapter);
        let with = |status: &str| rows.iter().filter(of).filter(|row| row.cells.get(3) == Some(&status)).count();
        let all = rows.iter().filter(of).count();
        STATUSES.iter().map(|status| with(status)).chain([all]).map(|count| count.to_string()).collect()
    };
    let mut chapters: Vec<&str> = rows.iter().map(|row| row.chapter).collect();
    chapters.dedup();
    let expected = chapters.into_iter().map(|chapter| (chapter, figures(Some(chapter)))).chain([("all", figures(None))]);
    let mut complaints = Vec::new();
    for (name, figures) in expected {
        let lines: Vec<Vec<&str>> = doc.text.lines().map(cells).filter(|cells| cells.first() == Some(&name)).collect();
        if lines.len() != 1 || lines[0][1..] != figures {
            complaints.push(format!("{}: \"{name}\" should be counted {}", doc.path, figures.join(", ")));
        }
    }
    let head =
        doc.text.lines().map(cells).any(|cells| cells.first() == Some(&"chapter") && cells.get(1..6) == Some(&STATUSES[..]));
    if !head {
        complaints.push(format!("{}: the figures stand under other words", doc.path));
    }
    complaints
}

#[test]
fn every_requirement_has_its_row() {
    assert_tidy(&not_whole(&file("docs/ASVS.md"), ALL));
}

#[test]
fn every_file_and_test_that_a_requirement_names_is_there() {
    let exists = |path: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join(path).is_file();
    assert_tidy(&not_there(&file("docs/ASVS.md"), &[rust("src"), rust("tests")].concat(), exists));
}

#[test]
fn the_figures_of_requirements_are_those_of_the_rows() {
    assert_tidy(&miscounted(&file("docs/ASVS.md")));
}

#[test]
fn a_requirement_that_is_missing_astray_or_made_up_is_found() {
    let text = "| chapter | met | partly | open | operator's | not applicable | all |\n|---|\n| V1 Tea | 2 | 0 | 0 | 0 | 0 | 2 |\n\
                | all | 3 | 0 | 0 | 0 | 0 | 3 |\n\n## V1 Tea\n\n| V1.1.1 | L1 | poured | met | `src/tea.rs`: `pour`, `drink` |\n\
                | V1.1.1 | L1 | hot | met | see there |\n| V2.1.1 | L4 | sweet | open | later |\n\
                | V2.1.2 | L1 | cold | met | `src/milk.rs`: `pour` |\n";
    let doc = Source::example("docs/ASVS.md", text);
    assert_complains(
        &not_whole(&doc, 5),
        &[
            "4 rows",
            "V1.1.1 stands behind V1.1.1",
            "nothing shows it",
            "V2.1.1 stands under",
            "not filled in",
            "V2.1.2 stands under",
        ],
    );
    let code = [Source::example("src/tea.rs", "fn pour() {}\n")];
    let complaints = not_there(&doc, &code, |path| path == "src/tea.rs");
    assert_complains(&complaints, &["no `drink`", "no src/milk.rs", "src/milk.rs has no `pour`"]);
    assert_complains(&miscounted(&doc), &["\"V1 Tea\" should be counted 3, 0, 1, 0, 0, 4", "\"all\""]);
}
